package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/vtenext"
)

func accessCommands() group {
	return group{
		summary: "Compare and explain what the CRM lets its users do.",
		members: []member{
			{"export", accessTable("Write the CRM's decision for every user and record.",
				"Columns, without a header: user, module, record, deleted, view, edit, delete, list. They are the CRM's own\n"+
					"answers, so view does not look at the deleted flag, as the CRM does not.",
				"export", (*vtenext.Permissions).WriteAccess)},
			{"modules", accessTable("Write what each user may do in each module.", "", "modules", (*vtenext.Permissions).WriteTypes)},
			{"fields", accessTable("Write which fields each user sees.", "", "fields", (*vtenext.Permissions).WriteFields)},
			{"messages", accessTable("Write who may read which message.", "", "messages", (*vtenext.Permissions).WriteMessages)},
			{"explain", accessExplainCommand()},
		},
	}
}

// accessTable is a command that writes a table of decisions.
func accessTable(summary, detail, name string, write func(*vtenext.Permissions, context.Context, io.Writer, vtenext.AccessOptions) error) command {
	return command{
		summary: summary,
		detail:  detail,
		example: "mailconnector access " + name + " --vtenext /var/www/crm --format tsv > " + name + ".tsv",
		flags: func(f *flag.FlagSet) runner {
			var c crmFlags
			c.declare(f)
			format := f.String("format", "tsv", "`format` of the table; tsv is the only one")
			users := f.String("users", "", "`ids` of users, separated by commas; all if empty")
			modules := f.String("modules", "", "`names` of modules, separated by commas; the usual ones if empty")
			return func(ctx context.Context, s streams, _ []string) error {
				if *format != "tsv" {
					return usageError{fmt.Sprintf("--format %q is not known: use tsv", *format)}
				}
				options := vtenext.AccessOptions{Users: commas(*users), Types: commas(*modules)}
				return c.with(ctx, s, func(x *crm) error { return write(x.permissions, ctx, s.out, options) })
			}
		},
	}
}

func accessExplainCommand() command {
	return command{
		summary: "Say in words which rule decides what a user may do with a record.",
		example: "mailconnector access explain --vtenext /var/www/crm --user anna --module Contacts --record 42",
		flags: func(f *flag.FlagSet) runner {
			var c crmFlags
			c.declare(f)
			user := f.String("user", "", "`name` of the user")
			module := f.String("module", "", "`module` of the record, such as Contacts")
			record := f.String("record", "", "`id` of the record; empty asks about the module as a whole")
			return func(ctx context.Context, s streams, _ []string) error {
				about := permissions.Record{Type: *module, ID: *record}
				asked := need{*user != "" && *module != "", "--user and --module", "whose permissions, and for records of which module"}
				return c.with(ctx, s, func(x *crm) error { return x.explain(ctx, s, *user, about) }, asked)
			}
		},
	}
}

func (c *crm) explain(ctx context.Context, s streams, user string, r permissions.Record) error {
	id, err := vtenext.NewAccounts(c.CRM).Find(ctx, user)
	if err != nil {
		return fmt.Errorf("user %q: %w", user, err)
	}
	explanation, err := c.permissions.Explain(ctx, permissions.Subject{UserID: id}, r)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, explanation)
	return err
}

func commas(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}
