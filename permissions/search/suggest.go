package search

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/permissions"
)

// The bounds of a suggestion.
const (
	maxParticipants = 200
	maxPerGroup     = 10
	maxCandidates   = 100 // checked live for one group
)

// Mail is what a suggestion starts from: the open mail as the client sees it.
type Mail struct {
	MessageID    string
	InReplyTo    string
	References   []string // oldest first
	Subject      string
	Participants []Participant
	Own          []string // the user's own addresses; never suggested
}

// Participant is one address of a mail.
type Participant struct {
	Role    string // "from", "to", "cc", ...: participants are looked up in the order given
	Name    string
	Address string
}

// Group is a list of suggestions that were found in the same way. The groups come best first.
type Group struct {
	Kind  string // "conversation", "choice", "address", "number", "open", "domain"
	Label string
	Items []Suggestion
}

// Suggestion is a record with the reason why it is suggested.
type Suggestion struct {
	Hit
	Reason Reason
}

// Reason says why a record is suggested.
type Reason struct {
	Code string // the group's kind
	Text string // one sentence in the language asked for
}

// Suggestions are groups of records, each record in the first group that found it.
type Suggestions struct {
	Groups  []Group
	Partial []string // as in Results
}

// proposal is a candidate for a group: not checked yet.
type proposal struct {
	record permissions.Record
	about  string // what matched: an address, a number, a domain
}

// finder proposes records for one group.
type finder struct {
	kind string
	find func(ctx context.Context, v *view, m Mail) ([]proposal, error)
}

// Suggest proposes the records a mail belongs to. All participants are looked up in one call. Where several records
// match equally well, all are shown: a tie is the user's to decide.
func (s *Service) Suggest(ctx context.Context, subject permissions.Subject, m Mail, lang string) (Suggestions, error) {
	s.freshen(ctx)
	v, failed, err := s.prepare(ctx, subject, "", lang)
	if err != nil {
		return Suggestions{}, err
	}
	m.Participants = others(m)
	answer := Suggestions{Partial: failed}
	shown := make(map[permissions.Record]bool)
	for _, f := range s.finders(shown) {
		proposals, err := f.find(ctx, v, m)
		if err != nil {
			return Suggestions{}, fmt.Errorf("suggest by %s: %w", f.kind, err)
		}
		group, failed, err := s.group(ctx, v, f.kind, proposals, shown)
		if err != nil {
			return Suggestions{}, err
		}
		answer.Partial = appendNew(answer.Partial, failed)
		if len(group.Items) > 0 {
			answer.Groups = append(answer.Groups, group)
		}
	}
	return answer, nil
}

// finders lists the ways of finding, best first. Some go on from the records shown before them.
func (s *Service) finders(shown map[permissions.Record]bool) []finder {
	return []finder{
		{"conversation", s.byConversation},
		{"choice", s.byChoice},
		{"address", s.byAddress},
		{"number", s.byNumber},
		{"open", func(ctx context.Context, v *view, _ Mail) ([]proposal, error) { return s.byParents(ctx, shown) }},
		{"domain", s.byDomain},
	}
}

// group checks proposals live and keeps those that no earlier group has shown.
func (s *Service) group(ctx context.Context, v *view, kind string, proposals []proposal, shown map[permissions.Record]bool) (Group, []string, error) {
	group := Group{Kind: kind, Label: groupLabel(v.lang, kind)}
	about := make(map[permissions.Record]string)
	var records []permissions.Record
	for _, p := range proposals {
		if _, twice := about[p.record]; !twice && !shown[p.record] && len(records) < maxCandidates {
			about[p.record] = p.about
			records = append(records, p.record)
		}
	}
	hits, failed, err := s.hits(ctx, v, records)
	if err != nil {
		return group, nil, err
	}
	for _, hit := range hits[:min(len(hits), maxPerGroup)] {
		shown[hit.Record] = true
		reason := Reason{Code: kind, Text: reasonText(v.lang, kind, about[hit.Record])}
		group.Items = append(group.Items, Suggestion{Hit: hit, Reason: reason})
	}
	return group, failed, nil
}

// Touch notes that a user linked a record while a mail with these participants was open. The record is suggested
// first for them from then on, and is among the user's last ten.
func (s *Service) Touch(ctx context.Context, subject permissions.Subject, r permissions.Record, m Mail) error {
	now := database.Micros(s.db.Now())
	rows := []choiceRow{{subject.UserID, addressKey(""), r.Type, r.ID, now}}
	for _, p := range others(m) {
		rows = append(rows, choiceRow{subject.UserID, addressKey(p.Address), r.Type, r.ID, now})
	}
	return s.store.choose(ctx, rows)
}

// others are the participants besides the user, each address once.
func others(m Mail) []Participant {
	seen := make(map[string]bool)
	for _, own := range m.Own {
		seen[address(own)] = true
	}
	var list []Participant
	for _, p := range m.Participants[:min(len(m.Participants), maxParticipants)] {
		p.Address = address(p.Address)
		if p.Address != "" && !seen[p.Address] {
			seen[p.Address] = true
			list = append(list, p)
		}
	}
	return slices.Clip(list)
}

// addressKey is how an address is remembered: hashed, because the list of people someone writes to is private.
func addressKey(addr string) []byte {
	sum := sha256.Sum256([]byte(addr))
	return sum[:]
}
