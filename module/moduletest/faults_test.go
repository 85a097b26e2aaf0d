package moduletest_test

import (
	"context"
	"database/sql"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/module/moduletest"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// faultVariable tells the test process which fault its host has.
const faultVariable = "MODULETEST_FAULT"

// fault is a mistake a host's author may make, and the group of tests that must notice it.
type fault struct {
	name  string
	group string
	make  func(h *moduletest.HostUnderTest)
}

func faults() []fault {
	return []fault{
		{"any password will do", "Accounts", func(h *moduletest.HostUnderTest) {
			h.Host.Accounts = anyPassword{h.Host.Accounts, h.Users}
		}},
		{"answers are in another order", "Permissions", check(func(d []permissions.Decision) { slices.Reverse(d) })},
		{"everything is visible", "Permissions", check(func(d []permissions.Decision) {
			for i := range d {
				d[i].Outcome = permissions.Allowed
			}
		})},
		{"a missing record is denied", "Permissions", check(func(d []permissions.Decision) {
			for i := range d {
				if d[i].Outcome == permissions.Missing {
					d[i].Outcome = permissions.Denied
				}
			}
		})},
		{"the type of a record does not matter", "Permissions", func(h *moduletest.HostUnderTest) {
			h.Host.Permissions = anyType{h.Host.Permissions, h.Records}
		}},
		{"the end of a grant does not count", "Permissions", func(h *moduletest.HostUnderTest) {
			h.Sharing.Revoke = func(context.Context) error { return nil }
		}},
		{"the scope is too narrow", "Permissions", func(h *moduletest.HostUnderTest) {
			h.Host.Permissions = narrow{h.Host.Permissions}
		}},
		{"cards show hidden fields", "Records", func(h *moduletest.HostUnderTest) {
			h.Host.Records = asAdmin{h.Host.Records}
		}},
		{"deletions are not told", "Records", func(h *moduletest.HostUnderTest) {
			h.Host.Records = noDeletions{h.Host.Records}
		}},
		{"digests are wrong", "Records", func(h *moduletest.HostUnderTest) {
			h.Host.Records = wrongDigest{h.Host.Records}
		}},
		{"rows are written outside the transaction", "Filing", filing(func(f *wrongFiling) { f.outside = true })},
		{"targets are not checked again", "Filing", filing(func(f *wrongFiling) { f.ignoreGone = true })},
		{"files are not announced", "Filing", filing(func(f *wrongFiling) { f.silent = true })},
		{"files stay", "Filing", filing(func(f *wrongFiling) { f.keepFiles = true })},
		{"inline images become documents", "Filing", filing(func(f *wrongFiling) { f.inlineToo = true })},
		{"removing does nothing", "Filing", filing(func(f *wrongFiling) { f.neverRemove = true })},
	}
}

// TestHostTestsNoticeFaults runs the tests on hosts with one fault each, in processes of their own, and wants failures.
func TestHostTestsNoticeFaults(t *testing.T) {
	for _, f := range faults() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFaultyHost$/^"+f.group+"$")
			cmd.Env = append(os.Environ(), faultVariable+"="+f.name)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: TestFaultyHost/"+f.group) || strings.Contains(string(out), "panic:") {
				t.Errorf("the tests of %s do not notice that %s (%v):\n%s", f.group, f.name, err, out)
			}
		})
	}
}

// TestFaultyHost is run by TestHostTestsNoticeFaults.
func TestFaultyHost(t *testing.T) {
	name := os.Getenv(faultVariable)
	i := slices.IndexFunc(faults(), func(f fault) bool { return f.name == name })
	if i < 0 {
		return // not asked for
	}
	moduletest.RunHostTests(t, func(t *testing.T) moduletest.HostUnderTest {
		h := underTest(t, dbtest.SQLite(t))
		faults()[i].make(&h)
		return h
	})
}

type anyPassword struct {
	sessions.Accounts
	users []moduletest.Login
}

func (a anyPassword) Verify(ctx context.Context, c sessions.Credentials) (sessions.Account, error) {
	for _, u := range a.users {
		if u.UserName == c.UserName {
			c.Password = u.Password
		}
	}
	return a.Accounts.Verify(ctx, c)
}

// check returns a fault in the answers of Check.
func check(change func([]permissions.Decision)) func(*moduletest.HostUnderTest) {
	return func(h *moduletest.HostUnderTest) { h.Host.Permissions = wrongCheck{h.Host.Permissions, change} }
}

type wrongCheck struct {
	permissions.Checker
	change func([]permissions.Decision)
}

func (c wrongCheck) Check(ctx context.Context, s permissions.Subject, a permissions.Action, records []permissions.Record) ([]permissions.Decision, error) {
	decisions, err := c.Checker.Check(ctx, s, a, records)
	c.change(decisions)
	return decisions, err
}

type anyType struct {
	permissions.Checker
	known []moduletest.KnownRecord
}

func (c anyType) Check(ctx context.Context, s permissions.Subject, a permissions.Action, records []permissions.Record) ([]permissions.Decision, error) {
	records = slices.Clone(records)
	for i, r := range records {
		for _, k := range c.known {
			if k.Record.ID == r.ID {
				records[i] = k.Record
			}
		}
	}
	return c.Checker.Check(ctx, s, a, records)
}

type narrow struct{ permissions.Checker }

func (narrow) Scope(_ context.Context, s permissions.Subject, _ string) (permissions.Scope, error) {
	return permissions.Scope{Owners: []string{s.UserID}}, nil
}

type asAdmin struct{ search.Source }

func (s asAdmin) Cards(ctx context.Context, _ permissions.Subject, records []permissions.Record) ([]search.Card, error) {
	return s.Source.Cards(ctx, permissions.Subject{UserID: "1"}, records)
}

type noDeletions struct{ search.Source }

func (s noDeletions) Changes(ctx context.Context, after string, limit int) ([]search.Doc, string, error) {
	docs, next, err := s.Source.Changes(ctx, after, limit)
	for i := range docs {
		docs[i].Deleted = false
	}
	return docs, next, err
}

type wrongDigest struct{ search.Source }

func (s wrongDigest) Digest(ctx context.Context, entityType string) ([]search.OwnerDigest, error) {
	list, err := s.Source.Digest(ctx, entityType)
	for i := range list {
		list[i].Sum++
	}
	return list, err
}

// filing returns a fault in the port Filing.
func filing(with func(*wrongFiling)) func(*moduletest.HostUnderTest) {
	return func(h *moduletest.HostUnderTest) {
		f := &wrongFiling{Filing: h.Host.Filing, db: h.DB}
		with(f)
		h.Host.Filing = f
	}
}

type wrongFiling struct {
	messages.Filing
	db                                                             *sql.DB
	outside, ignoreGone, silent, keepFiles, inlineToo, neverRemove bool
}

func (f *wrongFiling) Prepare(ctx context.Context, m messages.Mail, files messages.FileJournal) (messages.Plan, error) {
	if f.silent {
		files = deaf{}
	}
	if f.inlineToo {
		m.Attachments = slices.Clone(m.Attachments)
		for i := range m.Attachments {
			m.Attachments[i].Inline = false
		}
	}
	return f.Filing.Prepare(ctx, m, files)
}

type deaf struct{}

func (deaf) Announce(context.Context, string) error { return nil }

func (f *wrongFiling) Apply(ctx context.Context, tx *sql.Tx, p messages.Plan) (messages.Filed, error) {
	if f.outside {
		// On SQLite the given transaction holds the only write lock.
		if _, err := tx.ExecContext(ctx, "COMMIT"); err != nil {
			return messages.Filed{}, err
		}
		defer func() { _, _ = tx.ExecContext(ctx, "BEGIN") }()
		own, err := f.db.BeginTx(ctx, nil)
		if err != nil {
			return messages.Filed{}, err
		}
		filed, err := f.Filing.Apply(ctx, own, p)
		if err != nil {
			_ = own.Rollback()
			return filed, err
		}
		return filed, own.Commit()
	}
	filed, err := f.Filing.Apply(ctx, tx, p)
	if f.ignoreGone {
		err = nil
	}
	return filed, err
}

func (f *wrongFiling) Discard(ctx context.Context, path string) error {
	if f.keepFiles {
		return nil
	}
	return f.Filing.Discard(ctx, path)
}

func (f *wrongFiling) Remove(ctx context.Context, tx *sql.Tx, r messages.Removal) error {
	if f.neverRemove {
		return nil
	}
	return f.Filing.Remove(ctx, tx, r)
}
