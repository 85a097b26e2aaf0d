package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/mailconnector/mailconnector/permissions/search"
)

// errIndexNotBuilt lets a script tell whether searches are complete.
var errIndexNotBuilt = errors.New("the index is not built yet: searches find only what it has")

func indexCommands() group {
	return group{
		summary: "Build the search index, and see how far it has come.",
		members: []member{
			{"build", indexCommand("Read every record of the CRM into the search index.",
				"serve does so by itself while it runs. Where that was stopped, this goes on from there.", "build", buildIndex)},
			{"status", indexCommand("Print how far the search index has come.",
				"It fails where the index is not built, so that a script can tell.", "status", indexStatus)},
		},
	}
}

func indexCommand(summary, detail, name string, work func(context.Context, streams, *site) error) command {
	return command{
		summary: summary,
		detail:  detail,
		example: "mailconnector index " + name + " --vtenext /var/www/crm --content /var/lib/mailconnector --vendor vendor.pub",
		flags: func(f *flag.FlagSet) runner {
			var c siteFlags
			c.declare(f)
			return func(ctx context.Context, s streams, _ []string) error {
				return c.with(ctx, s, func(x *site) error { return work(ctx, s, x) })
			}
		},
	}
}

func buildIndex(ctx context.Context, s streams, x *site) error {
	bar := counter(s, "records")
	err := x.BuildIndex(ctx, func(records int) { _ = bar.Set(records) })
	_ = bar.Finish()
	if err != nil {
		return err
	}
	return indexStatus(ctx, s, x)
}

func indexStatus(ctx context.Context, s streams, x *site) error {
	status, err := x.IndexStatus(ctx)
	if err != nil {
		return err
	}
	if err := printIndex(s.out, status); err != nil || status.Built {
		return err
	}
	return errIndexNotBuilt
}

func printIndex(w io.Writer, status search.IndexStatus) error {
	built := "no"
	switch {
	case status.Built:
		built = "yes"
	case status.Sorting:
		built = "no, sorting"
	}
	_, err := fmt.Fprintf(w, "built:    %s\nrecords:  %d\nchanged:  %s\ncompared: %s\n",
		built, status.Records, moment(status.Changed), moment(status.Compared))
	return err
}

func moment(t time.Time) string {
	if t.IsZero() || t.UnixMicro() == 0 {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}

// counter counts on a terminal where nobody knows how many there will be.
func counter(s streams, what string) *progressbar.ProgressBar {
	options := []progressbar.Option{
		progressbar.OptionSetDescription(what), progressbar.OptionShowCount(), progressbar.OptionShowIts(),
		progressbar.OptionSetSpinnerChangeInterval(0), // it would turn in a goroutine of its own, unsynchronised
		progressbar.OptionThrottle(100 * time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetWriter(io.Discard),
	}
	if file, ok := s.err.(*os.File); ok && isTerminal(file) {
		options = append(options, progressbar.OptionSetWriter(file))
	}
	return progressbar.NewOptions(-1, options...)
}
