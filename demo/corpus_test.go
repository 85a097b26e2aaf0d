package demo_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

// thorough reports whether the environment asks for the long form of tests that normally take a sample.
func thorough() bool { return os.Getenv("MAILCONNECTOR_FULL") != "" }

// corpusFiles lists the mails of the corpus, every fifth of them unless the test is to be thorough.
func corpusFiles(t *testing.T) []string {
	t.Helper()
	shared := cmp.Or(os.Getenv("MAILCONNECTOR_SHARED"), filepath.Join("..", "..", "shared"))
	folder := filepath.Join(shared, "mail-corpus", "files")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("no mail corpus here; MAILCONNECTOR_SHARED names the folder that has it")
	}
	var files []string
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if thorough() {
		return files
	}
	var sample []string
	for i := 0; i < len(files); i += 5 {
		sample = append(sample, files[i])
	}
	return sample
}

// failures logs to the test what the server could not do.
func failures(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// TestTheCorpusIsLinkedAndReadBack links real mails, several at a time, and reads all of it back: what was uploaded,
// every part, every document, every body.
func TestTheCorpusIsLinkedAndReadBack(t *testing.T) {
	files := corpusFiles(t)
	address := serve(t, demo.Config{DataDir: t.TempDir(), DSN: dbtest.MariaDBDSN(t), Activated: true, Logger: failures(t)})
	rep := signIn(t, address, "sales.rep")
	to := find(t, rep, "jürgen mül", "Contacts").Target

	began := time.Now()
	links := make([]linked, len(files))
	inParallel(t, 4, len(files), func(t *testing.T, i int) {
		raw, err := os.ReadFile(files[i])
		if err != nil {
			t.Error(err)
			return
		}
		links[i] = linked{upload: post(t, signedInAs(rep), raw, "", to), sum: sha256.Sum256(raw)}
	})
	linking := time.Since(began)

	answers, mails := map[string]int{}, map[string][]linked{}
	for i, l := range links {
		answers[l.answer()]++
		switch {
		case l.receipt.Message.ID != "":
			mails[l.receipt.Message.ID] = append(mails[l.receipt.Message.ID], l)
		case l.status != http.StatusUnprocessableEntity: // a mail without bytes
			t.Errorf("%s: %s", files[i], l.answer())
		}
	}

	began = time.Now()
	check := corpusCheck{address: address, crm: browse(t, address, "sales.rep")}
	ids := slices.Sorted(maps.Keys(mails))
	inParallel(t, 4, len(ids), func(t *testing.T, i int) { check.message(t, signedInAs(rep), mails[ids[i]]) })
	if check.parts < len(ids) || check.documents == 0 {
		t.Errorf("%d parts and %d documents of %d messages were compared", check.parts, check.documents, len(ids))
	}
	t.Logf("%d mails: %v in %s; read back %d messages, %d parts, %d documents in %s",
		len(files), answers, linking.Round(time.Second), len(ids), check.parts, check.documents, time.Since(began).Round(time.Second))
}

// linked is a mail of the corpus and what became of it.
type linked struct {
	upload
	sum [32]byte
}

// corpusCheck reads back what was linked, and counts it.
type corpusCheck struct {
	address string
	crm     func(path string) (status int, page string)

	mu               sync.Mutex
	parts, documents int
}

// message reads one message, which may be the same mail from several files of the corpus.
func (c *corpusCheck) message(t *testing.T, rep *moduletest.Client, copies []linked) {
	t.Helper()
	id := copies[0].receipt.Message.ID
	source, err := rep.Source(t.Context(), id)
	if err != nil {
		t.Errorf("message %s: source: %v", id, err)
	}
	sum := sha256.Sum256(source)
	if !slices.ContainsFunc(copies, func(l linked) bool { return l.sum == sum }) {
		t.Errorf("message %s: the source is none of what was uploaded", id)
	}
	body, err := rep.Body(t.Context(), id)
	if err != nil || !bytes.Contains(body, []byte("<")) {
		t.Errorf("message %s: body: %v", id, err)
	}
	c.messageParts(t, rep, id)
	for _, l := range copies {
		c.receipt(t, rep, l.receipt, len(copies) == 1)
	}
}

// messageParts reads every part that the message lists.
func (c *corpusCheck) messageParts(t *testing.T, rep *moduletest.Client, id string) {
	t.Helper()
	message, err := rep.Message(t.Context(), id)
	if err != nil {
		t.Errorf("message %s: %v", id, err)
		return
	}
	for _, part := range message.Parts {
		content, err := rep.Part(t.Context(), id, part.Part)
		if err != nil || !matches(content, part.SHA256, part.Size) {
			t.Errorf("message %s: part %d has other bytes than it says, or %v", id, part.Part, err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.parts += len(message.Parts)
}

// receipt holds the documents of a receipt, and its parts where the message is of this one copy, against their hashes.
func (c *corpusCheck) receipt(t *testing.T, rep *moduletest.Client, r moduletest.Receipt, only bool) {
	t.Helper()
	for _, part := range r.Parts {
		if only {
			content, err := rep.Part(t.Context(), r.Message.ID, part.Part)
			if err != nil || !matches(content, part.SHA256, part.Size) {
				t.Errorf("message %s: part %d has other bytes than its receipt says, or %v", r.Message.ID, part.Part, err)
			}
		}
		if part.Document == "" {
			continue
		}
		status, content := c.crm("/documents/" + part.Document)
		if status != http.StatusOK || !matches([]byte(content), part.SHA256, part.Size) {
			t.Errorf("message %s: document %s has other bytes than part %d (%d)", r.Message.ID, part.Document, part.Part, status)
		}
		c.mu.Lock()
		c.documents++
		c.mu.Unlock()
	}
}

func matches(content []byte, sha string, size int64) bool {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:]) == sha && int64(len(content)) == size
}

// inParallel calls work for 0 to n-1, several at a time.
func inParallel(t *testing.T, workers, n int, work func(t *testing.T, i int)) {
	t.Helper()
	next := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range next {
				work(t, i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

// signIn returns the task pane's view of a demo at an address, as a user.
func signIn(t *testing.T, address, user string) *moduletest.Client {
	t.Helper()
	c := moduletest.Dial(address+"/mailconnector", nil)
	if _, err := c.SignIn(t.Context(), user, "demo"); err != nil {
		t.Fatalf("sign in as %s: %v", user, err)
	}
	return c
}

// signedInAs returns a client in the same session, for another goroutine.
func signedInAs(c *moduletest.Client) *moduletest.Client {
	other := c.Fork()
	other.UseToken(c.Token())
	return other
}
