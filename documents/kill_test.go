package documents_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
)

// killFolder tells the process that is to be killed where to write.
const killFolder = "DOCUMENTS_KILL_FOLDER"

// TestKilledWritersLoseNothingAndLeaveNothing kills writers at any moment. What they had acknowledged must be there,
// byte for byte; what they had not must be gone after a sweep, rows, files and temporary files.
func TestKilledWritersLoseNothingAndLeaveNothing(t *testing.T) {
	dir := t.TempDir()
	openKilled(t, dir) // makes the tables
	acknowledged := make(map[string]string)
	for after := range 8 {
		for key, sum := range killWriter(t, dir, after) {
			acknowledged[key] = sum
		}
	}
	db, blobs := openKilled(t, dir)
	var claimed []string
	for key, sum := range acknowledged {
		claimed = append(claimed, key)
		if got := sumOf(t, blobs, key); got != sum {
			t.Errorf("acknowledged blob %s has the hash %s, want %s", key, got, sum)
		}
	}
	age(t, dir)
	if _, err := blobs.Sweep(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	for _, key := range claimedKeys(t, db) { // also those that were claimed and not acknowledged any more
		if acknowledged[key] == "" {
			claimed = append(claimed, key)
		}
	}
	if diff := cmp.Diff(len(claimed), len(filesBelow(t, dir))); diff != "" {
		t.Errorf("files after the sweep, one for each claimed blob (-want +got):\n%s\n%v", diff, filesBelow(t, dir))
	}
	t.Logf("%d blobs acknowledged, %d claimed", len(acknowledged), len(claimed))
}

// killWriter lets a writer acknowledge a number of blobs, kills it a moment later, and returns what it acknowledged: hashes by key.
func killWriter(t *testing.T, dir string, after int) map[string]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWriterToBeKilled$")
	cmd.Env = append(os.Environ(), killFolder+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged, lines := make(map[string]string), bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ { // the first line says that it is ready
		key, sum, ok := strings.Cut(lines.Text(), " ")
		if ok && len(sum) == 2*sha256.Size {
			acknowledged[key] = sum
		}
		if n == after {
			time.AfterFunc(rand.N(60*time.Millisecond), func() { _ = cmd.Process.Kill() })
		}
	}
	_ = cmd.Wait() // killed
	if len(acknowledged) < after {
		t.Fatalf("the writer acknowledged %d blobs, want at least %d before it is killed", len(acknowledged), after)
	}
	return acknowledged
}

// TestWriterToBeKilled writes and claims without end, four at a time, and acknowledges each on its output.
func TestWriterToBeKilled(t *testing.T) {
	dir := os.Getenv(killFolder)
	if dir == "" {
		return // run by the test above only
	}
	db, blobs := openKilled(t, dir)
	fmt.Println("ready")
	for range 4 {
		go func() {
			for {
				content := strings.Repeat(fmt.Sprint(rand.Uint64()), 1+rand.IntN(20_000))
				blob, err := blobs.Write(t.Context(), strings.NewReader(content))
				if err == nil {
					err = db.Tx(t.Context(), func(_ context.Context, tx *database.Tx) error { return blobs.Claim(tx, blob.Key, "message:1") })
				}
				if err == nil {
					fmt.Printf("%s %x\n", blob.Key, sha256.Sum256([]byte(content)))
				}
			}
		}()
	}
	time.Sleep(time.Minute) // killed long before
}

func openKilled(t *testing.T, dir string) (*database.DB, *documents.Blobs) {
	t.Helper()
	raw, err := sql.Open("sqlite", dbtest.SQLiteDSN(filepath.Join(dir, "test.db")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = raw.Close() })
	db := newDB(t, raw, time.Now)
	blobs, err := documents.New(documents.Config{DB: db, Store: newFiles(t, filepath.Join(dir, "content"))})
	if err != nil {
		t.Fatal(err)
	}
	return db, blobs
}

func sumOf(t *testing.T, blobs *documents.Blobs, key string) string {
	t.Helper()
	r, err := blobs.Reader(t.Context(), key)
	if err != nil {
		t.Errorf("acknowledged blob %s: %v", key, err)
		return ""
	}
	h := sha256.New()
	_, err = bufio.NewReader(r).WriteTo(h)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Error(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// age makes everything look as if it was written hours ago.
func age(t *testing.T, dir string) {
	t.Helper()
	past := time.Now().Add(-3 * time.Hour)
	for _, path := range filesBelow(t, dir) {
		if err := os.Chtimes(path, past, past); err != nil {
			t.Fatal(err)
		}
	}
	db, _ := openKilled(t, dir)
	if _, err := db.SQL().ExecContext(t.Context(), "UPDATE mc_blobs SET touched = ?", past.UnixMicro()); err != nil {
		t.Fatal(err)
	}
}

// filesBelow lists every file of the store, temporary ones included.
func filesBelow(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "content", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func claimedKeys(t *testing.T, db *database.DB) (keys []string) {
	t.Helper()
	rows, err := db.SQL().QueryContext(t.Context(), "SELECT blob_key FROM mc_blob_claims")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return keys
}
