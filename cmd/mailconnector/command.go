package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// entry is a command or a group of commands.
type entry interface {
	dispatch(ctx context.Context, name string, args []string, s streams) error
	about() string
}

// runner does a command's work with the arguments behind its flags.
type runner func(ctx context.Context, s streams, args []string) error

// command is one thing to do.
type command struct {
	summary string // one sentence
	args    string // the arguments behind the flags, as shown in the usage line
	detail  string // what else to know; may be empty
	example string
	// flags declares the flags and returns what to run once they are parsed.
	flags func(*flag.FlagSet) runner
}

func (c command) about() string { return c.summary }

func (c command) dispatch(ctx context.Context, name string, args []string, s streams) error {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	work := c.flags(flags)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		c.help(flags, s.out)
		return err
	case err != nil:
		return usageError{fmt.Sprintf("%s: %v\nSee %s --help", name, err, name)}
	}
	if c.args == "" && flags.NArg() > 0 {
		return usageError{fmt.Sprintf("%s: takes no argument %q\nSee %s --help", name, flags.Arg(0), name)}
	}
	err := configure(flags)
	if err == nil {
		err = work(ctx, s, flags.Args())
	}
	var usage usageError
	if errors.As(err, &usage) {
		return usageError{fmt.Sprintf("%s: %s\nSee %s --help", name, usage.text, name)}
	}
	return err
}

func (c command) help(flags *flag.FlagSet, w io.Writer) {
	fmt.Fprintf(w, "%s\n\nUsage:\n  %s\n", c.summary, strings.TrimSpace(flags.Name()+" [flags] "+c.args))
	if c.detail != "" {
		fmt.Fprintf(w, "\n%s\n", c.detail)
	}
	fmt.Fprintf(w, "\nExample:\n  %s\n", strings.ReplaceAll(c.example, "\n", "\n  "))
	declared := false
	flags.VisitAll(func(*flag.Flag) { declared = true })
	if declared {
		fmt.Fprintln(w, "\nFlags:")
		flags.SetOutput(w)
		flags.PrintDefaults()
	}
}

// group is a command made of commands.
type group struct {
	summary string
	members []member
}

type member struct {
	name string
	entry
}

func (g group) about() string { return g.summary }

func (g group) dispatch(ctx context.Context, name string, args []string, s streams) error {
	if len(args) == 0 {
		g.help(name, s.err)
		return usageError{fmt.Sprintf("\n%s: which command?", name)}
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		if len(args) > 1 && args[0] == "help" {
			return g.dispatch(ctx, name, append(args[1:], "--help"), s)
		}
		g.help(name, s.out)
		return flag.ErrHelp
	}
	for _, m := range g.members {
		if m.name == args[0] {
			return m.dispatch(ctx, name+" "+m.name, args[1:], s)
		}
	}
	return usageError{fmt.Sprintf("%s: there is no command %q\nSee %s help", name, args[0], name)}
}

func (g group) help(name string, w io.Writer) {
	fmt.Fprintf(w, "%s\n\nUsage:\n  %s COMMAND [flags]\n\nCommands:\n", g.summary, name)
	for _, m := range g.members {
		fmt.Fprintf(w, "  %-14s %s\n", m.name, m.about())
	}
	fmt.Fprintf(w, "\n%s COMMAND --help explains a command.\n", name)
}
