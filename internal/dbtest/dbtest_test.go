package dbtest_test

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/dbtest"
)

func TestEachGivesAnEmptyDatabaseOfItsOwn(t *testing.T) {
	for range 2 {
		dbtest.Each(t, func(t *testing.T, db *sql.DB) {
			if _, err := db.Exec("CREATE TABLE only_mine (id INTEGER PRIMARY KEY)"); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestTheServerOutlivesGarbageCollection(t *testing.T) {
	db := dbtest.MariaDB(t)
	runtime.GC()
	runtime.GC()
	if err := db.Ping(); err != nil {
		t.Fatal(err)
	}
	dbtest.MariaDBDSN(t)
}

func TestAKilledServerKeepsItsData(t *testing.T) {
	server := dbtest.StartServer(t)
	db := server.Open(t)
	for _, statement := range []string{"CREATE TABLE kept (id INTEGER PRIMARY KEY)", "INSERT INTO kept VALUES (1)"} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	server.Kill(t)
	if err := db.Ping(); err == nil {
		t.Error("a killed server answers")
	}
	server.Start(t)
	var n int
	if err := db.QueryRow("SELECT COUNT(*) FROM kept").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows, error %v", n, err)
	}
}

// TestVictim is a test process of its own, started by the tests below: it tells its DSN and waits to be killed.
func TestVictim(t *testing.T) {
	if os.Getenv("DBTEST_VICTIM") == "" {
		return
	}
	fmt.Println("DSN", dbtest.MariaDBDSN(t))
	time.Sleep(time.Minute)
}

type victim struct {
	process *os.Process
	output  *bufio.Scanner
}

func startVictim(t *testing.T, env ...string) victim {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestVictim$")
	cmd.Env = append(os.Environ(), append(env, "DBTEST_VICTIM=1")...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() })
	return victim{cmd.Process, bufio.NewScanner(out)}
}

// config waits for the victim to tell its DSN.
func (v victim) config(t *testing.T) *mysql.Config {
	t.Helper()
	for v.output.Scan() {
		if dsn, ok := strings.CutPrefix(v.output.Text(), "DSN "); ok {
			return parse(t, dsn)
		}
		t.Log(v.output.Text())
	}
	t.Fatal("the victim told no DSN")
	return nil
}

func parse(t *testing.T, dsn string) *mysql.Config {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// TestAKilledProcessLeavesNothingBehind starts two processes at once with an empty cache, so that they also race to
// fill it, and kills them.
func TestAKilledProcessLeavesNothingBehind(t *testing.T) {
	dbtest.MariaDB(t) // skips where there is none
	cache := t.TempDir()
	env := []string{"XDG_CACHE_HOME=" + cache, "HOME=" + cache, "MAILCONNECTOR_TEST_DSN="}
	for _, v := range []victim{startVictim(t, env...), startVictim(t, env...)} {
		folder := filepath.Dir(v.config(t).Addr)
		if _, err := os.Stat(folder); err != nil {
			t.Fatal(err)
		}
		if err := v.process.Kill(); err != nil {
			t.Fatal(err)
		}
		awaitRemoval(t, folder)
	}
	left, err := filepath.Glob(filepath.Join(cache, "mailconnector-dbtest", "*"))
	if len(left) != 1 || err != nil {
		t.Errorf("the cache holds %v, want one template", left)
	}
}

func awaitRemoval(t *testing.T, folder string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(folder); errors.Is(err, os.ErrNotExist) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is still there", folder)
		}
	}
}

func TestARunningServerCanBeUsed(t *testing.T) {
	mine := dbtest.MariaDBDSN(t)
	want, got := parse(t, mine), startVictim(t, "MAILCONNECTOR_TEST_DSN="+mine).config(t)
	if got.Addr != want.Addr || got.DBName == want.DBName {
		t.Errorf("got the database %s at %s, want another than %s at %s", got.DBName, got.Addr, want.DBName, want.Addr)
	}
}

func TestTheCatalogIsTheSameOnBothDatabases(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		binary, options := "BLOB", ""
		if strings.HasSuffix(t.Name(), "MariaDB") {
			binary, options = "BINARY(32)", "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
		}
		for _, statement := range []string{
			"CREATE TABLE mc_b (k " + binary + " NOT NULL, n BIGINT NOT NULL, PRIMARY KEY (k, n)) " + options,
			"CREATE TABLE mc_a (id INTEGER PRIMARY KEY, v VARCHAR(9), d DOUBLE, UNIQUE (v, d)) " + options,
			"CREATE TABLE theirs (id INTEGER PRIMARY KEY) " + options,
			"CREATE INDEX mc_a_d ON mc_a (d)",
		} {
			if _, err := db.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
		want := []dbtest.Table{{
			Name: "mc_a",
			Columns: []dbtest.Column{
				{Name: "id", Type: "integer"}, {Name: "v", Type: "text", Nullable: true}, {Name: "d", Type: "real", Nullable: true},
			},
			Keys: []dbtest.Key{{Kind: "index", Columns: "d"}, {Kind: "primary", Columns: "id"}, {Kind: "unique", Columns: "v,d"}},
		}, {
			Name:    "mc_b",
			Columns: []dbtest.Column{{Name: "k", Type: "bytes"}, {Name: "n", Type: "integer"}},
			Keys:    []dbtest.Key{{Kind: "primary", Columns: "k,n"}},
		}}
		if diff := cmp.Diff(want, dbtest.Catalog(t, db, "mc_")); diff != "" {
			t.Errorf("tables (-want +got):\n%s", diff)
		}
	})
}

func TestTheCatalogShowsForeignCollations(t *testing.T) {
	db := dbtest.MariaDB(t)
	for _, statement := range []string{
		"CREATE TABLE mc_a (v VARCHAR(9) PRIMARY KEY)",
		"CREATE TABLE mc_b (v VARCHAR(9) COLLATE utf8mb4_general_ci PRIMARY KEY) COLLATE=utf8mb4_bin",
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	got := dbtest.Catalog(t, db, "mc_")
	if got[0].Options == "" {
		t.Error("a table with another collation looks like ours")
	}
	if kind := got[1].Columns[0].Type; kind == "text" {
		t.Error("a column with another collation looks like ours")
	}
}
