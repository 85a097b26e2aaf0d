package search

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"

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
	var all []proposals
	for _, find := range []func(context.Context, depth) ([]proposals, error){g.byConversation, g.byChoice, g.byTerms, g.byDomain} {
		found, err := find(ctx, d)
		if err != nil {
			return nil, fmt.Errorf("suggest records: %w", err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// byConversation finds the records that earlier mails of the conversation are on. Only mails that this CRM holds
// count, so that a forged header leads nowhere its reader could not go.
func (g *suggesting) byConversation(ctx context.Context, _ depth) ([]proposals, error) {
	found := proposals{kind: byConversation}
	ids := slices.Clone(g.mail.References)
	slices.Reverse(ids)
	ids = append([]string{g.mail.MessageID, g.mail.InReplyTo}, ids[:min(len(ids), maxReferences)]...)
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == "" })
	if g.service.conversations == nil || len(ids) == 0 {
		return []proposals{found}, nil
	}
	records, err := g.service.conversations.LinkedTo(ctx, g.view.subject, ids)
	found.add(records, "")
	return []proposals{found}, err
}

// byChoice finds what the user linked before for one of the addresses.
func (g *suggesting) byChoice(ctx context.Context, _ depth) ([]proposals, error) {
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
	return []proposals{found}, err
}

// byTerms finds records that have exactly one of the addresses in a field the subject may see, and records whose
// number stands in the subject. Until the index is built the host is asked instead.
func (g *suggesting) byTerms(ctx context.Context, d depth) ([]proposals, error) {
	var addresses, numbers []string
	for _, p := range g.mail.Participants {
		addresses = append(addresses, p.Address)
	}
	numbers = recordNumber.FindAllString(g.mail.Subject, maxPerGroup)
	if !g.service.built() {
		records, err := g.service.lookUp(ctx, g.view.subject, slices.Concat(addresses, numbers))
		return []proposals{fromHost(byAddress, addresses, records), fromHost(byNumber, numbers, records)}, err
	}
	var terms []exactTerm
	for _, a := range addresses {
		terms = append(terms, exactTerm{emailTerm, a})
	}
	for _, n := range numbers {
		terms = append(terms, exactTerm{numberTerm, cut(fold(n))})
	}
	records, err := g.service.lookUpTerms(ctx, g.view, terms, d)
	if err != nil {
		return nil, err
	}
	return []proposals{
		g.fromIndex(byAddress, addresses, terms[:len(addresses)], records),
		g.fromIndex(byNumber, numbers, terms[len(addresses):], records),
	}, nil
}

// recordNumber is how the CRM's record numbers look: letters, then digits.
var recordNumber = regexp.MustCompile(`\b\p{L}{1,10}[-_]?\d{1,12}\b`)

// byDomain finds companies by the domain of an address. A company is a record of a type that has a web site or
// domain field; free-mail domains say nothing.
func (g *suggesting) byDomain(ctx context.Context, d depth) ([]proposals, error) {
	free, err := g.service.FreeMailDomains(ctx)
	if err != nil {
		return nil, err
	}
	var domains []string
	var terms []exactTerm
	for _, p := range g.mail.Participants {
		if domain := domainOf(p.Address); domain != "" && !isFreeMail(domain, free) && !slices.Contains(domains, domain) {
			domains, terms = append(domains, domain), append(terms, exactTerm{domainTerm, cut(domain)})
		}
	}
	if !g.service.built() {
		return []proposals{{kind: byDomain}}, nil
	}
	records, err := g.service.lookUpTerms(ctx, g.view.narrowed((*typeView).hasDomain), terms, d)
	return []proposals{g.fromIndex(byDomain, domains, terms, records)}, err
}

func (tv *typeView) hasDomain() bool {
	return slices.ContainsFunc(tv.entity.Fields, func(f permissions.Field) bool {
		return f.Kind == permissions.KindDomain
	})
}

// byParents finds open deals and tickets of the persons and companies in groups found before.
func (g *suggesting) byParents(ctx context.Context, groups []Group) (proposals, error) {
	found := proposals{kind: byParent}
	parents := make(map[int32][]string)
	for _, group := range groups {
		for _, item := range group.Items {
			if typeID, known := g.service.names.id(typeName, item.Record.Type); known {
				parents[typeID] = append(parents[typeID], item.Record.ID)
			}
		}
	}
	rows, err := g.service.store.openOf(ctx, parents, maxOpen)
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

// fromIndex lists what the index has for terms, in the order of the terms; about says what each stands for.
func (g *suggesting) fromIndex(kind string, about []string, terms []exactTerm, records map[exactTerm]matches) proposals {
	found := proposals{kind: kind}
	for i, term := range terms {
		found.cut = found.cut || records[term].cut
		for _, doc := range records[term].docs {
			found.add([]permissions.Record{g.service.record(doc)}, about[i])
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
