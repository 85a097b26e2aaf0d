package admin

import (
	"encoding/hex"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

const eventsPerPage = 25

// activityPage shows the ledger.
type activityPage struct {
	Events []eventView
	Filter userFilter
	Next   string
	Newest string // the first page, where this is a later one
	Report *ledgerReport
}

type eventView struct {
	messages.Event
	User    person
	Message messageView
	Record  recordView // zero for an event that is about no record
}

type ledgerReport struct {
	messages.LedgerReport
	HeadHex string
}

func (h *Handler) activity(v *visit) error {
	p, err := v.activityPage()
	if err != nil {
		return err
	}
	return v.show("activity", p)
}

// verifyLedger recomputes the seals and shows the result above the list. It changes nothing, but it takes a while, so
// only a form starts it.
func (h *Handler) verifyLedger(v *visit) error {
	report, err := h.c.Messages.VerifyLedger(v.ctx())
	if err != nil {
		return err
	}
	p, err := v.activityPage()
	if err != nil {
		return err
	}
	p.Report = &ledgerReport{LedgerReport: report, HeadHex: hex.EncodeToString(report.Head[:])}
	return v.show("activity", p)
}

func (v *visit) activityPage() (*activityPage, error) {
	p, q := &activityPage{}, v.r.URL.Query()
	var err error
	if p.Filter, err = v.userFilter(); err != nil {
		return nil, err
	}
	filter := messages.ActivityFilter{
		Actor: p.Filter.User.ID, Page: messages.Page{After: q.Get("after"), Limit: eventsPerPage},
	}
	events, next, err := v.h.c.Messages.Activity(v.ctx(), filter)
	if err != nil {
		return nil, err
	}
	if next != "" {
		p.Next = withQuery(v.r.URL, "after", next)
	}
	if filter.Page.After != "" {
		p.Newest = withQuery(v.r.URL, "after", "")
	}
	p.Events, err = v.eventViews(events)
	return p, err
}

// eventViews adds the names that the visitor may see; the ledger itself holds ids only.
func (v *visit) eventViews(events []messages.Event) ([]eventView, error) {
	var records []permissions.Record
	var ids []string
	for _, e := range events {
		records, ids = append(records, e.Record), append(ids, e.Message)
	}
	recordViews, err := v.records(records)
	if err != nil {
		return nil, err
	}
	messageViews, err := v.messages(ids)
	if err != nil {
		return nil, err
	}
	views := make([]eventView, len(events))
	for i, e := range events {
		views[i] = eventView{
			Event: e, User: v.person(e.Actor), Message: messageViews[e.Message], Record: recordViews[e.Record],
		}
	}
	return views, nil
}
