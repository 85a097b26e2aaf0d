package main

import "strings"

// need is something that a command cannot do without.
type need struct {
	met     bool
	flags   string // that tell it, such as "--out or --mbox"
	purpose string // what it is for
}

// require refuses a command line that leaves needs unmet. It names all of them at once, so that nobody runs a command
// again only to be told the next.
func require(needs ...need) error {
	var unmet []string
	for _, n := range needs {
		if !n.met {
			unmet = append(unmet, n.flags+": "+n.purpose)
		}
	}
	switch len(unmet) {
	case 0:
		return nil
	case 1:
		return usageError{"wants " + unmet[0]}
	default:
		return usageError{"wants\n  " + strings.Join(unmet, "\n  ")}
	}
}
