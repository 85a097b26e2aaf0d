package moduletest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

func filesAgain(t *testing.T, h HostUnderTest) {
	f := newFiler(t, h)
	m := f.mail("More", f.on[:1])
	first := f.file(m)
	created, err := f.Create(t.Context(), f.user)
	if err != nil {
		t.Fatalf("Create = %v", err)
	}
	m.HostID, m.Targets = first.HostID, []permissions.Record{f.on[0], created}
	second := f.file(m)
	if second.HostID != first.HostID {
		t.Errorf("the message has the host id %s, then %s", first.HostID, second.HostID)
	}
	if diff := cmp.Diff([]permissions.Record{created}, second.Created, anyOrder()...); diff != "" {
		t.Errorf("Created (-want +got):\n%s", diff)
	}
	f.wantOn(first.HostID, f.on[0], created)
	if third := f.file(m); len(third.Created) != 0 {
		t.Errorf("filed once more, Created = %v, want none", third.Created)
	}
	f.wantOn(first.HostID, f.on[0], created)
}

func renewsMessage(t *testing.T, h HostUnderTest) {
	f := newFiler(t, h)
	m := f.mail("Its copy is gone", f.on[:1])
	m.HostID = "no-such-message"
	filed := f.file(m)
	if filed.HostID == m.HostID {
		t.Errorf("the message is filed under the host id of a copy that is gone")
	}
	f.wantOn(filed.HostID, f.on[0])
	f.wantNative(f.on[0], filed.HostID, m)
}

func checksDocuments(t *testing.T, h HostUnderTest) {
	f := newFiler(t, h)
	filed := f.file(f.mail("Documents are records too", f.on[:1], "record "+newID()))
	mine := permissions.Record{Type: messages.DocumentType, ID: filed.Documents[0].Document}
	unknown := permissions.Record{Type: messages.DocumentType, ID: "no-such-document"}
	decisions := check(t, h, f.user, permissions.View, unknown, mine)
	if decisions[0].Outcome != permissions.Missing || !decisions[1].Allows() {
		t.Errorf("an unknown document is %s, one's own %s; want missing and allowed", decisions[0].Outcome, decisions[1].Outcome)
	}
	if d := check(t, h, f.user, permissions.Create, permissions.Record{Type: messages.DocumentType})[0]; !d.Allows() {
		t.Errorf("%s may create no documents (%s): let a user who may be the one with the most records to link to",
			f.user.UserName, d.Outcome)
	}
}

func reusesDocument(t *testing.T, h HostUnderTest) {
	f := newFiler(t, h)
	m := f.mail("Document", f.on[:1], "document "+newID())
	first := f.file(m)
	created, err := f.Create(t.Context(), f.user)
	if err != nil {
		t.Fatalf("Create = %v", err)
	}
	m.HostID, m.Targets = first.HostID, []permissions.Record{created}
	m.Attachments[0].Document = first.Documents[0].Document
	plan := f.prepare(m)
	if len(plan.Files) != 0 {
		t.Errorf("files %v are written for a document that is there", plan.Files)
	}
	second, err := f.apply(plan)
	if err != nil {
		t.Fatalf("Apply = %v", err)
	}
	if diff := cmp.Diff(first.Documents, second.Documents); diff != "" {
		t.Errorf("documents of the second link (-first +second):\n%s", diff)
	}
	for _, r := range []permissions.Record{f.on[0], created} {
		f.wantDocuments(r, contentOf(t, m, 0))
	}
}

func unlinkedNatively(t *testing.T, h HostUnderTest) {
	f := newFiler(t, h)
	filed := f.file(f.mail("Taken off", f.on))
	if err := h.Unlink(t.Context(), filed.HostID, f.on[0]); err != nil {
		t.Fatalf("Unlink = %v", err)
	}
	f.wantOn(filed.HostID, f.on[1:]...)
	if slices.Contains(f.listed(f.on[0]), filed.HostID) {
		t.Errorf("the message is still listed on %s", f.on[0])
	}
}

func removes(t *testing.T, h HostUnderTest) {
	f := newFiler(t, h)
	m := f.mail("Undo", f.on, "goes "+newID(), "stays "+newID())
	filed := f.file(m)
	gone := filed.Documents[slices.IndexFunc(filed.Documents, func(d messages.FiledDocument) bool { return d.Part == 2 })]
	removal := messages.Removal{Actor: f.user.subject(), Record: f.on[0], Documents: []string{gone.Document}}
	f.remove(removal)
	f.wantOn(filed.HostID, f.on...) // without a host id only documents go
	f.wantNoDocuments(f.on[0], contentOf(t, m, 0))
	f.wantDocuments(f.on[0], contentOf(t, m, 1))

	removal.HostID = filed.HostID
	f.remove(removal)
	f.remove(removal) // what is off already is no error
	f.wantOn(filed.HostID, f.on[1:]...)
	if slices.Contains(f.listed(f.on[0]), filed.HostID) {
		t.Errorf("the message is still listed on %s", f.on[0])
	}
	f.wantDocuments(f.on[0], contentOf(t, m, 1)) // not among those to take off
	for _, r := range f.on[1:] {
		f.wantDocuments(r, contentOf(t, m, 0), contentOf(t, m, 1))
	}
}

func (f *filer) remove(r messages.Removal) {
	f.t.Helper()
	err := f.db.Tx(f.t.Context(), func(ctx context.Context, tx *database.Tx) error {
		return f.Host.Filing.Remove(ctx, tx.SQL(), r)
	})
	if err != nil {
		f.t.Fatalf("Remove = %v", err)
	}
}

func pagesLinked(t *testing.T, h HostUnderTest) {
	f := newFiler(t, h)
	on, err := f.Create(t.Context(), f.user)
	if err != nil {
		t.Fatalf("Create = %v", err)
	}
	var want []string
	for i := range 5 { // the last two are of the same minute
		m := f.mail(fmt.Sprintf("Mail %d", i), []permissions.Record{on})
		m.Date = m.Date.Add(time.Duration(min(i, 3)) * time.Hour)
		want = append(want, f.file(m).HostID)
	}
	var got []string
	for after, pages := "", 0; ; pages++ {
		list, next, err := h.Host.Filing.Linked(t.Context(), f.user.subject(), on, messages.Page{After: after, Limit: 2})
		if err != nil || len(list) > 2 || pages > 5 {
			t.Fatalf("Linked, page %d = %d messages, %v", pages, len(list), err)
		}
		for _, n := range list {
			got = append(got, n.HostID)
		}
		if after = next; next == "" {
			break
		}
	}
	slices.Reverse(want)
	if len(got) == 5 && slices.Contains(want[:2], got[0]) && slices.Contains(want[:2], got[1]) {
		got[0], got[1] = want[0], want[1] // either order
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages on %s, newest first (-want +got):\n%s", on, diff)
	}
}

func unknownMessages(t *testing.T, h HostUnderTest) {
	f := newFiler(t, h)
	filed := f.file(f.mail("Known", f.on))
	got, err := h.Host.Filing.Records(t.Context(), []string{"no-such-message", filed.HostID, "0", ""})
	if err != nil || len(got) != 4 {
		t.Fatalf("Records = %v, %v, want four lists", got, err)
	}
	if len(got[0]) != 0 || len(got[2]) != 0 || len(got[3]) != 0 || len(got[1]) != len(f.on) {
		t.Errorf("Records = %v, want the known message's records second and nothing else", got)
	}
	may, err := h.Host.Filing.Readable(t.Context(), f.user.subject(), []string{"no-such-message", filed.HostID})
	if err != nil || len(may) != 2 || !may[1] {
		t.Errorf("Readable = %v, %v, want an answer for each and the user's own message readable", may, err)
	}
}

// sameReaders checks that Readable and Linked follow one rule, for a message that is shared and one that is not.
func sameReaders(t *testing.T, h HostUnderTest) {
	f := newFiler(t, h)
	for _, shared := range []bool{true, false} {
		m := f.mail("Who reads this", f.on)
		m.Shared = shared
		id := f.file(m).HostID
		for _, u := range h.Users {
			view := check(t, h, u, permissions.View, f.on[0])[0]
			if !view.Allows() {
				continue
			}
			list, _, err := h.Host.Filing.Linked(t.Context(), u.subject(), f.on[0], messages.Page{Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			listed := slices.ContainsFunc(list, func(n messages.Native) bool { return n.HostID == id })
			may, err := h.Host.Filing.Readable(t.Context(), u.subject(), []string{id})
			if err != nil || len(may) != 1 || may[0] != listed {
				t.Errorf("shared %t, %s: Readable = %v, %v, but Linked lists it: %t", shared, u.UserName, may, err, listed)
			}
		}
	}
}
