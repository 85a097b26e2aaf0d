package messages

import (
	"context"
	"time"

	"github.com/mailconnector/mailconnector/permissions"
)

// EventKind is what happened.
type EventKind string

// The kinds of events.
const (
	EventArchived EventKind = "archived" // a copy of a mail was stored
	EventUpgraded EventKind = "upgraded" // a more complete copy replaced what a message showed
	EventLinked   EventKind = "linked"
	EventUnlinked EventKind = "unlinked"
)

// Event is one entry of the ledger. It holds ids and hashes only, never a subject or an address, so that erasing a
// mail later breaks no chain.
type Event struct {
	ID      string
	At      time.Time
	Kind    EventKind
	Actor   string             // user id
	Message string             // id
	Record  permissions.Record // zero for an event that is about no record
	SHA256  [32]byte           // of the copy that came with it, zero for none
	Origin  Origin
	Receipt string // id; empty for Unlinked
	Sealed  bool
}

// ActivityFilter narrows Activity.
type ActivityFilter struct {
	Actor   string    // user id; empty for all
	Message string    // id; empty for all
	Since   time.Time // zero for all
	Page    Page
}

// Activity lists events, newest first, for administrators: it checks no permission and shows no label. Who shows it
// resolves labels as the one who looks.
func (s *Service) Activity(ctx context.Context, f ActivityFilter) (events []Event, next string, err error) {
	f.Page.Limit = min(max(f.Page.Limit, 1), 100)
	rows, err := s.store.activity(ctx, f)
	if err != nil {
		return nil, "", err
	}
	if len(rows) > f.Page.Limit {
		rows = rows[:f.Page.Limit]
		next = rows[f.Page.Limit-1].ID
	}
	for _, row := range rows {
		events = append(events, row.event())
	}
	return events, next, nil
}

// DayCount is how often something happened on one day.
type DayCount struct {
	Day   time.Time // its beginning, UTC
	Kind  EventKind
	Count int64
}

// Daily counts the events of each day and kind since a time, oldest first. Days without events are left out.
func (s *Service) Daily(ctx context.Context, since time.Time) ([]DayCount, error) {
	return s.store.daily(ctx, since)
}

// StorageTotals are sums over the whole archive.
type StorageTotals struct {
	Messages   int64
	Links      int64
	Renditions int64 // copies of messages
	Parts      int64
	Bytes      int64 // of all copies, before equal content is stored once
	Waiting    int64 // links that wait for documents of a copy which came later
	GivenUp    int64 // of these, links whose documents the host refused too often: linking the mail again adds them
}

// Storage sums up what the archive holds.
func (s *Service) Storage(ctx context.Context) (StorageTotals, error) {
	return s.store.storage(ctx)
}
