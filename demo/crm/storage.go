package crm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"

	"github.com/mailconnector/mailconnector/documents"
)

// write stores what r reads under a path below the storage folder. When it returns nil, the bytes and the name have
// reached the disk. It answers documents.ErrStoreFull where there is no room, and documents.ErrStoreReadOnly where the
// folder takes nothing.
func (c *CRM) write(name string, r io.Reader) (size int64, err error) {
	defer func() {
		switch {
		case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
			err = fmt.Errorf("%w: %w", documents.ErrStoreFull, err)
		case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
			err = fmt.Errorf("%w: %w", documents.ErrStoreReadOnly, err)
		}
		err = documents.WithoutName(err, path.Base(name))
	}()
	full, err := c.locate(name)
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
		return 0, err
	}
	f, err := os.OpenFile(full, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	size, err = io.Copy(f, r)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return 0, fmt.Errorf("write %s: %w", name, err)
	}
	return size, c.syncFolders(name)
}

// syncFolders makes the entries of every folder on the way to a file durable.
func (c *CRM) syncFolders(name string) error {
	for folder := path.Dir(name); ; folder = path.Dir(folder) {
		d, err := os.Open(filepath.Join(c.storage, filepath.FromSlash(folder)))
		if err != nil {
			return err
		}
		if err := errors.Join(d.Sync(), d.Close()); err != nil {
			return err
		}
		if folder == "." {
			return nil
		}
	}
}

// Discard implements [messages.Filing].
func (c *CRM) Discard(_ context.Context, name string) error {
	full, err := c.locate(name)
	if err != nil {
		return err
	}
	if err := os.Remove(full); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return documents.WithoutName(err, path.Base(name))
	}
	return nil
}

// locate returns where a path of the storage is on disk. No path leads out of the folder.
func (c *CRM) locate(name string) (string, error) {
	if !filepath.IsLocal(name) {
		return "", errors.New("path is not in the storage folder")
	}
	return filepath.Join(c.storage, filepath.FromSlash(name)), nil
}
