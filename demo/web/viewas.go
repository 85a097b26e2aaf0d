package web

import (
	"cmp"
	"net/http"

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
	Left, Right permissions.Decision
}

func (s *Server) compare(r *http.Request, u *visitor, text, left, right string) ([]comparison, error) {
	found, err := s.connector.Search(r.Context(), u.Subject, search.Query{Text: text, Limit: search.MaxLimit, Lang: u.Language})
	if err != nil {
		return nil, err
	}
	records := make([]permissions.Record, len(found.Items))
	rows := make([]comparison, len(found.Items))
	for i, hit := range found.Items {
		records[i], rows[i].Card = hit.Record, hit.Card
	}
	ofLeft, err := s.CRM.Explain(r.Context(), permissions.Subject{UserID: left}, permissions.View, records)
	if err != nil {
		return nil, err
	}
	ofRight, err := s.CRM.Explain(r.Context(), permissions.Subject{UserID: right}, permissions.View, records)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		rows[i].Left, rows[i].Right = ofLeft[i], ofRight[i]
	}
	return rows, nil
}
