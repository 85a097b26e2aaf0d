package database

import (
	"context"
	"errors"
	"fmt"
)

// Check looks at a connection of the host and refuses settings under which data would be altered or lost. The error
// says how to mend them.
func (d *DB) Check(ctx context.Context) error {
	if d.dialect == SQLite {
		return d.checkSQLite(ctx)
	}
	return d.checkMySQL(ctx)
}

// checkMySQL insists on utf8mb4 in both directions: on another connection the server replaces what does not fit by
// question marks, without an error.
func (d *DB) checkMySQL(ctx context.Context) error {
	var client, results string
	err := d.sql.QueryRowContext(ctx, "SELECT @@character_set_client, @@character_set_results").Scan(&client, &results)
	if err != nil {
		return fmt.Errorf("check the database connection: %w", err)
	}
	for _, charset := range []string{client, results} {
		if charset != "utf8mb4" {
			return fmt.Errorf("the database connection uses the character set %s and would lose characters: "+
				"add charset=utf8mb4 to the DSN", charset)
		}
	}
	return nil
}

func (d *DB) checkSQLite(ctx context.Context) error {
	var file, journal string
	var busy, synchronous int
	for query, into := range map[string]any{
		"SELECT file FROM pragma_database_list WHERE name = 'main'": &file,
		"PRAGMA journal_mode": &journal,
		"PRAGMA busy_timeout": &busy,
		"PRAGMA synchronous":  &synchronous,
	} {
		if err := d.sql.QueryRowContext(ctx, query).Scan(into); err != nil {
			return fmt.Errorf("check the database connection: %w", err)
		}
	}
	switch {
	case file == "" && d.sql.Stats().MaxOpenConnections != 1:
		return errors.New("each connection to an in-memory SQLite database is a database of its own: " +
			"call SetMaxOpenConns(1) or use a file")
	case file == "":
		return nil
	case journal != "wal":
		return fmt.Errorf("the SQLite database uses the journal mode %q, where readers and writers block each other: "+
			"set PRAGMA journal_mode = WAL", journal)
	case busy == 0:
		return errors.New("the SQLite connection does not wait for locks: set PRAGMA busy_timeout, to 5000 say, in the DSN")
	case synchronous == 0:
		return errors.New("the SQLite connection would lose acknowledged data in a crash: set PRAGMA synchronous = FULL")
	}
	return nil
}
