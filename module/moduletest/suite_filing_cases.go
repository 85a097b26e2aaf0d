package moduletest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

func filesMail(t *testing.T, h HostUnderTest) {
	f := newFiler(t, h)
	m := f.mail("Offer", f.on, "first "+newID(), "second \x00\xff\r\n "+newID())
	inline, kept := attachment(8, "logo.png", "inline "+newID()), attachment(9, "kept.txt", "kept "+newID())
	inline.Inline, inline.ContentID, kept.Keep = true, "logo@mail.example", true
	m.Attachments = append(m.Attachments, inline, kept)
	filed := f.file(m)

	f.wantOn(filed.HostID, f.on...)
	if diff := cmp.Diff(f.on, filed.Created, anyOrder()...); diff != "" {
		t.Errorf("Created (-want +got):\n%s", diff)
	}
	var parts []int
	for _, d := range filed.Documents {
		parts = append(parts, d.Part)
		if d.Document == "" {
			t.Errorf("part %d has no document", d.Part)
		}
	}
	if slices.Sort(parts); !slices.Equal(parts, []int{2, 3}) {
		t.Errorf("parts that became documents: %v, want 2 and 3, not the inline nor the kept one", parts)
	}
	for _, r := range f.on {
		f.wantDocuments(r, contentOf(t, m, 0), contentOf(t, m, 1))
		f.wantNoDocuments(r, contentOf(t, m, 2), contentOf(t, m, 3))
		f.wantNative(r, filed.HostID, m)
	}
}

// wantNative checks how the host lists a message that was filed.
func (f *filer) wantNative(r permissions.Record, hostID string, m messages.Mail) {
	f.t.Helper()
	list, _, err := f.Host.Filing.Linked(f.t.Context(), f.user.subject(), r, messages.Page{Limit: 100})
	if err != nil {
		f.t.Fatalf("Linked(%s) = %v", r, err)
	}
	i := slices.IndexFunc(list, func(n messages.Native) bool { return n.HostID == hostID })
	if i < 0 {
		f.t.Errorf("message %s is not listed on %s", hostID, r)
		return
	}
	n := list[i]
	if n.MessageID != m.MessageID || n.Subject != m.Subject || n.From.Address != m.From[0].Address || n.Owner != f.user.UserID {
		f.t.Errorf("message is listed as %+v", n)
	}
	if off := n.Date.Sub(m.Date).Abs(); off >= time.Minute {
		f.t.Errorf("message of %v is listed with date %v", m.Date, n.Date)
	}
}

func filesInTransaction(t *testing.T, h HostUnderTest) {
	f := newFiler(t, h)
	m := f.mail("Not yet", f.on, "early "+newID())
	plan := f.prepare(m)
	err := f.inTx(func(ctx context.Context, tx *sql.Tx) error {
		if _, err := f.Host.Filing.Apply(ctx, tx, plan); err != nil {
			return err
		}
		f.wantOn(plan.HostID) // read outside the transaction
		return nil
	})
	if err != nil {
		t.Fatalf("Apply = %v", err)
	}
	f.wantOn(plan.HostID)
	for _, r := range f.on {
		f.wantNoDocuments(r, contentOf(t, m, 0))
		if slices.Contains(f.listed(r), plan.HostID) {
			t.Errorf("after the rollback the message is listed on %s", r)
		}
	}
}

func appliesAgain(t *testing.T, h HostUnderTest) {
	f := newFiler(t, h)
	m := f.mail("Twice", f.on, "twice "+newID())
	plan := f.prepare(m)
	for range 3 {
		err := f.inTx(func(ctx context.Context, tx *sql.Tx) error {
			_, err := f.Host.Filing.Apply(ctx, tx, plan)
			return err
		})
		if err != nil {
			t.Fatalf("Apply = %v", err)
		}
	}
	filed, err := f.apply(plan)
	if err != nil {
		t.Fatalf("Apply after rollbacks = %v", err)
	}
	if len(filed.Created) != len(f.on) || len(filed.Documents) != 1 {
		t.Errorf("Apply after rollbacks = %+v, want all links and one document", filed)
	}
	f.wantOn(filed.HostID, f.on...)
	for _, r := range f.on {
		f.wantDocuments(r, contentOf(t, m, 0))
	}
}

func targetGone(t *testing.T, h HostUnderTest) {
	f := newFiler(t, h)
	doomed, err := f.Create(t.Context(), f.user)
	if err != nil {
		t.Fatalf("Create = %v", err)
	}
	m := f.mail("Too late", []permissions.Record{f.on[0], doomed}, "late "+newID())
	plan := f.prepare(m)
	if err := f.Delete(t.Context(), doomed); err != nil {
		t.Fatalf("Delete = %v", err)
	}
	if _, err := f.apply(plan); !errors.Is(err, permissions.ErrNotFound) {
		t.Errorf("Apply on a deleted record = %v, want permissions.ErrNotFound", err)
	}
	f.wantOn(plan.HostID)
	f.wantNoDocuments(f.on[0], contentOf(t, m, 0))

	m.Targets = []permissions.Record{{Type: f.on[0].Type, ID: "no-such-id"}}
	plan, err = f.Host.Filing.Prepare(t.Context(), m, &journal{filer: f})
	if err == nil {
		_, err = f.apply(plan)
	}
	if !errors.Is(err, permissions.ErrNotFound) {
		t.Errorf("filing on an unknown record = %v, want permissions.ErrNotFound", err)
	}
}

func abandonsPlan(t *testing.T, h HostUnderTest) {
	f := newFiler(t, h)
	m := f.mail("Never mind", f.on, "never "+newID(), "mind "+newID())
	plan, other := f.prepare(m), f.prepare(m)
	for _, path := range other.Files {
		if slices.Contains(plan.Files, path) {
			t.Errorf("two plans were given the file %q", path)
		}
	}
	if h.HasFile != nil && !slices.ContainsFunc(plan.Files, h.HasFile) {
		t.Errorf("none of the announced files %v was written, or HasFile does not find them", plan.Files)
	}
	for range 2 { // once more: a file that is not there is no error
		for _, path := range plan.Files {
			if err := h.Host.Filing.Discard(t.Context(), path); err != nil {
				t.Errorf("Discard(%q) = %v", path, err)
			}
			if f.hasFile(path) {
				t.Errorf("file %q is still there", path)
			}
		}
	}
	f.wantOn(plan.HostID)
	outside := filepath.Join(t.TempDir(), "not the host's")
	if err := os.WriteFile(outside, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := h.Host.Filing.Discard(t.Context(), outside)
	if _, gone := os.Stat(outside); gone != nil {
		t.Errorf("Discard (%v) removed a file outside the host's storage", err)
	}
}

func hostileTexts(t *testing.T, h HostUnderTest) {
	f := newFiler(t, h)
	m := f.mail(`'); DROP TABLE x; -- <script>alert(1)</script> \ " 😀 日本語`, f.on, "x "+newID())
	m.From[0] = messages.Participant{Name: `O'Hara "<b>" 😀`, Address: "MAILER-DAEMON"}
	m.MessageID = "<" + newID() + strings.Repeat("x", 120) + "@Mail.Example>"
	m.Attachments[0].Name = "日本語 'a' 😀.txt"
	filed := f.file(m)
	for _, r := range f.on {
		f.wantNative(r, filed.HostID, m)
		f.wantDocuments(r, contentOf(t, m, 0))
	}
}

func filesConcurrently(t *testing.T, h HostUnderTest) {
	f := newFiler(t, h)
	var wg sync.WaitGroup
	ids := make([]string, 8)
	mails := make([]messages.Mail, len(ids))
	for i := range ids {
		mails[i] = f.mail(fmt.Sprintf("Concurrent %d", i), f.on, "concurrent "+newID())
		wg.Go(func() {
			plan, err := h.Host.Filing.Prepare(t.Context(), mails[i], &journal{filer: f})
			if err == nil {
				_, err = f.apply(plan)
			}
			if err != nil {
				t.Errorf("file mail %d: %v", i, err)
			}
			ids[i] = plan.HostID
		})
	}
	wg.Wait()
	for i, id := range ids {
		f.wantOn(id, f.on...)
		f.wantDocuments(f.on[0], contentOf(t, mails[i], 0))
	}
	if slices.Sort(ids); len(slices.Compact(ids)) != len(mails) {
		t.Errorf("host ids are not unique: %v", ids)
	}
}

// contentOf reads an attachment of a mail by its index.
func contentOf(t *testing.T, m messages.Mail, i int) string {
	t.Helper()
	r, err := m.Attachments[i].Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	var b strings.Builder
	if _, err := io.Copy(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
