package sessions

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/mailconnector/mailconnector/permissions"
)

// touchEvery is how often the use of a session is written down at most.
const touchEvery = time.Minute

// Authenticate finds the session of a token. The account is read afresh: a user disabled or a password changed in the
// CRM ends the session now. It answers [ErrUnauthenticated], [ErrSessionExpired] or a [*RevokedError].
func (s *Service) Authenticate(ctx context.Context, token string, scope Scope) (Session, error) {
	hash, ok := tokenHash(token)
	if !ok {
		return Session{}, ErrUnauthenticated
	}
	session, stamp, err := s.store.byToken(ctx, hash)
	if err != nil {
		return Session{}, fmt.Errorf("authenticate: %w", err)
	}
	if session.Scope != scope {
		return Session{}, ErrUnauthenticated
	}
	if err := session.endError(); err != nil {
		return Session{}, err
	}
	return s.revive(ctx, session, stamp)
}

// revive holds a living session against its account as it is now.
func (s *Service) revive(ctx context.Context, session Session, stamp [32]byte) (Session, error) {
	account, err := s.accounts.Account(ctx, session.Account.UserID)
	if err != nil && !errors.Is(err, ErrInactive) {
		return Session{}, fmt.Errorf("read account: %w", err)
	}
	current := stampHash(account)
	now, policy := s.now(), s.effective(account.Policy)
	switch {
	case err != nil || !account.Active:
		return Session{}, s.refuse(ctx, session, Deactivated)
	case subtle.ConstantTimeCompare(stamp[:], current[:]) == 0:
		return Session{}, s.refuse(ctx, session, PasswordChanged)
	case !now.Before(policy.expiry(session.Created, session.LastSeen)):
		return Session{}, s.refuse(ctx, session, Expired)
	}
	session.Account = account
	return s.touch(ctx, session, now, policy), nil
}

// touch writes the use of a session down, seldom enough to be cheap and often enough for short idle times. Where the
// database takes no writes, the session is as good as before: it ends sooner, and what only reads goes on.
func (s *Service) touch(ctx context.Context, session Session, now time.Time, policy Policy) Session {
	if now.Sub(session.LastSeen) < min(touchEvery, policy.Idle/10) {
		return session
	}
	used := session
	used.LastSeen, used.Expires = now, policy.expiry(session.Created, now)
	if err := s.store.touch(ctx, used); err != nil {
		s.log.WarnContext(ctx, "note use of session", "session", session.ID, "err", err)
		return session
	}
	return used
}

// refuse ends a session for a reason found just now and says so.
func (s *Service) refuse(ctx context.Context, session Session, reason Reason) error {
	if err := s.end(ctx, session.ID, reason, permissions.Subject{}); err != nil {
		return err
	}
	session.Ended, session.Reason = s.now(), reason
	return session.endError()
}

// end ends one session. The first reason stays.
func (s *Service) end(ctx context.Context, id string, reason Reason, actor permissions.Subject) error {
	ended, err := s.store.end(ctx, ending{id: id, at: s.now(), reason: reason, actor: actor})
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	if ended > 0 {
		s.log.InfoContext(ctx, "session ended", "session", id, "reason", reason, "actor", actor.UserID)
	}
	return nil
}
