package messages

import (
	"context"
	"fmt"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/messages/mail"
)

func timeOf(micros int64) time.Time { return database.Time(micros) }

// reference names a message for a receipt. It answers errNoRow.
func (s store) reference(ctx context.Context, id string) (Reference, error) {
	var row messageRow
	err := s.gorm(ctx).Select("id", "message_id", "subject", "completeness").Where("id = ?", id).Take(&row).Error
	if err != nil {
		return Reference{}, fmt.Errorf("read message: %w", noRow(err))
	}
	return Reference{ID: row.ID, MessageID: row.MessageID, Subject: row.Subject, Completeness: Completeness(row.Completeness)}, nil
}

// hostCopies returns under which ids the host has messages, every user's copies.
func (s store) hostCopies(ctx context.Context, ids []string) ([]hostMessageRow, error) {
	var rows []hostMessageRow
	if err := s.gorm(ctx).Where("message_id IN ?", ids).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("find host messages: %w", err)
	}
	return rows, nil
}

// messagesByHost returns our messages by the host's ids, without what a list does not show.
func (s store) messagesByHost(ctx context.Context, hostIDs []string) (map[string]messageRow, error) {
	if len(hostIDs) == 0 {
		return nil, nil
	}
	var copies []hostMessageRow
	if err := s.gorm(ctx).Where("host_id IN ?", hostIDs).Find(&copies).Error; err != nil {
		return nil, fmt.Errorf("find messages of host: %w", err)
	}
	ids := make([]string, len(copies))
	for i, c := range copies {
		ids[i] = c.MessageID
	}
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []messageRow
	if err := s.gorm(ctx).Omit("threading", "problems").Where("id IN ?", ids).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	byID := make(map[string]messageRow, len(rows))
	for _, row := range rows {
		byID[row.ID] = row
	}
	byHost := make(map[string]messageRow, len(copies))
	for _, c := range copies {
		if row, found := byID[c.MessageID]; found {
			byHost[c.HostID] = row
		}
	}
	return byHost, nil
}

// linksOf returns all links of messages, oldest first.
func (s store) linksOf(ctx context.Context, ids []string) ([]linkRow, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []linkRow
	if err := s.gorm(ctx).Where("message_id IN ?", ids).Order("linked_at, id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	return rows, nil
}

// lastLinks returns a user's links, newest first.
func (s store) lastLinks(ctx context.Context, user string, limit int) ([]linkRow, error) {
	var rows []linkRow
	err := s.gorm(ctx).Where("linked_by = ?", user).Order("linked_at DESC, id DESC").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read last links: %w", err)
	}
	return rows, nil
}

// subjects returns the subjects of messages.
func (s store) subjects(ctx context.Context, ids []string) (map[string]string, error) {
	var rows []messageRow
	if err := s.gorm(ctx).Select("id", "subject").Where("id IN ?", ids).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read subjects: %w", err)
	}
	subjects := make(map[string]string, len(rows))
	for _, row := range rows {
		subjects[row.ID] = row.Subject
	}
	return subjects, nil
}

// attachments returns the attachments of the copies that messages show, in their order.
func (s store) attachments(ctx context.Context, ids []string) (map[string][]Part, error) {
	var shown []messageRow
	if err := s.gorm(ctx).Select("id", "rendition").Where("id IN ?", ids).Find(&shown).Error; err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	messages, renditions := make(map[string]string, len(shown)), make([]string, len(shown))
	for i, row := range shown {
		messages[row.Rendition], renditions[i] = row.ID, row.Rendition
	}
	var rows []partRow
	err := s.gorm(ctx).Where("rendition IN ? AND role = ?", renditions, string(mail.RoleAttachment)).Order("rendition, number").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read attachments: %w", err)
	}
	found := make(map[string][]Part, len(shown))
	for _, row := range rows {
		id := messages[row.Rendition]
		found[id] = append(found[id], row.part().Part)
	}
	return found, nil
}

// documentsOfMessage returns the documents that links of a message put somewhere.
func (s store) documentsOfMessage(ctx context.Context, id string) ([]linkDocumentRow, error) {
	var rows []linkDocumentRow
	if err := s.gorm(ctx).Where("message_id = ?", id).Order("link_id, document").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read documents: %w", err)
	}
	return rows, nil
}

// part loads one part of the copy that a message shows, and when the message was archived. It answers errNoRow.
func (s store) part(ctx context.Context, message string, number int) (part, time.Time, error) {
	var about messageRow
	err := s.gorm(ctx).Select("rendition", "created").Where("id = ?", message).Take(&about).Error
	if err != nil {
		return part{}, time.Time{}, fmt.Errorf("read message: %w", noRow(err))
	}
	var row partRow
	if err := s.gorm(ctx).Where("rendition = ? AND number = ?", about.Rendition, number).Take(&row).Error; err != nil {
		return part{}, time.Time{}, fmt.Errorf("read part: %w", noRow(err))
	}
	return row.part(), timeOf(about.Created), nil
}

// byIdentity returns the ids of messages by their identities: of one that very many share the first, and those that the
// user linked.
func (s store) byIdentity(ctx context.Context, hashes [][]byte, user string) (map[[32]byte][]string, error) {
	var rows []messageRow
	err := s.gorm(ctx).Table("mc_messages AS m").Select("m.id", "m.identity").Where("m.identity IN ? AND (m.variant < ? OR "+
		"EXISTS (SELECT 1 FROM mc_links AS l WHERE l.message_id = m.id AND l.linked_by = ?))", hashes, maxShown, user).
		Order("m.variant").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("find messages: %w", err)
	}
	found := make(map[[32]byte][]string, len(rows))
	for _, row := range rows {
		found[hash32(row.Identity)] = append(found[hash32(row.Identity)], row.ID)
	}
	return found, nil
}
