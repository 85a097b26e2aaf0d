package licensing

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/mailconnector/mailconnector/internal/database"
)

// store keeps licenses, seats and marks in the host's database.
type store struct{ db *database.DB }

type licenseRow struct {
	ID          string `gorm:"primaryKey"`
	Active      *int8
	Serial      string
	Document    string
	Activated   int64
	ActivatedBy string
	Ended       int64
	EndedBy     string
}

func (licenseRow) TableName() string { return "mc_licenses" }

type markRow struct {
	Name     string `gorm:"primaryKey"`
	Moment   int64
	Document string
}

func (markRow) TableName() string { return "mc_license_marks" }

// The names of the marks.
const (
	markClock       = "clock"
	markRevocations = "revocations"
)

// stored is what a snapshot is made of.
type stored struct {
	license     string // document of the active license; empty when there is none
	revocations string // document of the newest list; empty when there is none
	latest      time.Time
}

func (s store) load(ctx context.Context) (stored, error) {
	var out stored
	db := s.db.Gorm(ctx)
	active, err := activeLicense(db)
	if err != nil {
		return stored{}, fmt.Errorf("read license: %w", err)
	}
	out.license = active.Document
	var marks []markRow
	if err := db.Find(&marks).Error; err != nil {
		return stored{}, fmt.Errorf("read license marks: %w", err)
	}
	for _, m := range marks {
		switch m.Name {
		case markClock:
			out.latest = database.Time(m.Moment)
		case markRevocations:
			out.revocations = m.Document
		}
	}
	return out, nil
}

// activeLicense returns the zero row when none is active.
func activeLicense(db *gorm.DB) (licenseRow, error) {
	var rows []licenseRow
	if err := db.Where("active = 1").Find(&rows).Error; err != nil || len(rows) == 0 {
		return licenseRow{}, err
	}
	return rows[0], nil
}

// activate makes a license the active one, ends the one before it, and seats the users anew for its number. Activating
// what is active already changes nothing, so a run repeated after a lost answer is harmless.
func (s store) activate(ctx context.Context, l License, actor string, now time.Time) error {
	err := s.untilFree(ctx, func(db *gorm.DB) error {
		if active, err := activeLicense(db); err != nil || active.Document == l.Document {
			return err
		}
		if err := restartClock(db, l, now); err != nil {
			return err
		}
		if err := endLicense(db, actor, now); err != nil {
			return err
		}
		if err := db.Create(activation(l, actor, now)).Error; err != nil {
			return err
		}
		return reseat(db, l.Users)
	})
	if err != nil {
		return fmt.Errorf("store license: %w", err)
	}
	return nil
}

// activation is the row of a license from now on. Each run of a transaction gets an id of its own: after a lost answer
// the license may have been replaced already, and is then activated once more.
func activation(l License, actor string, now time.Time) *licenseRow {
	active := int8(1)
	return &licenseRow{ID: rand.Text(), Active: &active, Serial: l.Serial, Document: l.Document,
		Activated: database.Micros(now), ActivatedBy: actor}
}

// restartClock takes the date of a license never seen here as the latest moment known: it mends an installation whose
// clock once ran ahead. A license seen before proves nothing.
func restartClock(db *gorm.DB, l License, now time.Time) error {
	var seen int64
	if err := db.Model(&licenseRow{}).Where("serial = ?", l.Serial).Count(&seen).Error; err != nil || seen > 0 {
		return err
	}
	moment := max(database.Micros(now), database.Micros(l.IssuedAt))
	return db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&markRow{Name: markClock, Moment: moment}).Error
}

func (s store) seen(ctx context.Context, serial string) (bool, error) {
	var n int64
	err := s.db.Gorm(ctx).Model(&licenseRow{}).Where("serial = ?", serial).Count(&n).Error
	if err != nil {
		return false, fmt.Errorf("read licenses: %w", err)
	}
	return n > 0, nil
}

func (s store) deactivate(ctx context.Context, actor string, now time.Time) error {
	err := s.db.Tx(ctx, func(_ context.Context, tx *database.Tx) error { return endLicense(tx.Gorm(), actor, now) })
	if err != nil {
		return fmt.Errorf("end license: %w", err)
	}
	return nil
}

func endLicense(db *gorm.DB, actor string, now time.Time) error {
	return db.Model(&licenseRow{}).Where("active = 1").
		Updates(map[string]any{"active": nil, "ended": database.Micros(now), "ended_by": actor}).Error
}

// history returns every activation, the newest first.
func (s store) history(ctx context.Context) ([]licenseRow, error) {
	var rows []licenseRow
	if err := s.db.Gorm(ctx).Order("activated DESC, id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read licenses: %w", err)
	}
	return rows, nil
}

// advance moves a mark forward, never back, and returns the document it stands at.
func (s store) advance(ctx context.Context, name string, moment time.Time, document string) (string, error) {
	row := markRow{Name: name, Moment: database.Micros(moment), Document: document}
	var now markRow
	err := s.db.Tx(ctx, func(_ context.Context, tx *database.Tx) error {
		db := tx.Gorm()
		if err := db.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
			return err
		}
		err := db.Model(&markRow{}).Where("name = ? AND moment <= ?", name, row.Moment).
			Updates(map[string]any{"moment": row.Moment, "document": document}).Error
		if err != nil {
			return err
		}
		now = markRow{}
		return db.Where("name = ?", name).Take(&now).Error
	})
	if err != nil {
		return "", fmt.Errorf("advance %s: %w", name, err)
	}
	return now.Document, nil
}

// errMoved says that a row was changed between reading and writing it.
var errMoved = errors.New("the row was changed meanwhile")

// untilFree runs fn in a transaction, again whenever somebody else took the unique key it wanted or moved the row it
// read: then what it reads next is different.
func (s store) untilFree(ctx context.Context, fn func(*gorm.DB) error) error {
	for {
		err := s.db.Tx(ctx, func(_ context.Context, tx *database.Tx) error { return fn(tx.Gorm()) })
		if ctx.Err() != nil || !database.IsDuplicate(err) && !errors.Is(err, errMoved) {
			return err
		}
	}
}
