package database

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const historyName = "mc_migrations"

// Tables returns those of the tables of the steps that are there, in an order in which to drop them: the one that records
// the steps is the last. It answers [ErrTaken] as [DB.Migrate] does.
func (d *DB) Tables(ctx context.Context, steps []Migration) ([]string, error) {
	if err := d.CheckOwner(ctx); err != nil {
		return nil, err
	}
	there, _, err := d.recognise(ctx, steps)
	if err != nil {
		return nil, err
	}
	var tables []string
	for _, step := range slices.Concat(steps, []Migration{historyTable}) {
		if name := step.creates(); there[name] != nil {
			tables = append(tables, name)
		}
	}
	return tables, nil
}

// recognise reads which tables of the steps are there and which steps were applied. It answers [ErrTaken] for a table
// that has the name of one of ours and is another program's.
func (d *DB) recognise(ctx context.Context, steps []Migration) (there tables, applied map[string]bool, err error) {
	if there, err = d.describe(ctx, steps); err != nil {
		return nil, nil, fmt.Errorf("look for tables: %w", err)
	}
	if err := there.recognise(historyTable, true); err != nil {
		return nil, nil, err
	}
	if applied, err = d.applied(ctx); err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", historyName, err)
	}
	for _, step := range steps {
		if applied[step.ID] {
			continue
		}
		if err := there.recognise(step, applied != nil); err != nil {
			return nil, nil, err
		}
	}
	return there, applied, nil
}

// tables are those that exist, by name in lower case, with their columns.
type tables map[string][]string

// recognise answers [ErrTaken] where the table that a step has yet to create exists and is not what a run left behind
// that crashed, or that is under way: those create mc_migrations before any other table.
func (t tables) recognise(step Migration, history bool) error {
	name := step.creates()
	columns, found := t[name]
	if !found {
		return nil
	}
	if !history {
		return fmt.Errorf("%w: there is %s, but not %s, which comes first. It is another program's, or left of a copy: rename it, "+
			"or drop it where nobody needs it, and run the command migrate", ErrTaken, name, historyName)
	}
	if lacking := without(step.columns(), columns); len(lacking) > 0 {
		return fmt.Errorf("%w: %s is another program's, for it has no column %s. Rename it, and run the command migrate",
			ErrTaken, name, strings.Join(lacking, ", "))
	}
	return nil
}

func without(list, those []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(those, s) })
}

var (
	createdTable = regexp.MustCompile(`^CREATE TABLE (?:IF NOT EXISTS )?(\w+)`)
	// createdColumn finds names, which are in lower case, before types, which are not.
	createdColumn = regexp.MustCompile(`[(,]\s*([a-z]\w*)\s+[A-Z]`)
)

// creates names the table that the step creates, which is the same on every database; empty if none.
func (m Migration) creates() string {
	if found := createdTable.FindStringSubmatch(m.MySQL); found != nil {
		return found[1]
	}
	return ""
}

// columns names the columns of the table that the step creates.
func (m Migration) columns() (names []string) {
	for _, found := range createdColumn.FindAllStringSubmatch(m.MySQL, -1) {
		names = append(names, found[1])
	}
	return names
}

const (
	describeMySQL = `SELECT LOWER(table_name), LOWER(column_name) FROM information_schema.columns
		WHERE table_schema = DATABASE() AND table_name IN `
	describeSQLite = `SELECT lower(m.name), lower(c.name) FROM sqlite_schema m JOIN pragma_table_info(m.name) c
		WHERE m.type IN ('table', 'view') AND lower(m.name) IN `
)

// describe reads which tables of the steps are there.
func (d *DB) describe(ctx context.Context, steps []Migration) (tables, error) {
	names := []any{historyName}
	for _, step := range steps {
		if name := step.creates(); name != "" {
			names = append(names, name)
		}
	}
	query := describeMySQL
	if d.dialect == SQLite {
		query = describeSQLite
	}
	query += "(?" + strings.Repeat(", ?", len(names)-1) + ")"
	var there tables
	err := retry(ctx, func() error {
		there = make(tables)
		var table, column string
		return d.each(ctx, []any{&table, &column}, func() { there[table] = append(there[table], column) }, query, names...)
	})
	return there, err
}

// applied reads the history, nil where there is none: asked after the other tables were looked for, so that one that is
// there without a history was not created meanwhile.
func (d *DB) applied(ctx context.Context) (applied map[string]bool, err error) {
	err = retry(ctx, func() error {
		applied = make(map[string]bool)
		var id string
		return d.each(ctx, []any{&id}, func() { applied[id] = true }, "SELECT id FROM "+historyName)
	})
	if noSuchTable(err) {
		return nil, nil
	}
	return applied, err
}
