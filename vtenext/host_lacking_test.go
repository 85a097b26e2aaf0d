package vtenext_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/api/problem"
	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
	"github.com/mailconnector/mailconnector/vtenext"
)

func TestAHostNeedsItsParts(t *testing.T) {
	if _, err := vtenext.NewHost(vtenext.HostConfig{}); err == nil {
		t.Error("a host without a CRM was accepted")
	}
}

// question is put to a port of a host.
type question struct {
	name string
	ask  func(context.Context, vtenext.Host) error
}

func signInQuestions() []question {
	return []question{
		{"Verify", func(ctx context.Context, h vtenext.Host) error {
			_, err := h.Accounts.Verify(ctx, sessions.Credentials{UserName: "user2", Password: password(2), ClientIP: "192.0.2.1"})
			return err
		}},
		{"Account", func(ctx context.Context, h vtenext.Host) error {
			_, err := h.Accounts.Account(ctx, "6")
			return err
		}},
	}
}

func recordQuestions() []question {
	return []question{
		{"Cards", func(ctx context.Context, h vtenext.Host) error {
			_, err := h.Records.Cards(ctx, permissions.Subject{UserID: "1"}, []permissions.Record{record("Accounts", "59")})
			return err
		}},
		{"Exact", func(ctx context.Context, h vtenext.Host) error {
			_, err := h.Records.(search.Exact).Exact(ctx, permissions.Subject{UserID: "1"}, []string{"a@example.com", "ACC1"}, 10)
			return err
		}},
		{"Changes", func(ctx context.Context, h vtenext.Host) error {
			_, _, err := h.Records.Changes(ctx, "", 10)
			return err
		}},
		{"Digest", func(ctx context.Context, h vtenext.Host) error {
			_, err := h.Records.Digest(ctx, "Accounts")
			return err
		}},
		{"Owned", func(ctx context.Context, h vtenext.Host) error {
			for _, err := range h.Records.Owned(ctx, "Accounts", "6") {
				return err
			}
			return nil
		}},
	}
}

func filingQuestions() []question {
	return []question{
		{"Prepare", func(ctx context.Context, h vtenext.Host) error {
			_, err := h.Filing.Prepare(ctx, messages.Mail{
				Actor: permissions.Subject{UserID: "6"}, MessageID: "<1@example.com>", Targets: []permissions.Record{record("Accounts", "59")},
			}, nil)
			return err
		}},
		{"Linked", func(ctx context.Context, h vtenext.Host) error {
			_, _, err := h.Filing.Linked(ctx, permissions.Subject{UserID: "6"}, record("Accounts", "59"), messages.Page{Limit: 10})
			return err
		}},
		{"Readable", func(ctx context.Context, h vtenext.Host) error {
			_, err := h.Filing.Readable(ctx, permissions.Subject{UserID: "6"}, []string{"700001"})
			return err
		}},
		{"Records", func(ctx context.Context, h vtenext.Host) error {
			_, err := h.Filing.Records(ctx, []string{"700001"})
			return err
		}},
	}
}

// typeQuestions are about permissions, and take words of the CRM's dictionary.
func typeQuestions() []question {
	return []question{
		{"Types", func(ctx context.Context, h vtenext.Host) error {
			_, err := h.Permissions.Types(ctx, permissions.Subject{UserID: "1"}, "en")
			return err
		}},
	}
}

func TestAPartThatLacksSomethingRefusesWithItsReason(t *testing.T) {
	db := organisation(t, organisationA)
	for _, tt := range []struct {
		name, change, back string
		part               vtenext.Part
		asked              []question
		err                string
	}{
		{
			"sign-in without a column", "ALTER TABLE vte_users CHANGE crypt_type gone varchar(20)",
			"ALTER TABLE vte_users CHANGE gone crypt_type varchar(20)", vtenext.PartSignIn, signInQuestions(),
			"sign-in is disabled: vte_users: the table has no column crypt_type",
		},
		{
			"sign-in without a table", "RENAME TABLE vte_check_logins TO gone", "RENAME TABLE gone TO vte_check_logins",
			vtenext.PartSignIn, signInQuestions(), "sign-in is disabled: vte_check_logins: the table does not exist",
		},
		{
			"records without a table", "RENAME TABLE sdk_language TO gone", "RENAME TABLE gone TO sdk_language",
			vtenext.PartRecords, append(recordQuestions(), typeQuestions()...), "records is disabled: sdk_language: the table does not exist",
		},
		{
			"filing without a column", "ALTER TABLE vte_messages_attach CHANGE contentname gone varchar(255)",
			"ALTER TABLE vte_messages_attach CHANGE gone contentname varchar(255)", vtenext.PartFiling, filingQuestions(),
			"filing is disabled: vte_messages_attach: the table has no column contentname",
		},
		{
			"filing without what tells who reads a message", "RENAME TABLE vte_modcomments_msgrel TO gone",
			"RENAME TABLE gone TO vte_modcomments_msgrel", vtenext.PartMessages, filingQuestions(),
			"messages is disabled: vte_modcomments_msgrel: the table does not exist",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now := time.Now()
			host := newHost(t, db, func() time.Time { return now })
			exec(t, db, tt.change)
			for _, q := range tt.asked {
				err := q.ask(t.Context(), host)
				var lacking *vtenext.LackingError
				if !errors.As(err, &lacking) || lacking.Part != tt.part || err.Error() != tt.err {
					t.Errorf("%s = %v, want %q", q.name, err, tt.err)
				}
				p := problem.From(err)
				if p.Type != problem.Unavailable || !strings.Contains(p.Detail, string(tt.part)) || strings.Contains(p.Detail, "vte_") {
					t.Errorf("%s is answered with %s, %q, want %s and the name of the part", q.name, p.Type, p.Detail, problem.Unavailable)
				}
			}
			exec(t, db, tt.back)
			now = now.Add(time.Minute)
			for _, q := range tt.asked {
				if err := q.ask(t.Context(), host); err != nil {
					t.Errorf("%s a minute after it was mended = %v", q.name, err)
				}
			}
		})
	}
	t.Run("a database that is gone is no lack", func(t *testing.T) {
		gone := reopen(t, db, nil)
		host := newHost(t, gone, time.Now)
		if err := gone.Close(); err != nil {
			t.Fatal(err)
		}
		for _, q := range append(signInQuestions(), recordQuestions()...) {
			var lacking *vtenext.LackingError
			if err := q.ask(t.Context(), host); err == nil || errors.As(err, &lacking) {
				t.Errorf("%s = %v, want the error of the database", q.name, err)
			}
		}
	})
}

func newHost(t *testing.T, db *sql.DB, now func() time.Time) vtenext.Host {
	t.Helper()
	crm, err := vtenext.New(vtenext.Config{DB: db, TimeZone: rome(t), Storage: t.TempDir(), Version: "20.04.3", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	host, err := vtenext.NewHost(vtenext.HostConfig{CRM: crm, Permissions: vtenext.NewPermissions(crm)})
	if err != nil {
		t.Fatal(err)
	}
	return host
}
