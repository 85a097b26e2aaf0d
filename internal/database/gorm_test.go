package database_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
)

type identityRow struct {
	Hash  []byte `gorm:"primaryKey"`
	Value string
	Seen  int64
}

func (identityRow) TableName() string { return "mc_identities" }

func identity(value string, seen int64) identityRow {
	hash := sha256.Sum256([]byte(value))
	return identityRow{Hash: hash[:], Value: value, Seen: seen}
}

func withIdentities(t *testing.T, db *sql.DB) *database.DB {
	t.Helper()
	d := newDB(t, db)
	err := d.Migrate(t.Context(), []database.Migration{{
		ID: "identities",
		MySQL: `CREATE TABLE mc_identities (hash BINARY(32) NOT NULL PRIMARY KEY, value VARCHAR(200) NOT NULL, seen BIGINT NOT NULL) ` +
			database.TableOptions,
		SQLite: `CREATE TABLE mc_identities (hash BLOB NOT NULL PRIMARY KEY, value TEXT NOT NULL, seen INTEGER NOT NULL)`,
	}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestIdentitiesDifferByEveryByte(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		d := withIdentities(t, db)
		var want []identityRow
		for i, value := range []string{"<a@x>", "<a@x> ", "<A@x>", "<á@x>", "<😀@x>", "<a@x>\x00", ""} {
			want = append(want, identity(value, int64(i)))
		}
		if err := d.Gorm(t.Context()).Create(&want).Error; err != nil {
			t.Fatal(err)
		}
		for _, row := range want {
			var got []identityRow
			err := d.Gorm(t.Context()).Where("hash = ?", row.Hash).Find(&got).Error
			if diff := cmp.Diff([]identityRow{row}, got); err != nil || diff != "" {
				t.Errorf("%q: error %v, rows (-want +got):\n%s", row.Value, err, diff)
			}
		}
		var got []identityRow
		err := d.Gorm(t.Context()).Where("hash IN ?", [][]byte{want[0].Hash, want[4].Hash}).Order("seen").Find(&got).Error
		if diff := cmp.Diff([]identityRow{want[0], want[4]}, got); err != nil || diff != "" {
			t.Errorf("two at once: error %v, rows (-want +got):\n%s", err, diff)
		}
	})
}

func TestUpserts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		d := withIdentities(t, db)
		create := func(row identityRow, conflict clause.OnConflict) {
			t.Helper()
			if err := d.Gorm(t.Context()).Clauses(conflict).Create(&row).Error; err != nil {
				t.Fatal(err)
			}
		}
		seen := func() (n int64) {
			t.Helper()
			var rows []identityRow
			if err := d.Gorm(t.Context()).Find(&rows).Error; err != nil || len(rows) != 1 {
				t.Fatalf("%d rows, error %v", len(rows), err)
			}
			return rows[0].Seen
		}
		byHash := []clause.Column{{Name: "hash"}}
		create(identity("a", 1), clause.OnConflict{DoNothing: true})
		create(identity("a", 2), clause.OnConflict{DoNothing: true})
		if got := seen(); got != 1 {
			t.Errorf("DoNothing changed the row to %d", got)
		}
		create(identity("a", 3), clause.OnConflict{Columns: byHash, DoUpdates: clause.AssignmentColumns([]string{"seen"})})
		if got := seen(); got != 3 {
			t.Errorf("AssignmentColumns left the row at %d", got)
		}
		create(identity("a", 4), clause.OnConflict{UpdateAll: true})
		if got := seen(); got != 4 {
			t.Errorf("UpdateAll left the row at %d", got)
		}
		duplicate := identity("a", 5)
		if err := d.Gorm(t.Context()).Create(&duplicate).Error; !database.IsDuplicate(err) {
			t.Errorf("without a conflict clause: %v is no duplicate", err)
		}
	})
}

func TestUpdateDeleteCountAndPage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		d := withIdentities(t, db)
		rows := []identityRow{identity("a", 1), identity("b", 2), identity("c", 3)}
		err := d.Tx(t.Context(), func(_ context.Context, tx *database.Tx) error {
			g := tx.Gorm()
			var count int64
			var page []identityRow
			return errors.Join(
				g.Create(&rows).Error,
				g.Model(&identityRow{}).Where("seen > ?", 1).Update("seen", gorm.Expr("seen + ?", 10)).Error,
				g.Where("hash = ?", rows[0].Hash).Delete(&identityRow{}).Error,
				g.Model(&identityRow{}).Count(&count).Error,
				g.Order("seen DESC").Limit(1).Offset(1).Find(&page).Error,
				expect(t, "count", int64(2), count),
				expect(t, "page", []identityRow{{rows[1].Hash, "b", 12}}, page),
			)
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func expect(t *testing.T, what string, want, got any) error {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
	return nil
}

func TestNamesThatNeedQuotes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		exec(t, db, "CREATE TABLE `order` (`key` INTEGER PRIMARY KEY, `we``ird` VARCHAR(10))")
		d := newDB(t, db)
		row := map[string]any{"key": 1, "we`ird": "x"}
		if err := d.Gorm(t.Context()).Table("order").Create(row).Error; err != nil {
			t.Fatal(err)
		}
		var n int64
		err := d.Gorm(t.Context()).Table("order").Where(map[string]any{"order.key": 1}).Count(&n).Error
		if err != nil || n != 1 {
			t.Errorf("%d rows, error %v", n, err)
		}
	})
}

func TestAnErrorThatIsReturnedIsNotLogged(t *testing.T) {
	eachInBubble(t, func(t *testing.T, db *sql.DB) { // where no statement is slow
		var log bytes.Buffer
		d := logged(t, db, &log)
		if err := d.Gorm(t.Context()).Exec("INSERT INTO nowhere VALUES (?)", "a private subject").Error; err == nil {
			t.Error("a statement for no table succeeded")
		}
		if got := log.String(); got != "" {
			t.Errorf("an error that is returned is in the log too: %s", got)
		}
	})
}

func TestTheLogHoldsNoValues(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	d := logged(t, dbtest.MariaDB(t), &log)
	if err := d.Gorm(t.Context()).Exec("DO SLEEP(1.02), ?", "a private subject").Error; err != nil {
		t.Fatal(err)
	}
	if got := log.String(); !strings.Contains(got, "SLEEP(1.02), ?") || strings.Contains(got, "private") {
		t.Errorf("the log of a slow statement says %q", got)
	}
}
