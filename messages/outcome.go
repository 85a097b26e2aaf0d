package messages

import (
	"github.com/mailconnector/mailconnector/messages/mail"
	"github.com/mailconnector/mailconnector/permissions"
)

// result is what a request came to, as its receipt keeps it. Labels are not in it: they are read when it is shown.
type result struct {
	New      bool          `json:"new"`
	Links    []linkResult  `json:"links"`
	Parts    []PartOutcome `json:"parts,omitempty"`
	Problems []Problem     `json:"problems,omitempty"`
}

type linkResult struct {
	Record  permissions.Record `json:"record"`
	Created bool               `json:"created"`
	known   bool               // this user had linked it before, by our books
}

// result sums up what is about to be committed.
func (w *work) result(filed Filed) result {
	created := setOf(filed.Created)
	res := result{New: w.base == nil || w.upgrade, Problems: w.problems}
	for _, r := range w.links {
		_, known := w.linked[r]
		res.Links = append(res.Links, linkResult{Record: r, Created: created[r], known: known})
		res.New = res.New || created[r] || !known
	}
	documents := make(map[int]string, len(filed.Documents))
	for _, d := range filed.Documents {
		documents[d.Part] = d.Document
	}
	offers := make(map[int]offer, len(w.offers))
	for _, o := range w.offers {
		offers[o.part.Number] = o
	}
	for _, p := range w.shown.parts {
		if !p.isBody() {
			res.Parts = append(res.Parts, outcome(p, offers[p.Number], documents[p.Number]))
		}
	}
	return res
}

// outcome says what became of one part.
func outcome(p part, o offer, document string) PartOutcome {
	done := PartOutcome{Part: p.Number, Name: clip(p.Name, maxHint), Size: p.Size, SHA256: p.SHA256}
	switch {
	case p.blob == "" && p.state == StateFailed:
		done.Status, done.Detail = Failed, p.detail
	case p.blob == "":
		done.Status, done.Detail = Skipped, string(p.state)
		if p.detail != "" {
			done.Detail = p.detail
		}
	case p.Role == mail.RoleInline:
		done.Status = Inline
	case o.kept != "":
		done.Status, done.Detail = Kept, o.kept
	case document == "":
		done.Status = Kept
	case o.existing && document == o.document:
		done.Status, done.Document = Existing, document
	default:
		done.Status, done.Document = Stored, document
	}
	return done
}

// events are what the ledger keeps of a request.
func (w *work) events(res result, now int64) []eventRow {
	row := eventRow{At: now, Actor: w.sub.UserID, MessageID: w.message, Origin: string(w.origin), Receipt: w.receipt}
	var rows []eventRow
	if w.rendition != "" {
		archived := row
		archived.Kind, archived.SHA256 = string(EventArchived), w.letter.copy.sha256[:]
		if w.upgrade {
			archived.Kind = string(EventUpgraded)
		}
		rows = append(rows, archived)
	}
	for _, link := range res.Links {
		if link.known && !link.Created {
			continue
		}
		linked := row
		linked.Kind, linked.RecordType, linked.RecordID = string(EventLinked), link.Record.Type, link.Record.ID
		rows = append(rows, linked)
	}
	return rows
}
