package vtenext

import (
	"database/sql"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
)

// counters is a CRM of nothing but its counters.
func counters(t *testing.T) *CRM {
	t.Helper()
	db := dbtest.MariaDB(t)
	for _, statement := range []string{
		"CREATE TABLE vte_crmentity_seq (id INT NOT NULL)",
		"INSERT INTO vte_crmentity_seq VALUES (41)",
		`CREATE TABLE vte_modentity_num (num_id INT PRIMARY KEY, semodule VARCHAR(50), prefix VARCHAR(50), start_id VARCHAR(50),
			cur_id VARCHAR(50), active INT)`,
		"INSERT INTO vte_modentity_num VALUES (1, 'Documents', 'DOC', '1', '098', 1), (2, 'Documents', 'OLD', '1', '5', 0)",
	} {
		mustExec(t, db, statement)
	}
	c, err := New(Config{DB: db})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustExec(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func TestSequencesGiveEachIDOnce(t *testing.T) {
	c := counters(t)
	var mu sync.Mutex
	var taken []int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				first, err := c.next(t.Context(), "crmentity", 3)
				second, err2 := c.next(t.Context(), "made_on_demand", 1)
				if err != nil || err2 != nil {
					t.Errorf("next = %v, %v", err, err2)
					return
				}
				mu.Lock()
				taken = append(taken, first, first+1, first+2, -second)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.Sort(taken)
	if n := len(slices.Compact(slices.Clone(taken))); n != 320 || taken[0] != -80 || slices.Max(taken) != 41+240 {
		t.Errorf("%d different ids from %d to %d", n, taken[0], slices.Max(taken))
	}
}

func (c *CRM) takeDocuments(t *testing.T, n int) (numbers []string, err error) {
	t.Helper()
	err = c.patiently(t.Context(), func(conn *sql.Conn) error {
		numbers, err = c.numbers(t.Context(), conn, documentsType, n)
		return err
	})
	return numbers, err
}

func TestNumbersKeepTheirZeros(t *testing.T) {
	c := counters(t)
	for _, want := range [][]string{{"DOC098", "DOC099", "DOC100"}, {"DOC101"}} {
		if got, err := c.takeDocuments(t, len(want)); !slices.Equal(got, want) || err != nil {
			t.Errorf("numbers %v, %v; want %v", got, err, want)
		}
	}
	mustExec(t, c.db, "UPDATE vte_modentity_num SET active = 0")
	if got, err := c.takeDocuments(t, 2); !slices.Equal(got, []string{"", ""}) || err != nil {
		t.Errorf("numbers of what is not numbered: %v, %v", got, err)
	}
	mustExec(t, c.db, "UPDATE vte_modentity_num SET active = 1, cur_id = '1a'")
	if got, err := c.takeDocuments(t, 1); err == nil {
		t.Errorf("a number that is none counts on as %v", got)
	}
}

// TestNumbersBesideTheCRM takes numbers while the CRM does so in its own way: read and write under LOCK TABLES.
func TestNumbersBesideTheCRM(t *testing.T) {
	c := counters(t)
	mustExec(t, c.db, "UPDATE vte_modentity_num SET cur_id = '1' WHERE num_id = 1")
	var mu sync.Mutex
	taken := make(map[string]int)
	take := func(numbers ...string) {
		mu.Lock()
		defer mu.Unlock()
		for _, n := range numbers {
			taken[n]++
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 40 {
			take("DOC" + strconv.Itoa(theirNumber(t, c.db)))
		}
	})
	for range 4 {
		wg.Go(func() {
			for range 20 {
				numbers, err := c.takeDocuments(t, 2)
				for again := 0; database.IsUnavailable(err) && again < 10; again++ { // the machine stood still under the CRM's lock
					numbers, err = c.takeDocuments(t, 2)
				}
				if err != nil {
					t.Error(err)
				}
				take(numbers...)
			}
		})
	}
	wg.Wait()
	if len(taken) != 200 || taken["DOC200"] != 1 {
		t.Errorf("%d different numbers were taken, want 200", len(taken))
	}
}

// theirNumber takes a number as the CRM does.
func theirNumber(t *testing.T, db *sql.DB) int {
	t.Helper()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Error(err)
		return 0
	}
	defer func() { _ = conn.Close() }()
	var current int
	for _, step := range []func() error{
		func() error {
			_, err := conn.ExecContext(t.Context(), "LOCK TABLES vte_modentity_num WRITE")
			return err
		},
		func() error {
			return conn.QueryRowContext(t.Context(), "SELECT cur_id FROM vte_modentity_num WHERE num_id = 1").Scan(&current)
		},
		func() error {
			_, err := conn.ExecContext(t.Context(), "UPDATE vte_modentity_num SET cur_id = ? WHERE num_id = 1", current+1)
			return err
		},
		func() error { _, err := conn.ExecContext(t.Context(), "UNLOCK TABLES"); return err },
	} {
		if err := step(); err != nil {
			t.Error(err)
		}
	}
	return current
}

func TestALockTheCRMHoldsIsNotWaitedForLong(t *testing.T) {
	c := counters(t)
	conn, err := c.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(t.Context(), "LOCK TABLES vte_modentity_num WRITE"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.takeDocuments(t, 1); !database.IsUnavailable(err) {
		t.Errorf("%v, want that the database is busy", err)
	}
	if _, err := c.next(t.Context(), "crmentity", 1); err != nil {
		t.Errorf("ids are taken past the lock: %v", err)
	}
	if _, err := conn.ExecContext(t.Context(), "UNLOCK TABLES"); err != nil {
		t.Fatal(err)
	}
	if numbers, err := c.takeDocuments(t, 1); err != nil || numbers[0] != "DOC098" {
		t.Errorf("after the lock: %v, %v", numbers, err)
	}
}

func TestConnectionsWaitBrieflyForLocksAndGoBackAsTheyWere(t *testing.T) {
	c := counters(t)
	c.db.SetMaxOpenConns(1)
	const lockWait = "SELECT @@lock_wait_timeout, @@innodb_lock_wait_timeout"
	want := func(seconds *sql.Row, wantTable, wantRow int) {
		t.Helper()
		var table, row int
		if err := seconds.Scan(&table, &row); err != nil || table != wantTable || row != wantRow {
			t.Errorf("the connection waits %d and %d seconds for locks, want %d and %d, error %v", table, row, wantTable, wantRow, err)
		}
	}
	mustExec(t, c.db, "SET SESSION lock_wait_timeout = 77, SESSION innodb_lock_wait_timeout = 3")
	err := c.patiently(t.Context(), func(conn *sql.Conn) error {
		want(conn.QueryRowContext(t.Context(), lockWait), maxLockWait, 3)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want(c.db.QueryRowContext(t.Context(), lockWait), 77, 3)
	if _, err := c.next(t.Context(), "crmentity", 1); err != nil {
		t.Fatal(err)
	}
	want(c.db.QueryRowContext(t.Context(), lockWait), 77, 3)
}
