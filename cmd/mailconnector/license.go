package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/licensing"
)

// operator is who the history of the license names for what was done on the command line.
const operator = "command line"

func licenseCommands() group {
	return group{
		summary: "See, request, activate and deactivate the license of an installation.",
		members: []member{
			{"status", licenseStatusCommand()},
			{"request", licenseRequestCommand()},
			{"activate", licenseActivateCommand()},
			{"deactivate", licenseDeactivateCommand()},
		},
	}
}

// licenseWork does something with the license of an installation.
type licenseWork func(ctx context.Context, s streams, l *licensing.Service, args []string) error

// withInstallation declares the flags that name an installation, vtenext or the demo, and opens its license for the
// work.
func withInstallation(f *flag.FlagSet, work licenseWork) runner {
	var c siteFlags
	c.declare(f)
	data := f.String("data", "", "data `folder` of a demo, whose license it is; without it and without a data source name, that of the demo at its usual place")
	return func(ctx context.Context, s streams, args []string) error {
		service, done, err := openLicense(ctx, s, c, *data)
		if err != nil {
			return err
		}
		return errors.Join(work(ctx, s, service, args), done())
	}
}

func openLicense(ctx context.Context, s streams, c siteFlags, data string) (*licensing.Service, func() error, error) {
	if data == "" && c.database().met {
		return c.license(ctx, s)
	}
	return demo.Licensing(ctx, demo.Config{DataDir: data}, cmp.Or(c.url, "http://127.0.0.1:8080"))
}

func licenseStatusCommand() command {
	return command{
		summary: "Print the state of the license and its seats.",
		detail:  "It fails where no license is in force, so that a script can tell.",
		example: "mailconnector license status --config /etc/mailconnector.yaml",
		flags: func(f *flag.FlagSet) runner {
			return withInstallation(f, func(ctx context.Context, s streams, l *licensing.Service, _ []string) error {
				status, err := l.Status(ctx)
				if err != nil {
					return err
				}
				if err := printStatus(s.out, status); err != nil {
					return err
				}
				return status.State.Err()
			})
		},
	}
}

func licenseRequestCommand() command {
	return command{
		summary: "Print what to send to a partner to get a license.",
		example: "mailconnector license request --config /etc/mailconnector.yaml --users 25 > request.txt",
		flags: func(f *flag.FlagSet) runner {
			users := f.Int("users", 10, "`number` of people who will use the add-in")
			return withInstallation(f, func(_ context.Context, s streams, l *licensing.Service, _ []string) error {
				_, err := fmt.Fprint(s.out, l.Request(*users).Text())
				return err
			})
		},
	}
}

func licenseActivateCommand() command {
	return command{
		summary: "Activate a license from a file or from standard input.",
		args:    "[LICENSE]",
		example: "mailconnector license activate --config /etc/mailconnector.yaml license.txt",
		flags: func(f *flag.FlagSet) runner {
			return withInstallation(f, func(ctx context.Context, s streams, l *licensing.Service, args []string) error {
				name, err := oneArgument(args)
				if err != nil {
					return err
				}
				document, err := readText(s, name)
				if err != nil {
					return err
				}
				status, err := l.Activate(ctx, operator, document)
				if err != nil {
					return err
				}
				return printStatus(s.out, status)
			})
		},
	}
}

func licenseDeactivateCommand() command {
	return command{
		summary: "End the license here. Linked mails stay readable; seats stay assigned.",
		example: "mailconnector license deactivate --config /etc/mailconnector.yaml",
		flags: func(f *flag.FlagSet) runner {
			return withInstallation(f, func(ctx context.Context, s streams, l *licensing.Service, _ []string) error {
				return l.Deactivate(ctx, operator)
			})
		},
	}
}

func printStatus(w io.Writer, status licensing.Status) error {
	_, err := fmt.Fprintf(w, "state:        %s\nseats:        %d of %d\n", status.State, status.SeatsUsed, status.SeatsTotal)
	if err == nil && status.License != nil {
		l := status.License
		_, err = fmt.Fprintf(w, "serial:       %s (%s)\ninstallation: %s, %s\nvalid until:  %s, then %d days of grace\npartner:      %s\n",
			l.Serial, l.Kind, l.Installation, l.CRMURL, l.ValidTo.Format(time.DateOnly), l.GraceDays, l.Partner.Name)
	}
	if err == nil {
		_, err = fmt.Fprintf(w, "\n%s\n", status.Message)
	}
	return err
}
