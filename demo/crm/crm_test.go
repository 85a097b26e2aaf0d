package crm_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/demo/crm"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/permissions"
)

// The users of the sample organisation.
var (
	admin   = permissions.Subject{UserID: "u1"}
	manager = permissions.Subject{UserID: "u2"}
	rep     = permissions.Subject{UserID: "u3"}
	agent   = permissions.Subject{UserID: "u4"}
)

// sample is a CRM with the sample organisation and a clock that tests can turn.
type sample struct {
	*crm.CRM
	db  *sql.DB
	now time.Time
}

// onBoth runs a test with a fresh sample organisation on SQLite and on MariaDB.
func onBoth(t *testing.T, test func(t *testing.T, s *sample)) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		s := &sample{db: db, now: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)}
		dialect := "sqlite"
		if strings.Contains(fmt.Sprintf("%T", db.Driver()), "mysql") {
			dialect = "mysql"
		}
		c, err := crm.New(crm.Config{
			DB: db, Dialect: dialect, Storage: t.TempDir(), URL: "https://crm.example", Now: func() time.Time { return s.now },
		})
		if err != nil {
			t.Fatal(err)
		}
		s.CRM = c
		for _, prepare := range []func(context.Context) error{c.Migrate, c.Seed} {
			if err := prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		test(t, s)
	})
}

// find returns the record of a name.
func (s *sample) find(t *testing.T, entityType, label string) permissions.Record {
	t.Helper()
	cards, err := s.List(t.Context(), admin, entityType)
	if err != nil {
		t.Fatal(err)
	}
	for _, card := range cards {
		if card.Label == label {
			return card.Record
		}
	}
	t.Fatalf("there is no %q in %s", label, entityType)
	return permissions.Record{}
}

// may asks one question.
func (s *sample) may(t *testing.T, who permissions.Subject, a permissions.Action, r permissions.Record) permissions.Decision {
	t.Helper()
	decisions, err := s.Check(t.Context(), who, a, []permissions.Record{r})
	if err != nil {
		t.Fatal(err)
	}
	return decisions[0]
}

func TestSeed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		want := map[string]int{"Accounts": 60, "Contacts": 150, "Leads": 17, "Potentials": 48, "HelpDesk": 40, "Machines": 42}
		for range 2 { // a CRM with users is left alone
			for entityType, n := range want {
				if cards, err := s.List(t.Context(), admin, entityType); err != nil || len(cards) != n {
					t.Errorf("%s: %d records, want %d (%v)", entityType, len(cards), n, err)
				}
			}
			if err := s.Seed(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestNewRefusesWhatItCannotRunOn(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]crm.Config{
		"without a database": {Dialect: "sqlite", Storage: "x"},
		"without a storage":  {DB: new(sql.DB), Dialect: "sqlite"},
		"on another dialect": {DB: new(sql.DB), Dialect: "oracle", Storage: "x"},
	} {
		if _, err := crm.New(config); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
