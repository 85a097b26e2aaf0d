//go:build unix

package main

import (
	"io/fs"
	"syscall"
)

// exposed reports whether a file or pipe that holds a password is open to more than its owner, and where that is root to
// more than a group that may read it: so root hands a password to a service, and systemd a credential. Devices and
// sockets keep nothing.
func exposed(info fs.FileInfo) bool {
	if info.Mode().Type()&^fs.ModeNamedPipe != 0 {
		return false
	}
	open := fs.FileMode(0o077)
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && owner.Uid == 0 {
		open = 0o037
	}
	return info.Mode().Perm()&open != 0
}
