package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/api/sessions"
)

// person is a user as the pages show him.
type person struct {
	ID       string
	UserName string // empty for one who is gone
	Name     string // the id of one who is gone
	Gone     bool   // disabled or deleted
}

// errUnknownUser says that no user was found by what was typed.
var errUnknownUser = errors.New("unknown user")

// person looks a user up once per request.
func (v *visit) person(userID string) person {
	if p, ok := v.names[userID]; ok || userID == "" {
		return p
	}
	p := person{ID: userID, Name: userID}
	account, err := v.h.c.Accounts.Account(v.ctx(), userID)
	switch {
	case err == nil:
		p = personOf(account)
	case errors.Is(err, sessions.ErrInactive):
		p.Gone = true
	default:
		v.try("account", err)
	}
	v.names[userID] = p
	return p
}

func personOf(a sessions.Account) person {
	return person{ID: a.UserID, UserName: a.UserName, Name: cmp.Or(a.DisplayName, a.UserName, a.UserID), Gone: !a.Active}
}

// findUser returns the user a person typed: by id, by user name, or by the name shown. It answers errUnknownUser.
func (v *visit) findUser(typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return "", errUnknownUser
	}
	if len(typed) <= 64 {
		account, err := v.h.c.Accounts.Account(v.ctx(), typed)
		if err == nil || !errors.Is(err, sessions.ErrInactive) {
			return account.UserID, err
		}
	}
	if v.h.c.FindUser != nil {
		id, err := v.h.c.FindUser(v.ctx(), typed)
		if err == nil || !errors.Is(err, sessions.ErrInactive) {
			return id, err
		}
	}
	known, err := v.people()
	if err != nil {
		return "", err
	}
	for _, p := range known {
		if strings.EqualFold(p.UserName, typed) || strings.EqualFold(p.Name, typed) {
			return p.ID, nil
		}
	}
	return "", errUnknownUser
}

// people are the users this page knows of: those with a seat, and those who signed in lately.
func (v *visit) people() ([]person, error) {
	seats, err := v.h.c.Licensing.Seats(v.ctx())
	if err != nil {
		return nil, err
	}
	recent, err := v.h.recentSessions(v.ctx())
	if err != nil {
		return nil, err
	}
	for _, session := range recent {
		if session.Account.Active {
			v.names[session.Account.UserID] = personOf(session.Account)
		}
	}
	known := map[string]person{}
	for _, seat := range seats {
		known[seat.UserID] = v.person(seat.UserID)
	}
	for _, session := range recent {
		known[session.Account.UserID] = v.person(session.Account.UserID)
	}
	var list []person
	for _, p := range known {
		if !p.Gone {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b person) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return list, nil
}

// recentSessions are the latest sessions, living or ended, as far as names are looked for.
func (h *Handler) recentSessions(ctx context.Context) ([]sessions.Session, error) {
	list, _, err := h.c.Sessions.List(ctx, sessions.Filter{Limit: 100})
	if err != nil {
		return nil, fmt.Errorf("list recent sessions: %w", err)
	}
	return list, nil
}
