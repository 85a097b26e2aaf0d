package messages

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/mailconnector/mailconnector/internal/database"
)

// archived is a message as the archive has it, with the letter it shows.
type archived struct {
	id        string
	variant   int
	direction Direction
	letter    *letter
}

// message loads one message. It answers errNoRow.
func (s store) message(ctx context.Context, id string) (*archived, error) {
	var row messageRow
	if err := s.gorm(ctx).Where("id = ?", id).Take(&row).Error; err != nil {
		return nil, fmt.Errorf("read message: %w", noRow(err))
	}
	return s.complete(ctx, row)
}

// complete reads what is beside the row of a message.
func (s store) complete(ctx context.Context, row messageRow) (*archived, error) {
	a, err := s.head(ctx, row)
	if err != nil {
		return nil, err
	}
	a.letter.parts, err = s.parts(ctx, row.Rendition)
	return a, err
}

// head reads what is beside the row of a message, but for its parts and columns of the copy that are left out.
func (s store) head(ctx context.Context, row messageRow, without ...string) (*archived, error) {
	l, err := row.letter()
	if err != nil {
		return nil, fmt.Errorf("read message %s: %w", row.ID, err)
	}
	var people []participantRow
	if err := s.gorm(ctx).Where("message_id = ?", row.ID).Order("position").Find(&people).Error; err != nil {
		return nil, fmt.Errorf("read participants: %w", err)
	}
	for _, p := range people {
		l.people = append(l.people, person{role(p.Role), Participant{Name: p.Name, Address: p.Address}})
	}
	var shown renditionRow
	if err := s.gorm(ctx).Omit(without...).Where("id = ?", row.Rendition).Take(&shown).Error; err != nil {
		return nil, fmt.Errorf("read rendition: %w", noRow(err))
	}
	l.copy, l.html, l.text = shown.info(), shown.HTML, shown.Text
	return &archived{id: row.ID, variant: row.Variant, direction: Direction(row.Direction), letter: l}, nil
}

func (s store) parts(ctx context.Context, rendition string) ([]part, error) {
	var rows []partRow
	if err := s.gorm(ctx).Where("rendition = ?", rendition).Order("number").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read parts: %w", err)
	}
	parts := make([]part, len(rows))
	for i, row := range rows {
		parts[i] = row.part()
	}
	return parts, nil
}

// kept reports whether a user's copy with this hash is kept already.
func (s store) kept(ctx context.Context, message, uploader string, sum [32]byte) (bool, error) {
	var n int64
	err := s.gorm(ctx).Model(&renditionRow{}).
		Where("message_id = ? AND uploader = ? AND sha256 = ?", message, uploader, sum[:]).Count(&n).Error
	if err != nil {
		return false, fmt.Errorf("look for rendition: %w", err)
	}
	return n > 0, nil
}

// renditionOf returns a user's own copies of a message, newest first, of one shape or of all.
func (s store) renditionsOf(ctx context.Context, message, uploader string) ([]renditionRow, error) {
	var rows []renditionRow
	err := s.gorm(ctx).Where("message_id = ? AND uploader = ?", message, uploader).Order("id DESC").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read renditions: %w", err)
	}
	return rows, nil
}

// addMessage inserts a new message with its first copy.
func (s store) addMessage(tx *database.Tx, w *work) error {
	now := s.now()
	row := newMessageRow(w.message, w.variant, w.rendition, w.client.Direction, w.shown, now)
	if err := insert(tx, "message", []messageRow{row}); err != nil {
		return err
	}
	if err := s.addPeople(tx, w); err != nil {
		return err
	}
	return s.addCopy(tx, w)
}

func (s store) addPeople(tx *database.Tx, w *work) error {
	if err := insert(tx, "participants", participantRows(w.message, w.shown)); err != nil {
		return err
	}
	return insert(tx, "references", referenceRows(w.message, w.shown.threading))
}

// addCopy inserts the arriving copy; its parts only where the message shows it.
func (s store) addCopy(tx *database.Tx, w *work) error {
	row := newRenditionRow(w.rendition, w.message, w.sub.UserID, w.letter, s.now())
	if err := insert(tx, "rendition", []renditionRow{row}); err != nil {
		return err
	}
	if w.base != nil && !w.upgrade {
		return nil
	}
	return insert(tx, "parts", partRows(w.rendition, w.letter.parts))
}

// upgrade makes a message show the arriving copy, unless another copy was quicker.
func (s store) upgrade(tx *database.Tx, w *work) error {
	row := newMessageRow(w.message, w.base.variant, w.rendition, w.base.direction, w.shown, 0)
	res := tx.Gorm().Model(&messageRow{}).Where("id = ? AND rendition = ?", w.message, w.base.letter.copy.id).
		Select("fingerprint", "own_message_id", "threading", "subject", "date", "from_name", "from_address", "attachments", "snippet",
			"rendition", "completeness", "problems").Updates(row)
	if err := changedOne("upgrade message", res); err != nil {
		return err
	}
	for _, table := range []any{&participantRow{}, &referenceRow{}} {
		if err := tx.Gorm().Where("message_id = ?", w.message).Delete(table).Error; err != nil {
			return fmt.Errorf("upgrade message: %w", err)
		}
	}
	if err := s.addPeople(tx, w); err != nil {
		return err
	}
	return s.addCopy(tx, w)
}

// holdCopy keeps an incomplete message as it is while it is linked: a copy that completes it either waits, and finds the
// link, or was quicker. Otherwise the link would lack its documents.
func (s store) holdCopy(tx *database.Tx, w *work) error {
	if w.base == nil || w.upgrade || w.base.letter.complete != Partial {
		return nil
	}
	res := tx.Gorm().Model(&messageRow{}).Where("id = ? AND rendition = ?", w.message, w.base.letter.copy.id).
		Update("version", gorm.Expr("version + 1"))
	return changedOne("hold message", res)
}

// setProblems stores the problems of a message that shows the same copy as before.
func (s store) setProblems(tx *database.Tx, message string, problems []Problem) error {
	err := tx.Gorm().Model(&messageRow{}).Where("id = ?", message).Update("problems", asJSON(problems)).Error
	if err != nil {
		return fmt.Errorf("note problems: %w", err)
	}
	return nil
}

// changedOne wants a conditional update to have found its row as it was.
func changedOne(what string, res *gorm.DB) error {
	switch {
	case res.Error != nil:
		return fmt.Errorf("%s: %w", what, res.Error)
	case res.RowsAffected != 1:
		return fmt.Errorf("%s: %w", what, errRaced)
	default:
		return nil
	}
}
