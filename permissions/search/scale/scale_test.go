package scale_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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
	users  []permissions.Subject
	failed bool
}

// TestScale builds a CRM and its index, and measures searches beside the floor: one lookup by primary key.
func TestScale(t *testing.T) {
	w := build(t)
	w.refresh(t)
	for run := range *runs {
		fmt.Printf("\nrun %d of %d, %d records\n", run+1, *runs, *scale)
		fmt.Printf("%-14s %-7s %9s %9s %9s %10s %8s %7s\n", "query", "sees", "p50", "p95", "p99", "floor p99", "ratio", "budget")
		for _, kind := range kinds() {
			for i := range w.users {
				w.measure(t, kind, i, rand.New(rand.NewPCG(uint64(run), uint64(i))))
			}
		}
		w.throughput(t)
	}
	if w.failed && *scale >= held {
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
	pool := "--innodb-buffer-pool-size=256M"
	if *scale >= held {
		pool = "--innodb-buffer-pool-size=2G"
	}
	return dbtest.StartServer(t, pool, "--innodb-log-file-size=1G").Open(t)
}

func build(t *testing.T) *world {
	db := open(t)
	w := &world{crm: newCRM(db)}
	w.sample = w.crm.fill(t, *scale)
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
	bar, started := newBar("index", *scale), time.Now()
	if err := w.search.Build(t.Context(), func(n int) { bar.at(int64(n)) }); err != nil {
		t.Fatal(err)
	}
	bar.done()
	fmt.Printf("index built in %s\n", time.Since(started).Round(time.Second))
	if _, err := db.ExecContext(t.Context(), `ANALYZE TABLE mc_search_terms, mc_search_docs, mc_search_suffixes, crm_records`); err != nil {
		t.Fatal(err)
	}
	w.sizes(t)
	if w.floor, err = db.PrepareContext(t.Context(), "SELECT owner FROM crm_records WHERE id = ?"); err != nil {
		t.Fatal(err)
	}
	for _, owners := range []int{2, 123, 1094} {
		w.users = append(w.users, w.crm.user("sees"+strconv.Itoa(owners), someOwners(owners)))
	}
	return w
}

// someOwners spreads a user's owners over all but the foreign ones.
func someOwners(n int) []string {
	owners := make([]string, n)
	for i := range owners {
		owners[i] = strconv.Itoa(i * (users - foreign) / n)
	}
	return owners
}

func (w *world) sizes(t *testing.T) {
	rows, err := w.crm.db.QueryContext(t.Context(), `SELECT table_name, table_rows, (data_length + index_length) DIV 1048576
		FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 3 DESC LIMIT 6`)
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
		fmt.Printf("%-22s %10d rows %6d MiB\n", name, n, size)
	}
}

// refresh measures what keeping the index fresh costs.
func (w *world) refresh(t *testing.T) {
	timed := func(what string, fn func(context.Context) error) {
		started := time.Now()
		if err := fn(t.Context()); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("%-44s %s\n", what, time.Since(started).Round(10*time.Microsecond))
	}
	change := func(statement string) {
		if _, err := w.crm.db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	timed("refresh, nothing changed", w.search.Refresh)
	change("UPDATE crm_records SET modified = 1900000000000000, phone = '+39 1234567' WHERE id = 17")
	timed("refresh, one record changed", w.search.Refresh)
	change("UPDATE crm_records SET modified = 1900000001000000 WHERE id BETWEEN 100 AND 199")
	timed("refresh, 100 records changed", w.search.Refresh)
	timed("reconcile, nothing changed", w.search.Reconcile)
	change("UPDATE crm_records SET owner = 572 WHERE owner = 900")
	timed("reconcile, all records of an owner handed over", w.search.Reconcile)
}

// kind is one kind of question.
type kind struct {
	name   string
	budget float64 // of the 99th percentile, in floors
	ask    func(w *world, who permissions.Subject, r *rand.Rand) error
}

func kinds() []kind {
	return []kind{
		{"prefix", 60, typed(func(w *world, r *rand.Rand) string { return beginning(w.draw(r).last, 2+r.IntN(5)) })},
		{"infix", 60, typed(func(w *world, r *rand.Rand) string { return middle(w.draw(r).last, 3+r.IntN(4)) })},
		{"two words", 60, typed(func(w *world, r *rand.Rand) string {
			one := w.draw(r)
			return beginning(one.last, 3+r.IntN(4)) + " " + beginning(one.first+one.email, 2+r.IntN(4))
		})},
		{"e-mail", 60, typed(func(w *world, r *rand.Rand) string { return w.drawMail(r) })},
		{"domain", 60, typed(func(w *world, r *rand.Rand) string {
			_, domain, _ := strings.Cut(w.drawMail(r), "@")
			return "@" + domain
		})},
		{"suggestions", 120, suggested},
		{"adversarial", 80, typed(func(_ *world, r *rand.Rand) string { return beginning(adversary, 4+r.IntN(5)) })},
	}
}

func typed(text func(*world, *rand.Rand) string) func(*world, permissions.Subject, *rand.Rand) error {
	return func(w *world, who permissions.Subject, r *rand.Rand) error {
		_, err := w.search.Search(context.Background(), who, search.Query{Text: text(w, r)})
		return err
	}
}

func suggested(w *world, who permissions.Subject, r *rand.Rand) error {
	m := search.Mail{Subject: "Re: your offer CON" + strconv.FormatInt(w.draw(r).id, 10)}
	for range 10 {
		m.Participants = append(m.Participants, search.Participant{Role: "to", Address: w.drawMail(r)})
	}
	_, err := w.search.Suggest(context.Background(), who, m, "en")
	return err
}

func (w *world) draw(r *rand.Rand) row { return w.sample[r.IntN(len(w.sample))] }

func (w *world) drawMail(r *rand.Rand) string {
	for {
		if one := w.draw(r); one.email != "" {
			return one.email
		}
	}
}

func beginning(text string, n int) string {
	runes := []rune(text)
	return string(runes[:min(n, len(runes))])
}

func middle(text string, n int) string {
	runes := []rune(text)
	return string(runes[1:min(n+1, len(runes))])
}

// measure asks one kind of question and looks up one record by turns.
func (w *world) measure(t *testing.T, k kind, user int, r *rand.Rand) {
	var took, floor []time.Duration
	for i := range *samples + *samples/10 {
		started := time.Now()
		if err := k.ask(w, w.users[user], r); err != nil {
			t.Fatal(err)
		}
		asked := time.Now()
		var owner int
		if err := w.floor.QueryRowContext(t.Context(), 1+r.Int64N(*scale)).Scan(&owner); err != nil {
			t.Fatal(err)
		}
		if i >= *samples/10 { // the first ones warm up
			took, floor = append(took, asked.Sub(started)), append(floor, time.Since(asked))
		}
	}
	ratio := float64(percentile(took, 99)) / float64(percentile(floor, 99))
	verdict := ""
	if ratio > k.budget {
		verdict, w.failed = "OVER", true
	}
	fmt.Printf("%-14s %-7s %9s %9s %9s %10s %7.1fx %6.0fx %s\n", k.name, []string{"0.1 %", "5 %", "60 %"}[user],
		ms(percentile(took, 50)), ms(percentile(took, 95)), ms(percentile(took, 99)), ms(percentile(floor, 99)), ratio, k.budget, verdict)
}

func percentile(list []time.Duration, p int) time.Duration {
	slices.Sort(list)
	return list[min(len(list)-1, len(list)*p/100)]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.3fms", float64(d)/1e6) }

// throughput compares one client typing with sixteen.
func (w *world) throughput(t *testing.T) {
	one, many := w.perSecond(t, 1), w.perSecond(t, 16)
	fmt.Printf("type-ahead: 1 client %.0f/s, 16 clients %.0f/s, %.2fx (budget 1.5x)\n", one, many, many/one)
	if many < 1.5*one {
		w.failed = true
	}
}

func (w *world) perSecond(t *testing.T, n int) float64 {
	ask, asked := kinds()[0].ask, atomic.Int64{}
	started := time.Now()
	var all sync.WaitGroup
	for client := range n {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(client), 99))
			for time.Since(started) < *clients {
				if err := ask(w, w.users[r.IntN(len(w.users))], r); err != nil {
					t.Error(err)
					return
				}
				asked.Add(1)
			}
		})
	}
	all.Wait()
	return float64(asked.Load()) / time.Since(started).Seconds()
}
