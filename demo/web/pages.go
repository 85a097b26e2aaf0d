package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// home shows what a newcomer can do next.
func (s *Server) home(w http.ResponseWriter, _ *http.Request, u *visitor) error {
	s.render(w, http.StatusOK, "home.html", u, map[string]any{"Title": "Welcome", "Current": "home"})
	return nil
}

// list shows the records of a type.
func (s *Server) list(w http.ResponseWriter, r *http.Request, u *visitor) error {
	entityType, err := u.module(mux.Vars(r)["type"])
	if err != nil {
		return err
	}
	cards, err := s.CRM.List(r.Context(), u.Subject, entityType.Name)
	if err != nil {
		return err
	}
	decisions, err := s.CRM.Check(r.Context(), u.Subject, permissions.Create, []permissions.Record{{Type: entityType.Name}})
	if err != nil {
		return err
	}
	text := strings.TrimSpace(r.FormValue("q"))
	shown := slices.DeleteFunc(slices.Clone(cards), func(c search.Card) bool { return !mentions(c, text) })
	s.render(w, http.StatusOK, "list.html", u, map[string]any{
		"Title": entityType.Label, "Current": entityType.Name, "Type": entityType, "Cards": shown, "Total": len(cards), "Query": text,
		"CanCreate": decisions[0].Allows(),
	})
	return nil
}

// module returns the type of a name if the visitor may see it.
func (u *visitor) module(name string) (permissions.EntityType, error) {
	i := slices.IndexFunc(u.Modules, func(t permissions.EntityType) bool { return t.Name == name })
	if i < 0 {
		return permissions.EntityType{}, permissions.ErrNotFound
	}
	return u.Modules[i], nil
}

// mentions reports whether a text is in what the card shows.
func mentions(c search.Card, text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(strings.ToLower(c.Label+" "+c.Number+" "+c.Subtitle), text) ||
		slices.ContainsFunc(c.Fields, func(f search.CardField) bool { return strings.Contains(strings.ToLower(f.Value), text) })
}

// record shows one record on one of its tabs.
func (s *Server) record(w http.ResponseWriter, r *http.Request, u *visitor) error {
	record := recordOf(r)
	entityType, err := u.module(record.Type)
	if err != nil {
		return err
	}
	cards, err := s.CRM.Cards(r.Context(), u.Subject, []permissions.Record{record})
	if err != nil || len(cards) == 0 {
		return orNotFound(err)
	}
	data := map[string]any{
		"Title": cards[0].Label, "Current": record.Type, "Type": entityType, "Card": cards[0], "Tab": mux.Vars(r)["tab"],
	}
	switch data["Tab"] {
	case "messages":
		data["Messages"], err = s.connector.MessagesTab(r.Context(), u.Subject, record, u.Language)
	case "documents":
		data["Documents"], err = s.CRM.DocumentsOf(r.Context(), u.Subject, record)
	default:
		err = s.addDetails(r, u, record, data)
	}
	if err != nil {
		return err
	}
	s.render(w, http.StatusOK, "record.html", u, data)
	return nil
}

// addDetails adds the owner, and what the visitor may do, to a record's first tab.
func (s *Server) addDetails(r *http.Request, u *visitor, record permissions.Record, data map[string]any) (err error) {
	if data["Owner"], err = s.CRM.OwnerOf(r.Context(), u.Subject, record); err != nil {
		return err
	}
	if data["People"], err = s.CRM.People(r.Context()); err != nil {
		return err
	}
	for key, action := range map[string]permissions.Action{"CanEdit": permissions.Edit, "CanDelete": permissions.Delete} {
		decisions, err := s.CRM.Check(r.Context(), u.Subject, action, []permissions.Record{record})
		if err != nil {
			return err
		}
		data[key] = decisions[0].Allows()
	}
	return nil
}

// newRecord asks for the fields of a new record.
func (s *Server) newRecord(w http.ResponseWriter, r *http.Request, u *visitor) error {
	entityType, err := u.module(mux.Vars(r)["type"])
	if err != nil {
		return err
	}
	s.render(w, http.StatusOK, "new.html", u, map[string]any{
		"Title": "New " + strings.ToLower(entityType.Singular), "Current": entityType.Name, "Type": entityType,
	})
	return nil
}

func (s *Server) create(w http.ResponseWriter, r *http.Request, u *visitor) error {
	entityType, err := u.module(mux.Vars(r)["type"])
	if err != nil {
		return err
	}
	values := map[string]string{}
	for _, f := range entityType.Fields {
		values[f.Name] = strings.TrimSpace(r.PostFormValue(f.Name))
	}
	record, err := s.CRM.Create(r.Context(), u.Subject, entityType.Name, values)
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/records/"+record.Type+"/"+record.ID, http.StatusSeeOther)
	return nil
}

func (s *Server) setOwner(w http.ResponseWriter, r *http.Request, u *visitor) error {
	record := recordOf(r)
	if err := s.CRM.SetOwner(r.Context(), u.Subject, record, r.PostFormValue("owner")); err != nil {
		return err
	}
	http.Redirect(w, r, "/records/"+record.Type, http.StatusSeeOther)
	return nil
}

func (s *Server) remove(w http.ResponseWriter, r *http.Request, u *visitor) error {
	record := recordOf(r)
	if err := s.CRM.Delete(r.Context(), u.Subject, record); err != nil {
		return err
	}
	http.Redirect(w, r, "/records/"+record.Type, http.StatusSeeOther)
	return nil
}

// documents lists every document the visitor may see.
func (s *Server) documents(w http.ResponseWriter, r *http.Request, u *visitor) error {
	all, err := s.CRM.Documents(r.Context(), u.Subject)
	if err != nil {
		return err
	}
	s.render(w, http.StatusOK, "documents.html", u, map[string]any{"Title": "Documents", "Current": "documents", "Documents": all})
	return nil
}

// download sends a document as a file, never as a page: it came from outside.
func (s *Server) download(w http.ResponseWriter, r *http.Request, u *visitor) error {
	document, content, err := s.CRM.OpenDocument(r.Context(), u.Subject, mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	defer content.Close()
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(document.Title))
	http.ServeContent(w, r, "", document.Created, content)
	return nil
}

func recordOf(r *http.Request) permissions.Record {
	return permissions.Record{Type: mux.Vars(r)["type"], ID: mux.Vars(r)["id"]}
}

func orNotFound(err error) error {
	if err == nil {
		return permissions.ErrNotFound
	}
	return err
}

// size writes a number of bytes for people.
func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1e6:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	default:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
}
