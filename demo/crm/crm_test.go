package crm_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/demo/crm"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
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
	db               *sql.DB
	dialect, storage string
	now              time.Time
}

// onBoth runs a test with a fresh sample organisation on SQLite and on MariaDB.
func onBoth(t *testing.T, test func(t *testing.T, s *sample)) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *sql.DB) { test(t, newSample(t, db)) })
}

// newSample fills a database with the sample organisation.
func newSample(t *testing.T, db *sql.DB) *sample {
	t.Helper()
	s := &sample{db: db, dialect: "sqlite", storage: t.TempDir(), now: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)}
	if strings.Contains(fmt.Sprintf("%T", db.Driver()), "mysql") {
		s.dialect = "mysql"
	}
	var err error
	s.CRM, err = crm.New(crm.Config{
		DB: db, Dialect: s.dialect, Storage: s.storage, URL: "https://crm.example", Now: func() time.Time { return s.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, prepare := range []func(context.Context) error{s.Migrate, s.Seed} {
		if err := prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// find returns the record of a name or number.
func (s *sample) find(t *testing.T, entityType, nameOrNumber string) permissions.Record {
	t.Helper()
	return s.card(t, entityType, nameOrNumber).Record
}

// card returns the card of the record of a name or number, as the admin sees it.
func (s *sample) card(t *testing.T, entityType, nameOrNumber string) search.Card {
	t.Helper()
	cards, err := s.List(t.Context(), admin, entityType)
	if err != nil {
		t.Fatal(err)
	}
	for _, card := range cards {
		if card.Label == nameOrNumber || card.Number == nameOrNumber {
			return card
		}
	}
	t.Fatalf("there is no %q in %s", nameOrNumber, entityType)
	return search.Card{}
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

// read returns what a document holds, as the user downloads it.
func (s *sample) read(ctx context.Context, who permissions.Subject, id string) ([]byte, error) {
	_, f, err := s.OpenDocument(ctx, who, id)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
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
