package admin

import (
	"errors"
	"fmt"

	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/licensing"
)

// seatsPage shows who may use the add-in.
type seatsPage struct {
	License *licenseView
	Seats   []seat
	People  []person // without a seat, to choose from
	Typed   string
	Problem string
}

type seat struct {
	licensing.Seat
	User, By person
}

func (h *Handler) seats(v *visit) error {
	p, err := v.seatsPage()
	if err != nil {
		return err
	}
	return v.show("seats", p)
}

func (v *visit) seatsPage() (*seatsPage, error) {
	status, err := v.h.c.Licensing.Status(v.ctx())
	if err != nil {
		return nil, err
	}
	people, err := v.people()
	if err != nil {
		return nil, err
	}
	list, err := v.h.c.Licensing.Seats(v.ctx())
	if err != nil {
		return nil, err
	}
	p := &seatsPage{License: v.licenseView(status)}
	seated := map[string]bool{}
	for _, s := range list {
		seated[s.UserID] = true
		p.Seats = append(p.Seats, seat{Seat: s, User: v.person(s.UserID), By: v.person(s.AssignedBy)})
	}
	for _, one := range people {
		if !seated[one.ID] {
			p.People = append(p.People, one)
		}
	}
	return p, nil
}

// assignSeat gives a user a seat before he signs in.
func (h *Handler) assignSeat(v *visit) error {
	typed := v.r.PostFormValue("user")
	userID, err := v.findUser(typed)
	if err == nil {
		err = h.c.Licensing.AssignSeat(v.ctx(), v.who.UserID, userID)
	}
	var state *licensing.StateError
	reason := ""
	switch {
	case err == nil:
		return v.redirect("/admin/seats", "assigned")
	case errors.Is(err, errUnknownUser):
		reason = v.say.text("seats.unknown", "user", typed)
	case errors.Is(err, licensing.ErrSeatLimit):
		reason = v.say.text("seats.full")
	case errors.As(err, &state):
		reason = v.say.text("seats.no-license")
	default:
		return err
	}
	p, err := v.seatsPage()
	if err != nil {
		return err
	}
	p.Typed, p.Problem = typed, reason
	return v.refuse("seats", p)
}

// releaseSeat frees a seat and ends the add-in sessions of its user. His sessions with these pages need no seat.
func (h *Handler) releaseSeat(v *visit) error {
	userID := v.r.PostFormValue("user")
	if userID == "" { // a list of no user's sessions is the list of everyone's
		return v.redirect("/admin/seats", "")
	}
	if err := h.c.Licensing.ReleaseSeat(v.ctx(), v.who.UserID, userID); err != nil {
		return err
	}
	if err := v.endAddinSessions(userID); err != nil {
		return fmt.Errorf("end sessions without a seat: %w", err)
	}
	return v.redirect("/admin/seats", "released")
}

func (v *visit) endAddinSessions(userID string) error {
	filter := sessions.Filter{UserID: userID, Active: true, Limit: 100}
	for {
		list, next, err := v.h.c.Sessions.List(v.ctx(), filter)
		if err != nil {
			return err
		}
		for _, session := range list {
			if session.Scope != sessions.ScopeAddin {
				continue
			}
			err := v.h.c.Sessions.Revoke(v.ctx(), v.who.subject(), session.ID, sessions.SeatReleased)
			if err != nil && !errors.Is(err, sessions.ErrNotFound) {
				return err
			}
		}
		if filter.After = next; next == "" {
			return nil
		}
	}
}
