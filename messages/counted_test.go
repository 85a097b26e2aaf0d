package messages_test

import (
	"database/sql/driver"
	"strings"
	"sync"
)

// reads counts what is read from a table of ours. The zero value counts nothing.
type reads struct {
	mu         sync.Mutex
	table      string
	statements int
	rows       int
}

// of counts the statements that read a table, named by what their text contains, and their rows while something is done.
func (r *reads) of(table string, do func()) (statements, rows int) {
	r.set(table)
	do()
	defer r.set("")
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.statements, r.rows
}

func (r *reads) set(table string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.table, r.statements, r.rows = table, 0, 0
}

func (r *reads) read(query string, rows driver.Rows) driver.Rows {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rows == nil || r.table == "" || !strings.Contains(query, r.table) {
		return rows
	}
	r.statements++
	return &countedRows{Rows: rows, reads: r}
}

type countedRows struct {
	driver.Rows
	reads *reads
}

func (c *countedRows) Next(dest []driver.Value) error {
	err := c.Rows.Next(dest)
	if err == nil {
		c.reads.mu.Lock()
		defer c.reads.mu.Unlock()
		c.reads.rows++
	}
	return err
}
