package admin

import (
	"net/url"
	"time"

	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/messages"
)

// chartDays is how many days the chart of links shows, today included.
const chartDays = 30

// overviewPage tells at a glance how the connector is doing. A pointer is nil where its part could not be read.
type overviewPage struct {
	Steps       []step
	Left        int  // steps not done, as far as the server knows
	Changed     bool // who reads linked mails, since it was read
	License     *licenseView
	Sessions    int
	More        bool // there are more sessions than were counted
	Storage     *messages.StorageTotals
	Stored      int64 // bytes, equal content once
	Chart       *chart
	TaskPaneURL string
}

// step is one line of the first-run checklist, ticked from what is true now.
type step struct {
	Name    string // its texts are step.{name}.title, .done and .todo
	Done    bool
	Check   string // a path the browser tries to reach; the answer is its tick
	Detail  string // what is true now
	Version string // of Detail, where it is to be acknowledged
	Link    string // where to mend it, below the prefix
}

func (h *Handler) overview(v *visit) error { return v.show("overview", v.overviewPage()) }

func (v *visit) overviewPage() overviewPage {
	h, ctx := v.h, v.ctx()
	p := overviewPage{TaskPaneURL: h.c.TaskPaneURL}
	if status, err := h.c.Licensing.Status(ctx); v.try("license", err) {
		p.License = v.licenseView(status)
	}
	list, next, err := h.c.Sessions.List(ctx, sessions.Filter{Active: true, Limit: 100})
	if v.try("sessions", err) {
		p.Sessions, p.More = len(list), next != ""
	}
	if totals, err := h.c.Messages.Storage(ctx); v.try("storage", err) {
		p.Storage = &totals
	}
	if usage, err := h.c.Blobs.Usage(ctx); v.try("blobs", err) {
		p.Stored = usage.Bytes
	}
	today := h.c.Now().UTC().Truncate(24 * time.Hour)
	first := today.AddDate(0, 0, 1-chartDays)
	if days, err := h.c.Messages.Daily(ctx, first); v.try("links per day", err) {
		p.Chart = newChart(first, chartDays, days, messages.EventLinked)
	}
	p.Steps = v.steps(p.License, p.Storage)
	for _, s := range p.Steps {
		if !s.Done && s.Check == "" {
			p.Left++
		}
	}
	return p
}

// steps are ticked from live state, each by itself: one that was done and came undone shows again.
func (v *visit) steps(license *licenseView, storage *messages.StorageTotals) []step {
	index, err := v.h.c.Search.Status(v.ctx())
	v.try("index", err)
	return []step{
		licenseStep(license),
		v.originsStep(),
		{Name: "index", Done: index.Built, Detail: v.say.count("step.index.records", index.Records), Link: "/admin/health"},
		{Name: "addin", Check: v.h.c.Prefix + "/addin/taskpane.html", Detail: v.h.c.TaskPaneURL},
		v.readersStep(),
		{Name: "first", Done: storage != nil && storage.Links > 0, Link: "/me"},
	}
}

func licenseStep(l *licenseView) step {
	s := step{Name: "license", Link: "/admin/license"}
	if l != nil && l.License != nil {
		s.Done, s.Detail = l.State.InForce(), l.Sentence
	}
	return s
}

func (v *visit) originsStep() step {
	s := step{Name: "origins", Done: len(v.h.c.AllowedOrigins) > 0, Link: "/admin/health"}
	for i, origin := range v.h.c.AllowedOrigins {
		if i > 0 {
			s.Detail += ", "
		}
		s.Detail += origin
		if u, err := url.Parse(origin); err != nil || u.Scheme != "https" && !isLoopback(u.Hostname()) {
			s.Done = false
		}
	}
	return s
}

// isLoopback reports whether a host is this machine, the one place where Outlook takes http.
func isLoopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }
