// Command example is a whole CRM with the module mounted, as short as one can be: contacts in a database/sql database,
// permissions in the views of schema.sql, an http.ServeMux. Copy it and put your own tables behind the ports: host.go
// says who may see what, filing.go keeps messages and documents.
package main

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"log"
	"net/http"
	"os"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/licensing"
	"github.com/mailconnector/mailconnector/module"
)

//go:embed schema.sql
var schema string

// crm is the host: it implements every port.
type crm struct{ db *sql.DB }

func open(ctx context.Context, path string) (*crm, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)")
	if err == nil {
		_, err = db.ExecContext(ctx, schema)
	}
	return &crm{db}, err
}

func (c *crm) host() module.Host {
	return module.Host{Accounts: c, Permissions: c, Records: c, Filing: c}
}

// The argument is the public key that signs licenses.
func main() {
	ctx, addr := context.Background(), "127.0.0.1:8081"
	c, vendor := must(open(ctx, "crm.db")), must(licensing.DecodePublic(os.Args[1]))
	ext := must(module.New(module.Config{
		DB: c.db, Host: c.host(), CRMURL: "http://" + addr, Installation: "Example CRM",
		AllowedOrigins: []string{"http://" + addr}, VendorKeys: []licensing.PublicKey{vendor},
		Content: must(documents.Files("mails")),
	}))
	must(0, ext.Migrate(ctx))
	must(0, ext.Start(ctx))
	mux := http.NewServeMux()
	mux.Handle(ext.Pattern(), ext)
	log.Fatal(http.ListenAndServe(addr, mux))
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// query reads all rows of a statement.
func query[T any](ctx context.Context, db *sql.DB, scan func(*sql.Rows, *T) error, text string, args ...any) (list []T, err error) {
	rows, err := db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	for err == nil && rows.Next() {
		list = append(list, *new(T))
		err = scan(rows, &list[len(list)-1])
	}
	return list, errors.Join(err, rows.Err(), rows.Close())
}
