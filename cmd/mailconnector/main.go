// Command mailconnector serves the module beside a CRM, runs the demo, examines an installation, explains permissions,
// makes and activates licenses, and inspects mails.
//
// Every command explains itself: mailconnector help, or mailconnector COMMAND --help.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// version is set when a release is built.
var version = "dev"

// Exit codes: what a script may rely on.
const (
	exitOK     = 0
	exitFailed = 1 // the command could not do its work
	exitUsage  = 2 // the command line is wrong
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// usageError is a wrong command line.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

func run(ctx context.Context, args []string, s streams) int {
	err := commands().dispatch(ctx, "mailconnector", args, s)
	var usage usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.As(err, &usage):
		fmt.Fprintf(s.err, "%s\n", usage.text)
		return exitUsage
	case ctx.Err() != nil:
		fmt.Fprintln(s.err, "stopped")
		return exitFailed
	default:
		fmt.Fprintf(s.err, "mailconnector: %v\n", err)
		return exitFailed
	}
}

// commands is the whole command line.
func commands() group {
	return group{
		summary: "The CRM side of an Outlook mail connector.",
		members: []member{
			{"demo", demoCommand()},
			{"serve", serveCommand()},
			{"migrate", migrateCommand()},
			{"install", installCommand()},
			{"uninstall", uninstallCommand()},
			{"doctor", doctorCommand()},
			{"addin", addinCommands()},
			{"index", indexCommands()},
			{"access", accessCommands()},
			{"export", exportCommand()},
			{"license", licenseCommands()},
			{"partner", partnerCommands()},
			{"vendor", vendorCommands()},
			{"mail", mailCommands()},
			{"version", versionCommand()},
		},
	}
}

func versionCommand() command {
	return command{
		summary: "Print the version.",
		example: "mailconnector version",
		flags: func(*flag.FlagSet) runner {
			return func(_ context.Context, s streams, _ []string) error {
				_, err := fmt.Fprintln(s.out, version)
				return err
			}
		},
	}
}
