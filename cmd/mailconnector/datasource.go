package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/mailconnector/mailconnector/vtenext"
)

// dataSource is the flag --dsn. It may hold a password, but neither where a command line shows it to all nor in a file
// that others may read.
type dataSource struct {
	name string
	file string // of --config that gave it; empty for the command line
}

func (s *dataSource) String() string     { return s.name }
func (s *dataSource) Set(v string) error { *s = dataSource{name: v}; return nil }

// dataSource reads the data source name from where it was given, and adds what the module needs of a connection.
func (c *crmFlags) dataSource(s streams, installed vtenext.Installation) (string, error) {
	text, err := c.givenDataSource(s)
	if err != nil {
		return "", err
	}
	if text == "" {
		text = installed.DSN()
	}
	config, err := mysql.ParseDSN(text)
	if err != nil {
		return "", errors.New("the data source name cannot be read: use user:password@tcp(host:3306)/database") // not err: it may quote the password
	}
	if config.Passwd != "" {
		if err := c.conceal(); err != nil {
			return "", err
		}
	}
	if config.Params == nil {
		config.Params = make(map[string]string)
	}
	config.Params["charset"] = "utf8mb4"
	config.InterpolateParams = true
	config.Timeout = cmp.Or(config.Timeout, 5*time.Second)
	config.ReadTimeout = cmp.Or(config.ReadTimeout, time.Minute) // a server that hangs is one that is gone
	config.WriteTimeout = cmp.Or(config.WriteTimeout, time.Minute)
	return config.FormatDSN(), nil
}

// givenDataSource is the data source name from a flag or the environment, empty where neither has one.
func (c *crmFlags) givenDataSource(s streams) (string, error) {
	switch {
	case c.dsn.name != "" && c.dsnFile != "":
		return "", usageError{"give --dsn or --dsn-file, not both"}
	case c.dsnFile != "":
		text, err := readText(s, c.dsnFile)
		text = strings.TrimSpace(text)
		if err == nil && text == "" {
			err = usageError{fmt.Sprintf("--dsn-file: %s is empty", c.dsnFile)}
		}
		return text, err
	default:
		return cmp.Or(c.dsn.name, os.Getenv("MAILCONNECTOR_DSN")), nil
	}
}

// conceal refuses a password where others see it: on the command line, and in a file that is open to them.
func (c *crmFlags) conceal() error {
	switch {
	case c.dsn.file != "":
		return concealIn(c.dsn.file, "--config", ", or keep the data source name in a file of its own and name that with dsn-file")
	case c.dsn.name != "":
		return usageError{"--dsn must not hold a password, other users of this machine could see it: " +
			"use --dsn-file, a file given with --config, or MAILCONNECTOR_DSN"}
	case c.dsnFile != "" && c.dsnFile != "-":
		return concealIn(c.dsnFile, "--dsn-file", "")
	default:
		return nil
	}
}

// concealIn refuses a password in a file that is open to others, and says how to mend it.
func concealIn(file, flag, instead string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if exposed(info) {
		return usageError{fmt.Sprintf("%s: %s holds a password, and not its owner alone may read it (mode %04o): run chmod 600 %[2]s, "+
			"or chmod 640 where root owns it and its group is to read it%[4]s", flag, file, info.Mode().Perm(), instead)}
	}
	return nil
}
