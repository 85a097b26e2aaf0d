package demo_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

func TestAFullDisk(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"mails", "storage", "."} { // with everything on it, the database has no room either
		t.Run(folder, func(t *testing.T) {
			c := demo.Config{DataDir: t.TempDir(), Activated: true}
			if folder != "." {
				c.DSN = dbtest.MariaDBDSN(t)
			}
			disk := filepath.Join(c.DataDir, folder)
			mountSmall(t, disk)
			s := newScene(t, c)
			empty := fill(t, disk)
			mail, err := io.ReadAll(hugeMail(200_000))
			if err != nil {
				t.Fatal(err)
			}
			u := s.want(t, "503 unavailable", mail, "key", s.to)
			if wait, err := strconv.Atoi(u.retry); err != nil || wait < 1 {
				t.Errorf("Retry-After is %q", u.retry)
			}
			t.Logf("%s: %s", u.answer(), u.problem.Detail)
			if _, err := s.rep.Session(t.Context()); err != nil {
				t.Errorf("reading on the full disk: %v", err)
			}
			empty()
			s.wantNothingStored(t)
			if again := s.want(t, "201", mail, "key", s.to); again.receipt.Replayed {
				t.Error("the receipt is that of a request that failed")
			}
			s.wantNothingHalf(t)
		})
	}
}

// mountSmall mounts a disk of a few megabytes.
func mountSmall(t *testing.T, folder string) {
	t.Helper()
	mountDisk(t, folder, "4m")
}

// mountDisk mounts a disk of a size, which only root may on Linux.
func mountDisk(t *testing.T, folder, size string) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", folder).CombinedOutput()
	if err != nil {
		t.Skipf("no small disk can be mounted here, as root on Linux can: %v %s", err, out)
	}
	t.Cleanup(func() { _ = exec.CommandContext(context.Background(), "umount", "--lazy", folder).Run() })
}

// fill leaves 12 kB on a disk, less than a mail. What it returns makes room again.
func fill(t *testing.T, folder string) (empty func()) {
	t.Helper()
	f, err := os.Create(filepath.Join(folder, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(f, endless{})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk takes %d bytes: %v", n, err)
	}
	if err := errors.Join(f.Truncate(n-12<<10), f.Close()); err != nil {
		t.Fatal(err)
	}
	return func() { _ = os.Remove(f.Name()) }
}

// mostRuns is how often a transaction is run before its failure is answered: it is not the database that is waited for.
const mostRuns = 20

func TestADatabaseThatIsGoneComesBack(t *testing.T) {
	t.Parallel()
	server := dbtest.StartServer(t)
	dsn, asked := countAsked(t, server.NewDatabase(t))
	s := newScene(t, demo.Config{DataDir: t.TempDir(), DSN: dsn, Activated: true})
	calls := map[string]func() error{
		"who am I": func() error { _, err := s.rep.Session(t.Context()); return err },
		"search":   func() error { _, err := s.rep.Search(t.Context(), moduletest.Query{Text: "müller"}); return err },
		"sign in":  func() error { _, err := s.rep.Fork().SignIn(t.Context(), "admin", "demo"); return err },
		"messages": func() error { _, err := s.rep.Messages(t.Context(), s.to, 0, ""); return err },
	}
	mail := composeMail("gone", 7)
	server.Kill(t)
	asked.Store(0)
	if u := s.want(t, "503 unavailable", mail, "key", s.to); u.retry == "" || asked.Load() < 1 || asked.Load() > mostRuns {
		t.Errorf("a link asks for the database %d times and says to retry after %q", asked.Load(), u.retry)
	}
	for name, call := range calls {
		asked.Store(0)
		var p *moduletest.Problem
		if err := call(); !errors.As(err, &p) || p.Status != http.StatusServiceUnavailable || p.RetryAfter == 0 {
			t.Errorf("%s without a database: %v", name, err)
		}
		if n := asked.Load(); n < 1 || n > mostRuns {
			t.Errorf("%s asks for the database %d times", name, n)
		}
	}
	server.Start(t)
	for name, call := range calls {
		if err := call(); err != nil {
			t.Errorf("%s with the database again: %v", name, err)
		}
	}
	s.wantNothingStored(t)
	s.want(t, "201", mail, "key", s.to)
	s.wantNothingHalf(t)
}

// countAsked counts how often the requests of clients, unlike the work in the background, ask a server of MariaDB for a
// connection. It returns the name of the database for those who are to be counted.
func countAsked(t *testing.T, dsn string) (counted string, asked *atomic.Int64) {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	asked = new(atomic.Int64)
	network := cfg.Net
	cfg.Net = t.Name()
	mysql.RegisterDialContext(cfg.Net, func(ctx context.Context, address string) (net.Conn, error) {
		if ctx.Value(http.ServerContextKey) != nil {
			asked.Add(1)
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	})
	t.Cleanup(func() { mysql.DeregisterDialContext(cfg.Net) })
	return cfg.FormatDSN(), asked
}

// newMortal runs a demo on a database server of its own, which keeps what it committed when it is killed, and says how often to
// kill it.
func newMortal(t *testing.T) (s *scene, server *dbtest.Server, kills int) {
	t.Helper()
	server = dbtest.StartServer(t, "--innodb-flush-log-at-trx-commit=1", "--innodb-doublewrite=1")
	s = newScene(t, demo.Config{DataDir: t.TempDir(), DSN: server.NewDatabase(t), Activated: true})
	if thorough() {
		return s, server, 30
	}
	return s, server, 2
}

// TestNothingIsLostOrHalfWhenTheDatabaseIsKilled is the same promise where it is the database that dies.
func TestNothingIsLostOrHalfWhenTheDatabaseIsKilled(t *testing.T) {
	t.Parallel()
	s, server, kills := newMortal(t)
	senders := newSenders(t, s.address)
	for round := range kills {
		var wg sync.WaitGroup
		for _, sender := range senders {
			wg.Go(func() { sender.sendUntilKilled(t) })
		}
		time.Sleep(time.Duration(round%5+1) * 50 * time.Millisecond)
		server.Kill(t)
		wg.Wait()
		server.Start(t)
		s.wantNothingHalf(t)
	}
	acknowledged := 0
	for _, sender := range senders {
		sender.sendPending(t)
		acknowledged += len(sender.sent)
	}
	inParallel(t, len(senders), len(senders), func(t *testing.T, i int) { senders[i].wantEverything(t, s.address) })
	s.sweep(t)
	s.wantNothingHalf(t)
	s.wantNoOrphans(t)
	t.Logf("%d kills of the database: %d links acknowledged; %s", kills, acknowledged, s.summary(t))
}

const crowd = 32

func TestManyLinkOneMailAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, c demo.Config) {
		s := newScene(t, c)
		admin := signIn(t, s.address, "admin")
		records := s.contacts(t)
		for i, test := range []struct {
			name             string
			key              string
			to               func(i int) moduletest.Target
			new, links, done int // receipts that say so
		}{
			{"to one record", "", func(int) moduletest.Target { return records[0] }, 1, 1, crowd},
			{"in one request sent many times", "key", func(int) moduletest.Target { return records[0] }, 1, 1, 1},
			{"each to another record", "", func(i int) moduletest.Target { return records[i] }, crowd, crowd, crowd},
		} {
			before := [2]int64{s.count(t, "SELECT COUNT(*) FROM mc_messages"), s.count(t, "SELECT COUNT(*) FROM mc_links")}
			mail := composeMail(fmt.Sprint("crowd-", i), uint64(100+i))
			all := make([]upload, crowd)
			inParallel(t, crowd, crowd, func(t *testing.T, i int) { all[i] = post(t, signedInAs(admin), mail, test.key, test.to(i)) })
			fresh := 0
			receipts := map[string]bool{}
			for i, u := range all {
				receipts[u.receipt.ID] = true
				if u.status == http.StatusCreated {
					fresh++
				}
				wantReceipt(t, test.name, u, all[0], test.to(i))
			}
			if fresh != test.new || len(receipts) != test.done {
				t.Errorf("%s: %d of %d receipts are of something new, want %d of %d", test.name, fresh, len(receipts), test.new, test.done)
			}
			after := [2]int64{s.count(t, "SELECT COUNT(*) FROM mc_messages"), s.count(t, "SELECT COUNT(*) FROM mc_links")}
			if after[0]-before[0] != 1 || after[1]-before[1] != int64(test.links) {
				t.Errorf("%s: %d messages and %d links more", test.name, after[0]-before[0], after[1]-before[1])
			}
		}
		s.sweep(t)
		s.wantNothingHalf(t)
		s.wantNoOrphans(t)
	})
}

// wantReceipt compares an answer with another one about the same mail.
func wantReceipt(t *testing.T, name string, u, other upload, to moduletest.Target) {
	t.Helper()
	got := u.receipt
	if u.status != http.StatusCreated && u.status != http.StatusOK || got.Message != other.receipt.Message ||
		len(got.Links) != 1 || got.Links[0].Target != to || len(got.Parts) != len(other.receipt.Parts) || len(got.Parts) == 0 {
		t.Errorf("%s: %s %+v, unlike %+v", name, u.answer(), got, other.receipt)
		return
	}
	for i, part := range got.Parts {
		if part.Document == "" || part.Document != other.receipt.Parts[i].Document || part.SHA256 != other.receipt.Parts[i].SHA256 {
			t.Errorf("%s: part %d is document %q here and %q there", name, part.Part, part.Document, other.receipt.Parts[i].Document)
		}
	}
}

// contacts returns as many contacts as the crowd needs.
func (s *scene) contacts(t *testing.T) (records []moduletest.Target) {
	t.Helper()
	for id := range s.sizes(t, "SELECT id, 0 FROM crm_records WHERE entity_type = 'Contacts' AND deleted = 0 LIMIT "+strconv.Itoa(crowd)) {
		records = append(records, moduletest.Target{Module: "Contacts", Record: id})
	}
	return records
}
