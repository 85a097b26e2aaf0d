package sessions

import (
	"context"
	"errors"
	"fmt"

	"github.com/mailconnector/mailconnector/permissions"
)

// SignOut ends the session of whoever asks. Signing out twice is no error.
func (s *Service) SignOut(ctx context.Context, session Session) error {
	return s.end(ctx, session.ID, SignedOut, session.Subject())
}

// Revoke ends one session, from its next request on. Its own user and administrators may; the zero actor is the system
// itself. Anyone else, and an id that does not exist, answers [ErrNotFound]. A session that ended before keeps its
// reason.
func (s *Service) Revoke(ctx context.Context, actor permissions.Subject, sessionID string, reason Reason) error {
	session, err := s.store.byID(ctx, sessionID)
	if err != nil {
		return fmt.Errorf("revoke session: %w", err)
	}
	if err := s.requireAuthority(ctx, actor, session.Account.UserID); err != nil {
		return err
	}
	return s.end(ctx, sessionID, reason, actor)
}

// RevokeUser ends every session of a user, in all scopes. Who may is as in [Service.Revoke].
func (s *Service) RevokeUser(ctx context.Context, actor permissions.Subject, userID string, reason Reason) error {
	if err := s.requireAuthority(ctx, actor, userID); err != nil {
		return err
	}
	ended, err := s.store.end(ctx, ending{userID: userID, at: s.now(), reason: reason, actor: actor})
	if err != nil {
		return fmt.Errorf("end sessions of user: %w", err)
	}
	s.log.InfoContext(ctx, "sessions of user ended", "user", userID, "count", ended, "reason", reason, "actor", actor.UserID)
	return nil
}

// Filter narrows [Service.List].
type Filter struct {
	UserID string // empty for all users
	Active bool   // leave out what ended or expired
	After  string // the cursor of the page before; empty for the first
	Limit  int    // from 1 to 100; 0 for 50
}

// List lists sessions, newest first, each with its account as it is now; of an account that is gone or disabled only
// the id is known. The caller has made sure that whoever sees the list may.
func (s *Service) List(ctx context.Context, f Filter) (list []Session, next string, err error) {
	if f.Limit < 0 || f.Limit > 100 {
		return nil, "", fmt.Errorf("list sessions: limit %d is not between 1 and 100", f.Limit)
	}
	f.Limit = orDefault(f.Limit, 50)
	list, err = s.store.list(ctx, f, s.now())
	if err != nil {
		return nil, "", fmt.Errorf("list sessions: %w", err)
	}
	if len(list) > f.Limit {
		list = list[:f.Limit]
		next = list[f.Limit-1].ID
	}
	return list, next, s.describe(ctx, list)
}

// describe fills in the accounts, asking for each user once.
func (s *Service) describe(ctx context.Context, list []Session) error {
	known := map[string]Account{}
	for i := range list {
		id := list[i].Account.UserID
		account, ok := known[id]
		if !ok {
			var err error
			account, err = s.accounts.Account(ctx, id)
			switch {
			case errors.Is(err, ErrInactive):
				account = Account{UserID: id}
			case err != nil:
				return fmt.Errorf("read account: %w", err)
			}
			known[id] = account
		}
		list[i].Account = account
	}
	return nil
}
