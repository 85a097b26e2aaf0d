package demo_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/internal/dbtest"
)

// TestNoUploadIsLostOrHalfWhenTheProgramIsKilled kills the program at any moment while four clients upload mails in chunks
// and link them. Of each mail the CRM has a part already, as a phone sends it, so that a commit adds its documents to an
// earlier link too. What was acknowledged of an upload must be there; a mail is there whole, or as it was before.
func TestNoUploadIsLostOrHalfWhenTheProgramIsKilled(t *testing.T) {
	t.Parallel()
	kills := 4
	if thorough() {
		kills = 100
	}
	for name, config := range map[string]func() demo.Config{
		"SQLite":  func() demo.Config { return demo.Config{DataDir: t.TempDir()} },
		"MariaDB": func() demo.Config { return demo.Config{DataDir: t.TempDir(), DSN: dbtest.MariaDBDSN(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			c := config()
			p := startProcess(t, c)
			books := openInventory(t, c)
			uploadThrough(t, books, p.address, kills, func(round int) {
				time.Sleep(rand.N(400 * time.Millisecond))
				p.kill()
			}, func() { p.start(t) })
		})
	}
}

// TestNoUploadIsLostOrHalfWhenTheDatabaseIsKilled is the same where it is the database that dies, in any transaction.
func TestNoUploadIsLostOrHalfWhenTheDatabaseIsKilled(t *testing.T) {
	t.Parallel()
	s, server, kills := newMortal(t)
	uploadThrough(t, s.inventory, s.address, kills, func(int) {
		time.Sleep(rand.N(400 * time.Millisecond))
		server.Kill(t)
	}, func() { server.Start(t) })
}

// uploadThrough lets clients upload through a number of deaths, and then looks whether everything is there.
func uploadThrough(t *testing.T, books *inventory, address string, deaths int, kill func(round int), revive func()) {
	t.Helper()
	var clients []*uploader
	for _, s := range newSenders(t, address) {
		clients = append(clients, &uploader{sender: s})
	}
	for round := range deaths {
		var wg sync.WaitGroup
		for _, u := range clients {
			wg.Go(func() {
				for u.step(t) {
				}
			})
		}
		kill(round)
		wg.Wait()
		revive()
		books.wantNothingHalf(t)
		books.expireUploads(t, clients...) // or those whose opening was not answered would be too many in the end
	}
	linked, acknowledged, recovered := 0, int64(0), int64(0)
	for _, u := range clients {
		for u.mail != nil {
			if !u.step(t) && t.Failed() {
				return
			}
		}
		linked, acknowledged, recovered = linked+len(u.sent), acknowledged+u.acknowledged, recovered+u.recovered
	}
	waiting := books.count(t, "SELECT COUNT(*) FROM mc_refilings")
	opened := books.count(t, "SELECT COUNT(*) FROM mc_uploads")
	left := books.leftovers(t)
	books.expireUploads(t, clients...)
	books.sweepPostponed(t)
	books.wantNothingHalf(t)
	books.wantNoOrphans(t)
	if n := books.count(t, "SELECT COUNT(*) FROM mc_refilings"); n != 0 {
		t.Errorf("%d links wait for documents still", n)
	}
	for _, u := range clients {
		u.wantWhole(t, address)
	}
	t.Logf("%d deaths: %d bytes of chunks acknowledged, none lost, %d more found after a death; %d mails linked; left behind and swept: "+
		"%d files, %d uploads without a client, %d links that waited for documents; %s",
		deaths, acknowledged, recovered, linked, left, opened, waiting, books.summary(t))
}

// expireUploads makes every upload a day older but those of the clients.
func (in *inventory) expireUploads(t *testing.T, clients ...*uploader) {
	t.Helper()
	var theirs []string
	for _, u := range clients {
		if u.upload != nil {
			theirs = append(theirs, u.upload.id)
		}
	}
	in.exec(t, "UPDATE mc_uploads SET expires = 1 WHERE id NOT IN ('"+strings.Join(theirs, "', '")+"')")
}

// uploader is a client that makes a mail known by its fields, uploads it in chunks and links it, one after the other. It
// remembers what it was promised.
type uploader struct {
	*sender
	mail    *linking // being uploaded; nil between two
	known   bool     // the CRM has its fields
	upload  *staging
	unsure  bool  // the last answer did not come: the upload may be further
	flushed int64 // bytes that were acknowledged of this upload

	acknowledged int64 // bytes, of all uploads
	recovered    int64 // bytes that were there although their answer was lost
}

// step does what comes next, and reports whether there was an answer.
func (u *uploader) step(t *testing.T) bool {
	err := u.next(t)
	switch status := statusOf(err); {
	case err == nil, status == http.StatusConflict && u.upload != nil:
		u.unsure = err != nil
		return true
	case status != 0 && status != http.StatusServiceUnavailable:
		t.Errorf("upload of %s at %d: %v", u.mail.key, u.flushed, err)
		return false
	}
	u.unsure = true
	return false
}

func (u *uploader) next(t *testing.T) error {
	ctx := t.Context()
	switch {
	case u.mail == nil:
		u.begin()
	case !u.known:
		return u.describe(t)
	case u.upload.id == "":
		return u.upload.open(ctx)
	case u.unsure:
		return u.find(t)
	case u.upload.offset < u.upload.size:
		before := u.upload.offset
		err := u.upload.send(ctx, 30_000+rand.Int64N(100_000), rand.IntN(2) == 0)
		u.flushed, u.acknowledged = u.upload.offset, u.acknowledged+u.upload.offset-before
		return err
	default:
		return u.commit(t)
	}
	return nil
}

func (u *uploader) begin() {
	u.sender.next++
	name := fmt.Sprintf("up-%d-%d", u.number, u.sender.next)
	u.mail = &linking{key: name, mail: composeMail(name, uint64(u.number*1_000_000+u.sender.next)), to: u.targets}
	u.known, u.unsure, u.flushed = false, false, 0
	u.upload = stagingOf(u.Client, u.mail.mail)
}

// describe makes the mail known without its attachments, on the first record.
func (u *uploader) describe(t *testing.T) error {
	body, err := json.Marshal(map[string]any{
		"links": u.targets[:1], "internet_message_id": "<" + u.mail.key + "@kill.example>",
		"draft": map[string]any{
			"subject": "Mail " + u.mail.key, "date": "2026-01-12T08:30:00Z", "from": map[string]string{"name": "Nora", "address": "nora@kill.example"},
			"to": []map[string]string{{"name": "", "address": "giulia.moretti@alpina.example"}}, "complete": false,
			"attachments": []map[string]string{{"id": "1", "name": "0.bin", "state": "unsupported"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {u.mail.key}}
	res, err := u.Do(t.Context(), http.MethodPost, "/messages", header, bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode >= 300 {
		return problemOf(res)
	}
	u.known = true
	return nil
}

// find asks how far the upload is after an answer did not come. It may be further than was acknowledged, never less. That
// it is gone is right only where a commit may have been done.
func (u *uploader) find(t *testing.T) error {
	at, err := u.upload.look(t.Context())
	if statusOf(err) == http.StatusNotFound && u.upload.offset == u.upload.size {
		u.unsure = false
		return nil
	}
	if err != nil {
		return err
	}
	if at < u.flushed {
		t.Errorf("%s: the upload is at %d, and %d bytes were acknowledged", u.mail.key, at, u.flushed)
	}
	u.recovered += at - u.flushed
	u.upload.offset, u.flushed, u.unsure = at, at, false
	return nil
}

func (u *uploader) commit(t *testing.T) error {
	receipt, err := u.upload.commit(t.Context(), u.targets[1:]...)
	if err != nil {
		return err
	}
	if receipt.Message.Completeness != "full" {
		t.Errorf("%s: the receipt says %+v", u.mail.key, receipt.Message)
	}
	u.mail.receipt = receipt
	u.sent = append(u.sent, *u.mail)
	u.mail = nil
	return nil
}
