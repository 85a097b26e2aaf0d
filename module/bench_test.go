package module_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/module"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

// BenchmarkLinkLargeMail links a mail of 25 MB over HTTP, from the client's first byte to its receipt, with everything
// on disk. It takes turns with a server that does the least: it takes the same upload, stores it, hashes it, decodes its
// attachment, hashes that and stores that. %of-least is how near the module comes to it.
func BenchmarkLinkLargeMail(b *testing.B) {
	host, err := moduletest.NewMemoryHost(b.Context(), dbtest.MariaDB(b))
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(moduletest.Mount(b, host.UnderTest()))
	defer server.Close()
	client := moduletest.Dial(server.URL+module.DefaultPrefix, nil)
	if _, err := client.SignIn(b.Context(), "sales.rep", moduletest.Password); err != nil {
		b.Fatal(err)
	}
	least := httptest.NewServer(leastServer(b.TempDir()))
	defer least.Close()

	attachment := encodedAttachment(25 << 20)
	var linking, floor time.Duration
	for i := range b.N {
		began := time.Now()
		receipt, err := client.Link(b.Context(), mailWith(attachment, i), moduletest.LinkOptions{}, moduletest.TargetOf(nora))
		if err != nil || receipt.Parts[0].Status != "stored" {
			b.Fatalf("Link = %+v, %v", receipt, err)
		}
		linking += time.Since(began)
		began = time.Now()
		res, err := http.Post(least.URL, "message/rfc822", mailWith(attachment, i))
		if err != nil || res.StatusCode != http.StatusOK {
			b.Fatalf("%v, %v", res, err)
		}
		_ = res.Body.Close()
		floor += time.Since(began)
	}
	b.ReportMetric(linking.Seconds()/float64(b.N), "s/link")
	b.ReportMetric(floor.Seconds()/float64(b.N), "s/least")
	b.ReportMetric(100*floor.Seconds()/linking.Seconds(), "%of-least")
}

// leastServer does what no archive gets round.
func leastServer(folder string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, plain := sha256.New(), sha256.New()
		file := filepath.Join(folder, "raw")
		err := storeDurably(file, io.TeeReader(r.Body, raw))
		if err == nil {
			var b []byte
			if b, err = os.ReadFile(file); err == nil {
				_, encoded, _ := bytes.Cut(b, []byte(endOfHeaders))
				encoded = bytes.TrimSuffix(encoded, []byte(endOfMail))
				decoded := base64.NewDecoder(base64.StdEncoding, bytes.NewReader(encoded))
				err = storeDurably(filepath.Join(folder, "attachment"), io.TeeReader(decoded, plain))
			}
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
}

func storeDurably(name string, r io.Reader) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Sync(), f.Close())
}

const (
	endOfHeaders = "filename=plan.bin\r\n\r\n"
	endOfMail    = "--b1--\r\n"
)

// mailWith is a mail with one attachment. Its number is in the Message-ID and the attachment's first line, so that no two
// are the same to anybody.
func mailWith(attachment []byte, number int) io.Reader {
	head := fmt.Sprintf("From: Nora <nora@acme.example>\r\nTo: rep@crm.example\r\nSubject: Plan\r\nMessage-ID: <large-%d@acme.example>\r\n"+
		"Date: Fri, 20 Nov 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b1\r\n\r\n"+
		"--b1\r\nContent-Type: text/plain\r\n\r\nThe plan.\r\n--b1\r\nContent-Type: application/octet-stream\r\n"+
		"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; "+endOfHeaders+"%076d\r\n", number, number)
	return io.MultiReader(bytes.NewReader([]byte(head)), bytes.NewReader(attachment), bytes.NewReader([]byte(endOfMail)))
}

// encodedAttachment is base64 of about size bytes in lines of 76 characters.
func encodedAttachment(size int) []byte {
	random := make([]byte, size/78*57)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(random)
	var lines bytes.Buffer
	lines.Grow(size)
	for line := range slices.Chunk(random, 57) {
		lines.WriteString(base64.StdEncoding.EncodeToString(line) + "\r\n")
	}
	return lines.Bytes()
}
