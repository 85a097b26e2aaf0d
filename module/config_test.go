package module_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/licensing"
	"github.com/mailconnector/mailconnector/module"
)

func TestNewSaysHowToMendAConfiguration(t *testing.T) {
	valid := config(t, dbtest.SQLite(t))
	for name, tt := range map[string]struct {
		spoil func(*module.Config)
		want  []string // parts of the error
	}{
		"no host at all":   {func(c *module.Config) { c.Host = module.Host{} }, []string{"Accounts, Filing, Permissions, Records", "give"}},
		"no accounts":      {func(c *module.Config) { c.Host.Accounts = nil }, []string{"Host lacks Accounts:"}},
		"no permissions":   {func(c *module.Config) { c.Host.Permissions = nil }, []string{"Host lacks Permissions:"}},
		"no records":       {func(c *module.Config) { c.Host.Records = nil }, []string{"Host lacks Records:"}},
		"no filing":        {func(c *module.Config) { c.Host.Filing = nil }, []string{"Host lacks Filing:"}},
		"no database":      {func(c *module.Config) { c.DB = nil }, []string{"DB", "*sql.DB"}},
		"no content store": {func(c *module.Config) { c.Content = nil }, []string{"Content", "documents.Files"}},
		"no installation":  {func(c *module.Config) { c.Installation = "" }, []string{"Installation", "name of this CRM"}},
		"no vendor keys":   {func(c *module.Config) { c.VendorKeys = nil }, []string{"VendorKeys", "public key"}},
		"an empty key":     {func(c *module.Config) { c.VendorKeys = make([]licensing.PublicKey, 1) }, []string{"vendor key is empty"}},

		"an unknown driver":  {func(c *module.Config) { c.DB = sql.OpenDB(strange{}) }, []string{"strange", `set Dialect to "mysql" or "sqlite"`}},
		"an unknown dialect": {func(c *module.Config) { c.Dialect = "oracle" }, []string{`"oracle"`, `set Dialect to "mysql" or "sqlite"`}},

		"no address of the CRM":           {func(c *module.Config) { c.CRMURL = "" }, []string{"CRMURL", "https://crm.example.com"}},
		"an address without a scheme":     {func(c *module.Config) { c.CRMURL = "crm.example.com" }, []string{"CRMURL", "https://crm.example.com"}},
		"an address of another scheme":    {func(c *module.Config) { c.CRMURL = "ftp://crm.example.com" }, []string{"CRMURL"}},
		"an address with a password":      {func(c *module.Config) { c.CRMURL = "https://a:b@crm.example.com" }, []string{"CRMURL", "credentials"}},
		"an address everybody can listen": {func(c *module.Config) { c.CRMURL = "http://crm.example.com" }, []string{"CRMURL", "use https"}},

		"no origins":              {func(c *module.Config) { c.AllowedOrigins = nil }, []string{"AllowedOrigins", "list the origin"}},
		"every origin":            {func(c *module.Config) { c.AllowedOrigins = []string{"*"} }, []string{`"*"`, "no wildcard"}},
		"origins with a wildcard": {func(c *module.Config) { c.AllowedOrigins = []string{"https://*.example.com"} }, []string{"no wildcard"}},
		"an origin with a path":   {func(c *module.Config) { c.AllowedOrigins = []string{"https://a.example/pane"} }, []string{"scheme, host and port only"}},

		"a prefix without a slash":     {prefix("crm"), []string{`"crm"`, "/mailconnector"}},
		"the root as prefix":           {prefix("/"), []string{`"/"`, "/mailconnector"}},
		"a prefix that climbs":         {prefix("/crm/../mail"), []string{"/crm/../mail"}},
		"a prefix with a double slash": {prefix("/crm//mail"), []string{"/crm//mail"}},
		"a prefix with a query":        {prefix("/crm?mail"), []string{"/crm?mail"}},
		"a prefix with a fragment":     {prefix("/crm#mail"), []string{"/crm#mail"}},
		"a prefix with a wildcard":     {prefix("/{crm}"), []string{"/{crm}"}},
		"a prefix with a blank":        {prefix("/my crm"), []string{"/my crm"}},
		"a prefix to be escaped":       {prefix("/crm/€"), []string{"/crm/€"}},
		"an escaped prefix":            {prefix("/crm%2Fmail"), []string{"/crm%2Fmail"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := valid
			tt.spoil(&c)
			ext, err := module.New(c)
			if ext != nil || err == nil {
				t.Fatalf("New = %v, %v, want an error", ext, err)
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("New says %q, which lacks %q", err, part)
				}
			}
		})
	}
}

func prefix(p string) func(*module.Config) { return func(c *module.Config) { c.Prefix = p } }

func TestNewAcceptsWhatWorks(t *testing.T) {
	valid := config(t, dbtest.SQLite(t))
	for name, tt := range map[string]struct {
		change func(*module.Config)
		want   string // pattern
	}{
		"no prefix":                        {prefix(""), "/mailconnector/"},
		"a prefix with a slash at its end": {prefix("/crm/"), "/crm/"},
		"a prefix of two folders":          {prefix("/a/b"), "/a/b/"},
		"the dialect of a wrapped driver":  {func(c *module.Config) { c.DB, c.Dialect = sql.OpenDB(strange{}), "mysql" }, "/mailconnector/"},
		"http on this machine":             {func(c *module.Config) { c.CRMURL = "http://127.0.0.1:8080" }, "/mailconnector/"},
		"http on this machine by name":     {func(c *module.Config) { c.CRMURL = "http://localhost:8080/crm" }, "/mailconnector/"},
		"http on this machine over IPv6":   {func(c *module.Config) { c.CRMURL = "http://[::1]" }, "/mailconnector/"},
		"several keys and origins": {func(c *module.Config) {
			c.VendorKeys = append(c.VendorKeys, vendorKey(t))
			c.AllowedOrigins = append(c.AllowedOrigins, "https://other.example.com:8443/")
		}, "/mailconnector/"},
	} {
		t.Run(name, func(t *testing.T) {
			c := valid
			tt.change(&c)
			if got := newExtension(t, c).Pattern(); got != tt.want {
				t.Errorf("Pattern = %q, want %q", got, tt.want)
			}
		})
	}
}

// TestNewDoesNoIO gives New a database and a content store that fail the test at the first touch: the store is nil inside.
func TestNewDoesNoIO(t *testing.T) {
	c := config(t, dbtest.SQLite(t))
	c.DB, c.Dialect, c.Content = sql.OpenDB(touchy{t}), "sqlite", struct{ documents.ContentStore }{}
	ext := newExtension(t, c)
	if got := ext.Pattern(); got != "/mailconnector/" {
		t.Errorf("Pattern = %q", got)
	}
	if err := ext.Stop(t.Context()); err != nil {
		t.Errorf("Stop before Start = %v", err)
	}
}

var errNoConnection = errors.New("no connection to be had")

// strange is a driver nobody knows. It has no connections.
type strange struct{}

func (strange) Connect(context.Context) (driver.Conn, error) { return nil, errNoConnection }
func (s strange) Driver() driver.Driver                      { return s }
func (strange) Open(string) (driver.Conn, error)             { return nil, errNoConnection }

// touchy fails the test when it is connected to.
type touchy struct{ t *testing.T }

func (d touchy) Connect(context.Context) (driver.Conn, error) { return d.Open("") }
func (d touchy) Driver() driver.Driver                        { return d }
func (d touchy) Open(string) (driver.Conn, error) {
	d.t.Error("New connects to the database")
	return nil, errNoConnection
}
