package documents

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// brokenDisk is a real folder that writes down what is done to it, and fails at one step.
type brokenDisk struct {
	disk
	steps []string
	fail  string // the step that fails, as written down
	with  error
}

func (d *brokenDisk) step(format string, args ...any) error {
	s := fmt.Sprintf(format, args...)
	d.steps = append(d.steps, s)
	if s == d.fail {
		return d.with
	}
	return nil
}

// plain hides what differs from run to run.
func plain(name string) string {
	if _, random, ok := strings.Cut(name, tempPrefix); ok {
		return strings.TrimSuffix(name, random) + "X"
	}
	return name
}

func (d *brokenDisk) OpenFile(name string, flag int, perm fs.FileMode) (file, error) {
	if flag&os.O_CREATE == 0 {
		return d.disk.OpenFile(name, flag, perm)
	}
	if err := d.step("create %s", plain(name)); err != nil {
		return nil, err
	}
	f, err := d.disk.OpenFile(name, flag, perm)
	return &brokenFile{file: f, disk: d}, err
}

func (d *brokenDisk) Mkdir(name string, perm fs.FileMode) error {
	return errors.Join(d.step("mkdir %s", name), d.disk.Mkdir(name, perm))
}

func (d *brokenDisk) Rename(from, to string) error {
	if err := d.step("rename %s to %s", plain(from), to); err != nil {
		return err
	}
	return d.disk.Rename(from, to)
}

func (d *brokenDisk) Remove(name string) error {
	if err := d.step("remove %s", plain(name)); err != nil {
		return err
	}
	return d.disk.Remove(name)
}

func (d *brokenDisk) SyncDir(name string) error {
	return errors.Join(d.step("sync folder %s", name), d.disk.SyncDir(name))
}

type brokenFile struct {
	file
	disk *brokenDisk
}

func (f *brokenFile) Write(p []byte) (int, error) {
	if err := f.disk.step("write"); err != nil {
		return 0, err
	}
	return f.file.Write(p)
}

func (f *brokenFile) Sync() error  { return errors.Join(f.disk.step("sync"), f.file.Sync()) }
func (f *brokenFile) Close() error { return errors.Join(f.disk.step("close"), f.file.Close()) }

func TestPutOrdersItsStepsForAPowerCut(t *testing.T) {
	d := newBrokenDisk(t)
	store := newFileStore(d)
	if err := store.Put(t.Context(), "a/b", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"mkdir c14", "sync folder .",
		"create c14/.put-X", "write", "sync", "close", "rename c14/.put-X to c14/a_b", "sync folder c14",
	}
	if diff := cmp.Diff(want, d.steps); diff != "" {
		t.Errorf("steps of the first Put (-want +got):\n%s", diff)
	}
	d.steps = nil
	if err := store.Put(t.Context(), "a/b", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want[2:], d.steps); diff != "" {
		t.Errorf("steps of a Put into a folder that is there (-want +got):\n%s", diff)
	}
}

func TestPutFailsAtEachStep(t *testing.T) {
	for _, fail := range []string{
		"mkdir c14", "sync folder .", "create c14/.put-X", "write", "sync", "close",
		"rename c14/.put-X to c14/a_b", "sync folder c14",
	} {
		for cause, want := range map[error]error{
			syscall.ENOSPC:   ErrStoreFull,
			syscall.EDQUOT:   ErrStoreFull,
			syscall.EROFS:    ErrStoreReadOnly,
			fs.ErrPermission: ErrStoreReadOnly,
			syscall.EIO:      syscall.EIO,
		} {
			t.Run(fmt.Sprintf("%s: %v", fail, cause), func(t *testing.T) {
				d := newBrokenDisk(t)
				d.fail, d.with = fail, cause
				store := newFileStore(d)
				err := store.Put(t.Context(), "a/b", strings.NewReader("x"))
				if !errors.Is(err, want) || !errors.Is(err, cause) {
					t.Errorf("Put = %v, want %v because of %v", err, want, cause)
				}
				if _, err := store.Size(t.Context(), "a/b"); !errors.Is(err, ErrNoContent) {
					t.Errorf("Size after the failure = %v, want ErrNoContent", err)
				}
				wantNoFiles(t, d)
				d.fail = ""
				if err := store.Put(t.Context(), "a/b", strings.NewReader("x")); err != nil {
					t.Errorf("Put once the disk works again = %v", err)
				}
			})
		}
	}
}

func newBrokenDisk(t *testing.T) *brokenDisk {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return &brokenDisk{disk: rootDisk{root}}
}

func wantNoFiles(t *testing.T, d disk) {
	t.Helper()
	entries, err := d.ReadDir("c14")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(entries, func(e fs.DirEntry) bool { return !e.IsDir() }); i >= 0 {
		t.Errorf("%s is left behind", entries[i].Name())
	}
}
