package messages

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"

	"github.com/mailconnector/mailconnector/internal/database"
)

const (
	// maxCompared bounds the messages of one identity that an arriving copy is held against.
	maxCompared = 50
	// maxVariants is of how many mails with one Message-ID a user may bring copies. Whoever sends a mail chooses its id, and
	// nobody else's mails may be hidden behind those of one.
	maxVariants = 50
	// maxShown is how many mails of one Message-ID are looked at for who asks about the id, besides those he linked.
	maxShown = 100
)

// likely returns the messages of an identity that a letter is most likely a copy of: those that agree with it in all
// fields, those with its words first and of them those that are linked, and others by how near their dates are. Who knows the
// fields of a mail cannot push it behind mails of his own, of which he has not the words; nor who knows its words, for what
// he brings joins what he brought before unless he unlinked that.
func (s store) likely(ctx context.Context, l *letter) (agreeing, others []string, err error) {
	sum := fingerprint(l)
	near := clause.OrderBy{Expression: clause.Expr{
		SQL: "CASE WHEN m.fingerprint = ? THEN 0 ELSE 1 END, CASE WHEN r.html_hash = ? OR r.text_hash = ? THEN 0 ELSE 1 END, " +
			"CASE WHEN EXISTS (SELECT 1 FROM mc_links AS l WHERE l.message_id = m.id) THEN 0 ELSE 1 END, ABS(m.date - ?), m.id",
		Vars: []any{sum[:], l.copy.htmlHash, l.copy.textHash, database.Micros(l.date)},
	}}
	var rows []messageRow
	err = s.gorm(ctx).Table("mc_messages AS m").Select("m.id", "m.fingerprint").Joins("JOIN mc_renditions AS r ON r.id = m.rendition").
		Where("m.identity = ?", l.identity[:]).Order(near).Limit(maxCompared).Find(&rows).Error
	if err != nil {
		return nil, nil, fmt.Errorf("find message: %w", err)
	}
	for _, row := range rows {
		if hash32(row.Fingerprint) == sum {
			agreeing = append(agreeing, row.ID)
		} else {
			others = append(others, row.ID)
		}
	}
	return agreeing, others, nil
}

// outline loads what a message is compared by before its parts: everything else but its words.
func (s store) outline(ctx context.Context, id string) (*archived, error) {
	var row messageRow
	if err := s.gorm(ctx).Where("id = ?", id).Take(&row).Error; err != nil {
		return nil, fmt.Errorf("read message: %w", noRow(err))
	}
	return s.head(ctx, row, "html", "text")
}

// html returns the HTML of a copy.
func (s store) html(ctx context.Context, rendition string) (string, error) {
	var row renditionRow
	if err := s.gorm(ctx).Select("html").Where("id = ?", rendition).Take(&row).Error; err != nil {
		return "", fmt.Errorf("read rendition: %w", noRow(err))
	}
	return row.HTML, nil
}

// partsWhile loads the parts of a copy, some at a time, for as long as each is as wanted. It reports whether all are: of
// thousands that are of another mail, no more than the first few are read.
func (s store) partsWhile(ctx context.Context, rendition string, wanted func(part) bool) (parts []part, all bool, err error) {
	for last := 0; ; last = parts[len(parts)-1].Number {
		var rows []partRow
		err := s.gorm(ctx).Where("rendition = ? AND number > ?", rendition, last).Order("number").Limit(maxRows).Find(&rows).Error
		if err != nil {
			return nil, false, fmt.Errorf("read parts: %w", err)
		}
		for _, row := range rows {
			p := row.part()
			if !wanted(p) {
				return nil, false, nil
			}
			parts = append(parts, p)
		}
		if len(rows) < maxRows {
			return parts, true, nil
		}
	}
}

// nextVariant numbers another message of an identity. It answers ErrVariants where the user brought too many.
func (s store) nextVariant(ctx context.Context, identity [32]byte, user string) (int, error) {
	var highest int
	err := s.gorm(ctx).Model(&messageRow{}).Select("COALESCE(MAX(variant), -1)").Where("identity = ?", identity[:]).Scan(&highest).Error
	if err != nil {
		return 0, fmt.Errorf("number message: %w", err)
	}
	if highest+1 < maxVariants {
		return highest + 1, nil
	}
	var own int64
	err = s.gorm(ctx).Table("mc_messages AS m").Where("m.identity = ? AND "+
		"EXISTS (SELECT 1 FROM mc_renditions AS r WHERE r.message_id = m.id AND r.uploader = ?)", identity[:], user).Count(&own).Error
	if err != nil {
		return 0, fmt.Errorf("count mails of one id: %w", err)
	}
	if own >= maxVariants {
		return 0, ErrVariants
	}
	return highest + 1, nil
}
