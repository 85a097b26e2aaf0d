package admin

import (
	"time"

	"github.com/mailconnector/mailconnector/messages"
)

// The chart is drawn in units of its own and stretched to the page's width: ten units a day, a hundred high.
const (
	chartStep   = 10
	chartBar    = 6
	chartHeight = 100
)

// chart is a bar for each day.
type chart struct {
	Bars        []bar
	First, Half time.Time // the days under the left end and the middle
	Width       int
	Top, Middle int64 // what the upper and the middle line stand for; equal to each other where there is no middle
	Total       int64
}

type bar struct {
	Day          time.Time
	Count        int64
	Slot         int // where its day begins
	X, Y, Height int
}

// newChart counts the events of a kind on each day from first on.
func newChart(first time.Time, days int, counts []messages.DayCount, kind messages.EventKind) *chart {
	c := &chart{
		Bars: make([]bar, days), First: first, Half: first.AddDate(0, 0, days/2), Width: days * chartStep,
	}
	for i := range c.Bars {
		c.Bars[i].Day = first.AddDate(0, 0, i)
	}
	var most int64
	for _, d := range counts {
		i := int(d.Day.UTC().Sub(first) / (24 * time.Hour))
		if d.Kind == kind && i >= 0 && i < days && !d.Day.Before(first) {
			c.Bars[i].Count += d.Count
			c.Total += d.Count
			most = max(most, c.Bars[i].Count)
		}
	}
	c.Top = roundUp(most)
	c.Middle = c.Top / 2
	for i := range c.Bars {
		b := &c.Bars[i]
		b.Slot = i * chartStep
		b.X = b.Slot + (chartStep-chartBar)/2
		b.Height = int(b.Count * chartHeight / c.Top)
		if b.Count > 0 {
			b.Height = max(b.Height, 2) // one link among thousands is still to be seen
		}
		b.Y = chartHeight - b.Height
	}
	return c
}

// roundUp returns the next even number that people like on an axis: 2, 4, 10, 20, 40, 100 and so on.
func roundUp(n int64) int64 {
	for scale := int64(1); ; scale *= 10 {
		for _, step := range []int64{2, 4, 10} {
			if n <= step*scale {
				return step * scale
			}
		}
	}
}
