package messages

import (
	"context"
	"fmt"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/permissions"
)

type eventRow struct {
	ID         string `gorm:"primaryKey"`
	At         int64
	Kind       string
	Actor      string
	MessageID  string
	RecordType string
	RecordID   string
	SHA256     []byte `gorm:"column:sha256"`
	Origin     string
	Receipt    string
	Seal       int64 // 0 until sealed
}

func (eventRow) TableName() string { return "mc_events" }

type sealRow struct {
	Number   int64 `gorm:"primaryKey;autoIncrement:false"`
	Previous []byte
	Hash     []byte
	Events   int
	Sealed   int64
}

func (sealRow) TableName() string { return "mc_seals" }

func (r eventRow) event() Event {
	return Event{
		ID: r.ID, At: timeOf(r.At), Kind: EventKind(r.Kind), Actor: r.Actor, Message: r.MessageID,
		Record: permissions.Record{Type: r.RecordType, ID: r.RecordID}, SHA256: hash32(r.SHA256),
		Origin: Origin(r.Origin), Receipt: r.Receipt, Sealed: r.Seal > 0,
	}
}

// addEvents inserts events unchained: chaining them here would let one link wait for the other.
func (s store) addEvents(tx *database.Tx, rows []eventRow) error {
	for i := range rows {
		rows[i].ID = newID(s.db.Now())
	}
	return insert(tx, "events", rows)
}

// addEvent inserts the event that stands for a request. It answers errDone where it is there already.
func (s store) addEvent(tx *database.Tx, row eventRow) error {
	err := tx.Gorm().Create(&row).Error
	if database.IsDuplicate(err) {
		return errDone
	}
	if err != nil {
		return fmt.Errorf("insert event: %w", err)
	}
	return nil
}

// unsealed returns events that no seal covers yet, in the order of their ids.
func (s store) unsealed(ctx context.Context, limit int) ([]eventRow, error) {
	return s.eventsOf(ctx, 0, limit)
}

func (s store) eventsOf(ctx context.Context, seal int64, limit int) ([]eventRow, error) {
	var rows []eventRow
	if err := s.gorm(ctx).Where("seal = ?", seal).Order("id").Limit(limit).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return rows, nil
}

func (s store) countUnsealed(ctx context.Context) (n int64, err error) {
	if err := s.gorm(ctx).Model(&eventRow{}).Where("seal = 0").Count(&n).Error; err != nil {
		return 0, fmt.Errorf("count events: %w", err)
	}
	return n, nil
}

// seals returns seals from the one after a number on, in their order.
func (s store) seals(ctx context.Context, after int64, limit int) ([]sealRow, error) {
	var rows []sealRow
	if err := s.gorm(ctx).Where("number > ?", after).Order("number").Limit(limit).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read seals: %w", err)
	}
	return rows, nil
}

// lastSeal returns the newest seal, or the zero row before the first.
func (s store) lastSeal(ctx context.Context) (sealRow, error) {
	var rows []sealRow
	if err := s.gorm(ctx).Order("number DESC").Limit(1).Find(&rows).Error; err != nil {
		return sealRow{}, fmt.Errorf("read last seal: %w", err)
	}
	if len(rows) == 0 {
		return sealRow{Hash: make([]byte, 32)}, nil
	}
	return rows[0], nil
}

// seal inserts a seal and puts events under it. Whoever inserts the number does; another sealer meets errRaced.
func (s store) seal(ctx context.Context, row sealRow, events []eventRow) error {
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.ID
	}
	return s.tx(ctx, func(_ context.Context, tx *database.Tx) error {
		if err := insert(tx, "seal", []sealRow{row}); err != nil {
			return err
		}
		res := tx.Gorm().Model(&eventRow{}).Where("seal = 0 AND id IN ?", ids).Update("seal", row.Number)
		if res.Error != nil {
			return fmt.Errorf("seal events: %w", res.Error)
		}
		if res.RowsAffected != int64(len(ids)) {
			return fmt.Errorf("seal events: %w", errRaced)
		}
		return nil
	})
}

// activity lists events, newest first.
func (s store) activity(ctx context.Context, f ActivityFilter) ([]eventRow, error) {
	query := s.gorm(ctx).Where("at >= ?", database.Micros(f.Since))
	if f.Actor != "" {
		query = query.Where("actor = ?", f.Actor)
	}
	if f.Message != "" {
		query = query.Where("message_id = ?", f.Message)
	}
	if f.Page.After != "" {
		query = query.Where("id < ?", f.Page.After)
	}
	var rows []eventRow
	if err := query.Order("id DESC").Limit(f.Page.Limit + 1).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read activity: %w", err)
	}
	return rows, nil
}

// daily counts events by day, as days since 1970, and kind.
func (s store) daily(ctx context.Context, since time.Time) ([]DayCount, error) {
	var rows []struct {
		Day   int64
		Kind  string
		Count int64
	}
	const day = "(at - at % 86400000000)"
	err := s.gorm(ctx).Model(&eventRow{}).Select(day+" AS day, kind, COUNT(*) AS count").
		Where("at >= ?", database.Micros(since)).Group(day + ", kind").Order(day + ", kind").Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count activity: %w", err)
	}
	counts := make([]DayCount, len(rows))
	for i, row := range rows {
		counts[i] = DayCount{Day: time.UnixMicro(row.Day).UTC(), Kind: EventKind(row.Kind), Count: row.Count}
	}
	return counts, nil
}

// storage sums up the tables.
func (s store) storage(ctx context.Context) (t StorageTotals, err error) {
	count := func(table any, into *int64) {
		if err == nil {
			err = s.gorm(ctx).Model(table).Count(into).Error
		}
	}
	count(&messageRow{}, &t.Messages)
	count(&linkRow{}, &t.Links)
	count(&renditionRow{}, &t.Renditions)
	count(&partRow{}, &t.Parts)
	count(&refilingRow{}, &t.Waiting)
	if err == nil {
		err = s.gorm(ctx).Model(&refilingRow{}).Where("attempts >= ?", maxRefilings).Count(&t.GivenUp).Error
	}
	if err == nil {
		err = s.gorm(ctx).Model(&renditionRow{}).Select("COALESCE(SUM(size), 0)").Scan(&t.Bytes).Error
	}
	if err != nil {
		return StorageTotals{}, fmt.Errorf("sum up storage: %w", err)
	}
	return t, nil
}
