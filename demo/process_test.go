package demo_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/demo"
)

// built is the program as its users run it, built when a test first asks for it.
var built struct {
	sync.Once
	folder string
	err    error
}

func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(built.folder)
	os.Exit(code)
}

// binary returns the path of the program.
func binary(t *testing.T) string {
	t.Helper()
	built.Do(func() {
		if built.folder, built.err = os.MkdirTemp("", "mailconnector-"); built.err != nil {
			return
		}
		build := exec.CommandContext(context.Background(), "go", "build", "-o", built.folder, "../cmd/mailconnector")
		if out, err := build.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("build: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.folder, "mailconnector")
}

// process is the demo in a process of its own, which a test may kill and start again at the same address.
type process struct {
	demo.Config
	address string
	cmd     *exec.Cmd
	said    record // what it logs
}

// record keeps what a program says, and can be read while it speaks.
type record struct {
	mu   sync.Mutex
	text []byte
}

func (r *record) Write(text []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text = append(r.text, text...)
	return len(text), nil
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return string(r.text)
}

// startProcess runs the demo and waits for its first page. It is killed when the test ends.
func startProcess(t *testing.T, c demo.Config) *process {
	t.Helper()
	p := newProcess(t, c)
	p.start(t)
	return p
}

// newProcess returns the demo, not running yet. What runs when the test ends is killed.
func newProcess(t *testing.T, c demo.Config) *process {
	t.Helper()
	p := &process{Config: c}
	p.Addr = freeAddress(t)
	p.address = "http://" + p.Addr
	t.Cleanup(func() {
		p.kill()
		if said := p.said.String(); t.Failed() && said != "" {
			t.Logf("the program logged:\n%.8000s", said)
		}
	})
	return p
}

// given are the addresses of programs. No two get the same: it is free whenever its program is killed.
var given sync.Map

// freeAddress finds a port below those that the system gives to connections: a client that dials a server which is
// down could be given the server's own port, and would talk to itself.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 15_000+rand.IntN(15_000))
		if _, taken := given.LoadOrStore(address, true); taken {
			continue
		}
		if l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address); err == nil {
			_ = l.Close()
			return address
		}
	}
	t.Fatal("no free port")
	return ""
}

// start starts the process and returns how long its first page took.
func (p *process) start(t *testing.T) time.Duration {
	t.Helper()
	began := p.launch(t)
	for time.Since(began) < time.Minute {
		if res, err := http.Get(p.address + "/signin"); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return time.Since(began)
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
	_ = p.cmd.Process.Signal(syscall.SIGQUIT) // it says what it is doing, and ends
	_ = p.cmd.Wait()
	p.cmd = nil
	t.Fatalf("the demo does not answer:\n%s", p.said.String())
	return 0
}

// launch starts the process and waits for nothing. It returns when that was.
func (p *process) launch(t *testing.T) time.Time {
	t.Helper()
	program := binary(t) // the first time this takes a while
	began := time.Now()
	p.cmd = exec.CommandContext(context.Background(), program, "demo", "--addr", p.Addr, "--data", p.DataDir, "--dsn", p.DSN)
	p.cmd.Stderr = &p.said
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return began
}

// kill ends the process as kill -9 does, and returns when it is gone.
func (p *process) kill() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	p.cmd = nil
}
