package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// viewAs shows one search as two users see it, with the rule that decided each record. Reasons name roles and owners,
// so the page is for administrators.
func (s *Server) viewAs(w http.ResponseWriter, r *http.Request, u *visitor) error {
	if !u.Admin {
		return permissions.ErrNotFound
	}
	people, err := s.CRM.People(r.Context())
	if err != nil {
		return err
	}
	text, left, right := r.FormValue("q"), cmp.Or(r.FormValue("a"), "u3"), cmp.Or(r.FormValue("b"), "u4")
	data := map[string]any{"Title": "View as", "Current": "view-as", "People": people, "Query": text, "Left": left, "Right": right}
	if text != "" {
		if data["Rows"], err = s.compare(r, u, text, left, right); err != nil {
			return err
		}
	}
	s.render(w, http.StatusOK, "viewas.html", u, data)
	return nil
}

// comparison is one record as two users see it.
type comparison struct {
	Card        search.Card // as the administrator sees it
	Left, Right verdict
}

// verdict is what a user's own search and the CRM's permissions say of one record. A record that may be seen but is not
// found matches by a field that is hidden from the user.
type verdict struct {
	Found bool
	permissions.Decision
}

// compare lists what the administrator finds, with the verdicts for two users.
func (s *Server) compare(r *http.Request, u *visitor, text, left, right string) ([]comparison, error) {
	found, err := s.find(r.Context(), u.Subject, text)
	if err != nil {
		return nil, err
	}
	ofLeft, err := s.verdicts(r.Context(), permissions.Subject{UserID: left}, text, found)
	if err != nil {
		return nil, err
	}
	ofRight, err := s.verdicts(r.Context(), permissions.Subject{UserID: right}, text, found)
	if err != nil {
		return nil, err
	}
	rows := make([]comparison, len(found))
	for i, hit := range found {
		rows[i] = comparison{Card: hit.Card, Left: ofLeft[i], Right: ofRight[i]}
	}
	return rows, nil
}

// verdicts searches as a user and asks for the reasons.
func (s *Server) verdicts(ctx context.Context, of permissions.Subject, text string, hits []search.Hit) ([]verdict, error) {
	own, err := s.find(ctx, of, text)
	if err != nil {
		return nil, err
	}
	records := make([]permissions.Record, len(hits))
	for i, hit := range hits {
		records[i] = hit.Record
	}
	decisions, err := s.CRM.Explain(ctx, of, permissions.View, records)
	if err != nil {
		return nil, err
	}
	verdicts := make([]verdict, len(hits))
	for i, record := range records {
		finds := slices.ContainsFunc(own, func(h search.Hit) bool { return h.Record == record })
		verdicts[i] = verdict{Found: finds, Decision: decisions[i]}
	}
	return verdicts, nil
}

// find returns everything a search finds, up to a number that fits on a page.
func (s *Server) find(ctx context.Context, as permissions.Subject, text string) (all []search.Hit, err error) {
	const enough = 200
	q := search.Query{Text: text, Limit: search.MaxLimit}
	for {
		page, err := s.connector.Search(ctx, as, q)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if q.Cursor = page.Next; q.Cursor == "" || len(all) >= enough {
			return all, nil
		}
	}
}
