package vtenext

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// The files of an installation that are read, as data: nothing in them is ever executed.
const (
	configFile  = "config.inc.php"
	versionFile = "vteversion.php"
	maxPHPFile  = 4 << 20 // bytes
)

// Installation is what the files of a CRM say about it. Printing or logging one never shows the password.
type Installation struct {
	Folder            string // where the CRM is
	TablePrefix       string // without the underscore
	SiteURL           string
	TimeZone          *time.Location
	Language          string   // such as "it_it"
	BlockedExtensions []string // of file names, in lower case; nil where the file does not say
	Version           string   // such as "20.04.3"; empty where the version file is not there
	Build             string

	database mysql.Config
}

// ReadConfig reads config.inc.php and vteversion.php in the folder of a CRM. It answers an error that names the setting
// where one that is needed is missing, or is computed rather than written down.
func ReadConfig(folder string) (Installation, error) {
	config, err := readPHPFile(folder, configFile)
	if err != nil {
		return Installation{}, fmt.Errorf("read the CRM's configuration: %w", err)
	}
	version, err := readPHPFile(folder, versionFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Installation{}, fmt.Errorf("read the CRM's version: %w", err)
	}
	i := Installation{
		Folder: folder, Version: version.values["enterprise_current_version"], Build: version.values["enterprise_current_build"],
	}
	if err := i.take(config); err != nil {
		return Installation{}, fmt.Errorf("%s: %w", configFile, err)
	}
	return i, nil
}

func readPHPFile(folder, name string) (phpSettings, error) {
	f, err := os.Open(filepath.Join(folder, name))
	if err != nil {
		return phpSettings{}, err
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, maxPHPFile+1))
	if err != nil {
		return phpSettings{}, err
	}
	if len(content) > maxPHPFile {
		return phpSettings{}, fmt.Errorf("%s has more than %d bytes", name, maxPHPFile)
	}
	return readPHP(string(content)), nil
}

func (i *Installation) take(s phpSettings) error {
	var server, port, zone string
	i.database = *mysql.NewConfig()
	for _, setting := range []struct {
		name     string
		into     *string
		optional bool
	}{
		{"dbconfig[db_server]", &server, false},
		{"dbconfig[db_port]", &port, true},
		{"dbconfig[db_username]", &i.database.User, false},
		{"dbconfig[db_password]", &i.database.Passwd, true},
		{"dbconfig[db_name]", &i.database.DBName, false},
		{"table_prefix", &i.TablePrefix, false},
		{"site_URL", &i.SiteURL, true},
		{"default_timezone", &zone, false},
		{"default_language", &i.Language, true},
	} {
		value, err := s.get(setting.name, setting.optional)
		if err != nil {
			return err
		}
		*setting.into = value
	}
	if !tablePrefix.MatchString(i.TablePrefix) {
		return fmt.Errorf("$table_prefix %q is none", i.TablePrefix)
	}
	var err error
	if i.TimeZone, err = time.LoadLocation(zone); err != nil {
		return fmt.Errorf("$default_timezone: %w", err)
	}
	i.BlockedExtensions = s.list("upload_badext")
	i.database.Net, i.database.Addr = addressOfServer(server, port)
	return nil
}

// addressOfServer reads what the CRM connects to: a host with its port apart or behind it, or a socket.
func addressOfServer(server, port string) (network, address string) {
	if host, socket, found := strings.Cut(server, ":/"); found || strings.HasPrefix(server, "/") {
		if !found {
			return "unix", host
		}
		return "unix", "/" + socket
	}
	port = strings.TrimPrefix(port, ":")
	if host, own, err := net.SplitHostPort(server); err == nil {
		server, port = host, cmp.Or(own, port)
	}
	return "tcp", net.JoinHostPort(strings.Trim(server, "[]"), cmp.Or(port, "3306"))
}

// DSN returns the data source name for the driver github.com/go-sql-driver/mysql, with connections that speak utf8mb4.
// It holds the password: never log it.
func (i Installation) DSN() string {
	c := i.database.Clone()
	c.ParseTime, c.InterpolateParams = true, true
	_ = c.Apply(mysql.Charset("utf8mb4", "")) // fails never
	return c.FormatDSN()
}

// Config returns the configuration of a [CRM] on a database opened with the DSN.
func (i Installation) Config(db *sql.DB) Config {
	return Config{DB: db, TablePrefix: i.TablePrefix, TimeZone: i.TimeZone, Version: i.Version, Storage: i.Folder}
}

// String tells the installation without its password.
func (i Installation) String() string {
	return fmt.Sprintf("vtenext %s in %s, tables %s_ in database %s at %s", cmp.Or(i.Version, "of unknown version"), i.Folder,
		i.TablePrefix, i.database.DBName, i.database.Addr)
}

// Format implements [fmt.Formatter], so that no verb shows the password.
func (i Installation) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, i.String()) }

// LogValue implements [slog.LogValuer].
func (i Installation) LogValue() slog.Value { return slog.StringValue(i.String()) }

// get returns a setting.
func (s phpSettings) get(name string, optional bool) (string, error) {
	value, found := s.values[name]
	variable, _, _ := strings.Cut(name, "[")
	switch {
	case s.unclear, s.computed[name], !found && s.computed[variable]:
		return "", fmt.Errorf("$%s is computed, not written down", name)
	case !found && !optional:
		return "", fmt.Errorf("$%s is missing", name)
	}
	return value, nil
}

// list returns an array of words in lower case, nil if it is not written down.
func (s phpSettings) list(name string) []string {
	var words []string
	for key, value := range s.values {
		if strings.HasPrefix(key, name+"[") && strings.Count(key, "[") == 1 {
			words = append(words, strings.ToLower(value))
		}
	}
	slices.Sort(words)
	return words
}
