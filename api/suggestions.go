package api

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions/search"
)

type suggestionRequestJSON struct {
	InternetMessageID string            `json:"internet_message_id"`
	InReplyTo         string            `json:"in_reply_to"`
	References        []string          `json:"references"`
	ThreadIndex       string            `json:"thread_index"`
	Subject           string            `json:"subject"`
	Participants      []participantRole `json:"participants"`
}

type participantRole struct {
	Role    string `json:"role"`
	Name    string `json:"name"`
	Address string `json:"address"`
}

type suggestionsJSON struct {
	Groups  []groupJSON `json:"groups"`
	Partial []string    `json:"partial"`
}

type groupJSON struct {
	Kind  string           `json:"kind"`
	Label string           `json:"label"`
	Items []suggestionJSON `json:"items"`
}

type suggestionJSON struct {
	cardJSON
	Reason reasonJSON `json:"reason"`
}

type reasonJSON struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// suggest serves POST /suggestions.
func (h *Handler) suggest(w http.ResponseWriter, r *http.Request) error {
	var in suggestionRequestJSON
	if err := readJSON(r, &in); err != nil {
		return err
	}
	if err := in.check(); err != nil {
		return err
	}
	caller := callerOf(r)
	found, err := h.c.Search.Suggest(r.Context(), caller.Subject(), in.mail(caller.Account.Addresses), language(r))
	if err != nil {
		return fmt.Errorf("suggest records: %w", err)
	}
	answer := suggestionsJSON{Groups: make([]groupJSON, len(found.Groups)), Partial: list(found.Partial)}
	for i, group := range found.Groups {
		answer.Groups[i] = newGroupJSON(group)
	}
	return writeJSON(w, http.StatusOK, answer)
}

func (in suggestionRequestJSON) check() error {
	var f faults
	f.length("/internet_message_id", in.InternetMessageID, 0, maxMessageID)
	f.length("/in_reply_to", in.InReplyTo, 0, maxMessageID)
	f.length("/thread_index", in.ThreadIndex, 0, 2000)
	f.length("/subject", in.Subject, 0, 2000)
	f.count("/references", len(in.References), 200)
	f.count("/participants", len(in.Participants), 1000)
	roles := []string{"from", "to", "cc", "bcc", "sender", "reply_to"}
	for i, p := range in.Participants {
		if !slices.Contains(roles, p.Role) {
			f.add("/participants/"+strconv.Itoa(i)+"/role", "must be from, to, cc, bcc, sender or reply_to")
		}
	}
	return f.err()
}

func (in suggestionRequestJSON) mail(own []string) search.Mail {
	m := search.Mail{
		MessageID:    in.InternetMessageID,
		InReplyTo:    in.InReplyTo,
		References:   in.References,
		Subject:      in.Subject,
		Participants: make([]search.Participant, len(in.Participants)),
		Own:          own,
	}
	if thread := messages.ThreadReference(in.ThreadIndex); thread != "" {
		m.References = append(slices.Clip(m.References), thread)
	}
	for i, p := range in.Participants {
		m.Participants[i] = search.Participant{Role: p.Role, Name: p.Name, Address: p.Address}
	}
	return m
}

func newGroupJSON(g search.Group) groupJSON {
	group := groupJSON{Kind: wireKind(g.Kind), Label: g.Label, Items: make([]suggestionJSON, len(g.Items))}
	for i, s := range g.Items {
		group.Items[i] = suggestionJSON{
			cardJSON: newCardJSON(s.Card, s.CanLink),
			Reason:   reasonJSON{wireKind(s.Reason.Code), s.Reason.Text},
		}
	}
	return group
}

// wireKind says on the wire what kind of choice is meant.
func wireKind(kind string) string {
	if kind == "choice" {
		return "earlier-choice"
	}
	return kind
}
