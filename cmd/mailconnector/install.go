package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/mailconnector/mailconnector/module"
)

func installCommand() command {
	return command{
		summary: "Put the module's page into the menu of vtenext's settings.",
		detail: "Administrators find “Outlook Mail Connector” under Other settings, at the latest when they sign in anew. Repeating it\n" +
			"gives the entry the address that holds now. Nothing else of the CRM changes.",
		example: "mailconnector install --vtenext /var/www/crm",
		flags: func(f *flag.FlagSet) runner {
			var c crmFlags
			c.declare(f)
			path := f.String("prefix", module.DefaultPrefix, "`path` everything is served below")
			return func(ctx context.Context, s streams, _ []string) error {
				site, err := c.address(c.database())
				if err != nil {
					return err
				}
				address := pageOf(site, *path, "admin/")
				return c.with(ctx, s, func(installed *crm) error {
					if err := installed.AddMenuEntry(ctx, address); err != nil {
						return err
					}
					_, err := fmt.Fprintf(s.out, "“Outlook Mail Connector” is among the CRM's settings and leads to %s\n", address)
					return err
				})
			}
		},
	}
}

func uninstallCommand() command {
	return command{
		summary: "Take the module out of the menu of vtenext's settings and, if asked, its tables out of the database.",
		detail: "Every mail that was linked stays in the CRM, with its documents. --tables removes licenses, sessions, the search index\n" +
			"and the record of who linked what, but not the folder of mails; it asks for the name of the database first. Stop serve before that.",
		example: "mailconnector uninstall --vtenext /var/www/crm\nmailconnector uninstall --vtenext /var/www/crm --tables",
		flags: func(f *flag.FlagSet) runner {
			var c crmFlags
			c.declare(f)
			tables := f.Bool("tables", false, "remove the module's tables too")
			return func(ctx context.Context, s streams, _ []string) error {
				return c.with(ctx, s, func(installed *crm) error {
					removed, err := installed.RemoveMenuEntry(ctx)
					if err != nil {
						return err
					}
					said := "the menu entry was not there"
					if removed {
						said = "the menu entry is gone"
					}
					if _, err := fmt.Fprintln(s.out, said); err != nil || !*tables {
						return err
					}
					return installed.dropTables(ctx, s)
				})
			}
		},
	}
}

// dropTables removes the module's tables once the one who asks for it types the name of the database.
func (c *crm) dropTables(ctx context.Context, s streams) error {
	var database string
	if err := c.db.QueryRowContext(ctx, "SELECT DATABASE()").Scan(&database); err != nil {
		return fmt.Errorf("read the name of the database: %w", err)
	}
	tables, err := module.Tables(ctx, module.Config{DB: c.db, Owner: c.name})
	if err != nil {
		return fmt.Errorf("list the module's tables: %w", err)
	}
	if len(tables) == 0 {
		_, err := fmt.Fprintln(s.out, "there are no tables of the module")
		return err
	}
	fmt.Fprintf(s.err, "This removes for good from the database %s:\n  %s\nType the name of the database to go on: ",
		database, strings.Join(tables, "\n  "))
	answer, _ := bufio.NewReader(s.in).ReadString('\n') // what ends without a line is no name
	if strings.TrimSpace(answer) != database {
		return errors.New("that is not its name: no table was removed")
	}
	for _, table := range tables {
		if _, err := c.db.ExecContext(ctx, "DROP TABLE `"+table+"`"); err != nil {
			return fmt.Errorf("remove %s: %w", table, err)
		}
	}
	_, err = fmt.Fprintf(s.out, "%d tables are gone; every mail stays in the CRM\n", len(tables))
	return err
}
