package sessions_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
)

func Example() {
	dir, err := os.MkdirTemp("", "sessions")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	raw, err := sql.Open("sqlite", dbtest.SQLiteDSN(filepath.Join(dir, "crm.db")))
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	db, err := database.New(raw, database.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if err := db.Migrate(ctx, sessions.Migrations()); err != nil {
		log.Fatal(err)
	}

	service, err := sessions.New(sessions.Config{DB: db, Accounts: newAccounts()})
	if err != nil {
		log.Fatal(err)
	}
	grant, err := service.SignIn(ctx, sessions.SignIn{
		Credentials: sessions.Credentials{UserName: "ada", Password: "secret", ClientIP: "192.0.2.7"},
		Client:      sessions.Client{Name: "outlook", Version: "1.0.0"},
		Scope:       sessions.ScopeAddin,
	})
	if err != nil {
		log.Fatal(err)
	}
	session, err := service.Authenticate(ctx, grant.Token, sessions.ScopeAddin)
	fmt.Println(session.Account.UserName, err)

	if err := service.SignOut(ctx, session); err != nil {
		log.Fatal(err)
	}
	_, err = service.Authenticate(ctx, grant.Token, sessions.ScopeAddin)
	fmt.Println(errors.Is(err, sessions.ErrSessionRevoked), err)
	// Output:
	// ada <nil>
	// true session was ended: signed-out
}
