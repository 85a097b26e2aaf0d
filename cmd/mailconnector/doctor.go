package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"os"
	"time"

	"github.com/mailconnector/mailconnector/licensing"
	"github.com/mailconnector/mailconnector/module"
)

func doctorCommand() command {
	return command{
		summary: "Examine an installation beside vtenext, and say what to mend.",
		detail:  "It fails where something does not work. It changes nothing.",
		example: "mailconnector doctor --vtenext /var/www/crm --content /var/lib/mailconnector --vendor vendor.pub --reach",
		flags: func(f *flag.FlagSet) runner {
			var c siteFlags
			c.declare(f)
			reach := f.Bool("reach", false, "also ask the web server at --crm-url for the module")
			return func(ctx context.Context, s streams, _ []string) error {
				return c.examine(ctx, s, *reach)
			}
		},
	}
}

func (c *siteFlags) examine(ctx context.Context, s streams, reach bool) error {
	keys, err := c.complete(s)
	if err != nil {
		return err
	}
	site, err := c.address()
	if err != nil {
		return err
	}
	installed, err := c.crmFlags.open(ctx, s, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	x := &examination{out: s.out}
	x.database(ctx, installed.db)
	x.crm(ctx, installed, c.version)
	x.folder("storage", c.files(), "give the folder of the CRM with --storage, and let this user write in the folder storage in it")
	if x.content(ctx, c.content) {
		x.module(ctx, c, installed, keys)
	}
	if c.clientHeader == "" {
		x.line("note", "clients", "wrong passwords are not counted for addresses: let the web server name its clients, and give --client-ip-header")
	}
	if reach {
		x.address(ctx, pageOf(site, c.path, "api/v1/compatibility"))
	}
	return errors.Join(x.verdict(pageOf(site, c.path, "admin/")), installed.db.Close())
}

// examination is what was found so far.
type examination struct {
	out     io.Writer
	failed  int
	written error
}

func (x *examination) line(mark, subject, detail string) {
	_, err := fmt.Fprintf(x.out, "%-5s %-12s %s\n", mark, subject, detail)
	x.written = errors.Join(x.written, err)
}

func (x *examination) fine(subject, detail string) { x.line("ok", subject, detail) }

func (x *examination) fail(subject string, problem any, mend string) {
	x.failed++
	x.line("FAIL", subject, fmt.Sprint(problem))
	x.line("", "", "→ "+mend)
}

// verdict fails if anything did. Else the next step is the admin page.
func (x *examination) verdict(admin string) error {
	if x.failed == 0 {
		_, err := fmt.Fprintf(x.out, "\nNothing is to be mended. An administrator of the CRM goes on at %s\n", admin)
		return errors.Join(x.written, err)
	}
	return errors.Join(fmt.Errorf("%d of these must be mended", x.failed), x.written)
}

func (x *examination) database(ctx context.Context, db *sql.DB) {
	var version, charset, session, global string
	err := db.QueryRowContext(ctx, "SELECT VERSION(), @@character_set_client, @@session.time_zone, @@global.time_zone").
		Scan(&version, &charset, &session, &global)
	switch {
	case err != nil:
		x.fail("database", err, "let this database user read the CRM's database")
	case session != global:
		x.fail("database", fmt.Sprintf("the connection's time zone is %s, and the server's %s", session, global),
			"remove time_zone from the data source name: the CRM reads and writes times in the server's")
	default:
		x.fine("database", fmt.Sprintf("%s, character set %s, time zone %s", version, charset, session))
	}
}

// crm tells every finding. One that disables something fails; the others are for the administrator to know.
func (x *examination) crm(ctx context.Context, installed *crm, version string) {
	inspection, err := installed.permissions.Inspect(ctx)
	if err != nil {
		x.fail("CRM", err, "look whether --dsn names the CRM's database and --table-prefix its tables")
		return
	}
	if version == "" {
		x.fail("CRM", "its version is unknown", "give it with --crm-version, such as 20.04.3")
	} else {
		x.fine("CRM", "vtenext "+version)
	}
	for _, finding := range inspection.Findings {
		if finding.Disabled {
			x.fail("CRM", finding, "compare with a CRM of version 20.04; until then what depends on it is refused")
			continue
		}
		x.line("note", "CRM", finding.String())
	}
}

// folder writes a file to a folder and removes it.
func (x *examination) folder(subject, name, mend string) bool {
	f, err := os.CreateTemp(name, ".mailconnector-*")
	if err == nil {
		err = errors.Join(f.Close(), os.Remove(f.Name()))
	}
	if err != nil {
		x.fail(subject, err, mend)
		return false
	}
	x.fine(subject, name+" takes files")
	return true
}

func (x *examination) module(ctx context.Context, c *siteFlags, installed *crm, keys []licensing.PublicKey) {
	mounted, err := c.mount(installed, keys, slog.New(slog.DiscardHandler))
	if err != nil {
		x.fail("module", err, "change the setting that is named")
		return
	}
	defer func() { _ = mounted.content.Close() }()
	switch err := mounted.Check(ctx); {
	case errors.Is(err, module.ErrNotMigrated):
		x.fail("module", "its tables are not there, or older than this program", "run mailconnector migrate with the same flags")
		return
	case errors.Is(err, module.ErrTaken):
		x.fail("module", err, "mend that first: until then no other command touches the module's tables")
		return
	case err != nil:
		x.fail("module", err, "change the setting that is named")
		return
	}
	x.fine("module", "its tables are up to date")
	x.index(ctx, mounted)
	x.license(ctx, mounted)
}

func (x *examination) index(ctx context.Context, mounted *site) {
	switch status, err := mounted.IndexStatus(ctx); {
	case err != nil:
		x.fail("index", err, "run mailconnector index status")
	case !status.Built:
		x.line("note", "index", "is not built yet: mailconnector serve builds it, and mailconnector index build at once")
	default:
		x.fine("index", fmt.Sprintf("%d records", status.Records))
	}
}

func (x *examination) license(ctx context.Context, mounted *site) {
	status, err := mounted.Licensing().Status(ctx)
	if err == nil {
		err = status.State.Err()
	}
	if err != nil {
		x.fail("license", err, "send the output of mailconnector license request, with the same flags, to your partner; then mailconnector license activate")
		return
	}
	x.fine("license", fmt.Sprintf("%s, %d of %d seats taken", status.State, status.SeatsUsed, status.SeatsTotal))
}

// address asks for the module as a browser does.
func (x *examination) address(ctx context.Context, address string) {
	if err := probe(ctx, address); err != nil {
		x.fail("web address", err, "run mailconnector serve, and let the web server hand the path on to it")
		return
	}
	x.fine("web address", address+" answers")
}

// probe answers why an address is not the module's.
func probe(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if answer.StatusCode != http.StatusOK || kind != "application/json" {
		return fmt.Errorf("%s answers %s with %q, which is not the module", address, answer.Status, kind)
	}
	return nil
}
