package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/module"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

// beside is an installation of vtenext with the command line beside it.
type beside struct {
	db     *sql.DB
	flags  []string
	crm    string            // folder
	linked moduletest.Target // a record with a mail on it
}

// newBeside loads organisation A and makes what the flags name: folders, and the vendor's key.
func newBeside(t *testing.T) *beside {
	t.Helper()
	dsn := organisation(t, shared(t, "vtenext", "organisation-a.sql.gz"), strings.TrimSpace)
	t.Chdir(t.TempDir())
	t.Setenv("MAILCONNECTOR_DSN", dsn)
	must(t, "", "vendor", "init")
	return besideCRM(t, "crm", dsn)
}

// besideCRM makes the folder of a CRM, and names what is in the one tests work in.
func besideCRM(t *testing.T, crm, dsn string) *beside {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(crm, "storage"), 0o700); err != nil {
		t.Fatal(err)
	}
	return &beside{db: openDB(t, dsn), crm: crm, flags: []string{
		"--storage", crm, "--crm-version", "20.04.3", "--crm-url", "https://crm.example.com", "--content", "content",
		"--vendor", "vendor.pub",
	}}
}

// args is a command with the flags that name the installation, and more flags, which win.
func (b *beside) args(command string, more ...string) []string {
	return slices.Concat(strings.Fields(command), b.flags, more)
}

// wantFailure runs a command that cannot do its work, and has to say why.
func wantFailure(t *testing.T, want string, args ...string) {
	t.Helper()
	code, _, problems := mailconnector(t, "", args...)
	if code != exitFailed || !strings.Contains(problems, want) {
		t.Errorf("mailconnector %s: exit %d, problems %q; want exit %d and %q", strings.Join(args, " "), code, problems, exitFailed, want)
	}
}

// license goes the whole way to a license on the command line.
func (b *beside) license(t *testing.T) {
	t.Helper()
	must(t, "", "partner", "keygen")
	certificate := must(t, "", "vendor", "certify", "--name", "Good Partner", "partner.pub")
	if err := os.WriteFile("partner.cert", []byte(certificate), 0o600); err != nil {
		t.Fatal(err)
	}
	order := must(t, "", b.args("license request", "--users", "5")...)
	license := must(t, must(t, order, "partner", "sign-request"), "vendor", "issue")
	must(t, license, b.args("license activate")...)
}

// TestBesideVtenext goes the whole way beside a real CRM, in the order of an administrator.
func TestBesideVtenext(t *testing.T) {
	b := newBeside(t)
	for _, step := range []struct {
		name string
		run  func(*testing.T, *beside)
	}{
		{"the doctor says what to do first", doctorBefore},
		{"what is missing is said", saysWhatIsMissing},
		{"migrate and license", func(t *testing.T, b *beside) {
			must(t, "", b.args("migrate")...)
			must(t, "", b.args("migrate")...)
			b.license(t)
		}},
		{"the index is built", buildsIndex},
		{"the doctor has nothing to mend", doctorAfter},
		{"the doctor names a column that is gone", doctorNamesColumn},
		{"an extension closes a module unless it is trusted", trustsExtension},
		{"the CRM's decisions are exported", exportsDecisions},
		{"a decision is explained", explainsDecision},
		{"a user signs in, searches and links", linksWhileServing},
		{"wrong passwords are counted for who gives them", countsByClient},
		{"what was linked is exported and verified", exportsMails},
		{"an administrator shares linked mails", sharesWhileServing},
		{"tables that serve another CRM are left alone", leavesTablesOfAnotherCRM},
		{"the module comes and goes", comesAndGoes},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, b) }) {
			t.FailNow()
		}
	}
}

func saysWhatIsMissing(t *testing.T, b *beside) {
	wantFailure(t, "run the command migrate", b.args("serve", "--addr", "127.0.0.1:0")...)
	wantFailure(t, "run the command migrate", b.args("index status")...)
	wantFailure(t, "the CRM's folder for files is not there", b.args("serve", "--storage", "elsewhere")...)
	for dsn, want := range map[string]string{
		"root@tcp(127.0.0.1:1)/crm": "connect to the CRM's database", "no data source name": "cannot be read",
	} {
		t.Run(dsn, func(t *testing.T) {
			t.Setenv("MAILCONNECTOR_DSN", dsn)
			wantFailure(t, want, b.args("serve")...)
			wantFailure(t, want, b.args("doctor")...)
		})
	}
	if code, _, problems := mailconnector(t, "", b.args("serve", "--crm-url", "http://crm.intranet/vte")...); code != exitUsage ||
		!strings.Contains(problems, "give --crm-url https://crm.intranet/vte") {
		t.Errorf("serve for a CRM without https: exit %d, problems %q", code, problems)
	}
}

// doctor runs the doctor, who has so many complaints, and returns what is said.
func (b *beside) doctor(t *testing.T, complaints int, more ...string) string {
	t.Helper()
	code, out, problems := mailconnector(t, "", b.args("doctor", more...)...)
	if n := strings.Count(out, "FAIL  "); n != complaints || (code == exitOK) != (complaints == 0) {
		t.Errorf("doctor %v: exit %d, %d complaints, want %d\n%s%s", more, code, n, complaints, out, problems)
	}
	return out
}

func wantLines(t *testing.T, out string, patterns ...string) {
	t.Helper()
	for _, pattern := range patterns {
		if !regexp.MustCompile(`(?m)` + pattern).MatchString(out) {
			t.Errorf("nothing matches %q in:\n%s", pattern, out)
		}
	}
}

func doctorBefore(t *testing.T, b *beside) {
	wantLines(t, b.doctor(t, 1), `^ok +database +\S+, character set utf8mb4`, `^ok +CRM +vtenext 20\.04\.3`,
		`^ok +storage `, `^FAIL  content `, `→ run mailconnector migrate`)
	if err := os.Mkdir("content", 0o700); err != nil {
		t.Fatal(err)
	}
	wantLines(t, b.doctor(t, 1), `^ok +content `, `^FAIL  module +its tables are not there`)
	wantLines(t, b.doctor(t, 3, "--storage", "elsewhere", "--crm-version", ""), `^FAIL  storage `, `^FAIL  CRM +its version is unknown`)
}

func buildsIndex(t *testing.T, b *beside) {
	wantLines(t, b.doctor(t, 0), `^note +index +is not built yet`, `^ok +license +active, 0 of 5 seats`)
	wantFailure(t, "not built yet", b.args("index status")...)
	built := must(t, "", b.args("index build")...)
	wantLines(t, built, `^built: +yes$`, `^records: +[1-9]\d+$`)
	if again := must(t, "", b.args("index status")...); again != built {
		t.Errorf("status says %q after a build that said %q", again, built)
	}
}

func doctorAfter(t *testing.T, b *beside) {
	if out := b.doctor(t, 0, "--client-ip-header", "X-Real-IP"); strings.Contains(out, "clients") {
		t.Errorf("the doctor complains of clients that are named:\n%s", out)
	}
	wantLines(t, b.doctor(t, 0), `^note +clients `, `^ok +index +[1-9]\d+ records`, `^ok +module `, `goes on at https://crm.example.com/mailconnector/admin/$`)
	wantLines(t, b.doctor(t, 2, "--reach", "--crm-url", "http://127.0.0.1:1/crm"), `^FAIL  license `,
		`^FAIL  web address .*http://127.0.0.1:1/mailconnector/api/`)
}

func doctorNamesColumn(t *testing.T, b *beside) {
	b.exec(t, "ALTER TABLE vte_notes CHANGE note_no another VARCHAR(100)")
	wantLines(t, b.doctor(t, 1), `^FAIL  CRM +filing: vte_notes: the table has no column note_no`)
	b.exec(t, "ALTER TABLE vte_notes CHANGE another note_no VARCHAR(100)")
}

func trustsExtension(t *testing.T, b *beside) {
	b.exec(t, "INSERT INTO sdk_adv_permission (id, module, function, src) VALUES (900, 'Accounts', 'hide', 'modules/SDK/src/x.php')")
	wantLines(t, b.doctor(t, 1), `^FAIL  CRM +permissions: Accounts: sdk_adv_permission`)
	b.doctor(t, 0, "--trusted", "Contacts", "--trusted", "Accounts")
	b.exec(t, "DELETE FROM sdk_adv_permission WHERE id = 900")
}

func (b *beside) exec(t *testing.T, statement string) {
	t.Helper()
	if _, err := b.db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// serving runs serve until the test ends or stop is called, and returns the address of the module.
func (b *beside) serving(t *testing.T, more ...string) (address string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out := &lines{told: make(chan string, 1)}
	var problems bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, b.args("serve", append([]string{"--addr", "127.0.0.1:0"}, more...)...), streams{strings.NewReader(""), out, &problems})
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		if got := <-code; got != exitOK {
			t.Errorf("serve ends with exit %d\n%s", got, problems.String())
		}
	})
	t.Cleanup(stop)
	select {
	case line := <-out.told:
		_, address, _ = strings.Cut(strings.TrimSpace(line), " at ")
		return address + module.DefaultPrefix, stop
	case got := <-code:
		code <- got
		t.Fatalf("serve ends with exit %d\n%s", got, problems.String())
	case <-time.After(time.Minute):
		t.Fatal("serve does not begin within a minute")
	}
	return "", stop
}

// lines hands on the first that is written.
type lines struct{ told chan string }

func (l *lines) Write(b []byte) (int, error) {
	select {
	case l.told <- string(b):
	default:
	}
	return len(b), nil
}

func linksWhileServing(t *testing.T, b *beside) {
	address, stop := b.serving(t)
	if err := probe(t.Context(), address+"/api/v1/compatibility"); err != nil {
		t.Error(err)
	}
	if err := probe(t.Context(), address+"/api/v1/session"); err == nil {
		t.Error("an address that answers otherwise is taken for the module")
	}
	host := strings.TrimPrefix(strings.TrimSuffix(address, module.DefaultPrefix), "http://")
	wantFailure(t, "address already in use", b.args("serve", "--addr", host)...)
	c := moduletest.Dial(address, nil)
	if _, err := c.SignIn(t.Context(), "user3", "Secret#4-pw"); err == nil {
		t.Error("user3 signs in with a wrong password")
	}
	if _, err := c.SignIn(t.Context(), "user3", "Secret#3-pw"); err != nil {
		t.Fatal(err)
	}
	found, err := c.Search(t.Context(), moduletest.Query{Text: "a", Module: "Accounts", Limit: 50})
	if err != nil || len(found.Partial) > 0 {
		t.Fatalf("search = %+v, %v", found, err)
	}
	linkable := slices.IndexFunc(found.Items, func(card moduletest.Card) bool { return card.CanLink })
	if linkable < 0 {
		t.Fatalf("user3 may link to none of %+v", found.Items)
	}
	b.link(t, c, found.Items[linkable].Target)
	stop()
	if _, err := c.Session(t.Context()); err == nil {
		t.Error("the module answers after it was stopped")
	}
}

// link links a mail and looks for its rows and files.
func (b *beside) link(t *testing.T, c *moduletest.Client, to moduletest.Target) {
	t.Helper()
	mail, err := os.ReadFile(b.offer(t))
	if err != nil {
		t.Fatal(err)
	}
	receipt, err := c.Link(t.Context(), bytes.NewReader(mail), moduletest.LinkOptions{IdempotencyKey: "one", Direction: "inbound"}, to)
	if err != nil || len(receipt.Links) != 1 || !receipt.Links[0].Created {
		t.Fatalf("Link = %+v, %v", receipt, err)
	}
	b.linked = to
	source, err := c.Source(t.Context(), receipt.Message.ID)
	if err != nil || !bytes.Equal(source, mail) {
		t.Errorf("the source differs from what was linked: %d bytes of %d, %v", len(source), len(mail), err)
	}
	messages := text(t, b.db, `SELECT COUNT(*) FROM vte_messages m JOIN vte_messagesrel r USING (messagehash)
		WHERE m.messageid = ? AND r.crmid = ? AND r.module = ? AND m.smownerid = (SELECT id FROM vte_users WHERE user_name = 'user3')`,
		receipt.Message.MessageID, to.Record, to.Module)
	if messages != "1" {
		t.Errorf("the CRM has %s messages on %s %s", messages, to.Module, to.Record)
	}
	want := make(map[string]string) // sha256 by path
	for _, part := range receipt.Parts {
		if part.Document != "" {
			path := text(t, b.db, `SELECT CONCAT(a.path, a.attachmentsid, '_', a.name) FROM vte_senotesrel s
				JOIN vte_seattachmentsrel f ON f.crmid = s.notesid JOIN vte_attachments a USING (attachmentsid)
				WHERE s.notesid = ? AND s.crmid = ?`, part.Document, to.Record)
			want[path] = part.SHA256
		}
	}
	if diff := cmp.Diff(want, b.files(t)); diff != "" || len(want) != 2 {
		t.Errorf("files in the CRM's storage (-documents +files):\n%s\n%+v", diff, receipt)
	}
}

// files hashes the files in the CRM's storage, without the pages that keep its folders from being listed.
func (b *beside) files(t *testing.T) map[string]string {
	t.Helper()
	hashes := make(map[string]string)
	storage := os.DirFS(b.crm)
	err := fs.WalkDir(storage, "storage", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == "index.html" {
			return err
		}
		content, err := fs.ReadFile(storage, path)
		hashes[path] = fmt.Sprintf("%x", sha256.Sum256(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hashes
}

// offer is a mail of the demo, with attachments.
func (b *beside) offer(t *testing.T) string {
	t.Helper()
	return filepath.Join(repository, "demo", "outlook", "mails", "1-offer.eml")
}
