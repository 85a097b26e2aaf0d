package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// healthPage shows how the parts are doing. A pointer is nil where its part could not be read.
type healthPage struct {
	Index   *search.IndexStatus
	Storage *messages.StorageTotals
	Usage   *documents.Usage

	Engine     string // of the database, with its version
	Product    *Product
	MinimumCRM string
	Origins    []string
	Check      string // the path of the call that every client makes first

	Domains    string
	DomainNote string // what of it was left out

	CanExplain  bool
	User        string
	Module      string
	RecordID    string
	Explanation string
	Problem     string
	People      []person
	Types       []permissions.EntityType
}

func (h *Handler) health(v *visit) error { return v.show("health", v.healthPage()) }

func (v *visit) healthPage() *healthPage {
	c, ctx := v.h.c, v.ctx()
	p := &healthPage{
		MinimumCRM: c.MinimumCRM, Origins: c.AllowedOrigins,
		Check: c.Prefix + "/api/v1/compatibility", CanExplain: c.Explain != nil,
	}
	if index, err := c.Search.Status(ctx); v.try("index", err) {
		p.Index = &index
	}
	if totals, err := c.Messages.Storage(ctx); v.try("storage", err) {
		p.Storage = &totals
	}
	if usage, err := c.Blobs.Usage(ctx); v.try("blobs", err) {
		p.Usage = &usage
	}
	if engine, err := v.h.engine(ctx); v.try("database", err) {
		p.Engine = engine
	}
	if product, err := c.Product(ctx); v.try("product", err) {
		p.Product = &product
	}
	if domains, err := c.Search.FreeMailDomains(ctx); v.try("domains", err) {
		p.Domains = strings.Join(domains, "\n")
	}
	if p.CanExplain {
		v.offerExplain(ctx, p)
	}
	return p
}

func (v *visit) offerExplain(ctx context.Context, p *healthPage) {
	people, err := v.people()
	if v.try("people", err) {
		p.People = people
	}
	types, err := v.h.c.Permissions.Types(ctx, v.who.subject(), v.say.tag.String())
	if v.try("entity types", err) {
		p.Types = types
	}
}

// setDomains replaces the list of free-mail domains. Lines that are no domain are named, so that a slip can be mended.
func (h *Handler) setDomains(v *visit) error {
	typed := v.r.PostFormValue("domains")
	kept, err := h.c.Search.SetFreeMailDomains(v.ctx(), strings.Split(typed, "\n"))
	if err != nil {
		return err
	}
	var left []string
	for line := range strings.Lines(typed) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") && !slices.Contains(kept, strings.ToLower(line)) {
			left = append(left, line)
		}
	}
	if len(left) == 0 {
		return v.redirect("/admin/health", "domains")
	}
	p := v.healthPage()
	p.Domains = typed
	p.DomainNote = v.say.text("health.domains.left", "lines", strings.Join(left, ", "))
	return v.refuse("health", p)
}

// explain tells which rule decides what a user may do with a record.
func (h *Handler) explain(v *visit) error {
	if h.c.Explain == nil {
		return errNotFound
	}
	p := v.healthPage()
	p.User, p.Module = v.r.PostFormValue("user"), v.r.PostFormValue("module")
	p.RecordID = strings.TrimSpace(v.r.PostFormValue("record"))
	userID, err := v.findUser(p.User)
	if errors.Is(err, errUnknownUser) {
		p.Problem = v.say.text("filter.unknown", "user", p.User)
		return v.refuse("health", p)
	}
	if err != nil {
		return err
	}
	record := permissions.Record{Type: p.Module, ID: p.RecordID}
	p.Explanation, err = h.c.Explain(v.ctx(), permissions.Subject{UserID: userID}, record)
	if errors.Is(err, permissions.ErrNotFound) {
		p.Problem = v.say.text("health.explain.missing")
		return v.refuse("health", p)
	}
	if err != nil {
		return fmt.Errorf("explain access: %w", err)
	}
	return v.show("health", p)
}
