package database_test

import (
	"database/sql"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/dbtest"
)

type sharing struct {
	Everyone bool
	Note     string
	Domains  []string
}

func TestSettingsAreKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		d := migrated(t, db)
		for _, want := range []sharing{
			{Everyone: true, Note: "Grüße 🎉 'quoted' \\ \x00", Domains: []string{"example.com"}},
			{Note: strings.Repeat("long ", 20000)},
		} {
			if err := d.SetSetting(t.Context(), "sharing", want); err != nil {
				t.Fatal(err)
			}
			var got sharing
			set, err := d.Setting(t.Context(), "sharing", &got)
			if err != nil || !set {
				t.Fatalf("set is %t, error %v", set, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the setting changed (-want +got):\n%s", diff)
			}
		}
	})
}

func TestASettingThatIsNotSetLeavesTheDefault(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		limit := 25
		set, err := migrated(t, db).Setting(t.Context(), "limit", &limit)
		if set || err != nil || limit != 25 {
			t.Errorf("set is %t, error %v, limit %d", set, err, limit)
		}
	})
}

func TestSettingsThatCannotBe(t *testing.T) {
	d := migrated(t, dbtest.SQLite(t))
	if err := d.SetSetting(t.Context(), strings.Repeat("x", 101), 1); err == nil {
		t.Error("a name of 101 bytes was accepted")
	}
	if err := d.SetSetting(t.Context(), "", 1); err == nil {
		t.Error("an empty name was accepted")
	}
	if err := d.SetSetting(t.Context(), "f", func() {}); err == nil {
		t.Error("a function was accepted as a value")
	}
	if err := d.SetSetting(t.Context(), "word", "no number"); err != nil {
		t.Fatal(err)
	}
	var n int
	if _, err := d.Setting(t.Context(), "word", &n); err == nil {
		t.Error("a word was read as a number")
	}
}

func TestConcurrentSettingsEndWithOneOfThem(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		d := migrated(t, db)
		var wg sync.WaitGroup
		for n := range 8 {
			wg.Go(func() {
				if err := d.SetSetting(t.Context(), "n", n); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var n int
		if set, err := d.Setting(t.Context(), "n", &n); err != nil || !set || n < 0 || n > 7 {
			t.Errorf("set is %t, error %v, value %d", set, err, n)
		}
	})
}
