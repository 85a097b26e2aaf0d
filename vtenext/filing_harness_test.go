package vtenext_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/vtenext"
)

// archive is a CRM that mails are filed in.
type archive struct {
	*vtenext.Filing
	db    *sql.DB
	tx    *database.DB
	files string // the folder that holds the storage
	now   time.Time
}

// newArchive makes an archive over the tables of a dump, each statement as change leaves it.
func newArchive(t *testing.T, dump string, change func(string) string) *archive {
	t.Helper()
	if change == nil {
		change = func(statement string) string { return statement }
	}
	return archiveOn(t, load(t, dump, change), vtenext.Config{})
}

func archiveOn(t *testing.T, db *sql.DB, c vtenext.Config) *archive {
	t.Helper()
	a := &archive{db: db, files: t.TempDir(), now: time.Date(2026, 11, 21, 16, 14, 19, 0, time.UTC)}
	if err := os.Mkdir(filepath.Join(a.files, "storage"), 0o700); err != nil {
		t.Fatal(err)
	}
	c.DB, c.TimeZone, c.Storage, c.Now = db, rome(t), a.files, func() time.Time { return a.now }
	crm, err := vtenext.New(c)
	if err != nil {
		t.Fatal(err)
	}
	a.Filing, err = vtenext.NewFiling(vtenext.FilingConfig{CRM: crm, Permissions: vtenext.NewPermissions(crm)})
	if err != nil {
		t.Fatal(err)
	}
	a.tx, err = database.New(db, database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// announced is a journal that checks that files are announced before they are written.
type announced struct {
	archive *archive
	paths   []string
}

func (j *announced) Announce(_ context.Context, path string) error {
	if _, err := os.Stat(filepath.Join(j.archive.files, path)); err == nil {
		return fmt.Errorf("%s was written before it was announced", path)
	}
	j.paths = append(j.paths, path)
	return nil
}

func (a *archive) prepare(t *testing.T, m messages.Mail) messages.Plan {
	t.Helper()
	plan, err := a.Prepare(t.Context(), m, &announced{archive: a})
	if err != nil {
		t.Fatalf("Prepare = %v", err)
	}
	return plan
}

func (a *archive) apply(t *testing.T, plan messages.Plan) (filed messages.Filed, err error) {
	t.Helper()
	err = a.tx.Tx(t.Context(), func(ctx context.Context, tx *database.Tx) (err error) {
		filed, err = a.Apply(ctx, tx.SQL(), plan)
		return err
	})
	return filed, err
}

func (a *archive) file(t *testing.T, m messages.Mail) messages.Filed {
	t.Helper()
	filed, err := a.apply(t, a.prepare(t, m))
	if err != nil {
		t.Fatalf("Apply = %v", err)
	}
	return filed
}

// letter is a mail from John to Admin, linked by a user.
func letter(user string, targets ...permissions.Record) messages.Mail {
	return messages.Mail{
		MessageID: "<abc123@acme.example>", References: []string{"<prev@acme.example>"}, Subject: "Hello & <world> è",
		Date: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC),
		From: []messages.Participant{{Name: "John Doe", Address: "john@acme.example"}},
		To:   []messages.Participant{{Name: "Admin", Address: "admin@corp.example"}},
		HTML: "<p>Body & text è</p>", Text: "Body & text è",
		Actor: permissions.Subject{UserID: user}, Targets: targets,
	}
}

func attached(part int, name, contentType, content string) messages.Attachment {
	return messages.Attachment{
		Part: part, Name: name, ContentType: contentType, Size: int64(len(content)), SHA256: sha256.Sum256([]byte(content)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil },
	}
}

// querier reads: a pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// dumpTable writes the rows of a table as lines, in the order of all columns.
func dumpTable(t *testing.T, q querier, table string) []string {
	t.Helper()
	rows, err := q.QueryContext(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	var lines []string
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		var line strings.Builder
		for i, v := range values {
			fmt.Fprintf(&line, "%s=%q ", columns[i], cmpValue(v))
		}
		lines = append(lines, line.String())
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return lines
}

func cmpValue(v sql.NullString) string {
	if !v.Valid {
		return "NULL"
	}
	return v.String
}

// listFiles returns the files below the storage, with their contents.
func (a *archive) listFiles(t *testing.T) map[string]string {
	t.Helper()
	found := make(map[string]string)
	err := fs.WalkDir(os.DirFS(a.files), "storage", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(a.files, path))
		found[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// record returns the first record of a type that is not deleted.
func (a *archive) record(t *testing.T, entityType string, after int) permissions.Record {
	t.Helper()
	id := text(t, a.db, "SELECT MIN(crmid) FROM vte_crmentity WHERE setype = ? AND deleted = 0 AND crmid > ?", entityType, after)
	return permissions.Record{Type: entityType, ID: id}
}

// message reads a column of a filed message.
func (a *archive) message(t *testing.T, filed messages.Filed, column string) string {
	t.Helper()
	return text(t, a.db, "SELECT "+column+" FROM vte_messages WHERE messagesid = ?", filed.HostID)
}
