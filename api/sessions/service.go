package sessions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/permissions"
)

// What holds where neither the CRM's policy nor [Config] says otherwise.
const (
	DefaultIdle       = 12 * time.Hour
	DefaultAbsolute   = 30 * 24 * time.Hour
	DefaultConcurrent = 5
	DefaultKeep       = 7 * 24 * time.Hour
)

// Admission decides whether a user who proved his identity may use the add-in: it takes a license seat.
type Admission interface {
	// TakeSeat gives the user a seat, or confirms the one he has. Its error is handed on in an [AdmissionError].
	TakeSeat(ctx context.Context, userID string) error
}

// Config is what a [Service] is made of.
type Config struct {
	// DB keeps the sessions. Required.
	DB *database.DB

	// Accounts says who may sign in. Required.
	Accounts Accounts

	// Admission is asked when a session of the add-in is opened. Nil admits everyone.
	Admission Admission

	// Idle ends a session that was not used for so long. Defaults to DefaultIdle. The CRM's policy comes first.
	Idle time.Duration

	// Absolute ends a session of that age. Defaults to DefaultAbsolute. The CRM's policy comes first.
	Absolute time.Duration

	// Concurrent is how many sessions a user may have in one scope; a further one ends the oldest. Defaults to
	// DefaultConcurrent, enough for a few Outlooks of one person. The CRM's policy comes first.
	Concurrent int

	// Keep is how long an ended session is remembered, so that its client learns why it ended. Defaults to
	// DefaultKeep.
	Keep time.Duration

	// Throttle slows down guessing. Its zero value is useful.
	Throttle ThrottlePolicy

	// Now is the clock. Defaults to the clock of DB.
	Now func() time.Time

	// Logger is told who signed in and which sessions ended, by ids. Defaults to discarding.
	Logger *slog.Logger
}

// Service signs users in and keeps their sessions. It is safe for concurrent use, and any number of instances may
// share one database.
type Service struct {
	store     store
	accounts  Accounts
	admission Admission
	policy    Policy
	keep      time.Duration
	throttle  throttle
	now       func() time.Time
	log       *slog.Logger
}

// New checks the configuration. It does no I/O.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Accounts == nil {
		return nil, errors.New("sessions: DB and Accounts are required")
	}
	if c.Idle < 0 || c.Absolute < 0 || c.Concurrent < 0 || c.Keep < 0 {
		return nil, errors.New("sessions: Idle, Absolute, Concurrent and Keep must not be negative")
	}
	policy, err := c.Throttle.normalize()
	if err != nil {
		return nil, err
	}
	s := &Service{
		store:     store{db: c.DB},
		accounts:  c.Accounts,
		admission: c.Admission,
		policy: Policy{
			Idle:       orDefault(c.Idle, DefaultIdle),
			Absolute:   orDefault(c.Absolute, DefaultAbsolute),
			Concurrent: orDefault(c.Concurrent, DefaultConcurrent),
		},
		keep:     orDefault(c.Keep, DefaultKeep),
		throttle: throttle{store: store{db: c.DB}, policy: policy},
		now:      c.DB.Now,
		log:      c.Logger,
	}
	if c.Now != nil {
		s.now = func() time.Time { return c.Now().UTC().Truncate(time.Microsecond) }
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s, nil
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// effective fills what the CRM leaves open with our own choice.
func (s *Service) effective(crm Policy) Policy {
	return Policy{
		Idle:       orDefault(crm.Idle, s.policy.Idle),
		Absolute:   orDefault(crm.Absolute, s.policy.Absolute),
		Concurrent: orDefault(crm.Concurrent, s.policy.Concurrent),
	}
}

// expiry is when the session ends if it is not used any more.
func (p Policy) expiry(created, lastSeen time.Time) time.Time {
	idle, absolute := lastSeen.Add(p.Idle), created.Add(p.Absolute)
	if idle.Before(absolute) {
		return idle
	}
	return absolute
}

// Sweep deletes what is no longer needed: sessions that ended or expired more than Config.Keep ago, forgotten failed
// attempts, and errors noted more than 90 days ago. It is meant to run hourly on one instance.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.now()
	before := sweepLimits{
		sessions: now.Add(-s.keep),
		attempts: now.Add(-s.throttle.policy.Forget),
		errors:   now.AddDate(0, 0, -90),
	}
	if err := s.store.sweep(ctx, before); err != nil {
		return fmt.Errorf("sweep sessions: %w", err)
	}
	return nil
}

// requireAuthority lets the system itself (the zero subject), an administrator, and the user concerned through.
// Anyone else learns nothing, not even that there is a session.
func (s *Service) requireAuthority(ctx context.Context, actor permissions.Subject, userID string) error {
	if actor == (permissions.Subject{}) || actor.UserID == userID {
		return nil
	}
	account, err := s.accounts.Account(ctx, actor.UserID)
	switch {
	case errors.Is(err, ErrInactive), err == nil && (!account.Active || !account.Admin):
		return ErrNotFound
	case err != nil:
		return fmt.Errorf("read account of actor: %w", err)
	}
	return nil
}
