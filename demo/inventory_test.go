package demo_test

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/demo/crm"
	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// inventory looks at the tables and folders of a demo from outside, while it runs or not.
type inventory struct {
	db      *sql.DB
	content *documents.FileStore
	service *messages.Service
	mails   string // folder
	storage string // folder
}

func openInventory(t *testing.T, c demo.Config) *inventory {
	t.Helper()
	in := &inventory{mails: filepath.Join(c.DataDir, "mails"), storage: filepath.Join(c.DataDir, "storage")}
	driver, dialect, dsn := "mysql", "mysql", c.DSN
	if dsn == "" {
		driver, dialect, dsn = "sqlite", "sqlite", dbtest.SQLiteDSN(filepath.Join(c.DataDir, "crm.db"))
	}
	var err error
	if in.db, err = sql.Open(driver, dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.db.Close() })
	if in.content, err = documents.Files(in.mails); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.content.Close() })
	in.service = in.newService(t, dialect)
	return in
}

// newService returns the archive with a sweeper that waits for nobody, for use while the demo is down.
func (in *inventory) newService(t *testing.T, dialect string) *messages.Service {
	t.Helper()
	db, err := database.New(in.db, database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	host, err := crm.New(crm.Config{DB: in.db, Dialect: dialect, Storage: in.storage})
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := documents.New(documents.Config{DB: db, Store: in.content})
	if err != nil {
		t.Fatal(err)
	}
	service, err := messages.New(messages.Config{
		DB: db, Blobs: blobs, Filing: host, Permissions: host, Grace: time.Nanosecond,
		Labels: func(context.Context, permissions.Subject, []permissions.Record) (map[permissions.Record]string, error) {
			return nil, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return service
}

// halves are questions that count what must not be there, each in one statement, so that what is being written
// meanwhile is seen whole or not at all.
var halves = map[string]string{
	"messages without their copy": `SELECT COUNT(*) FROM mc_messages m WHERE NOT EXISTS (SELECT 1 FROM mc_renditions r
		JOIN mc_blobs b ON b.blob_key = r.blob_key AND b.state = 'ready'
		JOIN mc_blob_claims c ON c.blob_key = r.blob_key AND c.claimant = CONCAT('rendition:', r.id)
		WHERE r.id = m.rendition)`,
	"messages without parts": `SELECT COUNT(*) FROM mc_messages m
		WHERE NOT EXISTS (SELECT 1 FROM mc_parts p WHERE p.rendition = m.rendition)`,
	"messages without people": `SELECT COUNT(*) FROM mc_messages m
		WHERE m.from_address <> '' AND NOT EXISTS (SELECT 1 FROM mc_participants p WHERE p.message_id = m.id)`,
	"messages without links": `SELECT COUNT(*) FROM mc_messages m
		WHERE NOT EXISTS (SELECT 1 FROM mc_links l WHERE l.message_id = m.id)`,
	"links that the CRM does not have": `SELECT COUNT(*) FROM mc_links l WHERE NOT EXISTS (SELECT 1 FROM crm_message_links c
		WHERE c.message_id = CAST(l.host_id AS DECIMAL) AND c.record_id = CAST(l.record_id AS DECIMAL))`,
	"links that nobody noted": `SELECT COUNT(*) FROM mc_links l WHERE NOT EXISTS (SELECT 1 FROM mc_events e
		WHERE e.message_id = l.message_id AND e.kind = 'linked' AND e.actor = l.linked_by AND e.record_id = l.record_id)`,
	"attachments without a document": `SELECT COUNT(*) FROM mc_links l JOIN mc_messages m ON m.id = l.message_id
		JOIN mc_parts p ON p.rendition = m.rendition AND p.role = 'attachment' AND p.sha256 IS NOT NULL
		WHERE NOT EXISTS (SELECT 1 FROM mc_link_documents d WHERE d.link_id = l.id AND d.sha256 = p.sha256)
		AND NOT EXISTS (SELECT 1 FROM mc_refilings f WHERE f.link_id = l.id)`,
	"links that wait for the documents of a mail without any": `SELECT COUNT(*) FROM mc_refilings f
		WHERE NOT EXISTS (SELECT 1 FROM mc_messages m WHERE m.id = f.message_id)`,
	"uploads that count other bytes than they have": `SELECT COUNT(*) FROM mc_uploads u
		WHERE u.received <> (SELECT COALESCE(SUM(c.size), 0) FROM mc_upload_chunks c WHERE c.upload = u.id)
		OR u.chunks <> (SELECT COUNT(*) FROM mc_upload_chunks c WHERE c.upload = u.id) OR u.received > u.length`,
	"chunks out of place": `SELECT COUNT(*) FROM mc_upload_chunks c WHERE c.start <>
		(SELECT COALESCE(SUM(b.size), 0) FROM mc_upload_chunks b WHERE b.upload = c.upload AND b.start < c.start)`,
	"chunks without an upload": `SELECT COUNT(*) FROM mc_upload_chunks c
		WHERE NOT EXISTS (SELECT 1 FROM mc_uploads u WHERE u.id = c.upload)`,
	"chunks without their bytes": `SELECT COUNT(*) FROM mc_upload_chunks c WHERE NOT EXISTS (SELECT 1 FROM mc_blobs b
		JOIN mc_blob_claims k ON k.blob_key = b.blob_key AND k.claimant = CONCAT('upload:', c.upload)
		WHERE b.blob_key = c.blob_key AND b.state = 'ready' AND b.size = c.size)`,
	"documents that the CRM does not have": `SELECT COUNT(*) FROM mc_link_documents d
		WHERE NOT EXISTS (SELECT 1 FROM crm_documents c JOIN crm_document_links l ON l.document_id = c.id
		WHERE c.id = CAST(d.document AS DECIMAL) AND l.record_id = CAST(d.record_id AS DECIMAL))`,
	"documents without a record": `SELECT COUNT(*) FROM crm_documents d
		WHERE NOT EXISTS (SELECT 1 FROM crm_document_links l WHERE l.document_id = d.id)`,
	"messages of the CRM without a record": `SELECT COUNT(*) FROM crm_messages m
		WHERE NOT EXISTS (SELECT 1 FROM crm_message_links l WHERE l.message_id = m.id)`,
	"receipts without their message": `SELECT COUNT(*) FROM mc_receipts r
		WHERE r.result = '' OR NOT EXISTS (SELECT 1 FROM mc_messages m WHERE m.id = r.message_id)`,
	"messages that are there twice": `SELECT COUNT(*) - COUNT(DISTINCT message_id) FROM mc_messages
		WHERE message_id <> '' AND variant = 0`,
	"messages of the CRM that are there twice": `SELECT COUNT(*) FROM (SELECT message_id FROM crm_messages
		WHERE message_id LIKE '%@kill.example>' GROUP BY message_id HAVING COUNT(*) > 1) twice`,
	"document numbers that are there twice": `SELECT COUNT(*) - COUNT(DISTINCT number) FROM crm_documents`,
	"documents that one user made twice of one mail": `SELECT COUNT(*) FROM (SELECT message_id, owner, sha256 FROM crm_documents
		GROUP BY message_id, owner, sha256 HAVING COUNT(*) > 1) twice`,
}

// wantNothingHalf looks for what is there in part or twice.
func (in *inventory) wantNothingHalf(t *testing.T) {
	t.Helper()
	for what, query := range halves {
		if n := in.count(t, query); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
	for path, size := range in.sizes(t, "SELECT path, size FROM crm_documents") {
		if info, err := os.Stat(filepath.Join(in.storage, path)); err != nil || info.Size() != size {
			t.Errorf("the file of a document is not whole: %v", cmp.Or(err, fs.ErrInvalid))
		}
	}
	for key, size := range in.sizes(t, "SELECT blob_key, size FROM mc_blobs WHERE state = 'ready'") {
		if got, err := in.content.Size(t.Context(), key); err != nil || got != size {
			t.Errorf("blob %s has %d bytes, want %d, %v", key, got, size, err)
		}
	}
}

func (in *inventory) count(t *testing.T, query string) (n int64) {
	t.Helper()
	if err := in.db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (in *inventory) sizes(t *testing.T, query string) map[string]int64 {
	t.Helper()
	rows, err := in.db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	sizes := map[string]int64{}
	for rows.Next() {
		var name string
		var size int64
		if err := rows.Scan(&name, &size); err != nil {
			t.Fatal(err)
		}
		sizes[name] = size
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return sizes
}

// leftovers counts the files that nothing refers to.
func (in *inventory) leftovers(t *testing.T) int {
	t.Helper()
	claimed := in.count(t, "SELECT COUNT(DISTINCT blob_key) FROM mc_blob_claims")
	documents := in.count(t, "SELECT COUNT(*) FROM crm_documents")
	return len(filesIn(t, in.mails)) - int(claimed) + len(filesIn(t, in.storage)) - int(documents)
}

func (in *inventory) sweep(t *testing.T) {
	t.Helper()
	if err := in.service.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// sweepPostponed sweeps, and adds at once the documents that upgrades could not add and postponed.
func (in *inventory) sweepPostponed(t *testing.T) {
	t.Helper()
	in.exec(t, "UPDATE mc_refilings SET due = 0")
	in.sweep(t)
}

// wantNoOrphans looks, after a sweep, for files that nothing refers to and for rows about what is not there.
func (in *inventory) wantNoOrphans(t *testing.T) {
	t.Helper()
	var paths []string
	for path := range maps.Keys(in.sizes(t, "SELECT path, size FROM crm_documents")) {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	if diff := gocmp.Diff(paths, filesIn(t, in.storage)); diff != "" {
		t.Errorf("files of documents (-want +got):\n%s", diff)
	}
	claimed := in.sizes(t, `SELECT b.blob_key, MIN(b.size) FROM mc_blobs b JOIN mc_blob_claims c ON c.blob_key = b.blob_key
		WHERE b.state = 'ready' GROUP BY b.blob_key`)
	if files, rows := len(filesIn(t, in.mails)), in.count(t, "SELECT COUNT(*) FROM mc_blobs"); files != len(claimed) || rows != int64(files) {
		t.Errorf("%d files and %d rows for %d blobs that somebody needs", files, rows, len(claimed))
	}
	if n := in.count(t, "SELECT COUNT(*) FROM mc_staged_files"); n != 0 {
		t.Errorf("%d files are staged still", n)
	}
	report, err := in.service.VerifyLedger(t.Context())
	if err != nil || report.Broken != "" {
		t.Errorf("the ledger is broken: %s, %v", report.Broken, err)
	}
}

func (in *inventory) summary(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("%d messages, %d links, %d documents", in.count(t, "SELECT COUNT(*) FROM mc_messages"),
		in.count(t, "SELECT COUNT(*) FROM mc_links"), in.count(t, "SELECT COUNT(*) FROM crm_documents"))
}

// filesIn lists the files below a folder, by their paths in it.
func filesIn(t *testing.T, folder string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		path = strings.TrimPrefix(path, folder+string(filepath.Separator))
		files = append(files, filepath.ToSlash(path))
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	slices.Sort(files)
	return files
}
