package messages_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// A mail is archived and linked to a contact, and read by a colleague who may see that contact.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	check(err)
	defer func() { _ = os.RemoveAll(dir) }()
	raw, err := sql.Open("sqlite", dbtest.SQLiteDSN(filepath.Join(dir, "crm.db")))
	check(err)
	defer func() { _ = raw.Close() }()

	db, err := database.New(raw, database.Options{})
	check(err)
	check(db.Migrate(ctx, slices.Concat(database.Migrations(), documents.Migrations(), messages.Migrations())))
	store, err := documents.Files(filepath.Join(dir, "content"))
	check(err)
	blobs, err := documents.New(documents.Config{DB: db, Store: store})
	check(err)
	crm, err := newCRM(ctx, raw) // stands for the host: its rows and its permissions
	check(err)
	service, err := messages.New(messages.Config{DB: db, Blobs: blobs, Filing: crm, Permissions: crm, Labels: crm.labels})
	check(err)

	mail := "From: Nora Berg <nora@acme.example>\r\nSubject: Our offer\r\nMessage-ID: <1@acme.example>\r\n\r\nSee you at https://acme.example."
	receipt, err := service.Archive(ctx, permissions.Subject{UserID: "ann"}, messages.Request{
		Source: messages.Raw(strings.NewReader(mail)),
		Links:  []permissions.Record{{Type: "Contacts", ID: "42"}},
	})
	check(err)
	fmt.Println(receipt.Message.Subject, "is on", receipt.Links[0].Label)

	body, err := service.Body(ctx, permissions.Subject{UserID: "bob"}, receipt.Message.ID, messages.BodyOptions{})
	check(err)
	fmt.Println(strings.Contains(body.HTML, `<a href="https://acme.example"`))
	// Output:
	// Our offer is on Record 42
	// true
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
