//go:build unix

package dbtest

import "syscall"

// ownGroup keeps the guard from dying of the Ctrl-C that ends the tests, so that it still cleans up.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
