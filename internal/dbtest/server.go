package dbtest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// errNoServer says that there is no mariadbd to start.
var errNoServer = errors.New("no mariadbd on the PATH: install mariadb-server, or set MAILCONNECTOR_TEST_DSN")

const startTimeout = time.Minute // of a server; a loaded machine takes seconds

// Server is a private MariaDB server that a test may kill and start again.
type Server struct {
	dir      string
	flags    []string
	guard    *exec.Cmd      // the shell that watches over mariadbd; nil while stopped
	lifeline io.WriteCloser // its end is the end of the server
}

// StartServer starts a server for one test, which ends with the test. Flags are given to mariadbd after our own, such
// as "--innodb-flush-log-at-trx-commit=1" to write every commit before it is answered.
func StartServer(t testing.TB, flags ...string) *Server {
	t.Helper()
	s, err := newServer(flags)
	if err != nil {
		giveUp(t, err)
	}
	t.Cleanup(func() { _ = s.end("remove") })
	return s
}

// Kill ends the server as kill -9 does and returns when it is gone. Its data stays.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	if err := s.end("keep"); err != nil {
		t.Fatal(err)
	}
}

// Start starts a killed server again, on the same data and address, and returns when it answers.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

// NewDatabase creates an empty database and returns its DSN.
func (s *Server) NewDatabase(t testing.TB) string {
	t.Helper()
	return s.account().newDatabase(t)
}

// Open returns a new empty database of the server, closed when the test ends.
func (s *Server) Open(t testing.TB) *sql.DB {
	t.Helper()
	return openMariaDB(t, s.NewDatabase(t))
}

func (s *Server) account() account { return account{Config: s.config(), server: s} }

func (s *Server) config() *mysql.Config {
	cfg := mysql.NewConfig()
	cfg.User, cfg.Net, cfg.Addr = "root", "unix", s.socket()
	cfg.ParseTime, cfg.InterpolateParams = true, true
	_ = cfg.Apply(mysql.Charset("utf8mb4", ""))
	return cfg
}

func (s *Server) socket() string { return filepath.Join(s.dir, "sock") }

func newServer(flags []string) (*Server, error) {
	template, err := templateData()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(shortTemp(), "mctest-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, flags: flags}
	if err = os.CopyFS(filepath.Join(dir, "data"), os.DirFS(template)); err == nil {
		err = s.start()
	}
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("start mariadbd: %w", err)
	}
	return s, nil
}

// shortTemp returns a folder where the path of a socket fits into the 104 bytes that systems allow.
func shortTemp() string {
	if dir := os.TempDir(); len(dir) < 60 {
		return dir
	}
	return "/tmp"
}

// guardScript runs a server until its input ends, which it does when the test process dies, however that happens. Then
// it kills the server and removes its folder, unless it was told to keep it. It is hung up on where it was stopped by then.
const guardScript = `trap '' HUP
dir=$1; shift
"$@" </dev/null &
server=$!
read -r word
kill -9 $server
wait $server
[ "$word" = keep ] || rm -rf "$dir"`

func (s *Server) start() error {
	server, err := findProgram("mariadbd")
	if err != nil {
		return err
	}
	output, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = output.Close() }()
	args := append([]string{"-c", guardScript, "sh", s.dir, server}, s.args()...)
	guard := exec.CommandContext(context.Background(), "sh", args...)
	guard.Stdout, guard.Stderr = output, output
	guard.SysProcAttr = ownGroup()
	if s.lifeline, err = guard.StdinPipe(); err != nil {
		return err
	}
	if err := guard.Start(); err != nil {
		return err
	}
	s.guard = guard
	if err := s.awaitReady(); err != nil {
		return errors.Join(err, s.end("keep"))
	}
	return nil
}

func (s *Server) args() []string {
	args := []string{
		"--no-defaults", "--datadir=" + filepath.Join(s.dir, "data"), "--tmpdir=" + s.dir,
		"--socket=" + s.socket(), "--pid-file=" + filepath.Join(s.dir, "pid"),
		"--skip-networking", "--skip-name-resolve", "--skip-log-bin", "--performance-schema=OFF",
		// What a killed server wrote stays in the system's cache: the disk need not be waited for.
		"--innodb-flush-log-at-trx-commit=2", "--innodb-doublewrite=0",
		"--loose-innodb-flush-method=nosync", "--loose-debug-no-sync", "--loose-skip-sync-frm",
		"--innodb-buffer-pool-size=64M", "--innodb-buffer-pool-load-at-startup=0",
		"--max-connections=500", "--max-allowed-packet=256M",
		"--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci",
	}
	if os.Geteuid() == 0 {
		args = append(args, "--user=root")
	}
	return append(args, s.flags...)
}

func (s *Server) logFile() string { return filepath.Join(s.dir, "log") }

func (s *Server) awaitReady() error {
	cfg := s.config()
	cfg.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer func() { _ = db.Close() }()
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(5 * time.Millisecond) {
		if err = db.PingContext(context.Background()); err == nil {
			return nil
		}
		if time.Now().After(deadline) || s.aborted() {
			return fmt.Errorf("%w\n%s", err, tail(s.logFile()))
		}
	}
}

// aborted reports whether the server gave up by itself, told by the last words it writes.
func (s *Server) aborted() bool { return bytes.Contains(tail(s.logFile()), []byte("[ERROR] Aborting")) }

// end tells the guard to end the server and waits for it.
func (s *Server) end(word string) error {
	if s.guard == nil {
		return nil
	}
	_, err := io.WriteString(s.lifeline, word+"\n")
	err = errors.Join(err, s.lifeline.Close(), s.guard.Wait())
	s.guard = nil
	return err
}

func tail(file string) []byte {
	text, _ := os.ReadFile(file)
	return text[max(0, len(text)-2000):]
}

// giveUp skips a test that lacks a server, except in CI, and fails it where a server does not start.
func giveUp(t testing.TB, err error) {
	t.Helper()
	if ci, _ := strconv.ParseBool(os.Getenv("CI")); ci || !errors.Is(err, errNoServer) {
		t.Fatal(err)
	}
	t.Skip(err)
}
