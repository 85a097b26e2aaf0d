package module_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/module"
)

// An index may be built before anything is started.
func TestBuildIndexReadsEveryRecord(t *testing.T) {
	ext := newExtension(t, config(t, dbtest.SQLite(t)))
	if err := ext.Check(t.Context()); !errors.Is(err, module.ErrNotMigrated) {
		t.Errorf("Check = %v, want ErrNotMigrated", err)
	}
	if err := ext.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := ext.Check(t.Context()); err != nil {
		t.Errorf("Check = %v", err)
	}
	if status, err := ext.IndexStatus(t.Context()); err != nil || status.Built || status.Records != 0 {
		t.Errorf("IndexStatus before = %+v, %v", status, err)
	}
	var told []int
	if err := ext.BuildIndex(t.Context(), func(records int) { told = append(told, records) }); err != nil {
		t.Fatal(err)
	}
	status, err := ext.IndexStatus(t.Context())
	if err != nil || !status.Built || status.Records == 0 {
		t.Errorf("IndexStatus after = %+v, %v", status, err)
	}
	if len(told) == 0 || !slices.IsSorted(told) || int64(told[len(told)-1]) < status.Records {
		t.Errorf("progress was told as %v, and the index has %d records", told, status.Records)
	}
}
