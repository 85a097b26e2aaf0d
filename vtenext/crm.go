package vtenext

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"
)

// DefaultTablePrefix is what the CRM's tables begin with where nobody chose otherwise.
const DefaultTablePrefix = "vte"

// Config says where an installation of the CRM is. DB is required.
type Config struct {
	// DB is the CRM's own database, whose connections speak utf8mb4. It is never closed or reconfigured.
	DB *sql.DB

	// TablePrefix is $table_prefix of the CRM's config.inc.php, without the underscore that follows it: at most 20
	// letters, digits and underscores, and not the module's own mc. Defaults to DefaultTablePrefix.
	TablePrefix string

	// TimeZone is $default_timezone of config.inc.php: the CRM keeps its times in it. Defaults to UTC.
	TimeZone *time.Location

	// Version is the CRM's own, such as "20.04.3", which its database does not hold. Empty is unknown.
	Version string

	// Storage is the folder that holds the CRM's folder "storage". Without it no files can be filed.
	Storage string

	// Trusted names the entity types whose extensions (rows of sdk_adv_permission, sdk_adv_query and sdk_class) an
	// administrator has looked at and found to leave permissions alone. The extensions of others are taken to refuse
	// everybody but administrators, because they are code that cannot be evaluated here.
	Trusted []string

	// Logger receives operations and errors, never passwords, tokens, addresses, subjects or bodies. Defaults to
	// discarding.
	Logger *slog.Logger

	// Now is the clock. Defaults to time.Now.
	Now func() time.Time
}

// CRM is one installation. It is safe for concurrent use.
type CRM struct {
	db       *sql.DB
	prefix   string // of tables, with its underscore
	names    *strings.Replacer
	timeZone *time.Location
	version  string
	storage  string
	trusted  []string // entity types
	logger   *slog.Logger
	now      func() time.Time
}

var tablePrefix = regexp.MustCompile(`^[A-Za-z0-9_]{1,20}$`)

// New checks the configuration. It does no I/O.
func New(c Config) (*CRM, error) {
	if c.DB == nil {
		return nil, errors.New("vtenext: Config.DB is required")
	}
	if c.TablePrefix == "" {
		c.TablePrefix = DefaultTablePrefix
	}
	if !tablePrefix.MatchString(c.TablePrefix) {
		return nil, fmt.Errorf("vtenext: table prefix %q: want at most 20 letters, digits and underscores", c.TablePrefix)
	}
	if strings.EqualFold(c.TablePrefix, "mc") {
		return nil, fmt.Errorf("vtenext: table prefix %q is the module's own: its tables would have the names of the CRM's", c.TablePrefix)
	}
	if c.TimeZone == nil {
		c.TimeZone = time.UTC
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	prefix := c.TablePrefix + "_"
	return &CRM{
		db: c.DB, prefix: prefix, names: strings.NewReplacer("{", prefix, "}", ""), timeZone: c.TimeZone,
		version: c.Version, storage: c.Storage, trusted: slices.Clone(c.Trusted), logger: c.Logger, now: c.Now,
	}, nil
}

// Name tells the CRM from every other on its database server: by its database and what its tables begin with, such as
// "crm.vte_".
func (c *CRM) Name(ctx context.Context) (string, error) {
	var database string
	if err := c.db.QueryRowContext(ctx, "SELECT COALESCE(DATABASE(), '')").Scan(&database); err != nil {
		return "", fmt.Errorf("read the name of the database: %w", err)
	}
	return database + "." + c.prefix, nil
}
