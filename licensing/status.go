package licensing

import (
	"context"
	"fmt"
	"time"
)

// markEvery is how far the latest moment seen may lag behind: the clock is written down once an hour, not with each call.
const markEvery = time.Hour

// Status is what the installation's license amounts to at one moment.
type Status struct {
	State      State
	License    *License // nil when none is active, or the stored one is no longer genuine
	SeatsUsed  int      // seats assigned, those over the licensed number included
	SeatsTotal int      // seats licensed
	SeatsOver  int      // seats assigned beyond the licensed number: their users cannot work
	Message    string   // one or two sentences for people: what holds, until when, and what to do
}

// StateError says why users may not work, or why a license was not activated. It unwraps to [ErrRequired],
// [ErrExpired], [ErrRevoked], [ErrMismatch] or [ErrClock].
type StateError struct {
	State   State
	Message string // sentences for people
}

func (e *StateError) Error() string { return e.Message }

// Unwrap returns the sentinel of the state.
func (e *StateError) Unwrap() error { return e.State.Err() }

// Status reads the license and the seats as they are now. Once an hour it also notes the time, so that a clock moved
// back is noticed.
func (s *Service) Status(ctx context.Context) (Status, error) {
	snap, err := s.fresh(ctx)
	if err != nil {
		return Status{}, fmt.Errorf("license status: %w", err)
	}
	if err := s.noteTime(ctx, snap); err != nil {
		return Status{}, fmt.Errorf("license status: %w", err)
	}
	used, err := s.store.countSeats(ctx)
	if err != nil {
		return Status{}, fmt.Errorf("license status: %w", err)
	}
	status := Status{
		State:      snap.state,
		License:    snap.license,
		SeatsUsed:  used,
		SeatsTotal: snap.licensed(),
		Message:    snap.message(),
	}
	if snap.license != nil {
		status.SeatsOver = max(0, status.SeatsUsed-status.SeatsTotal)
	}
	if status.SeatsOver > 0 {
		status.Message += fmt.Sprintf(" %d seats are assigned but %d are licensed: release %d, or license more.",
			status.SeatsUsed, status.SeatsTotal, status.SeatsOver)
	}
	return status, nil
}

// State is the state of the license, at most a second old and without a write: cheap enough for an answer that anybody
// may ask for.
func (s *Service) State(ctx context.Context) (State, error) {
	snap, err := s.recent(ctx)
	if err != nil {
		return None, fmt.Errorf("license state: %w", err)
	}
	return snap.state, nil
}

// Allow is the gate every use case calls first: nil when the license is in force and the user has a seat. Else it
// returns a [*StateError], or [ErrSeatLimit]. It never writes; what it knows is at most a second old, except that a
// seat just taken, on whatever instance, counts at once.
func (s *Service) Allow(ctx context.Context, userID string) error {
	snap, err := s.recent(ctx)
	if err != nil {
		return fmt.Errorf("license gate: %w", err)
	}
	if err := snap.err(); err != nil {
		return err
	}
	if _, ok := snap.seated.Load(userID); ok {
		return nil
	}
	ok, err := s.store.seated(ctx, userID, snap.licensed())
	if err != nil {
		return fmt.Errorf("license gate: %w", err)
	}
	if !ok { // not remembered: they may be signing in on another instance
		return ErrSeatLimit
	}
	snap.seated.Store(userID, nil)
	return nil
}

// noteTime moves the latest moment seen forward, but not while the clock is known to be wrong.
func (s *Service) noteTime(ctx context.Context, snap *snapshot) error {
	if snap.state == Clock || snap.place.Now.Sub(snap.place.Latest) < markEvery {
		return nil
	}
	_, err := s.store.advance(ctx, markClock, snap.place.Now, "")
	return err
}

func (s *snapshot) message() string {
	if s.broken != nil {
		return fmt.Sprintf("The stored license can no longer be trusted: %s. Activate it again, or ask your partner for a new one.", s.broken)
	}
	if s.license == nil {
		return message(None, License{}, s.place)
	}
	return message(s.state, *s.license, s.place)
}

// inForce is the [*StateError] of a state, or nil.
func inForce(state State, l License, p Place) error {
	if state.InForce() {
		return nil
	}
	return &StateError{State: state, Message: message(state, l, p)}
}

// message says what a state means and what to do about it.
func message(state State, l License, p Place) string {
	switch state {
	case Pending:
		return fmt.Sprintf("The license begins on %s. Activate it on that day.", date(l.ValidFrom))
	case Active:
		return fmt.Sprintf("Licensed until %s.", date(l.ValidTo))
	case Expiring:
		return fmt.Sprintf("The license ends on %s. Ask your partner to renew it.", date(l.ValidTo))
	case Grace:
		return fmt.Sprintf("The license ended on %s. Everything works until %s; ask your partner to renew it.", date(l.ValidTo), date(l.GraceEnds()))
	case Expired:
		return fmt.Sprintf("The license expired on %s. Ask your partner to renew it; what was linked stays in the CRM.", date(l.GraceEnds()))
	case Revoked:
		return fmt.Sprintf("The license %s was revoked. Ask your partner for a new one.", l.Serial)
	case Mismatch:
		return fmt.Sprintf("The license is for the %s. Correct the configuration, or ask your partner for a license for this installation.", p.mismatch(l))
	case Clock:
		return fmt.Sprintf("The clock of the server says %s, but %s has already passed. Set the clock; if it is right, ask your partner for a newly issued license.",
			date(p.Now), date(later(p.Latest, l.IssuedAt)))
	default:
		return "No license is active. Send the license request to your partner, and activate the license you get."
	}
}

func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
