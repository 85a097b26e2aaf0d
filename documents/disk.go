package documents

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"strings"
)

// rootDisk is the real [disk]: a folder that nothing leads out of.
type rootDisk struct{ root *os.Root }

func (d rootDisk) OpenFile(name string, flag int, perm fs.FileMode) (file, error) {
	f, err := d.root.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err // not f: a nil *os.File in an interface is no nil
	}
	return f, nil
}

func (d rootDisk) Mkdir(name string, perm fs.FileMode) error { return d.root.Mkdir(name, perm) }
func (d rootDisk) Rename(from, to string) error              { return d.root.Rename(from, to) }
func (d rootDisk) Remove(name string) error                  { return d.root.Remove(name) }
func (d rootDisk) Close() error                              { return d.root.Close() }

func (d rootDisk) ReadDir(name string) ([]fs.DirEntry, error) {
	return fs.ReadDir(d.root.FS(), name)
}

// SyncDir flushes the names in a folder. Windows has no such call; NTFS journals names by itself.
func (d rootDisk) SyncDir(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := d.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// randomName is a name of at least 128 random bits within the alphabet of content keys.
func randomName() string { return strings.ToLower(rand.Text()) }
