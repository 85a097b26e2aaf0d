package api

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"unicode/utf8"

	"github.com/gorilla/mux"

	"github.com/mailconnector/mailconnector/api/problem"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// recordID addresses a record on the wire, where an entity type is called module, as the CRM's users call it.
type recordID struct {
	Module string `json:"module"`
	Record string `json:"record"`
}

func newRecordID(r permissions.Record) recordID { return recordID{r.Type, r.ID} }

func (id recordID) record() permissions.Record {
	return permissions.Record{Type: id.Module, ID: id.Record}
}

type cardJSON struct {
	recordID
	Label     string         `json:"label"`
	Number    string         `json:"number"`
	Subtitle  string         `json:"subtitle"`
	URL       string         `json:"url"`
	Fields    []fieldJSON    `json:"fields"`
	CanLink   bool           `json:"can_link"`
	Successor *successorJSON `json:"successor,omitempty"`
}

// successorJSON is what a record became. Mails are linked there from then on.
type successorJSON struct {
	recordID
	CanLink bool `json:"can_link"`
}

type fieldJSON struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	Value string `json:"value"`
}

// newCardJSON describes a record; canLink is said of the record or, where it became another, of its successor.
func newCardJSON(c search.Card, canLink bool) cardJSON {
	card := cardJSON{
		recordID: newRecordID(c.Record),
		Label:    c.Label,
		Number:   c.Number,
		Subtitle: c.Subtitle,
		URL:      c.URL,
		Fields:   make([]fieldJSON, len(c.Fields)),
		CanLink:  canLink && c.Successor == nil,
	}
	for i, f := range c.Fields {
		card.Fields[i] = fieldJSON{f.Name, f.Label, f.Value}
	}
	if c.Successor != nil {
		card.Successor = &successorJSON{newRecordID(*c.Successor), canLink}
	}
	return card
}

type hitJSON struct {
	cardJSON
	Matched *matchedJSON `json:"matched,omitempty"`
}

type matchedJSON struct {
	Field string `json:"field"`
	Label string `json:"label"`
}

type resultsJSON struct {
	listJSON[hitJSON]
	Partial []string `json:"partial"`
}

// search serves GET /records.
func (h *Handler) search(w http.ResponseWriter, r *http.Request) error {
	limit, err := limitOf(r)
	if err != nil {
		return err
	}
	asked := r.URL.Query()
	results, err := h.c.Search.Search(r.Context(), callerOf(r).Subject(), search.Query{
		Text:   asked.Get("q"),
		Type:   asked.Get("module"),
		Limit:  limit,
		Cursor: asked.Get("cursor"),
		Lang:   language(r),
	})
	if err != nil {
		return fmt.Errorf("search records: %w", err)
	}
	items := make([]hitJSON, len(results.Items))
	for i, hit := range results.Items {
		items[i] = hitJSON{cardJSON: newCardJSON(hit.Card, hit.CanLink)}
		if hit.Matched != nil {
			items[i].Matched = &matchedJSON{hit.Matched.Name, hit.Matched.Label}
		}
	}
	return writeJSON(w, http.StatusOK, resultsJSON{page(items, results.Next), list(results.Partial)})
}

// record serves GET /records/{module}/{record}.
func (h *Handler) record(w http.ResponseWriter, r *http.Request) error {
	record, err := recordOf(r)
	if err != nil {
		return err
	}
	subject := callerOf(r).Subject()
	card, err := h.c.Search.Card(r.Context(), subject, record)
	if err != nil {
		return fmt.Errorf("describe record: %w", err)
	}
	if card.Successor != nil {
		record = *card.Successor
	}
	decisions, err := h.c.Permissions.Check(r.Context(), subject, permissions.Link, []permissions.Record{record})
	if err != nil {
		return fmt.Errorf("check permission: %w", err)
	}
	return writeJSON(w, http.StatusOK, newCardJSON(card, decisions[0].Allows()))
}

// recordOf reads a record from the path. What cannot be a record is not found.
func recordOf(r *http.Request) (permissions.Record, error) {
	module, err := pathID(r, "module")
	if err != nil {
		return permissions.Record{}, err
	}
	id, err := pathID(r, "record")
	return permissions.Record{Type: module, ID: id}, err
}

// Longest values in a path, in bytes.
const (
	maxID    = 64 // at every port
	maxToken = 2048
)

func pathID(r *http.Request, name string) (string, error) { return pathValue(r, name, maxID) }

func pathToken(r *http.Request) (string, error) { return pathValue(r, "token", maxToken) }

func pathValue(r *http.Request, name string, most int) (string, error) {
	value, err := url.PathUnescape(mux.Vars(r)[name])
	if err != nil || value == "" || len(value) > most || !utf8.ValidString(value) {
		return "", permissions.ErrNotFound
	}
	return value, nil
}

// limitOf reads the parameter limit; 0 where it is not given, which leaves the choice to the service.
func limitOf(r *http.Request) (int, error) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return 0, nil
	}
	limit, err := strconv.Atoi(text)
	const detail = "must be a whole number from 1 on"
	switch {
	case err != nil:
		return 0, problem.Parameter("limit", detail)
	case limit < 1:
		return 0, problem.Value("limit", detail)
	}
	return limit, nil
}
