package search

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/permissions"
)

// ErrInvalidQuery says that a query cannot be answered as asked. The [*QueryError] behind it says what to change.
var ErrInvalidQuery = errors.New("invalid query")

// QueryError is an [ErrInvalidQuery] that names the parameter at fault and how to mend it.
type QueryError struct {
	Parameter string // "q", "module", "limit" or "cursor"
	Detail    string
}

func (e *QueryError) Error() string { return e.Parameter + ": " + e.Detail }

// Unwrap makes errors.Is(err, ErrInvalidQuery) true.
func (e *QueryError) Unwrap() error { return ErrInvalidQuery }

// Conversations tells on which records the mails of a conversation are.
type Conversations interface {
	// LinkedTo returns the records that mails with these message ids are on, those that are likeliest meant first. The
	// caller checks what the subject may see of them.
	LinkedTo(ctx context.Context, s permissions.Subject, messageIDs []string) ([]permissions.Record, error)
}

// Config is what a [Service] is made of.
type Config struct {
	DB          *database.DB
	Source      Source
	Permissions permissions.Checker
	// Conversations adds the records of the mail's conversation to the suggestions. Nil leaves that group out.
	Conversations Conversations
	// Holder names this process among those that share the database, for the lease of the refresher.
	Holder string
	Logger *slog.Logger // discards when nil
}

// Service answers searches and suggestions. It is safe for concurrent use.
type Service struct {
	store         store
	db            *database.DB
	source        Source
	permissions   permissions.Checker
	conversations Conversations
	holder        string
	log           *slog.Logger

	names      *names
	known      atomic.Pointer[state] // as last read
	refreshing sync.Mutex            // one refresh at a time in this process; the lease sees to the others
	refreshed  time.Time             // guarded by refreshing
}

// New checks the configuration and returns a service. It does no I/O.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Source == nil || c.Permissions == nil {
		return nil, errors.New("search: DB, Source and Permissions are required")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Holder == "" {
		c.Holder = "search"
	}
	s := &Service{
		store:         store{db: c.DB, statements: newStatements(c.DB.SQL()), words: newWordSet()},
		names:         newNames(),
		db:            c.DB,
		source:        c.Source,
		permissions:   c.Permissions,
		conversations: c.Conversations,
		holder:        c.Holder,
		log:           c.Logger,
	}
	s.known.Store(&state{})
	return s, nil
}

// cursorKey encrypts cursors. Where nothing was indexed yet there is none, and nothing to page through.
func (s *Service) cursorKey() []byte { return s.known.Load().Key }

// Card describes one record to a subject. It answers [permissions.ErrNotFound] for a record the subject may not view.
func (s *Service) Card(ctx context.Context, subject permissions.Subject, r permissions.Record) (Card, error) {
	if err := permissions.CheckOne(ctx, s.permissions, subject, permissions.View, r); err != nil {
		return Card{}, err
	}
	cards, err := s.source.Cards(ctx, subject, []permissions.Record{r})
	if err != nil {
		return Card{}, err
	}
	if len(cards) == 0 {
		return Card{}, permissions.ErrNotFound
	}
	return cards[0], nil
}
