package licensing

import (
	"context"
	"fmt"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
)

// Seat is the right of one named user to work with the add-in.
type Seat struct {
	UserID     string
	Since      time.Time // when it was assigned
	LastSeen   time.Time // when the user last signed in; zero if never
	AssignedBy string    // the administrator; empty when the user took it by signing in
	InForce    bool      // false when it is beyond the licensed number; no license counts as none
}

// TakeSeat is called when a user signs in: it keeps the seat the user has, or takes one while one is free. However many
// sign in at once, on however many instances, no more than the licensed number are in force. It returns a [*StateError]
// when no license is in force, and [ErrSeatLimit] when every seat is taken.
func (s *Service) TakeSeat(ctx context.Context, userID string) error {
	snap, err := s.recent(ctx)
	if err != nil {
		return fmt.Errorf("take seat: %w", err)
	}
	if err := s.noteTime(ctx, snap); err != nil {
		return fmt.Errorf("take seat: %w", err)
	}
	now := database.Micros(s.clock())
	return s.seat(ctx, snap, seatRow{UserID: userID, Assigned: now, LastSeen: now})
}

// AssignSeat gives a user a seat before they sign in. A user who has one keeps it as it is. It returns what
// [Service.TakeSeat] returns.
func (s *Service) AssignSeat(ctx context.Context, actor, userID string) error {
	if err := checkID("actor", actor); err != nil {
		return err
	}
	snap, err := s.recent(ctx)
	if err != nil {
		return fmt.Errorf("assign seat: %w", err)
	}
	err = s.seat(ctx, snap, seatRow{UserID: userID, Assigned: database.Micros(s.clock()), AssignedBy: actor})
	if err == nil {
		s.log.InfoContext(ctx, "seat assigned", "user", userID, "actor", actor)
	}
	return err
}

func (s *Service) seat(ctx context.Context, snap *snapshot, row seatRow) error {
	if err := checkID("user id", row.UserID); err != nil {
		return err
	}
	if err := snap.err(); err != nil {
		return err
	}
	return s.store.takeSeat(ctx, row, snap.licensed())
}

// ReleaseSeat frees a user's seat for another; where seats are over the licensed number, the one assigned first of
// those comes into force. The user can work no more, within a second on every instance, until they have a seat again.
// It is no error when they had none.
func (s *Service) ReleaseSeat(ctx context.Context, actor, userID string) error {
	if err := checkID("actor", actor); err != nil {
		return err
	}
	snap, err := s.fresh(ctx)
	if err != nil {
		return fmt.Errorf("release seat: %w", err)
	}
	released, err := s.store.releaseSeat(ctx, userID, snap.licensed())
	if err != nil {
		return err
	}
	s.cache.forget()
	if released {
		s.log.InfoContext(ctx, "seat released", "user", userID, "actor", actor)
	}
	return nil
}

// Seats lists the seats assigned, the oldest first.
func (s *Service) Seats(ctx context.Context) ([]Seat, error) {
	snap, err := s.recent(ctx)
	if err != nil {
		return nil, fmt.Errorf("list seats: %w", err)
	}
	rows, err := s.store.seats(ctx)
	if err != nil {
		return nil, fmt.Errorf("list seats: %w", err)
	}
	list := make([]Seat, 0, len(rows))
	for _, r := range rows {
		list = append(list, Seat{
			UserID: r.UserID, Since: database.Time(r.Assigned), LastSeen: database.Time(r.LastSeen),
			AssignedBy: r.AssignedBy, InForce: r.Slot <= snap.licensed(),
		})
	}
	return list, nil
}
