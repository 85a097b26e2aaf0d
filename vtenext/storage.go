package vtenext

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/mailconnector/mailconnector/documents"
)

const (
	// storageFolder is the CRM's folder for files. The paths in its tables begin with it.
	storageFolder = "storage"

	// The CRM runs as another user, who reads the files and writes beside them: this is how it makes both itself.
	folderMode = 0o777
	fileMode   = 0o644
)

// storedFile is the form of the paths that are given out here, below the storage folder. Nothing else is removed.
var storedFile = regexp.MustCompile(`^\d{4}/[A-Z][a-z]+/week[1-5]/[1-9]\d*_[^/]+$`)

// storage is the CRM's folder for files. It may be a link to another place; nothing leads out of it.
type storage struct{ folder string } // the folder that holds it; empty where files cannot be filed

// folderOf is where the CRM puts the files of a day, by its own clock: "storage/2026/November/week3/".
func (storage) folderOf(day time.Time) string {
	return fmt.Sprintf("%s/%d/%s/week%d/", storageFolder, day.Year(), day.Month(), (day.Day()-1)/7+1)
}

func (s storage) open() (*os.Root, error) {
	if s.folder == "" {
		return nil, fmt.Errorf("%w: no folder is configured", documents.ErrStoreReadOnly)
	}
	root, err := os.OpenRoot(filepath.Join(s.folder, storageFolder))
	if err != nil {
		return nil, storageError(err)
	}
	return root, nil
}

// write stores what r reads under a path that begins with the storage folder. When it returns nil, the bytes and the
// name have reached the disk, and they are those that were announced.
func (s storage) write(name string, r io.Reader, size int64, sum [32]byte) (err error) {
	defer func() { err = documents.WithoutName(err, path.Base(name)) }()
	root, err := s.open()
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	inside := strings.TrimPrefix(name, storageFolder+"/")
	if err := makeFolders(root, path.Dir(inside)); err != nil {
		return fmt.Errorf("make folder: %w", storageError(err))
	}
	f, err := root.OpenFile(inside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return storageError(err)
	}
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, hash), r)
	if err := errors.Join(err, f.Chmod(fileMode), f.Sync(), f.Close(), flush(root, path.Dir(inside))); err != nil {
		return fmt.Errorf("write %s: %w", name, storageError(err))
	}
	if n != size || [32]byte(hash.Sum(nil)) != sum {
		return fmt.Errorf("write %s: the attachment changed while it was read", name)
	}
	return nil
}

// makeFolders makes the folders on the way that are not there, each with the page the CRM puts there so that nobody
// lists it.
func makeFolders(root *os.Root, folder string) error {
	if _, err := root.Stat(folder); err == nil {
		return nil
	}
	if parent := path.Dir(folder); parent != "." {
		if err := makeFolders(root, parent); err != nil {
			return err
		}
	}
	err := root.Mkdir(folder, folderMode)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	page, err := root.OpenFile(folder+"/index.html", os.O_WRONLY|os.O_CREATE, fileMode)
	if err != nil {
		return err
	}
	return errors.Join(page.Chmod(fileMode), page.Close(), root.Chmod(folder, folderMode), flush(root, folder),
		flush(root, path.Dir(folder)))
}

// flush makes the names in a folder durable.
func flush(root *os.Root, folder string) error {
	f, err := root.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// storageError tells a disk that takes no more from one that may not be written.
func storageError(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: %w", documents.ErrStoreFull, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", documents.ErrStoreReadOnly, err)
	}
	return err
}

// Discard implements [messages.Filing].
func (f *Filing) Discard(_ context.Context, name string) error {
	inside, ok := strings.CutPrefix(name, storageFolder+"/")
	if !ok || !storedFile.MatchString(inside) || !filepath.IsLocal(inside) {
		return errors.New("discard: path is not one of a document")
	}
	root, err := f.storage.open()
	if err != nil {
		return fmt.Errorf("discard: %w", err)
	}
	defer func() { _ = root.Close() }()
	if err := root.Remove(inside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("discard: %w", documents.WithoutName(storageError(err), path.Base(name)))
	}
	return nil
}
