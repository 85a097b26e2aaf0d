package messages_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
)

// sealed runs the background work until no event waits.
func (h *harness) sealed() messages.LedgerReport {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); h.Run(ctx) }()
	defer func() { cancel(); <-done }()
	for ; ; time.Sleep(20 * time.Millisecond) {
		report, err := h.VerifyLedger(h.t.Context())
		if err != nil {
			h.t.Fatal(err)
		}
		if report.Unsealed == 0 || report.Broken != "" {
			return report
		}
	}
}

func TestLedger(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		id := h.archive(ann, letter{}, nora, acme).Message.ID
		if report, err := h.VerifyLedger(t.Context()); err != nil || report.Unsealed != 3 || report.Seals != 0 {
			t.Errorf("before sealing: %+v, %v", report, err)
		}
		first := h.sealed()
		if err := h.Unlink(t.Context(), ann, id, nora); err != nil {
			t.Fatal(err)
		}
		second := h.sealed()
		if first.Events != 3 || second.Events != 4 || second.Seals != 2 || second.Head == first.Head || second.Broken != "" {
			t.Errorf("reports %+v and %+v", first, second)
		}
	})
}

func TestAChangedLedgerShows(t *testing.T) {
	changes := map[string]string{
		"an event changed":             "UPDATE mc_events SET actor = 'eve' WHERE kind = 'archived'",
		"an event moved":               "UPDATE mc_events SET record_id = '43' WHERE kind = 'linked'",
		"an event left out":            "DELETE FROM mc_events WHERE kind = 'linked'",
		"an event put in":              "INSERT INTO mc_events (id, at, kind, actor, message_id, record_type, record_id, origin, receipt, seal) VALUES ('1', 1, 'linked', 'a', 'm', 't', 'r', 'manual', 'x', 1)",
		"a seal changed":               "UPDATE mc_seals SET sealed = sealed + 1 WHERE number = 1",
		"the first seal left out":      "DELETE FROM mc_seals WHERE number = 1",
		"an event under its successor": "UPDATE mc_events SET seal = 2 WHERE kind = 'archived'",
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, h *harness) {
				h.archive(ann, letter{}, nora)
				h.sealed()
				id := h.archive(ann, letter{}, acme).Message.ID
				if err := h.Unlink(t.Context(), ann, id, acme); err != nil {
					t.Fatal(err)
				}
				if report := h.sealed(); report.Broken != "" {
					t.Fatalf("unchanged: %s", report.Broken)
				}
				h.exec(change)
				report, err := h.VerifyLedger(t.Context())
				if err != nil || report.Broken == "" {
					t.Errorf("report = %+v, %v, want it broken", report, err)
				}
			})
		})
	}
}

func TestActivity(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		id := h.archive(ann, letter{}, nora).Message.ID
		h.clock.forward(24 * time.Hour)
		since := h.clock.Now()
		h.archive(bob, letter{more: "X-A: b\r\n"}, acme)
		if err := h.Unlink(t.Context(), ann, id, nora); err != nil {
			t.Fatal(err)
		}
		type line struct{ Kind, Actor, Record string }
		list := func(f messages.ActivityFilter) (got []line) {
			t.Helper()
			for {
				events, next, err := h.Activity(t.Context(), f)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range events {
					record := strings.Trim(e.Record.String(), ":")
					got = append(got, line{string(e.Kind), e.Actor, record})
				}
				if f.Page.After = next; next == "" {
					return got
				}
			}
		}
		all := []line{{"unlinked", "ann", "Contacts:42"}, {"linked", "bob", "Accounts:10"}, {"archived", "bob", ""},
			{"linked", "ann", "Contacts:42"}, {"archived", "ann", ""}}
		for name, test := range map[string]struct {
			filter messages.ActivityFilter
			want   []line
		}{
			"all, page by page": {messages.ActivityFilter{Page: messages.Page{Limit: 2}}, all},
			"of one user":       {messages.ActivityFilter{Actor: "bob", Page: messages.Page{Limit: 9}}, all[1:3]},
			"since yesterday":   {messages.ActivityFilter{Since: since, Page: messages.Page{Limit: 9}}, all[:3]},
			"of one message":    {messages.ActivityFilter{Message: id, Page: messages.Page{Limit: 9}}, all},
			"of no message":     {messages.ActivityFilter{Message: "none", Page: messages.Page{Limit: 9}}, nil},
		} {
			if diff := cmp.Diff(test.want, list(test.filter)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		days, err := h.Daily(t.Context(), time.Time{})
		day := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
		want := []messages.DayCount{{Day: day, Kind: "archived", Count: 1}, {Day: day, Kind: "linked", Count: 1},
			{Day: day.AddDate(0, 0, 1), Kind: "archived", Count: 1}, {Day: day.AddDate(0, 0, 1), Kind: "linked", Count: 1},
			{Day: day.AddDate(0, 0, 1), Kind: "unlinked", Count: 1}}
		if diff := cmp.Diff(want, days); err != nil || diff != "" {
			t.Errorf("days: %v (-want +got):\n%s", err, diff)
		}
		totals, err := h.Storage(t.Context())
		sum := messages.StorageTotals{Messages: 1, Links: 1, Renditions: 2, Parts: 1}
		if diff := cmp.Diff(sum, totals, cmpopts.IgnoreFields(messages.StorageTotals{}, "Bytes")); err != nil || diff != "" || totals.Bytes < 500 {
			t.Errorf("storage = %+v, %v", totals, err)
		}
	})
}

// TestTheLedgerNamesNobody looks for what must not be in it.
func TestTheLedgerNamesNobody(t *testing.T) {
	h := newHarness(t, dbtest.SQLite(t))
	h.archive(ann, letter{subject: "Zebra", from: "zebra@x.example"}, nora)
	h.sealed()
	for _, table := range []string{"mc_events", "mc_seals"} {
		rows, err := h.db.QueryContext(t.Context(), "SELECT * FROM "+table)
		if err != nil {
			t.Fatal(err)
		}
		columns, _ := rows.Columns()
		read := 0
		for ; rows.Next(); read++ {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new([]byte)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			for i, v := range values {
				if text := strings.ToLower(string(*v.(*[]byte))); strings.Contains(text, "zebra") {
					t.Errorf("%s.%s holds %q", table, columns[i], text)
				}
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil || read == 0 {
			t.Fatalf("%d rows of %s, %v", read, table, err)
		}
	}
}
