package scale_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// speedup is how many times as many searches 16 clients at once are to get through as one.
const speedup = 1.5

// measured is one line of the table: how long a question took one person, beside the floor.
type measured struct {
	question    question
	who         person
	took, floor durations
}

// ratio is a percentile in floors: the lookups by primary key that take as long.
func (m measured) ratio(percent int) float64 {
	return float64(m.took.percentile(percent)) / float64(m.floor.percentile(percent))
}

// used is the part of the budget that was used; above 1 it is exceeded.
func (m measured) used() float64 { return m.ratio(99) / m.question.budget }

// run is one measurement of everything.
type run struct {
	lines     []measured
	one, many float64 // searches per second of 1 and of 16 clients
}

// nearest is the line that used most of its budget.
func (r run) nearest() measured {
	return slices.MaxFunc(r.lines, func(a, b measured) int {
		if a.used() < b.used() {
			return -1
		}
		return 1
	})
}

func (r run) withinBudget() bool { return r.nearest().used() <= 1 && r.many >= speedup*r.one }

// durations are sorted.
type durations []time.Duration

func (d durations) percentile(percent int) time.Duration {
	return d[min(len(d)-1, len(d)*percent/100)]
}

// measure asks one kind of question and looks up one record by turns.
func (w *world) measure(t *testing.T, q question, who person, r *rand.Rand) measured {
	m := measured{question: q, who: who}
	for i := range *samples + *samples/10 {
		started := time.Now()
		if err := q.ask(t.Context(), w, who.Subject, r); err != nil {
			t.Fatal(err)
		}
		asked := time.Now()
		var owner int
		if err := w.floor.QueryRowContext(t.Context(), 1+r.Int64N(*scale)).Scan(&owner); err != nil {
			t.Fatal(err)
		}
		if i >= *samples/10 { // the first ones warm up
			m.took, m.floor = append(m.took, asked.Sub(started)), append(m.floor, time.Since(asked))
		}
	}
	slices.Sort(m.took)
	slices.Sort(m.floor)
	return m
}

// perSecond is how many type-ahead searches so many clients get through.
func (w *world) perSecond(t *testing.T, n int) float64 {
	ask, asked := questions()[0].ask, atomic.Int64{}
	started := time.Now()
	var all sync.WaitGroup
	for client := range n {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(client), 99))
			for time.Since(started) < *clients {
				if err := ask(context.Background(), w, w.people[r.IntN(len(w.people))].Subject, r); err != nil {
					t.Error(err)
					return
				}
				asked.Add(1)
			}
		})
	}
	all.Wait()
	return float64(asked.Load()) / time.Since(started).Seconds()
}
