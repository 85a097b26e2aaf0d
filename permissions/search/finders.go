package search

import (
	"cmp"
	"context"
	"regexp"
	"slices"

	"github.com/mailconnector/mailconnector/permissions"
)

// maxReferences bounds the message ids looked up: the mail answered and the nearest ones before it.
const maxReferences = 50

// byConversation finds the records that earlier mails of the conversation are on. Only mails that this CRM holds
// count, so that a forged header leads nowhere its reader could not go.
func (s *Service) byConversation(ctx context.Context, v *view, m Mail) ([]proposal, error) {
	if s.conversations == nil {
		return nil, nil
	}
	ids := slices.Clone(m.References)
	slices.Reverse(ids)
	ids = append([]string{m.MessageID, m.InReplyTo}, ids[:min(len(ids), maxReferences)]...)
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == "" })
	if len(ids) == 0 {
		return nil, nil
	}
	records, err := s.conversations.LinkedTo(ctx, v.subject, ids)
	return proposals(records, ""), err
}

// byChoice finds what the user linked before for one of the addresses.
func (s *Service) byChoice(ctx context.Context, v *view, m Mail) ([]proposal, error) {
	about := make(map[string]string, len(m.Participants))
	keys := make([][]byte, len(m.Participants))
	for i, p := range m.Participants {
		keys[i] = addressKey(p.Address)
		about[string(keys[i])] = p.Address
	}
	choices, err := s.store.choices(ctx, v.subject.UserID, keys, maxCandidates)
	list := make([]proposal, len(choices))
	for i, c := range choices {
		list[i] = proposal{permissions.Record{Type: c.Type, ID: c.Record}, about[string(c.Address)]}
	}
	return list, err
}

// byAddress finds records that have exactly one of the addresses in a field the subject may see.
func (s *Service) byAddress(ctx context.Context, v *view, m Mail) ([]proposal, error) {
	addresses := make([]string, len(m.Participants))
	for i, p := range m.Participants {
		addresses[i] = p.Address
	}
	list, err := s.byExact(ctx, v, emailTerm, addresses)
	for _, addr := range addresses {
		if err != nil {
			return nil, err
		}
		var records []permissions.Record
		records, err = s.lookUp(ctx, v.subject, addr)
		list = append(list, proposals(records, addr)...)
	}
	return list, err
}

// recordNumber is how the CRM's record numbers look: letters, then digits.
var recordNumber = regexp.MustCompile(`\b\p{L}{1,10}[-_]?\d{1,12}\b`)

// byNumber finds records whose number stands in the subject.
func (s *Service) byNumber(ctx context.Context, v *view, m Mail) ([]proposal, error) {
	return s.byExact(ctx, v, numberTerm, recordNumber.FindAllString(fold(m.Subject), maxPerGroup))
}

// byDomain finds companies by the domain of an address. A company is a record of a type that has a web site or
// domain field; free-mail domains say nothing.
func (s *Service) byDomain(ctx context.Context, v *view, m Mail) ([]proposal, error) {
	free, err := s.FreeMailDomains(ctx)
	if err != nil {
		return nil, err
	}
	var domains []string
	for _, p := range m.Participants {
		if domain := domainOf(p.Address); domain != "" && !isFreeMail(domain, free) && !slices.Contains(domains, domain) {
			domains = append(domains, domain)
		}
	}
	return s.byExact(ctx, v.narrowed((*typeView).hasDomain), domainTerm, domains)
}

func (tv *typeView) hasDomain() bool {
	return slices.ContainsFunc(tv.entity.Fields, func(f permissions.Field) bool {
		return f.Kind == permissions.KindDomain
	})
}

// byParents finds open deals and tickets of the persons and companies found so far.
func (s *Service) byParents(ctx context.Context, found map[permissions.Record]bool) ([]proposal, error) {
	byType := make(map[string][]string)
	for r := range found {
		byType[r.Type] = append(byType[r.Type], r.ID)
	}
	var rows []docRow
	for entityType, ids := range byType {
		typeID, known := s.names.id(typeName, entityType)
		if !known {
			continue
		}
		part, err := s.store.openChildren(ctx, typeID, ids, maxCandidates)
		if err != nil {
			return nil, err
		}
		rows = append(rows, part...)
	}
	slices.SortFunc(rows, latestFirst)
	list := make([]proposal, len(rows))
	for i, row := range rows {
		list[i] = proposal{record: s.record(row)}
	}
	return list, nil
}

// byExact finds documents by whole terms, in the order the terms are given, the latest modified first for each.
func (s *Service) byExact(ctx context.Context, v *view, kind termKind, texts []string) ([]proposal, error) {
	if v.empty() {
		return nil, nil
	}
	var ids []int64
	about := make(map[int64]string)
	for _, text := range texts {
		w := newWalk(s.store, v, queryWord{{kind, whole, []byte(cut(text))}}, nil, place{})
		found, _, err := gather(ctx, w, nil, false)
		if err != nil {
			return nil, err
		}
		for _, c := range found {
			if _, before := about[c.doc]; !before {
				ids, about[c.doc] = append(ids, c.doc), text
			}
		}
	}
	docs, err := s.store.docs(ctx, ids)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(docs, func(a, b docRow) int {
		return cmp.Or(cmp.Compare(slices.Index(texts, about[a.ID]), slices.Index(texts, about[b.ID])), latestFirst(a, b))
	})
	list := make([]proposal, len(docs))
	for i, doc := range docs {
		list[i] = proposal{s.record(doc), about[doc.ID]}
	}
	return list, nil
}

func latestFirst(a, b docRow) int {
	return cmp.Or(cmp.Compare(b.Modified, a.Modified), cmp.Compare(a.ID, b.ID))
}

func (s *Service) record(row docRow) permissions.Record {
	return permissions.Record{Type: s.names.name(row.Type), ID: row.Record}
}

func proposals(records []permissions.Record, about string) []proposal {
	list := make([]proposal, len(records))
	for i, r := range records {
		list[i] = proposal{r, about}
	}
	return list
}
