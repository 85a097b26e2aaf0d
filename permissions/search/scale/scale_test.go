package scale_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

var (
	scale   = flag.Int64("scale", 1000, "records in the CRM; from 1,000,000 on the budgets must be met")
	runs    = flag.Int("runs", 1, "times to measure")
	samples = flag.Int("samples", 10, "searches of each kind in a run")
	dsn     = flag.String("dsn", "", "a MySQL or MariaDB database to build in and to keep; empty means one of the test's own")
	clients = flag.Duration("clients", 50*time.Millisecond, "how long to search with 1 and with 16 clients")
)

// held is the scale from which budgets are held: below it the floor is as good as nothing.
const held = 1_000_000

// world is the CRM with its index, ready to be measured.
type world struct {
	crm    *crm
	search *search.Service
	sample []row
	floor  *sql.Stmt
	people []person
}

// TestScale builds a CRM and its index, and measures searches beside the floor: one lookup by primary key.
func TestScale(t *testing.T) {
	w := prepare(t)
	w.printHead()
	w.index(t)
	w.refresh(t)
	all := make([]run, *runs)
	for i := range all {
		all[i] = w.run(t, i)
	}
	if good := printVerdict(all); !good && *scale >= held {
		t.Error("over budget")
	}
}

// open opens the database that was named, or one on a server of the test's own.
func open(t *testing.T) *sql.DB {
	if *dsn != "" {
		db, err := sql.Open("mysql", *dsn)
		if err != nil {
			t.Fatal(err)
		}
		db.SetMaxOpenConns(32)
		db.SetMaxIdleConns(32)
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	flags := []string{"--innodb-buffer-pool-size=256M"}
	if *scale >= held {
		flags = []string{"--innodb-buffer-pool-size=6G", "--innodb-log-file-size=1G"}
	}
	return dbtest.StartServer(t, flags...).Open(t)
}

// prepare fills the CRM and opens the search over it.
func prepare(t *testing.T) *world {
	db := open(t)
	w := &world{crm: newCRM(t, db)}
	w.sample = w.crm.fill(t, *scale)
	w.people = people(t, w.crm.engine)
	for _, p := range w.people {
		w.crm.all[p.UserID] = p.all
	}
	w.count(t)
	own, err := database.New(db, database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := own.Migrate(t.Context(), append(database.Migrations(), search.Migrations()...)); err != nil {
		t.Fatal(err)
	}
	if w.search, err = search.New(search.Config{DB: own, Source: w.crm, Permissions: w.crm}); err != nil {
		t.Fatal(err)
	}
	if w.floor, err = db.PrepareContext(t.Context(), "SELECT owner FROM crm_records WHERE id = ?"); err != nil {
		t.Fatal(err)
	}
	return w
}

// count works out which share of all records each person sees.
func (w *world) count(t *testing.T) {
	rows, err := w.crm.db.QueryContext(t.Context(), "SELECT kind, owner, COUNT(*) FROM crm_records GROUP BY owner, kind")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var kind int
		var owner string
		var n float64
		if err := rows.Scan(&kind, &owner, &n); err != nil {
			t.Fatal(err)
		}
		for i, p := range w.people {
			if w.crm.decide(p.UserID, types[kind], permissions.View, owner).Allows() {
				w.people[i].share += n / float64(*scale)
			}
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// index builds the index and tells how long that took and how large it is.
func (w *world) index(t *testing.T) {
	bar, started := newBar("index", *scale), time.Now()
	if err := w.search.Build(t.Context(), func(n int) { bar.at(int64(n)) }); err != nil {
		t.Fatal(err)
	}
	bar.done()
	fmt.Printf("\nThe index was built in %s, and takes\n\n", time.Since(started).Round(time.Second))
	if _, err := w.crm.db.ExecContext(t.Context(), `ANALYZE TABLE mc_search_terms, mc_search_docs, mc_search_suffixes, crm_records`); err != nil {
		t.Fatal(err)
	}
	w.sizes(t)
}

func (w *world) sizes(t *testing.T) {
	rows, err := w.crm.db.QueryContext(t.Context(), `SELECT table_name, table_rows, (data_length + index_length) DIV 1048576
		FROM information_schema.tables WHERE table_schema = DATABASE() AND (table_name LIKE 'mc_search%' OR table_name = 'crm_records')
		ORDER BY 3 DESC, 1 LIMIT 6`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		var n, size int64
		if err := rows.Scan(&name, &n, &size); err != nil {
			t.Fatal(err)
		}
		if name == "crm_records" {
			name = "the records themselves"
		}
		fmt.Printf("  %-24s %12s rows %8s MiB\n", name, thousands(n), thousands(size))
	}
}

// refresh measures what keeping the index fresh costs.
func (w *world) refresh(t *testing.T) {
	fmt.Printf("\nKeeping it fresh takes\n\n")
	timed := func(what string, fn func(context.Context) error) {
		started := time.Now()
		if err := fn(t.Context()); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("  %-45s %12s ms\n", what, ms(time.Since(started)))
	}
	change := func(statement string) {
		if _, err := w.crm.db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	timed("changes: none", w.search.Refresh)
	change("UPDATE crm_records SET modified = 1900000000000000, phone = '+39 1234567' WHERE id = 17")
	timed("changes: one record", w.search.Refresh)
	change("UPDATE crm_records SET modified = 1900000001000000 WHERE id BETWEEN 100 AND 199")
	timed("changes: 100 records", w.search.Refresh)
	timed("owners compared: none differs", w.search.Reconcile)
	change("UPDATE crm_records SET owner = 572 WHERE owner = 901")
	timed("owners compared: one handed over all records", w.search.Reconcile)
}

// run measures every question for every person, printing line by line.
func (w *world) run(t *testing.T, number int) run {
	printTableHead(number + 1)
	var r run
	for _, q := range questions() {
		for i, who := range w.people {
			if q.nothing && who.owners == 0 {
				continue
			}
			m := w.measure(t, q, who, rand.New(rand.NewPCG(uint64(number), uint64(i))))
			m.print()
			r.lines = append(r.lines, m)
		}
	}
	r.one, r.many = w.perSecond(t, 1), w.perSecond(t, 16)
	r.printThroughput()
	return r
}
