package sessions

import (
	"context"
	"crypto/sha256"
	"fmt"
)

// The longest that anybody types, in bytes. The CRM hashes a password before it can say anything, and for as long as the
// password is long.
const (
	maxUserName = 255
	maxPassword = 1024
)

// SignIn is what a client presents to open a session.
type SignIn struct {
	Credentials Credentials
	Client      Client // its IP is taken from the credentials when empty
	Scope       Scope
}

// Grant is an opened session with its token, which is told once and never again.
type Grant struct {
	Token   string
	Session Session
}

// AdmissionError says that a user proved his identity but was not admitted. It unwraps to what Admission answered.
type AdmissionError struct {
	UserID string
	Err    error
}

func (e *AdmissionError) Error() string { return fmt.Sprintf("admit user %s: %v", e.UserID, e.Err) }

// Unwrap returns the answer of Admission.
func (e *AdmissionError) Unwrap() error { return e.Err }

// SignIn checks the credentials with the CRM and opens a session. It answers a [*ThrottledError] before asking the CRM
// when too many attempts failed, the outcomes of [Accounts.Verify] as they are, and an [*AdmissionError]. A user with
// more sessions in the scope than the CRM allows loses the oldest. A user name of more than 255 bytes or a password of
// more than 1,024 is wrong without asking.
//
// An attempt is counted before the CRM is asked, so that attempts made at the same moment cannot outrun the count.
func (s *Service) SignIn(ctx context.Context, in SignIn) (Grant, error) {
	if !in.Scope.valid() {
		return Grant{}, fmt.Errorf("sign in: unknown scope %q", in.Scope)
	}
	if len(in.Credentials.UserName) > maxUserName || len(in.Credentials.Password) > maxPassword {
		return Grant{}, fmt.Errorf("sign in: %w", ErrInvalidCredentials)
	}
	attempt := s.throttle.attempt(in.Credentials)
	if err := attempt.count(ctx, s.now()); err != nil {
		return Grant{}, fmt.Errorf("sign in: %w", err)
	}
	account, err := s.verify(ctx, in.Credentials)
	if settled := attempt.settle(ctx, err); err == nil {
		err = settled
	}
	if err != nil {
		return Grant{}, fmt.Errorf("sign in: %w", err)
	}
	if err := s.admit(ctx, account, in.Scope); err != nil {
		return Grant{}, err
	}
	return s.open(ctx, account, in)
}

// verify never lets an inactive account through, should a host forget to refuse it.
func (s *Service) verify(ctx context.Context, c Credentials) (Account, error) {
	account, err := s.accounts.Verify(ctx, c)
	if err == nil && !account.Active {
		err = ErrInactive
	}
	return account, err
}

func (s *Service) admit(ctx context.Context, account Account, scope Scope) error {
	if scope != ScopeAddin || s.admission == nil {
		return nil
	}
	if err := s.admission.TakeSeat(ctx, account.UserID); err != nil {
		return &AdmissionError{UserID: account.UserID, Err: err}
	}
	return nil
}

// open stores the session first and ends surplus ones after: of two sign-ins at the same moment the later one sees
// both, whatever the isolation of transactions.
func (s *Service) open(ctx context.Context, account Account, in SignIn) (Grant, error) {
	now, policy, token := s.now(), s.effective(account.Policy), newToken()
	hash, _ := tokenHash(token)
	if in.Client.IP == "" {
		in.Client.IP = in.Credentials.ClientIP
	}
	session := Session{
		ID:       newSessionID(now),
		Account:  account,
		Client:   in.Client.clipped(),
		Scope:    in.Scope,
		Created:  now,
		LastSeen: now,
		Expires:  policy.expiry(now, now),
	}
	if err := s.store.insert(ctx, session, hash, stampHash(account)); err != nil {
		return Grant{}, fmt.Errorf("open session: %w", err)
	}
	if err := s.endSurplus(ctx, session, policy.Concurrent); err != nil {
		return Grant{}, fmt.Errorf("end surplus sessions: %w", err)
	}
	s.log.InfoContext(ctx, "session opened", "session", session.ID, "user", account.UserID, "scope", session.Scope)
	return Grant{Token: token, Session: session}, nil
}

func (s *Service) endSurplus(ctx context.Context, newest Session, limit int) error {
	surplus, err := s.store.living(ctx, newest.Account.UserID, newest.Scope, s.now(), limit)
	if err != nil {
		return err
	}
	for _, id := range surplus {
		if err := s.end(ctx, id, OverLimit, newest.Subject()); err != nil {
			return err
		}
	}
	return nil
}

// stampHash keeps the credential stamp comparable and unreadable.
func stampHash(a Account) [32]byte { return sha256.Sum256([]byte(a.CredentialStamp)) }
