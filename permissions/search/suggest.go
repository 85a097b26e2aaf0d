package search

import (
	"context"
	"crypto/sha256"
	"slices"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/permissions"
)

// The bounds of a suggestion.
const (
	maxParticipants = 200
	maxPerGroup     = 10
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
	Label string // in the language asked for
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

// Suggest proposes the records a mail belongs to. All participants are looked up together, so that a mail to many
// takes as many statements as one to few. Where several records match equally well, all are shown: a tie is the user's
// to decide. A record that the subject may not view changes nothing in the answer.
func (s *Service) Suggest(ctx context.Context, subject permissions.Subject, m Mail, lang string) (Suggestions, error) {
	s.freshen(ctx)
	v, failed, err := s.prepare(ctx, subject, "", lang)
	if err != nil {
		return Suggestions{}, err
	}
	m.Participants = others(m)
	g := &suggesting{service: s, view: v, mail: m, cards: make(map[permissions.Record]*Card), partial: failed}
	groups, err := g.groups(ctx)
	if err != nil {
		return Suggestions{}, err
	}
	return Suggestions{Groups: groups, Partial: g.partial}, nil
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
