package documents_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/documents/documentstest"
)

func TestFilesIsAContentStore(t *testing.T) {
	documentstest.RunStoreTests(t, func(t *testing.T) documents.ContentStore { return newFiles(t, t.TempDir()) })
}

func TestFilesMakesItsFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there")
	store := newFiles(t, dir)
	mustPut(t, store, "a", "content")
	again := newFiles(t, dir)
	if got := mustRead(t, again, "a"); got != "content" {
		t.Errorf("a second store on the folder reads %q", got)
	}
}

func TestFilesRefusesWhatIsNoFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", file, filepath.Join(file, "below")} {
		if _, err := documents.Files(dir); err == nil {
			t.Errorf("Files(%q) succeeded", dir)
		}
	}
}

func TestFilesAreNobodyElsesBusiness(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permission bits")
	}
	dir := filepath.Join(t.TempDir(), "content")
	mustPut(t, newFiles(t, dir), "a", "x")
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		info, _ := e.Info()
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFilesNeverFollowLinksOut(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	store := newFiles(t, dir)
	mustPut(t, store, "a", "inside")
	shard := filepath.Dir(onlyFile(t, dir))
	if err := os.RemoveAll(shard); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, shard); err != nil {
		t.Skip("symbolic links cannot be made here:", err)
	}
	if err := store.Put(t.Context(), "a", strings.NewReader("outside")); err == nil {
		t.Error("Put through a link that leads out succeeded")
	}
	if left, _ := os.ReadDir(outside); len(left) != 0 {
		t.Errorf("%d files were written outside the folder", len(left))
	}
}

func TestFilesSweepsOnlyOldLeftovers(t *testing.T) {
	dir := t.TempDir()
	store := newFiles(t, dir)
	mustPut(t, store, "a", "kept")
	shard := filepath.Dir(onlyFile(t, dir))
	old, fresh := filepath.Join(shard, ".put-old"), filepath.Join(shard, ".put-fresh")
	for _, path := range []string{old, fresh} {
		if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	past := time.Now().Add(-2 * time.Hour)
	for _, path := range []string{old, onlyFile(t, dir)} {
		if err := os.Chtimes(path, past, past); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := store.Sweep(t.Context(), time.Hour); n != 1 || err != nil {
		t.Errorf("Sweep = %d, %v, want 1 file removed", n, err)
	}
	if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old leftover is still there: %v", err)
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Errorf("the fresh one, maybe still being written, is gone: %v", err)
	}
	if got := mustRead(t, store, "a"); got != "kept" {
		t.Errorf("content reads %q after the sweep", got)
	}
}

// TestFilesOnASmallDisk fills a real file system, then makes it read-only.
func TestFilesOnASmallDisk(t *testing.T) {
	dir := smallDisk(t)
	store := newFiles(t, dir)
	mustPut(t, store, "before", "fits")
	err := store.Put(t.Context(), "large", bytes.NewReader(make([]byte, 2<<20)))
	if !errors.Is(err, documents.ErrStoreFull) {
		t.Fatalf("Put on a full disk = %v, want ErrStoreFull", err)
	}
	if _, err := store.Size(t.Context(), "large"); !errors.Is(err, documents.ErrNoContent) {
		t.Errorf("after the failure Size = %v, want ErrNoContent", err)
	}
	if got := mustRead(t, store, "before"); got != "fits" {
		t.Errorf("what was stored before reads %q", got)
	}
	mustPut(t, store, "after", strings.Repeat("x", 500_000)) // the failed write gave its room back

	mount(t, "-o", "remount,ro", dir)
	if err := store.Put(t.Context(), "more", strings.NewReader("x")); !errors.Is(err, documents.ErrStoreReadOnly) {
		t.Errorf("Put on a read-only disk = %v, want ErrStoreReadOnly", err)
	}
	if err := store.Delete(t.Context(), "before"); !errors.Is(err, documents.ErrStoreReadOnly) {
		t.Errorf("Delete on a read-only disk = %v, want ErrStoreReadOnly", err)
	}
	if got := mustRead(t, store, "before"); got != "fits" {
		t.Errorf("a read-only disk reads %q", got)
	}
}

// smallDisk mounts a file system of one megabyte where the tests may do that; elsewhere the injected failures of
// TestPutFailsAtEachStep stand in for it.
func smallDisk(t *testing.T) string {
	t.Helper()
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("mounting a small disk takes root on Linux")
	}
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
	return dir
}

func mount(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("mount", args...).CombinedOutput(); err != nil {
		t.Fatalf("mount %v: %v: %s", args, err, out)
	}
}

func newFiles(t testing.TB, dir string) *documents.FileStore {
	t.Helper()
	store, err := documents.Files(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// onlyFile returns the path of the one finished file in a store's folder.
func onlyFile(t *testing.T, dir string) string {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join(dir, "*", "[a-z0-9]*"))
	if len(paths) != 1 {
		t.Fatalf("want one file in the folder, found %v", paths)
	}
	return paths[0]
}

func mustPut(t *testing.T, store documents.ContentStore, key, content string) {
	t.Helper()
	if err := store.Put(t.Context(), key, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
}

func mustRead(t *testing.T, store documents.ContentStore, key string) string {
	t.Helper()
	r, err := store.Open(t.Context(), key, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return string(b)
}
