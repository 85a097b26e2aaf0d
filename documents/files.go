package documents

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
	"time"
)

const (
	folderMode = 0o700 // mails are nobody else's business on the machine
	fileMode   = 0o600

	// tempPrefix marks a file that is being written. No key starts with a dot, so nothing is mistaken for one.
	tempPrefix = ".put-"
)

// FileStore is a [ContentStore] on a folder. Several processes and machines may share the folder.
//
// A key becomes one file, in one of 4,096 subfolders by the key's hash, so that no folder grows large and no key is
// in the way of another. A file appears whole or not at all: it is written under a temporary name, flushed, renamed,
// and its folder flushed.
type FileStore struct {
	root disk
	now  func() time.Time
}

var _ ContentStore = (*FileStore)(nil)

// disk is what FileStore needs of a folder: [*os.Root], or a failing one in tests. Names are relative, with slashes.
type disk interface {
	OpenFile(name string, flag int, perm fs.FileMode) (file, error)
	Mkdir(name string, perm fs.FileMode) error
	Rename(from, to string) error
	Remove(name string) error
	ReadDir(name string) ([]fs.DirEntry, error)
	SyncDir(name string) error
	Close() error
}

// file is what FileStore needs of an open file.
type file interface {
	io.ReadWriteCloser
	io.ReaderAt
	Stat() (fs.FileInfo, error)
	Sync() error
}

// Files opens a store on the folder dir and makes the folder if it is missing. Symbolic links inside the folder never
// lead out of it. Call Close when nothing uses the store any more.
func Files(dir string) (*FileStore, error) {
	if dir == "" {
		return nil, errors.New("content folder: no path given")
	}
	if err := os.MkdirAll(dir, folderMode); err != nil {
		return nil, fmt.Errorf("make content folder: %w", storeError(err))
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open content folder: %w", err)
	}
	return newFileStore(rootDisk{root}), nil
}

func newFileStore(d disk) *FileStore { return &FileStore{root: d, now: time.Now} }

// Close gives the folder back. Readers that are open stay usable.
func (s *FileStore) Close() error { return s.root.Close() }

// Put implements [ContentStore].
func (s *FileStore) Put(ctx context.Context, key string, r io.Reader) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	name := fileName(key)
	if err := s.put(ctx, name, r); err != nil {
		return fmt.Errorf("store content: %w", storeError(err))
	}
	return nil
}

func (s *FileStore) put(ctx context.Context, name string, r io.Reader) (err error) {
	folder := path.Dir(name)
	if err := s.makeFolder(folder); err != nil {
		return err
	}
	temp, err := s.writeTemp(ctx, folder, r)
	if err != nil {
		return err
	}
	if err := s.root.Rename(temp, name); err != nil {
		return errors.Join(err, s.root.Remove(temp))
	}
	if err := s.root.SyncDir(folder); err != nil {
		return errors.Join(err, s.root.Remove(name)) // a name that may be gone after a power cut was never there
	}
	return nil
}

// makeFolder makes a subfolder durable before anything is put into it. Who loses the race to make it flushes the
// parent too: the winner may not have come to it yet.
func (s *FileStore) makeFolder(folder string) error {
	dir, err := s.root.OpenFile(folder, os.O_RDONLY, 0)
	if err == nil {
		return dir.Close()
	}
	if err := s.root.Mkdir(folder, folderMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return s.root.SyncDir(".")
}

// writeTemp writes and flushes a temporary file, which it removes when anything goes wrong.
func (s *FileStore) writeTemp(ctx context.Context, folder string, r io.Reader) (name string, err error) {
	name = path.Join(folder, tempPrefix+randomName())
	f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(f, untilDone(ctx, r))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, s.root.Remove(name))
	}
	return name, nil
}

// Open implements [ContentStore].
func (s *FileStore) Open(_ context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if offset < 0 {
		return nil, fmt.Errorf("open content: negative offset %d", offset)
	}
	f, size, err := s.open(key)
	if err != nil {
		return nil, fmt.Errorf("open content: %w", err)
	}
	offset = min(offset, size)
	if length < 0 || length > size-offset {
		length = size - offset
	}
	return &section{Reader: io.NewSectionReader(f, offset, length), Closer: f}, nil
}

// section reads a part of a file and closes all of it.
type section struct {
	io.Reader
	io.Closer
}

// Size implements [ContentStore].
func (s *FileStore) Size(_ context.Context, key string) (int64, error) {
	f, size, err := s.open(key)
	if err != nil {
		return 0, fmt.Errorf("size of content: %w", err)
	}
	return size, f.Close()
}

func (s *FileStore) open(key string) (file, int64, error) {
	if err := CheckKey(key); err != nil {
		return nil, 0, err
	}
	f, err := s.root.OpenFile(fileName(key), os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, ErrNoContent
	}
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

// Delete implements [ContentStore]. The removal itself need not survive a power cut: the caller's record of it does,
// and repeats it.
func (s *FileStore) Delete(_ context.Context, key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if err := s.root.Remove(fileName(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete content: %w", storeError(err))
	}
	return nil
}

// Sweep removes temporary files nobody has written to for longer than olderThan, left behind by a process that died
// in the middle of a Put, and says how many.
func (s *FileStore) Sweep(ctx context.Context, olderThan time.Duration) (int, error) {
	folders, err := s.root.ReadDir(".")
	if err != nil {
		return 0, fmt.Errorf("sweep content folder: %w", err)
	}
	before, removed := s.now().Add(-olderThan), 0
	for _, folder := range folders {
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		if !folder.IsDir() {
			continue
		}
		n, err := s.sweepFolder(folder.Name(), before)
		removed += n
		if err != nil {
			return removed, fmt.Errorf("sweep content folder: %w", storeError(err))
		}
	}
	return removed, nil
}

func (s *FileStore) sweepFolder(folder string, before time.Time) (removed int, err error) {
	entries, err := s.root.ReadDir(folder)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), tempPrefix) {
			continue
		}
		info, err := e.Info()
		if err != nil || !info.ModTime().Before(before) {
			continue // gone by itself, or still being written
		}
		if err := s.root.Remove(path.Join(folder, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return removed, err
		}
		removed++
	}
	return removed, nil
}

// fileName places a key: "3f1/blobs_6f0c…". A slash becomes an underscore, which no key holds.
func fileName(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:2])[:3] + "/" + strings.ReplaceAll(key, "/", "_")
}

// storeError adds what the operating system's reason means to a store.
func storeError(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: %w", ErrStoreFull, err)
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %w", ErrStoreReadOnly, err)
	default:
		return err
	}
}

// untilDone reads r until ctx ends.
func untilDone(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	})
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
