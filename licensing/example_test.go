package licensing_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/licensing"
)

// The way of a license from the vendor's root key to a customer. Errors are left out to keep it short.
func Example() {
	november := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

	// Once: the vendor makes its root key, a partner its own, and the vendor certifies the partner.
	root, _ := licensing.GenerateKey()
	partner, _ := licensing.GenerateKey()
	vendor := licensing.Vendor{Root: root, Now: func() time.Time { return november }}
	certificate, _ := vendor.Certify(partner.Public(), "Good Partner", november.AddDate(2, 0, 0))

	// The customer sends the order its admin page shows; the partner signs it; the vendor issues the license.
	order, _ := licensing.ParseRequest("Installation: Example Ltd CRM\nCRM URL: https://crm.example.com\nUsers: 25\nProduct: mailconnector\n")
	request, _ := licensing.SignRequest(partner, certificate, order, november)
	license, err := vendor.Issue(request.Document, licensing.Terms{
		Kind: licensing.Subscription, ValidTo: november.AddDate(1, 0, 0), GraceDays: 14,
	})
	fmt.Println(err, license.Users, license.Partner.Name, license.GraceEnds().Format(time.DateOnly))

	// The customer's own order is not enough.
	_, err = vendor.Issue(order.Text(), licensing.Terms{})
	fmt.Println(errors.Is(err, licensing.ErrUnsigned))
	// Output:
	// <nil> 25 Good Partner 2027-11-16
	// true
}

// Whether a license is genuine and whether it is in force are two questions.
func ExampleValidate() {
	genuine, vendor := exampleLicense()
	license, err := licensing.Verify(genuine.Document, vendor)
	fmt.Println("genuine:", err == nil)

	for _, now := range []time.Time{license.ValidFrom, license.ValidTo, license.GraceEnds()} {
		fmt.Println(licensing.Validate(license, licensing.Place{
			Installation: "Example Ltd CRM", CRMURL: "https://crm.example.com/", Product: "mailconnector", Now: now,
		}))
	}
	// Output:
	// genuine: true
	// active
	// grace
	// expired
}

// A slip of the keyboard is no forgery, and the error says what to do.
func ExampleVerify() {
	license, vendor := exampleLicense()
	_, err := licensing.Verify(license.Document[:100], vendor)
	fmt.Println(err)

	other, _ := licensing.GenerateKey()
	_, err = licensing.Verify(license.Document, other.Public())
	fmt.Println(err)
	// Output:
	// the text is damaged: the end is missing: copy the document once more, to its last letter
	// not genuine: none of the trusted keys signed this document
}

// What a customer sends to its partner.
func ExampleRequest_Text() {
	fmt.Print(licensing.Request{
		Installation: "Example Ltd CRM", CRMURL: "https://crm.example.com", Users: 25, Product: "mailconnector",
	}.Text())
	// Output:
	// License request for the Outlook Mail Connector
	//
	// Installation: Example Ltd CRM
	// CRM URL: https://crm.example.com
	// Users: 25
	// Product: mailconnector
}

// One installation: activate, sign in, work.
func ExampleService() {
	db, done := exampleDatabase()
	defer done()
	license, vendor := exampleLicense()
	service, err := licensing.New(licensing.Config{
		DB:           db,
		VendorKeys:   []licensing.PublicKey{vendor},
		CRMURL:       "https://crm.example.com",
		Installation: "Example Ltd CRM",
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()

	fmt.Println(service.Allow(ctx, "42"))
	status, err := service.Activate(ctx, "admin", license.Document)
	fmt.Println(status.State, status.SeatsTotal, err)
	fmt.Println(service.TakeSeat(ctx, "42"), service.Allow(ctx, "42"))
	fmt.Println(service.TakeSeat(ctx, "43"))
	// Output:
	// No license is active. Send the license request to your partner, and activate the license you get.
	// active 1 <nil>
	// <nil> <nil>
	// take seat: no seat: ask an administrator to assign one
}

// exampleLicense is for one user, for a hundred days from now.
func exampleLicense() (licensing.License, licensing.PublicKey) {
	root, _ := licensing.GenerateKey()
	partner, _ := licensing.GenerateKey()
	vendor := licensing.Vendor{Root: root}
	soon := time.Now().AddDate(0, 0, 100)
	certificate, err := vendor.Certify(partner.Public(), "Good Partner", soon)
	if err != nil {
		log.Fatal(err)
	}
	order := licensing.Request{Installation: "Example Ltd CRM", CRMURL: "https://crm.example.com", Users: 1, Product: "mailconnector"}
	request, err := licensing.SignRequest(partner, certificate, order, time.Now())
	if err != nil {
		log.Fatal(err)
	}
	license, err := vendor.Issue(request.Document, licensing.Terms{Kind: licensing.Trial, ValidTo: soon, GraceDays: 7})
	if err != nil {
		log.Fatal(err)
	}
	return license, root.Public()
}

// exampleDatabase is an empty SQLite database with our tables.
func exampleDatabase() (*database.DB, func()) {
	folder, err := os.MkdirTemp("", "licensing")
	if err != nil {
		log.Fatal(err)
	}
	raw, err := sql.Open("sqlite", dbtest.SQLiteDSN(filepath.Join(folder, "crm.db")))
	if err != nil {
		log.Fatal(err)
	}
	db, err := database.New(raw, database.Options{})
	if err != nil {
		log.Fatal(err)
	}
	if err := db.Migrate(context.Background(), append(database.Migrations(), licensing.Migrations()...)); err != nil {
		log.Fatal(err)
	}
	return db, func() { _ = raw.Close(); _ = os.RemoveAll(folder) }
}
