package database

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// TableOptions ends every CREATE TABLE of a MySQL step, whatever the host's defaults are: transactions, every
// character, and a comparison that does not merge identities that differ in case or accent.
const TableOptions = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"

// Migration is one step towards the wanted tables: a single additive DDL statement for each dialect, because DDL on
// MySQL survives a rollback. An empty statement means there is nothing to do on that database.
type Migration struct {
	ID     string // unique and never changed, at most 100 bytes: "messages-003-links"
	MySQL  string
	SQLite string
}

// Migrations are the steps for the tables of this package. They come before those of the stores.
func Migrations() []Migration {
	return []Migration{{
		ID: "database-001-leases",
		MySQL: `CREATE TABLE mc_leases (
			name VARCHAR(100) NOT NULL PRIMARY KEY,
			holder VARCHAR(100) NOT NULL,
			version BIGINT NOT NULL,
			expires BIGINT NOT NULL
		) ` + TableOptions,
		SQLite: `CREATE TABLE mc_leases (
			name TEXT NOT NULL PRIMARY KEY,
			holder TEXT NOT NULL,
			version INTEGER NOT NULL,
			expires INTEGER NOT NULL
		)`,
	}, {
		ID: "database-002-settings",
		MySQL: `CREATE TABLE mc_settings (
			name VARCHAR(100) NOT NULL PRIMARY KEY,
			value MEDIUMTEXT NOT NULL,
			updated BIGINT NOT NULL
		) ` + TableOptions,
		SQLite: `CREATE TABLE mc_settings (
			name TEXT NOT NULL PRIMARY KEY,
			value TEXT NOT NULL,
			updated INTEGER NOT NULL
		)`,
	}}
}

// historyTable records the steps that were applied.
var historyTable = Migration{
	MySQL: `CREATE TABLE IF NOT EXISTS mc_migrations (
		id VARCHAR(100) NOT NULL PRIMARY KEY,
		applied BIGINT NOT NULL
	) ` + TableOptions,
	SQLite: `CREATE TABLE IF NOT EXISTS mc_migrations (
		id TEXT NOT NULL PRIMARY KEY,
		applied INTEGER NOT NULL
	)`,
}

// Migrate applies, in order, the steps that mc_migrations does not record yet. A table, column or index that is already
// there counts as done, so runs that crashed and runs at the same time end with the same tables. Where nothing is
// pending it changes nothing and needs no right to. It answers [ErrTaken], and changes nothing, where there are tables
// of another program with the names of ours, or ours serve another owner. The error names the step that did not apply;
// those before it stay.
func (d *DB) Migrate(ctx context.Context, steps []Migration) error {
	pending, err := d.Pending(ctx, steps)
	if err != nil || len(pending) == 0 {
		return err
	}
	if err := d.ddl(ctx, historyTable); err != nil {
		return fmt.Errorf("create mc_migrations: %w", err)
	}
	for _, step := range steps {
		if !slices.Contains(pending, step.ID) {
			continue
		}
		if err := d.apply(ctx, step); err != nil {
			return fmt.Errorf("migration %s: %w", step.ID, err)
		}
	}
	if slices.Contains(pending, ownerStep) {
		if err := d.noteOwner(ctx); err != nil {
			return fmt.Errorf("note whom the tables serve: %w", err)
		}
	}
	return nil
}

// Pending returns the ids of the steps not applied yet, in their order, and changes nothing. Where it is not noted yet
// whom the tables serve, that counts as the last step. It fails for steps whose ids are empty, too long or not unique,
// and with [ErrTaken] as Migrate does.
func (d *DB) Pending(ctx context.Context, steps []Migration) ([]string, error) {
	if err := checkSteps(steps); err != nil {
		return nil, err
	}
	_, applied, err := d.recognise(ctx, steps)
	if err != nil {
		return nil, err
	}
	noted, err := d.ownerNoted(ctx)
	if err != nil {
		return nil, err
	}
	var pending []string
	for _, step := range steps {
		if !applied[step.ID] {
			pending = append(pending, step.ID)
		}
	}
	if !noted {
		pending = append(pending, ownerStep)
	}
	return pending, nil
}

func checkSteps(steps []Migration) error {
	seen := make(map[string]bool, len(steps))
	for _, step := range steps {
		switch {
		case step.ID == "":
			return errors.New("migration without an id")
		case len(step.ID) > maxName:
			return fmt.Errorf("migration %q: id is longer than %d bytes", step.ID, maxName)
		case seen[step.ID]:
			return fmt.Errorf("migration %q: id is used twice", step.ID)
		}
		seen[step.ID] = true
	}
	return nil
}

// apply runs a step and then records it. A crash in between leaves the step to be found done by the next run.
func (d *DB) apply(ctx context.Context, step Migration) error {
	if err := d.ddl(ctx, step); err != nil && !alreadyDone(err) {
		return err
	}
	_, err := d.exec(ctx, "INSERT INTO mc_migrations (id, applied) VALUES (?, ?)", step.ID, Micros(d.Now()))
	if IsDuplicate(err) { // recorded by a concurrent run
		return nil
	}
	return err
}

func (d *DB) ddl(ctx context.Context, step Migration) error {
	statement := step.MySQL
	if d.dialect == SQLite {
		statement = step.SQLite
	}
	if strings.TrimSpace(statement) == "" {
		return nil
	}
	_, err := d.exec(ctx, statement)
	return err
}

// alreadyDone reads SQLite's message, because its code says only that something was wrong with the statement, or, when
// another run was just quicker, with the schema.
func alreadyDone(err error) bool {
	if n, ok := mysqlNumber(err); ok {
		return slices.Contains(mysqlDone, n)
	}
	return sqliteSays(err, "already exists") || sqliteSays(err, "duplicate column name")
}

func noSuchTable(err error) bool {
	if n, ok := mysqlNumber(err); ok {
		return slices.Contains(mysqlNoTable, n)
	}
	return sqliteSays(err, "no such table")
}

func sqliteSays(err error, text string) bool {
	_, ok := sqliteCode(err)
	return ok && strings.Contains(err.Error(), text)
}
