package demo_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

// TestUploadsOutliveWhatIsFull lets one thing after the other take nothing more, in the middle of an upload and before its
// commit. What arrived before stays, and what comes after there is room again completes it.
func TestUploadsOutliveWhatIsFull(t *testing.T) {
	t.Parallel()
	t.Run("the disk of the mails", func(t *testing.T) {
		c := demo.Config{DataDir: t.TempDir(), DSN: dbtest.MariaDBDSN(t), Activated: true}
		disk := filepath.Join(c.DataDir, "mails")
		mountSmall(t, disk)
		uploadThroughFullness(t, newScene(t, c), func() (empty func()) { return brim(t, disk) }, true)
	})
	t.Run("the disk of the mails is read-only", func(t *testing.T) {
		c := demo.Config{DataDir: t.TempDir(), Activated: true}
		disk := filepath.Join(c.DataDir, "mails")
		mountSmall(t, disk)
		uploadThroughFullness(t, newScene(t, c), func() (mend func()) {
			remount(t, disk, "ro")
			return func() { remount(t, disk, "rw") }
		}, true)
	})
	t.Run("the disk of SQLite", func(t *testing.T) {
		c := demo.Config{DataDir: t.TempDir(), Activated: true}
		mountDisk(t, c.DataDir, "16m") // and others within, which have room
		mountSmall(t, filepath.Join(c.DataDir, "mails"))
		mountSmall(t, filepath.Join(c.DataDir, "storage"))
		s := newScene(t, c)
		uploadThroughFullness(t, s, func() (empty func()) {
			s.exec(t, "PRAGMA wal_checkpoint(TRUNCATE)") // or the next rows would fit into the log as it is
			return brim(t, c.DataDir)
		}, true)
	})
}

// TestUploadsOutliveAFullTablespace lets the files of the database server reach the size that is set for them, and then
// starts it with a larger one. A server that cannot extend its own files may give up by then: nothing is read until it is back.
func TestUploadsOutliveAFullTablespace(t *testing.T) {
	t.Parallel()
	limit := 48 // megabytes
	flags := []string{"--innodb-file-per-table=0", dataFile(limit)}
	server := dbtest.StartServer(t, flags...)
	s := newScene(t, demo.Config{DataDir: t.TempDir(), DSN: server.NewDatabase(t), Activated: true})
	s.exec(t, "CREATE TABLE filler (content LONGBLOB)")
	uploadThroughFullness(t, s, func() (empty func()) {
		s.fillPages(t)
		return func() {
			limit += 16
			flags[1] = dataFile(limit) // the server reads its flags whenever it starts
			server.Kill(t)
			server.Start(t)
		}
	}, false)
}

func dataFile(megabytes int) string {
	return fmt.Sprintf("--innodb-data-file-path=ibdata1:12M:autoextend:max:%dM", megabytes)
}

// brim leaves nothing free on a disk. What it returns makes room again.
func brim(t *testing.T, folder string) (empty func()) {
	t.Helper()
	f, err := os.Create(filepath.Join(folder, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(f, endless{}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk does not fill: %v", err)
	}
	_ = f.Close()
	return func() { _ = os.Remove(f.Name()) }
}

// fillPages writes rows, smaller and smaller, until the server has no page left to write one on. The server gives pages
// back for a while that it no longer needs, so this is done again and again.
func (in *inventory) fillPages(t *testing.T) {
	t.Helper()
	for quiet := 0; quiet < 5; quiet++ {
		for size := 1 << 20; size >= 16; {
			if _, err := in.db.ExecContext(t.Context(), "INSERT INTO filler VALUES (REPEAT('x', ?))", size); err != nil {
				size /= 4
			} else {
				quiet = 0
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (in *inventory) exec(t *testing.T, statement string) {
	t.Helper()
	if _, err := in.db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// uploadThroughFullness fills something twice, and empties it again: within an upload, and before its commit. Where it can be read
// while it is full, clients are told how far they are.
func uploadThroughFullness(t *testing.T, s *scene, fill func() (empty func()), readable bool) {
	t.Helper()
	mail, err := io.ReadAll(hugeMail(200_000))
	if err != nil {
		t.Fatal(err)
	}
	up := stagingOf(s.rep, mail)
	if err := errors.Join(up.open(t.Context()), up.send(t.Context(), 20_000, true)); err != nil {
		t.Fatal(err)
	}
	empty := fill()
	wantRefused(t, "a chunk", up.send(t.Context(), 50_000, false), "503 unavailable")
	if readable {
		up.wantOffset(t, 20_000)
	}
	empty()
	up.wantOffset(t, 20_000)
	for up.offset < up.size {
		if err := up.send(t.Context(), 50_000, true); err != nil {
			t.Fatal(err)
		}
	}
	empty = fill()
	_, err = up.commit(t.Context(), s.to)
	wantRefused(t, "the commit", err, "503 unavailable")
	if readable {
		up.wantOffset(t, up.size)
	}
	empty()
	up.wantOffset(t, up.size)
	receipt, err := up.commit(t.Context(), s.to)
	if err != nil || receipt.Replayed {
		t.Fatalf("the commit with room again: %+v, %v", receipt, err)
	}
	if source, err := s.rep.Source(t.Context(), receipt.Message.ID); err != nil || string(source) != string(mail) {
		t.Errorf("the source has %d bytes of %d, %v", len(source), len(mail), err)
	}
	s.sweep(t)
	s.wantNothingHalf(t)
	s.wantNoOrphans(t)
}

// TestUploadsOfSeveralAtOnce commits one upload many times at once, and uses one upload through two instances.
func TestUploadsOfSeveralAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, c demo.Config) {
		s := newScene(t, c)
		mail := composeMail("at once", 6)
		up := stagingOf(s.rep, mail)
		up.upload(t, 40_000)
		commitAtOnce(t, s.to, slices.Repeat([]*staging{up}, crowd)...)
		s.sweep(t)
		s.wantNothingHalf(t)
		s.wantNoOrphans(t)
	})
}

// commitAtOnce commits an upload by all who have it, and wants one of them to do the work and all to get its receipt.
func commitAtOnce(t *testing.T, to moduletest.Target, all ...*staging) {
	t.Helper()
	receipts := make([]moduletest.Receipt, len(all))
	inParallel(t, len(all), len(all), func(t *testing.T, i int) {
		var err error
		if receipts[i], err = all[i].commit(t.Context(), to); err != nil {
			t.Errorf("commit %d: %v", i, err)
		}
	})
	fresh := 0
	for _, r := range receipts {
		if r.ID != receipts[0].ID {
			t.Errorf("receipts %s and %s of one upload", r.ID, receipts[0].ID)
		}
		if !r.Replayed {
			fresh++
		}
	}
	if fresh != 1 {
		t.Errorf("%d of %d commits did the work, want one", fresh, len(all))
	}
}

func TestAnUploadThroughTwoInstances(t *testing.T) {
	t.Parallel()
	c := demo.Config{DataDir: t.TempDir(), DSN: dbtest.MariaDBDSN(t), Activated: true}
	books := openInventory(t, c)
	one, two := addin(t, open(t, c), "sales.rep"), addin(t, open(t, c), "sales.rep")
	to := find(t, one, "jürgen mül", "Contacts").Target
	mail := composeMail("two instances", 8)
	first := stagingOf(one, mail)
	if err := first.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := *first
	second.Client = two
	for round := 0; first.offset < first.size; round++ {
		at := first.offset
		second.offset = at
		both := make([]error, 2)
		inParallel(t, 2, 2, func(t *testing.T, i int) {
			both[i] = []*staging{first, &second}[i].send(t.Context(), 30_000, true)
		})
		if (both[0] == nil) == (both[1] == nil) || statusOf(errors.Join(both...)) != http.StatusConflict {
			t.Fatalf("two chunks for %d: %v, %v, want one to count and a conflict", at, both[0], both[1])
		}
		if both[0] != nil {
			first.offset = second.offset
		}
	}
	commitAtOnce(t, to, first, &second)
	books.sweep(t)
	books.wantNothingHalf(t)
	books.wantNoOrphans(t)
}

// TestUploadsThatEndOtherwise is about clients that leave, forget, exaggerate or garble.
func TestUploadsThatEndOtherwise(t *testing.T) {
	onBoth(t, func(t *testing.T, c demo.Config) {
		s := newScene(t, c)
		up := stagingOf(s.rep, composeMail("otherwise", 9))
		if err := errors.Join(up.open(t.Context()), up.send(t.Context(), 10_000, true)); err != nil {
			t.Fatal(err)
		}
		s.hangUp(t, up, 7_000)
		waitFor(t, "what arrived counts", func() bool {
			at, err := up.look(t.Context())
			return err == nil && at > up.offset
		})
		up.offset = 17_000
		up.wantOffset(t, 17_000)
		s.awaitUploads(t, 0)

		garbled := stagingOf(s.rep, make([]byte, up.size))
		garbled.id, garbled.offset = up.id, up.offset
		header := http.Header{
			"Content-Type": {"application/offset+octet-stream"}, "Upload-Offset": {"17000"},
			"Upload-Checksum": {"sha256 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
		}
		_, err := garbled.tus(t.Context(), http.MethodPatch, "/uploads/"+up.id, header, strings.NewReader("altered"))
		wantRefused(t, "a chunk that was altered", err, "460 checksum-mismatch")
		garbled.offset = 3
		wantRefused(t, "a chunk elsewhere", garbled.send(t.Context(), 10, true), "409 conflict")
		garbled.offset = 17_000
		wantRefused(t, "more than was announced", garbled.sendBytes(t.Context(), make([]byte, up.size), true), "413 content-too-large")
		up.wantOffset(t, 17_000)

		for range 7 {
			if err := stagingOf(s.rep, []byte("another")).open(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		wantRefused(t, "a ninth upload", stagingOf(s.rep, []byte("x")).open(t.Context()), "429 rate-limited")
		s.expireUploads(t)
		_, err = up.look(t.Context())
		if statusOf(err) != http.StatusNotFound {
			t.Errorf("an upload of yesterday: %v", err)
		}
		_, err = up.commit(t.Context(), s.to)
		wantRefused(t, "linking an upload of yesterday", err, "404 not-found")
		s.wantNothingStored(t)
		if n := s.count(t, "SELECT COUNT(*) FROM mc_uploads") + s.count(t, "SELECT COUNT(*) FROM mc_upload_chunks"); n != 0 {
			t.Errorf("%d rows of uploads are left", n)
		}
	})
}

// hangUp sends so many bytes of a chunk without a hash, and resets the connection.
func (s *scene) hangUp(t *testing.T, up *staging, bytes int) {
	t.Helper()
	host := strings.TrimPrefix(s.address, "http://")
	dialed, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	chunk := make([]byte, bytes)
	if _, err := up.content.ReadAt(chunk, up.offset); err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(dialed, "PATCH /mailconnector/api/v1/uploads/%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nTus-Resumable: 1.0.0\r\n"+
		"Content-Type: application/offset+octet-stream\r\nUpload-Offset: %d\r\nContent-Length: %d\r\n\r\n%s",
		up.id, host, s.rep.Token(), up.offset, 2*bytes, chunk)
	if err != nil {
		t.Fatal(err)
	}
	s.awaitUploads(t, 1)
	time.Sleep(50 * time.Millisecond) // what a reset overtakes does not arrive
	reset(dialed.(*net.TCPConn))
}
