package crm

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
)

//go:embed seed
var seedFiles embed.FS

// Login is a user of the sample organisation that can sign in, with [Password].
type Login struct {
	UserName string
	Sees     string // what, in a few words
}

// Logins are the four of them.
func Logins() []Login {
	return []Login{
		{"admin", "everything"},
		{"sales.manager", "what sales has"},
		{"sales.rep", "her own customers"},
		{"support.agent", "whom sales serves, and tickets"},
	}
}

// Password is the password of all sample users.
const Password = "demo"

// firstNumber is the number before the first record of each type, for numbers that look like those of a real CRM.
const firstNumber = 1000

// Seed fills an empty CRM with the sample organisation: the same records each time, dated back from now. A CRM that
// has users already is left alone.
func (c *CRM) Seed(ctx context.Context) error {
	var users int
	if err := c.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM crm_users").Scan(&users); err != nil || users > 0 {
		return err
	}
	err := c.inTx(ctx, func(tx *sql.Tx) error {
		s := seeder{ctx: ctx, tx: tx, catalog: c.catalog, now: c.now(), numbers: map[string]int{}}
		s.organisation()
		s.companies()
		s.contacts()
		s.leads()
		s.opportunities()
		s.tickets()
		s.machines()
		s.messages()
		s.insertRecords()
		s.exec("UPDATE crm_sequences SET value = ? WHERE name = 'ids'", s.id)
		for entityType, n := range s.numbers {
			s.exec("INSERT INTO crm_sequences VALUES (?, ?)", entityType, firstNumber+n)
		}
		return s.err
	})
	if err != nil {
		return fmt.Errorf("fill the sample organisation: %w", err)
	}
	return nil
}

// seeder writes records. After the first error it does nothing more.
type seeder struct {
	ctx     context.Context
	tx      *sql.Tx
	catalog catalog
	now     time.Time
	err     error

	id      int64
	numbers map[string]int
	rows    []any // of crm_records
	firms   []firm
}

// firm is a company of the sample organisation.
type firm struct {
	id                    int64
	name, country, domain string
	owner                 string
	people                []person
}

// person is a contact.
type person struct {
	id          int64
	first, last string
}

func (s *seeder) exec(query string, args ...any) {
	if s.err == nil {
		_, s.err = s.tx.ExecContext(s.ctx, query, args...)
	}
}

// lines returns the lines of a file in seed, each split at its tabs.
func (s *seeder) lines(name string) [][]string {
	if s.err != nil {
		return nil
	}
	var content []byte
	content, s.err = seedFiles.ReadFile("seed/" + name)
	var all [][]string
	for line := range strings.Lines(string(content)) {
		all = append(all, strings.Split(strings.TrimSpace(line), "\t"))
	}
	return all
}

// record adds a record to those to be written, and returns its id. Values are in the order of the type's fields after the number.
func (s *seeder) record(kind, owner string, account, contact, became int64, values ...string) int64 {
	t := s.catalog.find(kind)
	s.id++
	s.numbers[kind]++
	named := make(map[string]string, len(values))
	for i, value := range values {
		named[t.Fields[i+1].Name] = value
	}
	encoded, _ := json.Marshal(named) // strings always encode
	s.rows = append(s.rows, s.id, kind, fmt.Sprintf("%s%d", t.Prefix, firstNumber+s.numbers[kind]), owner, account, contact,
		became, string(encoded), micros(s.now.Add(-time.Duration(1000-s.id)*37*time.Minute)))
	return s.id
}

// insertRecords writes the records that are collected, many in one statement.
func (s *seeder) insertRecords() {
	const columns, atOnce = 9, 100
	for chunk := range slices.Chunk(s.rows, columns*atOnce) {
		values := strings.Repeat(", (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 1)", len(chunk)/columns)
		s.exec(`INSERT INTO crm_records (id, entity_type, number, owner, account_id, contact_id, successor_id, field_values,
			modified, deleted, revision) VALUES `+values[2:], chunk...)
	}
}

func (s *seeder) organisation() {
	script, err := seedFiles.ReadFile("seed/organisation.sql")
	if err != nil {
		s.err = err
		return
	}
	for statement := range strings.SplitSeq(string(script), ";") {
		if strings.TrimSpace(statement) != "" {
			s.exec(statement)
		}
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(Password), hashCost) // one for all: the password is no secret
	if err != nil {
		s.err = err
		return
	}
	for _, login := range Logins() {
		s.exec("UPDATE crm_users SET password_hash = ? WHERE user_name = ?", string(hash), login.UserName)
	}
}
