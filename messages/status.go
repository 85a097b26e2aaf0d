package messages

import (
	"context"
	"fmt"

	"github.com/mailconnector/mailconnector/permissions"
)

// maxStatus is how many mails one Status call asks about, and how many ids LinkedTo looks at.
const maxStatus = 100

// Status tells for up to 100 internet message ids, in their order, whether the mail is linked, as far as the subject may
// know: records it may not view leave no trace, nor do messages it may not read, and a mail that is only on such records is
// not linked. Each record is named once, however many mails with the id are on it.
func (s *Service) Status(ctx context.Context, sub permissions.Subject, messageIDs []string) ([]Status, error) {
	if len(messageIDs) > maxStatus {
		return nil, &InvalidError{Pointer: "/internet_message_ids", Detail: fmt.Sprintf("must have at most %d entries", maxStatus)}
	}
	list := make([]Status, len(messageIDs))
	for i, id := range messageIDs {
		list[i].MessageID = id
	}
	hashes := identities(messageIDs)
	if len(hashes) == 0 {
		return list, nil
	}
	found, err := s.store.byIdentity(ctx, hashes, sub.UserID)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, variants := range found {
		ids = append(ids, variants...)
	}
	placed, err := s.placed(ctx, sub, ids)
	if err != nil {
		return nil, err
	}
	links, err := s.links(ctx, sub, placed)
	if err != nil {
		return nil, err
	}
	for i, id := range messageIDs {
		list[i].ID, list[i].Links = byRecord(found[identityOf(id)], links)
	}
	return list, nil
}

// byRecord brings the links of mails that share a Message-ID together, one for each record, and names the first mail that
// has any.
func byRecord(variants []string, links map[string][]Link) (first string, list []StatusLink) {
	at := make(map[permissions.Record]int)
	for _, variant := range variants {
		for _, link := range links[variant] {
			i, known := at[link.Record]
			switch {
			case !known:
				at[link.Record] = len(list)
				list = append(list, StatusLink{link, []string{variant}})
			case link.Mine == list[i].Mine:
				list[i].Messages = append(list[i].Messages, variant)
				if list[i].LinkedAt.IsZero() {
					list[i].Link = link
				}
			case link.Mine:
				list[i] = StatusLink{link, []string{variant}}
			}
		}
		if first == "" && len(list) > 0 {
			first = variant
		}
	}
	return first, list
}

// identities returns the identities of message ids, each once and none for an empty one.
func identities(messageIDs []string) [][]byte {
	var hashes [][]byte
	seen := make(map[[32]byte]bool)
	for _, id := range messageIDs {
		hash := identityOf(id)
		if normalID(id) == "" || seen[hash] {
			continue
		}
		seen[hash] = true
		hashes = append(hashes, hash[:])
	}
	return hashes
}

// LinkedTo returns the records that the conversation of these message ids is linked to: records of a mail that bears one
// of the ids, answers one of them or has one attached; for Outlook's Thread-Index see [ThreadReference]. A subject line
// never counts. Those of mails that the subject linked come first, then those of the newest mail of each other who linked
// one, then those of the newest mails of all, each from the most recent mail on: of a long conversation not every mail is
// looked at, but nobody's mails crowd out those of others. Only records that the subject may view are among them. Of more
// than 100 ids, the last are looked at: References list the oldest first.
func (s *Service) LinkedTo(ctx context.Context, sub permissions.Subject, messageIDs []string) ([]permissions.Record, error) {
	hashes := identities(messageIDs[max(0, len(messageIDs)-maxStatus):])
	if len(hashes) == 0 {
		return nil, nil
	}
	ids, err := s.store.conversation(ctx, hashes, sub.UserID)
	if err != nil {
		return nil, err
	}
	placed, err := s.placed(ctx, sub, ids)
	if err != nil {
		return nil, err
	}
	var records []permissions.Record
	for _, id := range ids {
		records = append(records, placed[id]...)
	}
	return distinct(records), nil
}

// LastLink is one link a user made.
type LastLink struct {
	Link    Link
	Message string // id
	Subject string
}

// LastLinks returns what the subject linked last and may still see, newest first: at most limit, and at most 100.
func (s *Service) LastLinks(ctx context.Context, sub permissions.Subject, limit int) ([]LastLink, error) {
	rows, err := s.store.lastLinks(ctx, sub.UserID, min(max(limit, 1), maxStatus))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	var ids []string
	for _, row := range rows {
		ids = append(ids, row.MessageID)
	}
	placed, err := s.placed(ctx, sub, distinct(ids))
	if err != nil {
		return nil, err
	}
	links, err := s.links(ctx, sub, placed)
	if err != nil {
		return nil, err
	}
	subjects, err := s.store.subjects(ctx, distinct(ids))
	if err != nil {
		return nil, err
	}
	var last []LastLink
	for _, row := range rows {
		for _, link := range links[row.MessageID] {
			if link.Record == row.record() {
				last = append(last, LastLink{Link: link, Message: row.MessageID, Subject: subjects[row.MessageID]})
			}
		}
	}
	return last, nil
}
