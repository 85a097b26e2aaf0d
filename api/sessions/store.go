package sessions

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/permissions"
)

// store keeps sessions and last errors.
type store struct{ db *database.DB }

type sessionRow struct {
	ID             string `gorm:"primaryKey"`
	TokenHash      []byte
	UserID         string
	Scope          string
	StampHash      []byte
	ClientName     string
	ClientVersion  string
	ClientPlatform string
	ClientIP       string
	Created        int64
	LastSeen       int64
	Expires        int64
	Ended          int64
	Reason         string
	EndedBy        string
}

func (sessionRow) TableName() string { return "mc_sessions" }

func (r sessionRow) session() Session {
	return Session{
		ID:       r.ID,
		Account:  Account{UserID: r.UserID},
		Client:   Client{Name: r.ClientName, Version: r.ClientVersion, Platform: r.ClientPlatform, IP: r.ClientIP},
		Scope:    Scope(r.Scope),
		Created:  database.Time(r.Created),
		LastSeen: database.Time(r.LastSeen),
		Expires:  database.Time(r.Expires),
		Ended:    database.Time(r.Ended),
		Reason:   Reason(r.Reason),
	}
}

// insert adds a session. A run after a lost COMMIT meets its own row, which is what was wanted.
func (s store) insert(ctx context.Context, n Session, token, stamp [32]byte) error {
	row := sessionRow{
		ID:             n.ID,
		TokenHash:      token[:],
		UserID:         n.Account.UserID,
		Scope:          string(n.Scope),
		StampHash:      stamp[:],
		ClientName:     n.Client.Name,
		ClientVersion:  n.Client.Version,
		ClientPlatform: n.Client.Platform,
		ClientIP:       n.Client.IP,
		Created:        database.Micros(n.Created),
		LastSeen:       database.Micros(n.LastSeen),
		Expires:        database.Micros(n.Expires),
	}
	err := s.run(ctx, func(tx *gorm.DB) error { return tx.Create(&row).Error })
	if database.IsDuplicate(err) {
		return nil
	}
	return err
}

// byToken finds a session, living or ended, with the hash of its credential stamp.
func (s store) byToken(ctx context.Context, token [32]byte) (Session, [32]byte, error) {
	var row sessionRow
	err := s.db.Gorm(ctx).Where("token_hash = ?", token[:]).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Session{}, [32]byte{}, ErrUnauthenticated
	}
	var stamp [32]byte
	copy(stamp[:], row.StampHash)
	return row.session(), stamp, err
}

func (s store) byID(ctx context.Context, id string) (Session, error) {
	var row sessionRow
	err := s.db.Gorm(ctx).Where("id = ?", id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Session{}, ErrNotFound
	}
	return row.session(), err
}

// living returns the ids of a user's living sessions in a scope beyond the newest so many.
func (s store) living(ctx context.Context, userID string, scope Scope, now time.Time, beyond int) ([]string, error) {
	var ids []string
	err := s.db.Gorm(ctx).Model(&sessionRow{}).
		Where("user_id = ? AND scope = ? AND ended = 0 AND expires > ?", userID, string(scope), database.Micros(now)).
		Order("id DESC").Pluck("id", &ids).Error
	return ids[min(beyond, len(ids)):], err
}

// touch never revives a session that ended in between.
func (s store) touch(ctx context.Context, n Session) error {
	return s.run(ctx, func(tx *gorm.DB) error {
		return tx.Model(&sessionRow{}).Where("id = ? AND ended = 0", n.ID).Updates(map[string]any{
			"last_seen": database.Micros(n.LastSeen),
			"expires":   database.Micros(n.Expires),
		}).Error
	})
}

// ending says which living sessions end, by id or by user, when and why.
type ending struct {
	id     string
	userID string
	at     time.Time
	reason Reason
	actor  permissions.Subject
}

// end returns how many sessions it ended.
func (s store) end(ctx context.Context, e ending) (ended int64, err error) {
	err = s.run(ctx, func(tx *gorm.DB) error {
		which := tx.Model(&sessionRow{}).Where("ended = 0")
		if e.id != "" {
			which = which.Where("id = ?", e.id)
		} else {
			which = which.Where("user_id = ?", e.userID)
		}
		result := which.Updates(map[string]any{
			"ended":    database.Micros(e.at),
			"reason":   string(e.reason),
			"ended_by": e.actor.UserID,
		})
		ended = result.RowsAffected
		return result.Error
	})
	return ended, err
}

// list returns one session more than asked for where there is one.
func (s store) list(ctx context.Context, f Filter, now time.Time) ([]Session, error) {
	query := s.db.Gorm(ctx).Order("id DESC").Limit(f.Limit + 1)
	if f.UserID != "" {
		query = query.Where("user_id = ?", f.UserID)
	}
	if f.Active {
		query = query.Where("ended = 0 AND expires > ?", database.Micros(now))
	}
	if f.After != "" {
		query = query.Where("id < ?", f.After)
	}
	var rows []sessionRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, err
	}
	list := make([]Session, len(rows))
	for i, row := range rows {
		list[i] = row.session()
	}
	return list, nil
}

type lastErrorRow struct {
	UserID string `gorm:"primaryKey"`
	Code   string
	At     int64
}

func (lastErrorRow) TableName() string { return "mc_last_errors" }

func (s store) noteError(ctx context.Context, e LastError) error {
	row := lastErrorRow{UserID: e.UserID, Code: e.Code, At: database.Micros(e.At)}
	return s.run(ctx, func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	})
}

func (s store) lastErrors(ctx context.Context, limit int) ([]LastError, error) {
	var rows []lastErrorRow
	if err := s.db.Gorm(ctx).Order("at DESC, user_id").Limit(limit).Find(&rows).Error; err != nil {
		return nil, err
	}
	list := make([]LastError, len(rows))
	for i, row := range rows {
		list[i] = LastError{UserID: row.UserID, Code: row.Code, At: database.Time(row.At)}
	}
	return list, nil
}

// sweepLimits are the times before which things are no longer needed.
type sweepLimits struct{ sessions, attempts, errors time.Time }

func (s store) sweep(ctx context.Context, before sweepLimits) error {
	sessions := database.Micros(before.sessions)
	for _, stale := range []struct {
		row   any
		where string
		limit int64
	}{
		{&sessionRow{}, "ended > 0 AND ended < ?", sessions},
		{&sessionRow{}, "ended = 0 AND expires < ?", sessions},
		{&attemptRow{}, "last_try < ?", database.Micros(before.attempts)},
		{&lastErrorRow{}, "at < ?", database.Micros(before.errors)},
	} {
		err := s.run(ctx, func(tx *gorm.DB) error { return tx.Where(stale.where, stale.limit).Delete(stale.row).Error })
		if err != nil {
			return err
		}
	}
	return nil
}

// run is one write that is repeated while the database asks for it.
func (s store) run(ctx context.Context, write func(*gorm.DB) error) error {
	return s.db.Tx(ctx, func(_ context.Context, tx *database.Tx) error { return write(tx.Gorm()) })
}
