package search

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// maxStatements bounds the statements kept prepared; each takes memory of the server on every connection.
const maxStatements = 48

// statements keeps the statements of searches prepared. It is safe for concurrent use.
type statements struct {
	db   *sql.DB
	mu   sync.RWMutex
	kept map[string]*sql.Stmt
}

func newStatements(db *sql.DB) *statements {
	return &statements{db: db, kept: make(map[string]*sql.Stmt)}
}

// query runs a statement, prepared where there is room to keep it.
func (s *statements) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if err := s.prepare(ctx, text); err != nil {
		return nil, err
	}
	s.mu.RLock() // close waits
	defer s.mu.RUnlock()
	if stmt := s.kept[text]; stmt != nil {
		return stmt.QueryContext(ctx, args...) //nolint:sqlclosecheck // the caller closes the rows
	}
	return s.db.QueryContext(ctx, text, args...) //nolint:sqlclosecheck // the caller closes the rows
}

// prepare keeps a statement prepared unless it is or there are too many.
func (s *statements) prepare(ctx context.Context, text string) error {
	s.mu.RLock()
	done := s.kept[text] != nil || len(s.kept) >= maxStatements
	s.mu.RUnlock()
	if done {
		return nil
	}
	stmt, err := s.db.PrepareContext(ctx, text) //nolint:sqlclosecheck // kept open for the next search
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept[text] != nil { // another search was quicker
		return stmt.Close() //nolint:sqlclosecheck // the one kept stays open
	}
	s.kept[text] = stmt
	return nil
}

// close gives the statements kept back to the server. Later searches prepare anew.
func (s *statements) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var failed error
	for _, stmt := range s.kept {
		failed = errors.Join(failed, stmt.Close())
	}
	clear(s.kept)
	return failed
}

// read runs a statement and takes over its rows one by one.
func (s *statements) read(ctx context.Context, doing string, take func(*sql.Rows) error, text string, args ...any) error {
	rows, err := s.query(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := take(rows); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
	}
	return wrap(doing, rows.Err())
}

// listSizes are the lengths of lists in statements: lists are filled up to one of them, so that few statements serve all.
// MariaDB turns a list of 1,000 into a subquery and then reads all terms of an owner (in_predicate_conversion_threshold).
var listSizes = [...]int{1, 4, 16, 64, 256, longestList}

const longestList = 900

// fill returns the list as arguments, its last element repeated up to the next of listSizes.
func fill[T any](list []T) []any {
	n := len(list)
	for _, size := range listSizes {
		if n <= size {
			n = size
			break
		}
	}
	args := make([]any, n)
	for i := range args {
		args[i] = list[min(i, len(list)-1)]
	}
	return args
}

// in returns "(?, ?, ?)" for as many arguments.
func in(args []any) string {
	return "(?" + strings.Repeat(",?", len(args)-1) + ")"
}
