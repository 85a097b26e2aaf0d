package database

import (
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/migrator"
	"gorm.io/gorm/schema"
)

// sqliteDialector teaches gorm as much of SQLite as our stores use. The usual dialectors import a driver, and two
// SQLite drivers in one binary panic: the driver is the host's choice.
type sqliteDialector struct{ conn gorm.ConnPool }

var _ gorm.Dialector = sqliteDialector{}

// Name tells plugins the dialect.
func (sqliteDialector) Name() string { return string(SQLite) }

// Initialize hands gorm the host's database and the statements it builds on it.
func (d sqliteDialector) Initialize(db *gorm.DB) error {
	db.ConnPool = d.conn
	callbacks.RegisterDefaultCallbacks(db, &callbacks.Config{LastInsertIDReversed: true})
	db.ClauseBuilders["FOR"] = buildLocking
	return nil
}

// buildLocking leaves row locks out: SQLite has none and needs none, its write transactions run one after the other.
func buildLocking(c clause.Clause, b clause.Builder) {
	if _, ok := c.Expression.(clause.Locking); !ok {
		c.Build(b)
	}
}

// Migrator returns gorm's plain migrator, which our stores never use: tables come from [DB.Migrate].
func (d sqliteDialector) Migrator(db *gorm.DB) gorm.Migrator {
	return migrator.Migrator{Config: migrator.Config{DB: db, Dialector: d}}
}

// DataTypeOf serves the migrator only.
func (sqliteDialector) DataTypeOf(f *schema.Field) string { return string(f.DataType) }

// DefaultValueOf stands for a column left out of one row of a batch; SQLite has no DEFAULT keyword.
func (sqliteDialector) DefaultValueOf(*schema.Field) clause.Expression {
	return clause.Expr{SQL: "NULL"}
}

// BindVarTo writes the placeholder of a value.
func (sqliteDialector) BindVarTo(w clause.Writer, _ *gorm.Statement, _ any) { _ = w.WriteByte('?') }

// QuoteTo quotes as MySQL does. SQLite understands backticks, and unlike a name in double quotes a misspelled one never
// turns into a string.
func (sqliteDialector) QuoteTo(w clause.Writer, name string) {
	for i, part := range strings.Split(name, ".") {
		if i > 0 {
			_ = w.WriteByte('.')
		}
		_, _ = w.WriteString("`" + strings.ReplaceAll(part, "`", "``") + "`")
	}
}

// Explain writes a statement for the log, where [gormLogger] leaves no values to write.
func (sqliteDialector) Explain(text string, vars ...any) string {
	return logger.ExplainSQL(text, nil, `'`, vars...)
}
