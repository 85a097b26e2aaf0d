package demo_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/module/moduletest"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// enough records for a first pass of several batches, and for a sorting that takes a while.
const enough = 5300

// TestAnIndexIsBuiltWheneverTheProgramIsKilled kills the program at any moment of the first build of its index. In the end
// the index says what one says that was built in one go, and finds the same.
func TestAnIndexIsBuiltWheneverTheProgramIsKilled(t *testing.T) {
	t.Parallel()
	kills := 4
	if thorough() {
		kills = 60
	}
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		b := newBuilding(t, demo.Config{DataDir: t.TempDir()})
		b.killAtStart(t)
		b.buildInOneGo(t)
		b.killWhileReading(t, kills)
		b.killBehindTheLastBatch(t)
		b.wantAsInOneGo(t)
	})
	t.Run("MariaDB", func(t *testing.T) {
		t.Parallel()
		b := newBuilding(t, demo.Config{DataDir: t.TempDir(), DSN: dbtest.MariaDBDSN(t)})
		b.killAtStart(t)
		b.buildInOneGo(t)
		b.killWhileItWaits(t, "DROP INDEX mc_search_terms_owner")
		b.killWhileReading(t, kills)
		b.killBeforeItIsNoted(t)
		b.dropOrders(t)
		b.killWhileItWaits(t, "CREATE INDEX mc_search_terms_owner")
		b.killWhileSorting(t, "CREATE INDEX mc_search_terms_owner")
		b.killWhileSorting(t, "CREATE INDEX mc_search_terms_term")
		b.killBeforeItIsNoted(t)
		b.wantAsInOneGo(t)
	})
}

// building is a program that builds an index whenever it runs.
type building struct {
	*process
	*index
	read    int64               // records in the index when the program was killed last
	inOneGo content             // of an index that was built without a kill
	foundSo map[string][]string // by such an index
}

func newBuilding(t *testing.T, c demo.Config) *building {
	t.Helper()
	return &building{process: newProcess(t, c), index: openIndex(t, c, enough)}
}

// die kills the program and returns what it leaves behind, which is never less of an index than before. The next program
// need not wait for its lease.
func (b *building) die(t *testing.T, when string) search.IndexStatus {
	t.Helper()
	b.kill()
	b.waitForServer(t)
	b.endLease(t)
	status := b.status(t)
	t.Logf("killed %s: %+v", when, status)
	if status.Records < b.read || status.Records > b.records || (status.Sorting || status.Built) && status.Records < b.records {
		t.Errorf("killed %s, at %d records before: %+v", when, b.read, status)
	}
	b.read = status.Records
	return status
}

// beginAnew lets the next program begin with no index.
func (b *building) beginAnew(t *testing.T) {
	t.Helper()
	b.forget(t)
	b.read = 0
}

// waitForServer waits until MariaDB is done with what the program asked for last, the sorting excepted.
func (b *building) waitForServer(t *testing.T) {
	t.Helper()
	waitFor(t, "the server is at nothing but sorting", func() bool {
		var n int
		if b.DSN != "" {
			b.row(t, `SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()
				AND command <> 'Sleep' AND info NOT LIKE '%INDEX mc_search_terms%'`, &n)
		}
		return n == 0
	})
}

// killAtStart kills while tables are created.
func (b *building) killAtStart(t *testing.T) {
	t.Helper()
	for range 2 {
		b.launch(t)
		time.Sleep(rand.N(300 * time.Millisecond))
		b.die(t, "at its start")
	}
}

// killWhileReading kills in the first pass over the records, somewhere in the first half of what is left.
func (b *building) killWhileReading(t *testing.T, kills int) {
	t.Helper()
	for killed := 0; killed < kills; {
		b.launch(t)
		b.wait(t, b.read+rand.N(1+(b.records-b.read)/2))
		time.Sleep(rand.N(20 * time.Millisecond))
		if status := b.die(t, "in the first pass"); status.Sorting || status.Built { // too late
			b.beginAnew(t)
		} else {
			killed++
		}
	}
}

// killBehindTheLastBatch kills, on SQLite, where it is not noted yet that everything was read.
func (b *building) killBehindTheLastBatch(t *testing.T) {
	t.Helper()
	b.exec(t, fmt.Sprintf(`CREATE TRIGGER held BEFORE INSERT ON mc_settings
		WHEN NEW.name = 'search.index' AND (SELECT COUNT(*) FROM mc_search_docs) = %d
		BEGIN SELECT RAISE(ABORT, 'not yet'); END`, b.records))
	b.launch(t)
	b.wait(t, b.records)
	b.kill()
	b.exec(t, "DROP TRIGGER held")
	b.die(t, "behind the last batch")
}

// killBeforeItIsNoted kills, on MariaDB, when something was done and is not noted yet: a batch, or the sorting. Users search
// meanwhile.
func (b *building) killBeforeItIsNoted(t *testing.T) {
	t.Helper()
	release := b.hold(t, "SELECT 1 FROM mc_settings WHERE name = 'search.index' FOR UPDATE")
	b.start(t)
	waitFor(t, "it is to be noted", func() bool { return b.serverIsAt(t, "INSERT INTO `mc_settings`") })
	rep := signIn(t, b.address, "sales.rep")
	for text, want := range map[string]int{"person.78@filled.example": 1, "rossi": 0} {
		found, err := rep.Search(t.Context(), moduletest.Query{Text: text})
		if err != nil || len(found.Items) != want || !slices.Equal(found.Partial, []string{"index"}) {
			t.Errorf("before the index is built, %q finds %+v, %v", text, found, err)
		}
	}
	b.kill()
	release()
	b.die(t, "before it was noted")
}

// killWhileItWaits kills while a statement waits for a reader of the terms.
func (b *building) killWhileItWaits(t *testing.T, statement string) {
	t.Helper()
	release := b.hold(t, "SELECT 1 FROM mc_search_terms LIMIT 1")
	b.launch(t)
	waitFor(t, "the server is at "+statement, func() bool { return b.serverIsAt(t, statement) })
	b.kill()
	release()
	b.die(t, "at "+statement)
}

// dropOrders leaves the index as a program does that was killed once it had dropped its orders. The one before may have been
// killed earlier, and the next would wait to drop them.
func (b *building) dropOrders(t *testing.T) {
	t.Helper()
	for _, order := range []string{"owner", "type", "term"} {
		b.exec(t, "DROP INDEX IF EXISTS mc_search_terms_"+order+" ON mc_search_terms")
	}
}

// killWhileSorting kills while the server is at a statement, which it goes on with.
func (b *building) killWhileSorting(t *testing.T, statement string) {
	t.Helper()
	for {
		b.launch(t)
		waitFor(t, "the server is at "+statement, func() bool { return b.serverIsAt(t, statement) || b.status(t).Built })
		if status := b.die(t, "at "+statement); !status.Built {
			break
		}
		b.beginAnew(t) // it was too fast to be seen
	}
	t.Logf("the server goes on with it: %t", b.serverIsAt(t, statement))
}

// serverIsAt tells whether the server runs a statement that begins so.
func (b *building) serverIsAt(t *testing.T, beginning string) bool {
	t.Helper()
	var n int
	b.row(t, "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE '"+beginning+"%'", &n)
	return n > 0
}

// TestOneOfTwoProgramsBuildsTheIndex stops one program while it builds, which it has the lease for, and kills it later. Another
// leaves the index alone until the lease has run out, and then goes on with it.
func TestOneOfTwoProgramsBuildsTheIndex(t *testing.T) {
	t.Parallel()
	c := demo.Config{DataDir: t.TempDir(), DSN: dbtest.MariaDBDSN(t)}
	first, second := newBuilding(t, c), newProcess(t, c)
	first.buildInOneGo(t)
	release := first.hold(t, "SELECT 1 FROM mc_search_terms LIMIT 1")
	first.launch(t)
	waitFor(t, "the first batch is written", func() bool { return first.serverIsAt(t, "DROP INDEX mc_search_terms_owner") })
	if err := first.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	release()
	second.start(t)
	first.waitForServer(t)
	held, read := first.lease(t), first.status(t).Records
	rep := signIn(t, second.address, "sales.rep")
	if read == 0 || read == first.records {
		t.Fatalf("the first was stopped when it had read %d records", read)
	}
	for _, state := range []string{"stopped", "killed"} {
		for range 15 { // longer than a search leaves changes alone
			if found, err := rep.Search(t.Context(), moduletest.Query{Text: "rossi"}); err != nil || len(found.Partial) == 0 {
				t.Fatalf("before the index is built: %+v, %v", found, err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if got, now := first.lease(t), first.status(t); got != held || now.Records != read || now.Built {
			t.Errorf("while the first is %s: lease %+v, was %+v; %d records, were %d", state, got, held, now.Records, read)
		}
		first.kill()
	}
	if left := time.Until(time.UnixMicro(held.expires)); left > 30*time.Second {
		t.Errorf("the lease lasts for %s", left)
	}
	soon := time.Now().Add(500 * time.Millisecond)
	first.exec(t, "UPDATE mc_leases SET expires = ? WHERE name = 'search-refresh'", soon.UnixMicro())
	waitFor(t, "the second takes over", func() bool { return first.lease(t).version != held.version })
	if early := time.Until(soon); early > 0 {
		t.Errorf("the second took over %s before the lease ran out", early)
	}
	first.waitBuilt(t)
	second.kill()
	first.wantAsInOneGo(t)
}

// lease is who may write the index until when.
type lease struct {
	version, expires int64
	holder           string
}

func (in *index) lease(t *testing.T) (l lease) {
	t.Helper()
	in.row(t, "SELECT version, expires, holder FROM mc_leases WHERE name = 'search-refresh'", &l.version, &l.expires, &l.holder)
	return l
}

// buildInOneGo builds an index without a kill, keeps what it says and finds, and lets the next program begin anew.
func (b *building) buildInOneGo(t *testing.T) {
	t.Helper()
	b.inOneGo, b.foundSo = b.finish(t)
	b.kill()
	b.endLease(t)
	b.beginAnew(t)
}

// wantAsInOneGo lets the program finish, and compares its index with the one that was built in one go.
func (b *building) wantAsInOneGo(t *testing.T) {
	t.Helper()
	b.endLease(t)
	got, found := b.finish(t)
	if diff := b.inOneGo.diff(got); diff != "" {
		t.Errorf("the index after the kills (-in one go +after kills):\n%s", diff)
	}
	if diff := gocmp.Diff(b.foundSo, found); diff != "" {
		t.Errorf("what is found after the kills (-in one go +after kills):\n%s", diff)
	}
	if status := b.status(t); status.Records != b.records || status.Sorting {
		t.Errorf("the status of the built index is %+v", status)
	}
}

// finish waits until the index is built, and returns what it says and finds.
func (b *building) finish(t *testing.T) (content, map[string][]string) {
	t.Helper()
	b.start(t)
	b.waitBuilt(t)
	return b.content(t), finds(t, b.address)
}
