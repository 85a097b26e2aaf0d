package messages

import (
	"context"
	"fmt"

	"github.com/mailconnector/mailconnector/permissions"
)

// linkedTo returns the ids of messages that were linked to a record, each once.
func (s store) linkedTo(ctx context.Context, r permissions.Record) (ids []string, err error) {
	err = s.gorm(ctx).Model(&linkRow{}).Distinct().Where("record_type = ? AND record_id = ?", r.Type, r.ID).
		Order("message_id").Pluck("message_id", &ids).Error
	if err != nil {
		return nil, fmt.Errorf("find messages of record: %w", err)
	}
	return ids, nil
}

// exactCopy returns the newest copy of a message with its exact bytes, or another where no user uploaded one.
func (s store) exactCopy(ctx context.Context, message string, otherwise copyInfo) (copyInfo, error) {
	var rows []renditionRow
	err := s.gorm(ctx).Omit("html", "text").Where("message_id = ? AND shape = ?", message, string(shapeRaw)).
		Order("id DESC").Limit(1).Find(&rows).Error
	if err != nil {
		return copyInfo{}, fmt.Errorf("read renditions: %w", err)
	}
	if len(rows) == 0 {
		return otherwise, nil
	}
	return rows[0].info(), nil
}

// renditions lists copies in the order of their ids, after a given one, without their texts.
func (s store) renditions(ctx context.Context, after string, limit int) (rows []renditionRow, err error) {
	if err := s.gorm(ctx).Omit("html", "text").Where("id > ?", after).Order("id").Limit(limit).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read renditions: %w", err)
	}
	return rows, nil
}

// recorded is the condition that an event and a copy are about the same bytes of the same message.
const recorded = "e.message_id = r.message_id AND e.sha256 = r.sha256 AND e.kind IN ?"

func copyKinds() []string { return []string{string(EventArchived), string(EventUpgraded)} }

// unmatchedEvents lists events of copies that are not there.
func (s store) unmatchedEvents(ctx context.Context, limit int) (rows []eventRow, err error) {
	err = s.gorm(ctx).Table("mc_events AS e").Select("e.*").
		Where("e.kind IN ? AND NOT EXISTS (SELECT 1 FROM mc_renditions AS r WHERE "+recorded+")", copyKinds(), copyKinds()).
		Order("e.id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("hold events against copies: %w", err)
	}
	return rows, nil
}

// unrecorded lists copies that no event is about.
func (s store) unrecorded(ctx context.Context, limit int) (rows []renditionRow, err error) {
	err = s.gorm(ctx).Table("mc_renditions AS r").Select("r.id, r.message_id").
		Where("NOT EXISTS (SELECT 1 FROM mc_events AS e WHERE "+recorded+")", copyKinds()).
		Order("r.id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("hold copies against events: %w", err)
	}
	return rows, nil
}
