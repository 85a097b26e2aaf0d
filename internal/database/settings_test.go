package database_test

import (
	"database/sql"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/database"
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

func TestConcurrentRevisionsAreAllKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		d := migrated(t, db)
		var wg sync.WaitGroup
		for n := range 12 {
			wg.Go(func() {
				err := database.Revise(t.Context(), d, "list", func(old []int) ([]int, bool) { return append(old, n), true })
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var list []int
		if _, err := d.Setting(t.Context(), "list", &list); err != nil {
			t.Fatal(err)
		}
		slices.Sort(list)
		if diff := cmp.Diff([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, list); diff != "" {
			t.Errorf("the list (-want +got):\n%s", diff)
		}
	})
}

func TestRevisionsThatChangeNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		d := migrated(t, db)
		for _, step := range []struct {
			name    string
			changed bool
			want    int
		}{{"of what is not set", false, 0}, {"that sets", true, 1}, {"to the same value", true, 1}, {"that declines", false, 1}} {
			if err := database.Revise(t.Context(), d, "n", func(int) (int, bool) { return 7, step.changed }); err != nil {
				t.Errorf("a revision %s: %v", step.name, err)
			}
			if got := number(t, db, "SELECT COUNT(*) FROM mc_settings"); got != step.want {
				t.Errorf("a revision %s: %d settings, want %d", step.name, got, step.want)
			}
		}
		if err := database.Revise(t.Context(), d, "", func(n int) (int, bool) { return n, true }); err == nil {
			t.Error("an empty name was accepted")
		}
	})
}
