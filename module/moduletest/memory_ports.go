package moduletest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"

	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

var (
	_ sessions.Accounts   = (*MemoryHost)(nil)
	_ permissions.Checker = (*MemoryHost)(nil)
	_ search.Source       = (*MemoryHost)(nil)
)

// Verify implements [sessions.Accounts].
func (h *MemoryHost) Verify(_ context.Context, c sessions.Credentials) (sessions.Account, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, u := range h.users {
		if u.Name != c.UserName || u.Password != c.Password {
			continue
		}
		if u.Inactive {
			return sessions.Account{}, sessions.ErrInactive
		}
		return u.account(), nil
	}
	return sessions.Account{}, sessions.ErrInvalidCredentials
}

// Account implements [sessions.Accounts].
func (h *MemoryHost) Account(_ context.Context, userID string) (sessions.Account, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	u, ok := h.users[userID]
	if !ok {
		return sessions.Account{}, sessions.ErrInactive
	}
	return u.account(), nil
}

func (u *User) account() sessions.Account {
	stamp := sha256.Sum256([]byte(u.Password))
	return sessions.Account{
		UserID: u.ID, UserName: u.Name, DisplayName: u.FullName, Addresses: []string{u.Email}, Language: "en",
		Admin: u.Admin, Active: !u.Inactive, CredentialStamp: hex.EncodeToString(stamp[:]),
	}
}

// Types implements [permissions.Checker].
func (h *MemoryHost) Types(_ context.Context, s permissions.Subject, _ string) ([]permissions.EntityType, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	types := slices.Clone(h.types)
	for i := range types {
		t := &types[i]
		t.CanLink = !h.barred[userType{s.UserID, t.Name}]
		t.Fields = h.visibleFields(s, t.Name)
	}
	return types, nil
}

// Check implements [permissions.Checker].
func (h *MemoryHost) Check(ctx context.Context, s permissions.Subject, a permissions.Action, records []permissions.Record) ([]permissions.Decision, error) {
	decisions := make([]permissions.Decision, len(records))
	for i, r := range records {
		on := []permissions.Record{r}
		if r.Type == documentType && r.ID != "" {
			var err error
			if on, err = h.recordsOfDocument(ctx, r.ID); err != nil {
				return nil, err
			}
			if len(on) == 0 {
				decisions[i].Outcome = permissions.Missing
			}
		}
		for _, r := range on { // a document may be seen with any record it is on
			decisions[i].Outcome = max(decisions[i].Outcome, h.outcome(s, a, r))
		}
	}
	return decisions, nil
}

func (h *MemoryHost) outcome(s permissions.Subject, a permissions.Action, r permissions.Record) permissions.Outcome {
	h.mu.RLock()
	defer h.mu.RUnlock()
	barred := a != permissions.View && h.barred[userType{s.UserID, r.Type}]
	rec, ok := h.records[r]
	switch {
	case r.ID == "" && (r.Type == documentType || h.fields(r.Type) != nil):
		return allowedIf(!barred)
	case !ok || rec.deleted:
		return permissions.Missing
	case barred:
		return permissions.Denied
	}
	access := h.access(s, rec)
	switch a {
	case permissions.View:
		return allowedIf(access.View)
	case permissions.Link:
		return allowedIf(access.View && access.Link)
	default:
		return allowedIf(access.Edit)
	}
}

func allowedIf(ok bool) permissions.Outcome {
	if ok {
		return permissions.Allowed
	}
	return permissions.Denied
}

func (h *MemoryHost) access(s permissions.Subject, r *CRMRecord) Access {
	u, ok := h.users[s.UserID]
	switch {
	case !ok:
		return Access{}
	case u.Admin || r.Owner == u.ID || slices.Contains(u.Below, r.Owner):
		return Access{View: true, Edit: true, Link: true}
	default:
		return h.shares[share{u.ID, r.Record.Type, r.Record.ID}]
	}
}

// Scope implements [permissions.Checker].
func (h *MemoryHost) Scope(_ context.Context, s permissions.Subject, entityType string) (permissions.Scope, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	u, ok := h.users[s.UserID]
	switch {
	case !ok:
		return permissions.Scope{}, nil
	case u.Admin:
		return permissions.Scope{All: true}, nil
	}
	scope := permissions.Scope{Owners: append([]string{u.ID}, u.Below...)}
	for key, a := range h.shares {
		scope.More = scope.More || a.View && key.user == u.ID && key.entityType == entityType
	}
	return scope, nil
}

// Cards implements [search.Source].
func (h *MemoryHost) Cards(ctx context.Context, s permissions.Subject, records []permissions.Record) ([]search.Card, error) {
	visible, err := permissions.Visible(ctx, h, s, records)
	if err != nil {
		return nil, err
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	var cards []search.Card
	for _, r := range visible {
		if rec, ok := h.records[r]; ok {
			cards = append(cards, h.card(s, rec))
		}
	}
	return cards, nil
}

func (h *MemoryHost) card(s permissions.Subject, r *CRMRecord) search.Card {
	c := search.Card{Record: r.Record, URL: "/crm/" + r.Record.Type + "/" + r.Record.ID}
	for _, parent := range r.Parents {
		if rec, ok := h.records[parent]; ok && h.access(s, rec).View {
			c.Parents = append(c.Parents, parent)
		}
	}
	for _, f := range h.visibleFields(s, r.Record.Type) {
		switch v := r.Values[f.Name]; f.Name {
		case "name":
			c.Label = v
		case "number":
			c.Number = v
		case "email", "website":
			c.Subtitle = v
			fallthrough
		default:
			c.Fields = append(c.Fields, search.CardField{Name: f.Name, Label: f.Label, Value: v})
		}
	}
	return c
}

// Changes implements [search.Source].
func (h *MemoryHost) Changes(_ context.Context, after string, limit int) ([]search.Doc, string, error) {
	from := int64(0)
	if after != "" {
		var err error
		if from, err = strconv.ParseInt(after, 10, 64); err != nil {
			return nil, "", fmt.Errorf("read position %q: %w", after, err)
		}
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	var docs []search.Doc
	for _, r := range h.order {
		rec := h.records[r]
		if rec.serial <= from || len(docs) == limit {
			continue
		}
		docs = append(docs, rec.doc(h.fields(r.Type)))
		after = strconv.FormatInt(rec.serial, 10)
	}
	return docs, after, nil
}

// Digest implements [search.Source].
func (h *MemoryHost) Digest(_ context.Context, entityType string) ([]search.OwnerDigest, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	byOwner := make(map[string]search.OwnerDigest)
	for r, rec := range h.records {
		if r.Type == entityType && !rec.deleted {
			d := byOwner[rec.Owner]
			byOwner[rec.Owner] = search.OwnerDigest{Owner: rec.Owner, Count: d.Count + 1, Sum: d.Sum + search.Checksum(r.ID)}
		}
	}
	return slices.Collect(maps.Values(byOwner)), nil
}

// Owned implements [search.Source].
func (h *MemoryHost) Owned(_ context.Context, entityType, owner string) iter.Seq2[search.Doc, error] {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var docs []search.Doc
	for r, rec := range h.records {
		if r.Type == entityType && rec.Owner == owner && !rec.deleted {
			docs = append(docs, rec.doc(h.fields(r.Type)))
		}
	}
	return func(yield func(search.Doc, error) bool) {
		for _, d := range docs {
			if !yield(d, nil) {
				return
			}
		}
	}
}

func (h *MemoryHost) fields(entityType string) []permissions.Field {
	for _, t := range h.types {
		if t.Name == entityType {
			return t.Fields
		}
	}
	return nil
}

func (h *MemoryHost) visibleFields(s permissions.Subject, entityType string) []permissions.Field {
	return slices.DeleteFunc(slices.Clone(h.fields(entityType)), func(f permissions.Field) bool {
		return h.hidden[userField{s.UserID, entityType, f.Name}]
	})
}
