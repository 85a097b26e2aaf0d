package api

import (
	"fmt"
	"net/http"
	"strings"
)

type listJSON[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor"`
}

// page is a list with the cursor of its next page; an empty one is null.
func page[T any](items []T, next string) listJSON[T] {
	l := listJSON[T]{Items: list(items)}
	if next != "" {
		l.NextCursor = &next
	}
	return l
}

type moduleJSON struct {
	Name     string `json:"name"`
	Label    string `json:"label"`
	Singular string `json:"singular"`
	Icon     string `json:"icon"`
	CanLink  bool   `json:"can_link"`
}

// modules serves GET /modules.
func (h *Handler) modules(w http.ResponseWriter, r *http.Request) error {
	types, err := h.c.Permissions.Types(r.Context(), callerOf(r).Subject(), language(r))
	if err != nil {
		return fmt.Errorf("list entity types: %w", err)
	}
	items := make([]moduleJSON, len(types))
	for i, t := range types {
		items[i] = moduleJSON{t.Name, t.Label, t.Singular, t.Icon, t.CanLink}
	}
	return writeJSON(w, http.StatusOK, page(items, ""))
}

// language is the first one the client asks for, so that an answer is in the language of what shows it; a client that
// asks for none is answered in the user's own, as set in the CRM.
func language(r *http.Request) string {
	first, _, _ := strings.Cut(r.Header.Get("Accept-Language"), ",")
	first, _, _ = strings.Cut(first, ";")
	if first = strings.TrimSpace(first); first == "" || first == "*" {
		return callerOf(r).Account.Language
	}
	return first
}
