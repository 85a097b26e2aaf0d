package demo_test

import (
	"bufio"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

// TestBytesReachTheDiskBeforeTheCommit watches the program's system calls while it links a mail with attachments. Every
// file of the mail is flushed, named, and its name flushed, before the database is told to commit; the client is told
// after.
func TestBytesReachTheDiskBeforeTheCommit(t *testing.T) {
	p, rep, to := traceable(t)
	before := filesBelow(t, p.DataDir)
	trace := startTrace(t, p.cmd.Process.Pid)
	u := post(t, rep, composeMail("traced", 5), "", to)
	calls := trace.stop(t)
	if u.status != http.StatusCreated || len(u.receipt.Parts) < 2 {
		t.Fatalf("link: %s, %+v", u.answer(), u.receipt)
	}

	commit := commitAfter(calls, 0, "INSERT INTO `mc_messages`")
	if commit < 0 {
		t.Fatal("no COMMIT after the rows of the message")
	}
	if first := answerAfter(calls, 0, "HTTP/1.1 201"); first < commit {
		t.Errorf("the client was answered at call %d, the commit was %d", first, commit)
	}
	written := 0
	for path := range filesBelow(t, p.DataDir) {
		if before[path] {
			continue
		}
		written++
		if missing := undone(calls[:commit], path); missing != "" {
			t.Errorf("%s: before the commit there was no %s", strings.TrimPrefix(path, p.DataDir), missing)
		}
	}
	if want := 1 + len(u.receipt.Parts); written != want { // the mail and, in the CRM's storage, its attachments
		t.Errorf("%d files were written, want %d", written, want)
	}
	t.Logf("%d calls up to the commit, %d files", commit, written)
}

// TestChunksReachTheDiskBeforeTheirOffsetCounts watches the program while a mail is uploaded in chunks and linked. The file
// of each chunk is flushed, named, and its name flushed, before the database is told to commit the new offset; the client
// is told after. The mail that the chunks make is no exception.
func TestChunksReachTheDiskBeforeTheirOffsetCounts(t *testing.T) {
	p, rep, to := traceable(t)
	mail, err := io.ReadAll(hugeMail(300_000))
	if err != nil {
		t.Fatal(err)
	}
	up := stagingOf(rep, mail)
	if err := up.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	trace := startTrace(t, p.cmd.Process.Pid)
	var chunks []string // their files, in the order of their chunks
	known := filesBelow(t, p.DataDir)
	for up.offset < up.size {
		if err := up.send(t.Context(), 100_000, true); err != nil {
			t.Fatal(err)
		}
		chunks = append(chunks, newFiles(t, p.DataDir, known)...)
	}
	receipt, err := up.commit(t.Context(), to)
	files := newFiles(t, p.DataDir, known)
	calls := trace.stop(t)
	if err != nil || len(chunks) != 3 || len(files) != 1+len(receipt.Parts) {
		t.Fatalf("%d chunks have the files %q, the mail %q, %v", 3, chunks, files, err)
	}
	at := 0
	for i, file := range chunks {
		offset := commitAfter(calls, at, "UPDATE `mc_uploads`")
		if offset < 0 {
			t.Fatalf("there is no COMMIT of the offset of chunk %d", i)
		}
		at = answerAfter(calls, offset, "HTTP/1.1 204")
		if missing := undone(calls[:offset], file); missing != "" || at < 0 {
			t.Errorf("chunk %d: before the commit at call %d there was no %s; the answer is call %d", i, offset, missing, at)
		}
	}
	linked := commitAfter(calls, at, "INSERT INTO `mc_messages`")
	for _, file := range files {
		if missing := undone(calls[:max(linked, 0)], file); missing != "" {
			t.Errorf("%s: before the commit there was no %s", strings.TrimPrefix(file, p.DataDir), missing)
		}
	}
	if answerAfter(calls, max(linked, 0), "HTTP/1.1 201") < 0 {
		t.Errorf("the client was not answered after the commit at call %d", linked)
	}
	t.Logf("%d calls, %d chunks, %d files", len(calls), len(chunks), len(files))
}

// traceable runs the program where its system calls can be watched, with a client and a record to link to.
func traceable(t *testing.T) (p *process, rep *moduletest.Client, to moduletest.Target) {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is not installed: install the package strace to run this test")
	}
	p = startProcess(t, demo.Config{DataDir: t.TempDir(), DSN: dbtest.MariaDBDSN(t)})
	rep = signIn(t, p.address, "sales.rep")
	return p, rep, find(t, rep, "jürgen mül", "Contacts").Target
}

// newFiles lists the files below a folder that were not known yet.
func newFiles(t *testing.T, folder string, known map[string]bool) (files []string) {
	t.Helper()
	for path := range filesBelow(t, folder) {
		if !known[path] {
			files = append(files, path)
			known[path] = true
		}
	}
	return files
}

func answerAfter(calls []systemCall, from int, status string) int {
	return indexAfter(calls, from, func(c systemCall) bool { return c.name == "write" && strings.Contains(c.text, status) })
}

// undone names what is missing among calls to make a file and its name survive a power cut, or is empty.
func undone(calls []systemCall, path string) string {
	folder, name := filepath.Dir(path), path
	from := 0
	if renamed := indexAfter(calls, 0, func(c systemCall) bool { return c.name == "rename" && c.to == path }); renamed >= 0 {
		name, from = calls[renamed].path, renamed
	}
	flushed := func(path string, after int) int {
		return indexAfter(calls, after, func(c systemCall) bool { return c.name == "fsync" && c.path == path })
	}
	file := flushed(name, 0)
	switch {
	case file < 0:
		return "fsync of " + name
	case from > 0 && file > from:
		return "fsync ahead of the rename"
	case flushed(folder, max(file, from)) < 0:
		return "fsync of the folder"
	}
	if made := indexAfter(calls, 0, func(c systemCall) bool { return c.name == "mkdir" && c.path == folder }); made >= 0 {
		if flushed(filepath.Dir(folder), made) < 0 {
			return "fsync of the folder's folder"
		}
	}
	return ""
}

// commitAfter finds the COMMIT on the connection that was told a statement.
func commitAfter(calls []systemCall, from int, statement string) int {
	row := indexAfter(calls, from, func(c systemCall) bool { return c.name == "write" && strings.Contains(c.text, statement) })
	if row < 0 {
		return -1
	}
	return indexAfter(calls, row, func(c systemCall) bool {
		return c.name == "write" && c.path == calls[row].path && strings.Contains(c.text, "COMMIT")
	})
}

func indexAfter(calls []systemCall, from int, match func(systemCall) bool) int {
	for i := from; i < len(calls); i++ {
		if match(calls[i]) {
			return i
		}
	}
	return -1
}

func filesBelow(t *testing.T, folder string) map[string]bool {
	t.Helper()
	files := make(map[string]bool)
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files[path] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// trace is strace at a running program.
type trace struct {
	cmd  *exec.Cmd
	file string
}

// startTrace returns once the program is being watched.
func startTrace(t *testing.T, pid int) *trace {
	t.Helper()
	tr := &trace{file: filepath.Join(t.TempDir(), "calls")}
	tr.cmd = exec.CommandContext(t.Context(), "strace", "-f", "-y", "-s", "100", "-o", tr.file,
		"-e", "trace=fsync,fdatasync,rename,renameat,renameat2,mkdir,mkdirat,write", "-p", strconv.Itoa(pid))
	said, err := tr.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "not permitted") {
			_ = tr.cmd.Wait()
			t.Skipf("the system does not let one program watch another: %s", lines.Text())
		}
		if strings.Contains(lines.Text(), "attached") {
			go func() {
				for lines.Scan() {
				}
			}()
			return tr
		}
	}
	t.Fatal("strace ended at once")
	return nil
}

// stop ends the watching, not the program, and returns what was seen. No call that somebody saw the effect of is missing: strace
// notes it before the program goes on.
func (tr *trace) stop(t *testing.T) []systemCall {
	t.Helper()
	_ = tr.cmd.Process.Signal(os.Interrupt)
	_ = tr.cmd.Wait()
	b, err := os.ReadFile(tr.file)
	if err != nil {
		t.Fatal(err)
	}
	return parseCalls(string(b))
}

// systemCall is one call: an fsync, rename or mkdir when it succeeded, a write when it began.
type systemCall struct {
	name string
	path string // of the file, or the connection
	to   string // of a rename
	text string // of a write
}

var (
	callLine    = regexp.MustCompile(`^\d+ +(\w+)\(`)
	resumedLine = regexp.MustCompile(`^\d+ +<\.\.\. \w+ resumed>`)
	onFile      = regexp.MustCompile(`\((\d+<[^>]*>)`)
	atNames     = regexp.MustCompile(`\d+<([^>]*)>, "([^"]*)"`)
)

// parseCalls puts calls that another thread interrupted together again.
func parseCalls(log string) (calls []systemCall) {
	begun := make(map[string]string) // by thread
	for line := range strings.Lines(log) {
		line = strings.TrimSpace(line)
		thread, _, _ := strings.Cut(line, " ")
		if head, cut := strings.CutSuffix(line, "<unfinished ...>"); cut {
			if strings.Contains(head, " write(") {
				calls = appendCall(calls, head+"= 0")
			} else {
				begun[thread] = head
			}
			continue
		}
		if resumed := resumedLine.FindString(line); resumed != "" {
			if begun[thread] == "" {
				continue
			}
			line = begun[thread] + strings.TrimPrefix(line, resumed)
			delete(begun, thread)
		}
		calls = appendCall(calls, line)
	}
	return calls
}

func appendCall(calls []systemCall, line string) []systemCall {
	name := callLine.FindStringSubmatch(line)
	if name == nil || strings.Contains(line, ") = -1 ") {
		return calls
	}
	switch name[1] {
	case "write":
		if on := onFile.FindStringSubmatch(line); on != nil {
			return append(calls, systemCall{name: "write", path: on[1], text: line})
		}
	case "fsync", "fdatasync":
		if on := onFile.FindStringSubmatch(line); on != nil {
			_, path, _ := strings.Cut(strings.TrimSuffix(on[1], ">"), "<")
			return append(calls, systemCall{name: "fsync", path: path})
		}
	case "renameat", "renameat2":
		if at := atNames.FindAllStringSubmatch(line, 2); len(at) == 2 {
			return append(calls, systemCall{name: "rename", path: filepath.Join(at[0][1], at[0][2]), to: filepath.Join(at[1][1], at[1][2])})
		}
	case "mkdirat":
		if at := atNames.FindStringSubmatch(line); at != nil {
			if filepath.IsAbs(at[2]) {
				return append(calls, systemCall{name: "mkdir", path: at[2]})
			}
			return append(calls, systemCall{name: "mkdir", path: filepath.Join(at[1], at[2])})
		}
	}
	return calls
}
