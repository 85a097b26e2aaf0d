package scale_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// adversary is the name of a fifteenth of all records, and officeOfAdversary the address of all of them: 100,000 of
// 1.5 million, none of which those who are measured may see, an administrator excepted.
const (
	adversary         = "Quelltal"
	officeOfAdversary = "office@quelltal.example"
)

const schema = `CREATE TABLE IF NOT EXISTS crm_records (
	id BIGINT NOT NULL PRIMARY KEY,
	kind TINYINT NOT NULL,
	owner INT NOT NULL,
	deleted TINYINT NOT NULL,
	modified BIGINT NOT NULL,
	parent BIGINT NOT NULL,
	first VARCHAR(40) NOT NULL,
	last VARCHAR(80) NOT NULL,
	email VARCHAR(100) NOT NULL,
	phone VARCHAR(30) NOT NULL,
	site VARCHAR(80) NOT NULL,
	KEY crm_records_owner (kind, deleted, owner),
	KEY crm_records_modified (modified, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci`

// names draws names, companies and domains as often as they occur: few often, most seldom.
type names struct {
	random               *rand.Rand
	first, last, company []string
	firstAt, lastAt      *rand.Zipf
	companyAt            *rand.Zipf
}

func newNames() *names {
	r := rand.New(rand.NewPCG(4, 2026))
	n := &names{random: r, first: invent(r, 900, 2), last: invent(r, 30_000, 3), company: invent(r, 40_000, 4)}
	n.firstAt = rand.NewZipf(r, 1.2, 8, uint64(len(n.first)-1))
	n.lastAt = rand.NewZipf(r, 1.1, 20, uint64(len(n.last)-1))
	n.companyAt = rand.NewZipf(r, 1.1, 50, uint64(len(n.company)-1))
	return n
}

// invent makes up words of so many syllables.
func invent(r *rand.Rand, count, syllables int) []string {
	heads := strings.Fields("an be car da el fran gio hei in jo ka lu mar ni os pa ros sa ti va wal zu mül schö")
	tails := strings.Fields("na ri lo ner sen ti ssi tel der ta co ber lin man do rez ska vic ny ger")
	list := make([]string, count)
	for i := range list {
		var b strings.Builder
		b.WriteString(heads[r.IntN(len(heads))])
		for range syllables - 1 {
			b.WriteString(tails[r.IntN(len(tails))])
		}
		list[i] = strings.ToUpper(b.String()[:1]) + b.String()[1:]
	}
	return list
}

func (n *names) aCompany() string { return n.company[n.companyAt.Uint64()] }

func domainOf(company string) string { return plain(company) + ".example" }

// plain spells a name as addresses do.
func plain(name string) string {
	return strings.NewReplacer("ü", "u", "ö", "o").Replace(strings.ToLower(name))
}

// kindAt is the entity type of a record: the types are mixed as time went by, two thirds of the records are contacts.
func kindAt(id int64) int {
	switch part := (id * 7919) % 15; {
	case part < 10:
		return 0
	case part < 12:
		return 1
	default:
		return int(part) - 10
	}
}

// next makes up record number id of so many.
func (n *names) next(id, total int64) row {
	r := row{id: id, kind: kindAt(id), modified: 1_700_000_000_000_000 + id*1_000_000, owner: n.random.IntN(users - foreign)}
	if n.random.IntN(50) == 0 {
		r.owner = users + n.random.IntN(groups)
	}
	company := n.aCompany()
	r.first, r.last = n.first[n.firstAt.Uint64()], n.last[n.lastAt.Uint64()]
	switch r.kind {
	case 1:
		r.first, r.last, r.site = "", company+" "+n.last[n.lastAt.Uint64()], "https://www."+domainOf(company)
		r.email = "info@" + domainOf(company)
	case 3, 4:
		r.first, r.last, r.parent = "", company+" "+r.first+" offer", n.aParent(total)
	default:
		n.reach(&r, company)
	}
	if r.kind == 0 && id%10 == 1 {
		r.last, r.email, r.owner = adversary, officeOfAdversary, users-1-n.random.IntN(foreign)
	}
	return r
}

// reach gives a person an address, at its company or at a provider, and a telephone.
func (n *names) reach(r *row, company string) {
	domain := domainOf(company)
	if n.random.IntN(5) == 0 {
		domain = "gmail.com"
	}
	r.email = plain(r.first+"."+r.last) + strconv.Itoa(n.random.IntN(40)) + "@" + domain
	r.phone = fmt.Sprintf("+39 0%d %07d", 2+n.random.IntN(90), n.random.IntN(10_000_000))
}

// aParent draws the person or company that a deal or ticket belongs to.
func (n *names) aParent(total int64) int64 {
	for {
		if id := 1 + n.random.Int64N(total); kindAt(id) <= 1 {
			return id
		}
	}
}

// fill writes the records, unless they are there, and returns a sample of them.
func (c *crm) fill(t *testing.T, total int64) []row {
	t.Helper()
	if _, err := c.db.ExecContext(t.Context(), schema); err != nil {
		t.Fatal(err)
	}
	var there bool
	if err := c.db.QueryRowContext(t.Context(), "SELECT EXISTS (SELECT 1 FROM crm_records)").Scan(&there); err != nil {
		t.Fatal(err)
	}
	if there {
		return generate(total, io.Discard)
	}
	reader, writer := io.Pipe()
	sample := make(chan []row, 1)
	go func() { sample <- generate(total, writer); _ = writer.Close() }()
	mysql.RegisterReaderHandler("records", func() io.Reader { return reader })
	defer mysql.DeregisterReaderHandler("records")
	if _, err := c.db.ExecContext(t.Context(), "LOAD DATA LOCAL INFILE 'Reader::records' INTO TABLE crm_records CHARACTER SET utf8mb4"); err != nil {
		t.Fatal(err)
	}
	return <-sample
}

// generate writes the records as tab-separated lines and returns a sample of them.
func generate(total int64, w io.Writer) (sample []row) {
	bar, n, out := newBar("records", total), newNames(), bufio.NewWriterSize(w, 1<<20)
	for id := int64(1); id <= total; id++ {
		r := n.next(id, total)
		if len(sample) < 5000 && n.random.Int64N(max(1, total/5000)) == 0 && r.last != adversary {
			sample = append(sample, r)
		}
		_, _ = fmt.Fprintf(out, "%d\t%d\t%d\t0\t%d\t%d\t%s\t%s\t%s\t%s\t%s\n",
			r.id, r.kind, r.owner, r.modified, r.parent, r.first, r.last, r.email, r.phone, r.site)
		bar.at(id)
	}
	_ = out.Flush() // a reader that went away has its own error
	bar.done()
	return sample
}
