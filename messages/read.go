package messages

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mailconnector/mailconnector/permissions"
)

// Message returns one message. It answers permissions.ErrNotFound unless the subject may view a record that the
// message is on now.
func (s *Service) Message(ctx context.Context, sub permissions.Subject, id string) (Message, error) {
	records, err := s.visibleRecords(ctx, sub, id)
	if err != nil {
		return Message{}, err
	}
	a, err := s.read(ctx, id)
	if err != nil {
		return Message{}, err
	}
	links, err := s.links(ctx, sub, map[string][]permissions.Record{id: records})
	if err != nil {
		return Message{}, err
	}
	own, err := s.ownSource(ctx, sub, id)
	if err != nil && !errors.Is(err, permissions.ErrNotFound) {
		return Message{}, err
	}
	l := a.letter
	m := Message{
		ID: id, MessageID: l.messageID, Subject: l.subject, Date: l.date, Direction: a.direction, Completeness: l.complete,
		Size: l.copy.size, From: l.in(roleFrom), To: l.in(roleTo), Cc: l.in(roleCc), ReplyTo: l.in(roleReplyTo),
		Links: links[id], Attached: l.threading.Attached, Problems: l.problems, HasHTML: l.html != "", HasSource: own.ID != "",
	}
	m.Parts, err = s.shownParts(ctx, sub, id, l.parts, records)
	return m, err
}

// shownParts names the documents of the parts, those that are on a record of the list and that the subject may see.
func (s *Service) shownParts(ctx context.Context, sub permissions.Subject, id string, parts []part, records []permissions.Record) ([]Part, error) {
	rows, err := s.store.documentsOfMessage(ctx, id)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r linkDocumentRow) bool { return !slices.Contains(records, r.record()) })
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.Document
	}
	visible, err := s.visibleDocuments(ctx, sub, ids)
	if err != nil {
		return nil, err
	}
	documents := make(map[[32]byte]string)
	for _, row := range rows {
		if visible[row.Document] {
			documents[hash32(row.SHA256)] = row.Document
		}
	}
	shown := make([]Part, len(parts))
	for i, p := range parts {
		shown[i] = p.Part
		if !p.isBody() && p.blob != "" {
			shown[i].Document = documents[p.SHA256]
		}
	}
	return shown, nil
}

// read loads a message that was found visible. One that is gone meanwhile is not found.
func (s *Service) read(ctx context.Context, id string) (*archived, error) {
	a, err := s.store.message(ctx, id)
	if errors.Is(err, errNoRow) {
		return nil, permissions.ErrNotFound
	}
	return a, err
}

// checkVisible answers permissions.ErrNotFound unless the subject may view a record that the message is on now.
func (s *Service) checkVisible(ctx context.Context, sub permissions.Subject, id string) error {
	_, err := s.visibleRecords(ctx, sub, id)
	return err
}

func (s *Service) visibleRecords(ctx context.Context, sub permissions.Subject, id string) ([]permissions.Record, error) {
	if !isID(id) {
		return nil, permissions.ErrNotFound
	}
	placed, err := s.placed(ctx, sub, []string{id})
	if err != nil {
		return nil, err
	}
	if len(placed[id]) == 0 {
		return nil, permissions.ErrNotFound
	}
	return placed[id], nil
}

// placed returns for each message the records that the host says it is on now and that the subject may view, by those
// of its copies in the host that the subject may read. A message without any is left out: for this subject it does not
// exist.
func (s *Service) placed(ctx context.Context, sub permissions.Subject, ids []string) (map[string][]permissions.Record, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	copies, err := s.store.hostCopies(ctx, ids)
	if err != nil || len(copies) == 0 {
		return nil, err
	}
	hostIDs := make([]string, len(copies))
	for i, c := range copies {
		hostIDs[i] = c.HostID
	}
	on, err := s.readable(ctx, sub, hostIDs)
	if err != nil {
		return nil, err
	}
	visible, err := permissions.Visible(ctx, s.c.Permissions, sub, distinct(slices.Concat(on...)))
	if err != nil {
		return nil, fmt.Errorf("check records: %w", err)
	}
	seen, placed := setOf(visible), make(map[string][]permissions.Record)
	for i, c := range copies {
		for _, r := range on[i] {
			if seen[r] && !slices.Contains(placed[c.MessageID], r) {
				placed[c.MessageID] = append(placed[c.MessageID], r)
			}
		}
	}
	return placed, nil
}

// readable returns the records that each message of the host is on, none for one the subject may not read.
func (s *Service) readable(ctx context.Context, sub permissions.Subject, hostIDs []string) ([][]permissions.Record, error) {
	may, err := s.c.Filing.Readable(ctx, sub, hostIDs)
	if err != nil {
		return nil, fmt.Errorf("ask who reads messages: %w", err)
	}
	on, err := s.c.Filing.Records(ctx, hostIDs)
	if err != nil {
		return nil, fmt.Errorf("find records of messages: %w", err)
	}
	for i := range on {
		if !may[i] {
			on[i] = nil
		}
	}
	return on, nil
}

// links describes where messages are, with who linked them where that was done here: the subject himself if he did, or
// else the first who did.
func (s *Service) links(ctx context.Context, sub permissions.Subject, placed map[string][]permissions.Record) (map[string][]Link, error) {
	var ids []string
	var records []permissions.Record
	for id, on := range placed {
		ids, records = append(ids, id), append(records, on...)
	}
	rows, err := s.store.linksOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	labels, err := s.labels(ctx, sub, distinct(records))
	if err != nil {
		return nil, err
	}
	made, users := firstLinks(rows, sub.UserID), s.users(ctx)
	links := make(map[string][]Link, len(placed))
	for id, on := range placed {
		for _, r := range on {
			link := newLink(made[place{id, r}], sub, users)
			link.Record, link.Label = r, labels[r]
			links[id] = append(links[id], link)
		}
	}
	return links, nil
}

// place is a message on a record.
type place struct {
	message string
	record  permissions.Record
}

// firstLinks picks one link of each place: the user's own or else the oldest. Rows come oldest first.
func firstLinks(rows []linkRow, user string) map[place]linkRow {
	picked := make(map[place]linkRow, len(rows))
	for _, row := range rows {
		at := place{row.MessageID, row.record()}
		if _, found := picked[at]; !found || row.LinkedBy == user {
			picked[at] = row
		}
	}
	return picked
}

// newLink describes a link we made; of the zero row, one that the CRM made itself.
func newLink(row linkRow, sub permissions.Subject, users func(id string) User) Link {
	if row.ID == "" {
		return Link{}
	}
	return Link{
		Record: row.record(), LinkedAt: timeOf(row.LinkedAt), LinkedBy: users(row.LinkedBy),
		Mine: row.LinkedBy == sub.UserID,
	}
}

// users names users, asking for each once: a list of links names the same few again and again.
func (s *Service) users(ctx context.Context) func(id string) User {
	known := make(map[string]User)
	return func(id string) User {
		user, found := known[id]
		if !found {
			user = User{ID: id}
			if s.c.UserName != nil {
				user.Name = s.c.UserName(ctx, id)
			}
			known[id] = user
		}
		return user
	}
}
