package mail_test

import (
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/mailconnector/mailconnector/messages/mail"
)

const offer = "From: =?utf-8?q?Ann_M=C3=BCller?= <ann@example.com>\r\n" +
	"To: bob@example.org\r\n" +
	"Subject: Offer\r\n" +
	"Message-ID: <offer-1@example.com>\r\n" +
	"Date: Mon, 2 Nov 2026 10:00:00 EST\r\n" +
	"Content-Type: multipart/mixed; boundary=b\r\n" +
	"\r\n" +
	"--b\r\n" +
	"Content-Type: text/plain; charset=utf-8\r\n" +
	"\r\n" +
	"Here it is.\r\n" +
	"--b\r\n" +
	"Content-Type: text/csv; name=prices.csv\r\n" +
	"Content-Transfer-Encoding: base64\r\n" +
	"\r\n" +
	"cHJpY2U7OTkK\r\n" +
	"--b--\r\n"

func ExampleParse() {
	m, err := mail.Parse(strings.NewReader(offer), mail.Limits{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.MessageID, m.From[0].Name, m.Date)
	fmt.Println(m.Text)
	for _, p := range m.Parts {
		fmt.Println(p.Number, p.Role, p.ContentType, p.Name, p.Size)
	}
	// Output:
	// <offer-1@example.com> Ann Müller 2026-11-02 15:00:00 +0000 UTC
	// Here it is.
	// 1 body-text text/plain  11
	// 2 attachment text/csv prices.csv 9
}

// A part is read again from its place in the raw mail.
func ExampleDecode() {
	raw := strings.NewReader(offer)
	m, err := mail.Parse(raw, mail.Limits{})
	if err != nil {
		log.Fatal(err)
	}
	p := m.Parts[1]
	content, err := io.ReadAll(mail.Decode(p.Encoding, io.NewSectionReader(raw, p.Offset, p.Length)))
	fmt.Printf("%q %v\n", content, err)
	// Output:
	// "price;99\n" <nil>
}
