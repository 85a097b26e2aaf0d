package scale_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// printHead introduces the CRM and the people whose searches are measured.
func (w *world) printHead() {
	fmt.Printf("\nThe CRM: %s records of %s users in %d roles and %d groups;\nevery entity type is private, %d sharing rules open records\n\n",
		thousands(*scale), thousands(users), roles, groups, rulesPerType*len(types))
	for _, p := range w.people {
		fmt.Printf("  %-6s  %s\n", p.name, p)
	}
}

const (
	tableHead = "%-16s  %-5s  %26s  %17s  %17s\n%-16s  %-5s  %8s %8s %8s  %8s %8s  %8s %8s  %6s\n"
	tableLine = "%-16s  %-5s  %8s %8s %8s  %8s %8s  %8.1f %8.1f  %6.0f  %s\n"
)

// printTableHead heads the table of one run, whose lines are printed as they are measured.
func printTableHead(number int) {
	fmt.Printf("\nRun %d of %d, in milliseconds. The floor, one record looked up by its primary key, is measured by turns.\n\n", number, *runs)
	fmt.Printf(tableHead, "", "", "search", "floor", "times the floor",
		"query", "sees", "p50", "p95", "p99", "p50", "p99", "p50", "p99", "budget")
}

func (m measured) print() {
	verdict := "ok"
	if m.used() > 1 {
		verdict = "OVER"
	}
	fmt.Printf(tableLine, m.question.name, m.who.name, ms(m.took.percentile(50)), ms(m.took.percentile(95)), ms(m.took.percentile(99)),
		ms(m.floor.percentile(50)), ms(m.floor.percentile(99)), m.ratio(50), m.ratio(99), m.question.budget, verdict)
}

func (r run) printThroughput() {
	verdict := "ok"
	if r.many < speedup*r.one {
		verdict = "TOO FEW"
	}
	fmt.Printf("\nTyping: 1 client %.0f searches a second, 16 clients at once %.0f: %.2f times as many, wanted %.1f  %s\n",
		r.one, r.many, r.many/r.one, speedup, verdict)
}

// printVerdict sums up the runs, and tells whether all are within budget.
func printVerdict(all []run) (good bool) {
	fmt.Printf("\nVerdict\n\n")
	within := 0
	for i, r := range all {
		verdict := "over budget  "
		if r.withinBudget() {
			within++
			verdict = "within budget"
		}
		near := r.nearest()
		fmt.Printf("  run %d  %s  nearest to it: %s, sees %s, %.0f of %.0f times the floor; %.2f of %.1f times the searches\n",
			i+1, verdict, near.question.name, near.who.name, near.ratio(99), near.question.budget, r.many/r.one, speedup)
	}
	fmt.Printf("\n  %d of %d runs within budget\n", within, len(all))
	if *scale < held {
		fmt.Printf("  budgets are held from %s records on: with fewer, a lookup costs next to nothing\n", thousands(held))
	}
	fmt.Println()
	return within == len(all)
}

func ms(d time.Duration) string { return strconv.FormatFloat(float64(d)/1e6, 'f', 3, 64) }

// thousands writes 1500000 as "1,500,000".
func thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}
