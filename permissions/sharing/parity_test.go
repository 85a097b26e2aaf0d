package sharing_test

import (
	"bufio"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/permissions/sharing"
)

const organisationDump = "vtenext/organisation-a.sql.gz"

func compileCRM(t *testing.T, c crm) *sharing.Engine {
	t.Helper()
	engine, err := sharing.Compile(c.policy())
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// rows calls each with the fields of every line.
func rows(t *testing.T, r io.Reader, each func(fields []string)) {
	t.Helper()
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		each(strings.Split(lines.Text(), "\t"))
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// differences counts answers and reports the first few that differ.
type differences struct {
	t              *testing.T
	answers, wrong int
}

func (d *differences) compare(got bool, want, format string, args ...any) {
	d.t.Helper()
	d.answers++
	if got == (want == "1") {
		return
	}
	if d.wrong++; d.wrong <= 20 {
		d.t.Errorf(format+": got %t, the CRM says %s", append(args, got, want)...)
	}
}

func (d *differences) report() {
	d.t.Helper()
	d.t.Logf("%d answers compared, %d differ", d.answers, d.wrong)
	if d.answers == 0 {
		d.t.Error("nothing was compared")
	}
}

func TestEngineAnswersEveryRecordAsTheRealCRM(t *testing.T) {
	c := readCRM(t, sharedFile(t, organisationDump))
	engine, matches := compileCRM(t, c), c.matches()
	owners, processes := c.column("vte_crmentity", "crmid", "smownerid"), c.inProcess()
	d := differences{t: t}
	rows(t, sharedFile(t, "vtenext/truth-a/permitted.tsv.gz"), func(f []string) {
		user, module, id := f[0], f[1], f[2]
		record := sharing.Record{Owner: owners[id], Matches: matches[id]}
		decide := func(op sharing.Operation) bool { return engine.Decide(user, module, op, record).Allows() }
		d.compare(decide(sharing.DetailView), f[4], "user %s views %s %s", user, module, id)
		d.compare(decide(sharing.EditView), f[5], "user %s edits %s %s", user, module, id)
		d.compare(decide(sharing.Delete), f[6], "user %s deletes %s %s", user, module, id)
		listed := engine.Listed(user, module, record)
		for _, resource := range append(engine.Groups(user), user) {
			listed = listed || slices.Contains(processes[resource], id)
		}
		d.compare(f[3] == "0" && listed, f[7], "user %s lists %s %s", user, module, id)
	})
	d.report()
}

func TestEngineAnswersEveryModuleAsTheRealCRM(t *testing.T) {
	c := readCRM(t, sharedFile(t, organisationDump))
	engine := compileCRM(t, c)
	d := differences{t: t}
	rows(t, sharedFile(t, "vtenext/truth-a/modules.tsv"), func(f []string) {
		if f[0] == "userid" {
			return
		}
		user, module := f[0], f[1]
		d.compare(engine.InMenu(user, module), f[3], "user %s has %s in the menu", user, module)
		ops := []sharing.Operation{sharing.Index, sharing.DetailView, sharing.EditView, sharing.Delete, sharing.Import, sharing.Export}
		for i, op := range ops {
			if module == "Messages" && op >= sharing.Import {
				continue // Messages has a permission function of its own, which refuses these to everybody
			}
			d.compare(engine.DecideType(user, module, op).Allows(), f[4+i], "user %s may %v %s", user, op, module)
		}
	})
	d.report()
}

func TestEngineShowsEveryFieldAsTheRealCRM(t *testing.T) {
	c := readCRM(t, sharedFile(t, organisationDump))
	engine := compileCRM(t, c)
	d := differences{t: t}
	rows(t, sharedFile(t, "vtenext/truth-a/fields.tsv.gz"), func(f []string) {
		if f[0] == "userid" {
			return
		}
		user, module, field := f[0], f[1], f[2]
		d.compare(engine.FieldVisible(user, module, field), f[7], "user %s sees field %s of %s", user, field, module)
		listed := slices.Contains(engine.Fields(user, module), field)
		d.compare(listed, f[8], "user %s searches field %s of %s", user, field, module)
	})
	d.report()
}
