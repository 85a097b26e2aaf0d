package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"

	"github.com/mailconnector/mailconnector/demo"
)

func demoCommand() command {
	return command{
		summary: "Run a small CRM with the module mounted and a simulated Outlook, to try everything in a browser.",
		detail: "It starts in seconds with nothing installed. Everything it writes is in one folder; --dsn keeps the\n" +
			"tables in MariaDB or MySQL instead of SQLite.",
		example: "mailconnector demo\nmailconnector demo --addr 127.0.0.1:9000 --data /tmp/demo --activated=false",
		flags: func(f *flag.FlagSet) runner {
			c := demo.Config{Activated: true}
			f.StringVar(&c.Addr, "addr", "127.0.0.1:8080", "`address` to listen on; keep it on this machine, the passwords are public")
			f.StringVar(&c.DataDir, "data", "", "`folder` for the database, mails and documents (default: a folder in your cache that stays)")
			f.StringVar(&c.DSN, "dsn", os.Getenv("MAILCONNECTOR_DSN"), "data source `name` of a MariaDB or MySQL database; set MAILCONNECTOR_DSN where it has a password")
			f.BoolVar(&c.Activated, "activated", true, "enter the trial license; false prints it, to be entered on the admin page")
			content := f.String("content", "", contentUsage+" (default: the folder mails in that of --data)")
			return func(ctx context.Context, s streams, _ []string) (err error) {
				if *content != "" {
					if c.Content, err = openContent(*content); err != nil {
						return fmt.Errorf("--content: %w", err)
					}
				}
				c.Out = s.out
				c.Logger = slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
				return demo.Run(ctx, c)
			}
		},
	}
}
