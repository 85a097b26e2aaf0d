package messages_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
)

// newSharing returns the choice as one instance on the harness' database sees it.
func newSharing(t *testing.T, h *harness) *messages.Sharing {
	t.Helper()
	db, err := database.New(h.db, database.Options{Now: func() time.Time { return time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	return &messages.Sharing{
		DB: db, Logger: slog.New(slog.DiscardHandler),
		Readers: func(context.Context) (messages.Readers, error) { return messages.ReadersOwner, nil },
	}
}

func TestAChoiceToShareCountsOnEveryInstance(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		here, there := newSharing(t, h), newSharing(t, h)
		h = newWith(t, h, func(c *messages.Config) { c.Shared = there.Shared })
		link := func(what string, copies int) {
			t.Helper()
			h.archive(ann, letter{id: "<" + what + "@x>"}, nora)
			h.archive(bob, letter{id: "<" + what + "@x>"}, nora)
			if got := h.count("host_messages"); got != copies {
				t.Errorf("%s: the CRM has %d messages, want %d", what, got, copies)
			}
		}
		link("at first", 2)
		for _, c := range []struct {
			shared bool
			copies int
		}{{true, 3}, {true, 4}, {false, 6}} {
			if err := here.Choose(t.Context(), messages.SharingChoice{By: "1", Shared: c.shared}); err != nil {
				t.Fatal(err)
			}
			link(fmt.Sprintf("shared-%t-%d", c.shared, c.copies), c.copies)
		}
		choices, err := there.Choices(t.Context())
		at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
		want := []messages.SharingChoice{{Shared: false, By: "1", At: at}, {Shared: true, By: "1", At: at}}
		if diff := cmp.Diff(want, choices); diff != "" || err != nil {
			t.Errorf("choices (-want +got), %v:\n%s", err, diff)
		}
	})
}

func TestChoicesToShareAreKeptUpToALimit(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		s := newSharing(t, h)
		for i := range 30 {
			if err := s.Choose(t.Context(), messages.SharingChoice{By: fmt.Sprint(i), Shared: i%2 == 0}); err != nil {
				t.Fatal(err)
			}
		}
		choices, err := s.Choices(t.Context())
		if err != nil || len(choices) != 20 || choices[0].By != "29" || choices[19].By != "10" {
			t.Errorf("kept %+v, %v", choices, err)
		}
	})
}

// counting counts what is logged.
type counting struct {
	slog.Handler
	lines *atomic.Int64
}

func (c counting) Enabled(context.Context, slog.Level) bool { return true }

func (c counting) Handle(context.Context, slog.Record) error {
	c.lines.Add(1)
	return nil
}

func TestChoicesOfSeveralAtOnceAreAllNoted(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		var logged atomic.Int64
		var wg sync.WaitGroup
		for by := range 10 { // administrators, each at an instance
			s := newSharing(t, h)
			s.Logger = slog.New(counting{slog.DiscardHandler, &logged})
			wg.Go(func() {
				for _, shared := range []bool{true, false} {
					if err := s.Choose(t.Context(), messages.SharingChoice{By: fmt.Sprint(by), Shared: shared}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		choices, err := newSharing(t, h).Choices(t.Context())
		if err != nil || len(choices) == 0 || int64(len(choices)) != logged.Load() {
			t.Errorf("%d choices changed something, %d are noted, %v", logged.Load(), len(choices), err)
		}
		for i, c := range choices {
			if want := (len(choices)-i)%2 == 1; c.Shared != want { // at first nothing is shared
				t.Errorf("choice %d is %t after %t: one in between is lost", i, c.Shared, c.Shared)
			}
		}
	})
}

func TestSharingIsNotTakenForGrantedWhenItCannotBeRead(t *testing.T) {
	h := newHarness(t, dbtest.SQLite(t))
	s := newSharing(t, h)
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	if shared, err := s.Shared(t.Context()); shared || err == nil {
		t.Errorf("Shared = %t, %v, want the error of the database", shared, err)
	}
	if err := s.Choose(t.Context(), messages.SharingChoice{By: "1", Shared: true}); err == nil {
		t.Error("a choice that was not stored is taken")
	}
}
