package search

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/permissions"
)

// The kinds of groups.
const (
	byConversation = "conversation"
	byChoice       = "choice"
	byAddress      = "address"
	byNumber       = "number"
	byParent       = "open"
	byDomain       = "domain"
)

const (
	maxReferences = 50  // message ids looked up: the mail answered and the nearest ones before it
	maxChoices    = 100 // earlier choices looked at
	maxOpen       = 1000
)

// propose finds candidates for every group that the mail itself leads to, best group first, domains last.
func (g *suggesting) propose(ctx context.Context, d depth) ([]proposals, error) {
	linked, err := g.byConversation(ctx)
	if err != nil {
		return nil, fmt.Errorf("suggest by conversation: %w", err)
	}
	chosen, err := g.byChoice(ctx)
	if err != nil {
		return nil, fmt.Errorf("suggest by earlier choice: %w", err)
	}
	found, err := g.byTerms(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("suggest by address: %w", err)
	}
	return append([]proposals{linked, chosen}, found...), nil
}

// byConversation finds the records that earlier mails of the conversation are on. Only mails that this CRM holds
// count, so that a forged header leads nowhere its reader could not go.
func (g *suggesting) byConversation(ctx context.Context) (proposals, error) {
	found := proposals{kind: byConversation}
	ids := slices.Clone(g.mail.References)
	slices.Reverse(ids)
	ids = append([]string{g.mail.MessageID, g.mail.InReplyTo}, ids[:min(len(ids), maxReferences)]...)
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == "" })
	if g.service.conversations == nil || len(ids) == 0 {
		return found, nil
	}
	records, err := g.service.conversations.LinkedTo(ctx, g.view.subject, ids)
	found.add(records, "")
	return found, err
}

// byChoice finds what the user linked before for one of the addresses.
func (g *suggesting) byChoice(ctx context.Context) (proposals, error) {
	about := make(map[string]string, len(g.mail.Participants))
	keys := make([][]byte, len(g.mail.Participants))
	for i, p := range g.mail.Participants {
		keys[i] = addressKey(p.Address)
		about[string(keys[i])] = p.Address
	}
	choices, err := g.service.store.choices(ctx, g.view.subject.UserID, keys, maxChoices)
	found := proposals{kind: byChoice}
	for _, c := range choices {
		found.add([]permissions.Record{{Type: c.Type, ID: c.Record}}, about[string(c.Address)])
	}
	return found, err
}

// byTerms finds records that have exactly one of the addresses in a field the subject may see, records whose number
// stands in the subject, and companies by the domain of an address. Until the index is built the host is asked instead,
// which knows no domains.
func (g *suggesting) byTerms(ctx context.Context, d depth) ([]proposals, error) {
	numbers := recordNumber.FindAllString(g.mail.Subject, maxPerGroup)
	addresses := make([]string, len(g.mail.Participants))
	for i, p := range g.mail.Participants {
		addresses[i] = p.Address
	}
	if !g.service.built() {
		records, err := g.service.lookUp(ctx, g.view.subject, slices.Concat(addresses, numbers))
		return []proposals{fromHost(byAddress, addresses, records), fromHost(byNumber, numbers, records), {kind: byDomain}}, err
	}
	free, err := g.service.FreeMailDomains(ctx)
	if err != nil {
		return nil, err
	}
	var asked [3][]wanted
	for _, a := range addresses {
		asked[0] = append(asked[0], wanted{a, []exactTerm{{emailTerm, a}}})
	}
	for _, n := range numbers {
		asked[1] = append(asked[1], wanted{n, []exactTerm{{numberTerm, cut(fold(n))}}})
	}
	for _, domain := range domainsOf(addresses, free) {
		asked[2] = append(asked[2], wanted{domain, []exactTerm{{siteTerm, domain}, {domainTerm, domain}}})
	}
	records, err := g.service.lookUpTerms(ctx, lookup{g.view, termsOfAll(asked[:]), g.service.companyAddresses(g.view), d})
	return []proposals{
		g.fromIndex(byAddress, asked[0], records), g.fromIndex(byNumber, asked[1], records), g.fromIndex(byDomain, asked[2], records),
	}, err
}

// recordNumber is how the CRM's record numbers look: letters, then digits.
var recordNumber = regexp.MustCompile(`\b\p{L}{1,10}[-_]?\d{1,12}\b`)

// domainsOf lists the domains of addresses, but those of free mail, which say nothing about a company.
func domainsOf(addresses, free []string) (domains []string) {
	for _, a := range addresses {
		if domain := domainOf(a); domain != "" && !isFreeMail(domain, free) && !slices.Contains(domains, domain) {
			domains = append(domains, domain)
		}
	}
	return domains
}

// companyAddresses lists the visible address fields of companies, which are what has a web site.
func (s *Service) companyAddresses(v *view) (fields []int32) {
	for id, f := range v.fields {
		entityType, _, _ := strings.Cut(s.names.name(id), ".")
		typeID, _ := s.names.id(typeName, entityType)
		if f.Kind == permissions.KindEmail && v.types[typeID].hasSite() {
			fields = append(fields, id)
		}
	}
	slices.Sort(fields)
	return fields
}

func (tv *typeView) hasSite() bool {
	return tv != nil && slices.ContainsFunc(tv.entity.Fields, func(f permissions.Field) bool {
		return f.Kind == permissions.KindDomain
	})
}

// byParents finds open deals and tickets of the persons and companies in groups found before.
func (g *suggesting) byParents(ctx context.Context, groups []Group) (proposals, error) {
	parents, labels := make(map[int32][]string), make(map[permissions.Record]string)
	for _, group := range groups {
		for _, item := range group.Items {
			labels[item.Record] = item.Label
			if typeID, known := g.service.names.id(typeName, item.Record.Type); known {
				parents[typeID] = append(parents[typeID], item.Record.ID)
			}
		}
	}
	found := proposals{kind: byParent, byCard: func(c Card) (string, bool) {
		for _, r := range c.Parents {
			if label, suggested := labels[r]; suggested {
				return label, true
			}
		}
		return "", false
	}}
	var owners []int32
	if len(g.view.openTypes) == 0 {
		owners = g.view.ownerList
	}
	rows, err := g.service.store.openOf(ctx, parents, owners, maxOpen)
	slices.SortFunc(rows, latestFirst)
	for _, row := range rows {
		if g.view.reaches(row) {
			found.add([]permissions.Record{g.service.record(row)}, "")
		}
	}
	return found, err
}

// reaches reports whether a document is worth a permission check: its type is visible, its owner in scope.
func (v *view) reaches(d docRow) bool {
	tv, visible := v.types[d.Type]
	return visible && (tv.any || tv.owners.has(d.Owner))
}

// wanted is what stands in a mail, with the terms by which records are found for it.
type wanted struct {
	about string
	terms []exactTerm
}

func termsOfAll(asked [][]wanted) (terms []exactTerm) {
	for _, group := range asked {
		for _, w := range group {
			terms = append(terms, w.terms...)
		}
	}
	return terms
}

// fromIndex lists what the index has for what was asked, in its order.
func (g *suggesting) fromIndex(kind string, asked []wanted, records map[exactTerm]matches) proposals {
	found := proposals{kind: kind}
	for _, w := range asked {
		for _, term := range w.terms {
			found.cut = found.cut || records[term].cut
			for _, doc := range records[term].docs {
				found.add([]permissions.Record{g.service.record(doc)}, w.about)
			}
		}
	}
	return found
}

func fromHost(kind string, values []string, records map[string][]permissions.Record) proposals {
	found := proposals{kind: kind}
	for _, value := range values {
		found.add(records[value], value)
	}
	return found
}

func (p *proposals) add(records []permissions.Record, about string) {
	for _, r := range records {
		p.list = append(p.list, proposal{r, about})
	}
}

func latestFirst(a, b docRow) int {
	return cmp.Or(cmp.Compare(b.Modified, a.Modified), cmp.Compare(a.ID, b.ID))
}

func (s *Service) record(row docRow) permissions.Record {
	return permissions.Record{Type: s.names.name(row.Type), ID: row.Record}
}
