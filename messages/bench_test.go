package messages_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// BenchmarkLink links small mails with several clients, in turns with the same statements written by hand. It reports
// links a second of both, and their ratio.
func BenchmarkLink(b *testing.B) {
	for _, clients := range []int{1, 8, 32} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) { benchmarkLink(b, clients) })
	}
}

func benchmarkLink(b *testing.B, clients int) {
	db := dbtest.MariaDB(b)
	db.SetMaxOpenConns(clients + 4)
	db.SetMaxIdleConns(clients + 4)
	h := newHarness(b, db)
	const slice = 25 // links of each client before the other takes its turn
	var number atomic.Int64
	var service, byHand time.Duration
	var links int
	b.ResetTimer()
	for range b.N {
		service += together(clients, func() {
			for range slice {
				l := letter{id: fmt.Sprintf("<%d@bench>", number.Add(1))}
				r := messages.Request{Source: messages.Raw(bytes.NewReader(l.bytes())), Links: []permissions.Record{nora}, IdempotencyKey: l.id}
				if _, err := h.Archive(b.Context(), ann, r); err != nil {
					b.Error(err)
				}
			}
		})
		byHand += together(clients, func() {
			for range slice {
				if err := linkByHand(b.Context(), db); err != nil {
					b.Error(err)
				}
			}
		})
		links += clients * slice
	}
	b.ReportMetric(float64(links)/service.Seconds(), "links/s")
	b.ReportMetric(float64(links)/byHand.Seconds(), "by-hand/s")
	b.ReportMetric(byHand.Seconds()/service.Seconds(), "ratio")
}

// together runs fn in several goroutines and tells how long all took.
func together(n int, fn func()) time.Duration {
	began := time.Now()
	var wg sync.WaitGroup
	for range n {
		wg.Go(fn)
	}
	wg.Wait()
	return time.Since(began)
}

// linkByHand issues what one link of a small mail does.
func linkByHand(ctx context.Context, db *sql.DB) error {
	now := time.Now().UnixMicro()
	id := func() string { return rand.Text() }
	hash := func() []byte { sum := sha256.Sum256([]byte(rand.Text())); return sum[:] }
	message, rendition, receipt, blob, host, text := id(), id(), id(), id(), id(), "Please find our offer attached."
	var n int
	identity := hash()
	alone := func(query string, args ...any) error {
		_, err := db.ExecContext(ctx, query, args...)
		return err
	}
	if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM mc_receipts WHERE actor = ? AND idempotency = ?", "ann", hash()).Scan(&n); err != nil {
		return err
	}
	if err := alone("INSERT INTO mc_blobs (blob_key, sha256, size, state, touched) VALUES (?, NULL, 0, 'writing', ?)", blob, now); err != nil {
		return err
	}
	if err := alone("UPDATE mc_blobs SET sha256 = ?, size = ?, state = 'ready', touched = ? WHERE blob_key = ? AND state = 'writing'",
		hash(), 400, now, blob); err != nil {
		return err
	}
	rows, err := db.QueryContext(ctx, "SELECT * FROM mc_messages WHERE identity = ? ORDER BY variant", identity)
	if err != nil {
		return err
	}
	if err := rows.Close(); err != nil {
		return err
	}
	if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM host_messages WHERE id = ?", "").Scan(&n); err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, s := range []struct {
		query string
		args  []any
	}{
		{"INSERT INTO mc_receipts (id, actor, idempotency, fingerprint, message_id, result, created) VALUES (?, ?, ?, ?, ?, ?, ?)",
			[]any{receipt, "ann", hash(), hash(), message, "", now}},
		{"INSERT INTO mc_messages (id, identity, variant, message_id, own_message_id, threading, subject, date, direction, from_name, " +
			"from_address, attachments, snippet, rendition, completeness, problems, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			[]any{message, identity, 0, "<" + message + "@bench>", "<" + message + "@bench>", "{}", "Our offer", now, "", "Nora Berg",
				"nora@acme.example", 0, text, rendition, "full", "null", now}},
		{"INSERT INTO mc_participants (message_id, position, role, name, address) VALUES (?, ?, ?, ?, ?), (?, ?, ?, ?, ?)",
			[]any{message, 1, "from", "Nora Berg", "nora@acme.example", message, 2, "to", "Ann", "ann@crm.example"}},
		{"INSERT INTO mc_renditions (id, message_id, uploader, sha256, shape, blob_key, size, html, text, html_hash, text_hash, created) " +
			"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", []any{rendition, message, "ann", hash(), "raw", blob, 400, "", text, nil, hash(), now}},
		{"INSERT INTO mc_parts (rendition, number, role, name, content_type, sniffed, content_id, encoding, blob_key, start, length, size, " +
			"sha256, state, url, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			[]any{rendition, 1, "body-text", "", "text/plain", "", "", "", blob, 300, 32, 32, hash(), "ok", "", ""}},
		{"UPDATE mc_blobs SET touched = CASE WHEN touched = ? THEN ? ELSE ? END WHERE blob_key = ? AND state = 'ready'", []any{now, now + 1, now, blob}},
		{"INSERT INTO mc_blob_claims (claimant, blob_key) VALUES (?, ?) ON DUPLICATE KEY UPDATE claimant = claimant", []any{"rendition:" + rendition, blob}},
		{"INSERT INTO mc_host_messages (message_id, owner, host_id, version) VALUES (?, ?, ?, 0)", []any{message, "", host}},
		{"INSERT INTO host_messages (id, message_id, subject, owner, html, sent) VALUES (?, ?, ?, ?, ?, ?)",
			[]any{host, message, "Our offer", "ann", text, now}},
		{insertNew("host_links", "message"), []any{host, "Contacts", "42", host, "Contacts", "42"}},
		{"INSERT INTO mc_links (id, message_id, record_type, record_id, linked_by, linked_at, host_id, wrote, origin, direction, mailbox, " +
			"item_id, platform, addin_version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			[]any{id(), message, "Contacts", "42", "ann", now, host, true, "manual", "", "", "", "", ""}},
		{"INSERT INTO mc_events (id, at, kind, actor, message_id, record_type, record_id, sha256, origin, receipt, seal) VALUES " +
			"(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			[]any{id(), now, "archived", "ann", message, "", "", hash(), "manual", receipt, 0,
				id(), now, "linked", "ann", message, "Contacts", "42", nil, "manual", receipt, 0}},
		{"UPDATE mc_receipts SET result = ? WHERE id = ?", []any{`{"new":true,"links":[{"record":{"Type":"Contacts","ID":"42"},"created":true}]}`, receipt}},
	} {
		if _, err := tx.ExecContext(ctx, s.query, s.args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}
