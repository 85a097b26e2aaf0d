package sessions_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/permissions"
)

// accounts is a CRM with a few users whose state a test may change.
type accounts struct {
	mu       sync.Mutex
	byName   map[string]*user
	verified int   // how often the CRM was asked for a password
	broken   error // what the CRM answers while it is down
}

type user struct {
	account  sessions.Account
	password string
	outcome  error // answered instead of success
}

func newAccounts() *accounts {
	a := &accounts{byName: map[string]*user{}}
	for _, name := range []string{"ada", "grace", "root"} {
		a.byName[name] = &user{password: "secret", account: sessions.Account{
			UserID: "id-" + name, UserName: name, Active: true, Admin: name == "root", CredentialStamp: "stamp-" + name,
		}}
	}
	return a
}

func (a *accounts) Verify(_ context.Context, c sessions.Credentials) (sessions.Account, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.verified++
	if a.broken != nil {
		return sessions.Account{}, a.broken
	}
	u, ok := a.byName[c.UserName]
	if !ok || u.password != c.Password {
		return sessions.Account{}, sessions.ErrInvalidCredentials
	}
	return u.account, u.outcome
}

func (a *accounts) Account(_ context.Context, userID string) (sessions.Account, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, u := range a.byName {
		if u.account.UserID == userID {
			return u.account, a.broken
		}
	}
	return sessions.Account{}, sessions.ErrInactive
}

func (a *accounts) change(name string, fn func(*user)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	fn(a.byName[name])
}

// clock is a time that stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// admission is a license with room for everyone but the users listed.
type admission map[string]bool

var errNoSeat = errors.New("no seat")

func (full admission) TakeSeat(_ context.Context, userID string) error {
	if full[userID] {
		return errNoSeat
	}
	return nil
}

// world is a service with everything around it.
type world struct {
	*sessions.Service
	t        *testing.T
	db       *database.DB
	accounts *accounts
	clock    *clock
}

// each runs a test on both databases; adjust may be nil.
func each(t *testing.T, adjust func(*sessions.Config), fn func(w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, raw *sql.DB) { fn(newWorld(t, raw, adjust)) })
}

func newWorld(t *testing.T, raw *sql.DB, adjust func(*sessions.Config)) *world {
	t.Helper()
	w := &world{t: t, accounts: newAccounts(), clock: &clock{now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}}
	db, err := database.New(raw, database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context(), sessions.Migrations()); err != nil {
		t.Fatal(err)
	}
	w.db = db
	w.Service = w.instance(adjust)
	return w
}

// instance is one more service on the same database and CRM.
func (w *world) instance(adjust func(*sessions.Config)) *sessions.Service {
	w.t.Helper()
	config := sessions.Config{
		DB: w.db, Accounts: w.accounts, Now: w.clock.Now,
		Logger: slog.New(slog.NewTextHandler(w.t.Output(), nil)),
	}
	if adjust != nil {
		adjust(&config)
	}
	service, err := sessions.New(config)
	if err != nil {
		w.t.Fatal(err)
	}
	return service
}

func login(name, password string) sessions.SignIn {
	return sessions.SignIn{
		Credentials: sessions.Credentials{UserName: name, Password: password, ClientIP: "192.0.2.7"},
		Client:      sessions.Client{Name: "outlook", Version: "1.0.0", Platform: "web"},
		Scope:       sessions.ScopeAddin,
	}
}

// open signs a user in.
func (w *world) open(name string) sessions.Grant {
	w.t.Helper()
	grant, err := w.SignIn(w.t.Context(), login(name, "secret"))
	if err != nil {
		w.t.Fatalf("sign in as %s: %v", name, err)
	}
	return grant
}

// use presents a token and returns the refusal.
func (w *world) use(g sessions.Grant) error {
	w.t.Helper()
	_, err := w.Authenticate(w.t.Context(), g.Token, g.Session.Scope)
	return err
}

func (w *world) wantAlive(g sessions.Grant) {
	w.t.Helper()
	if err := w.use(g); err != nil {
		w.t.Errorf("session is refused: %v", err)
	}
}

func (w *world) wantRevoked(g sessions.Grant, reason sessions.Reason) {
	w.t.Helper()
	var revoked *sessions.RevokedError
	if err := w.use(g); !errors.As(err, &revoked) || revoked.Reason != reason {
		w.t.Errorf("session answers %v, want it revoked for %s", err, reason)
	}
}

func wantError(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("got error %v, want %v", got, want)
	}
}

var root = permissions.Subject{UserID: "id-root"}
