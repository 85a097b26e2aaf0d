//go:build !unix

package main

import "io/fs"

// exposed is never known where files have no modes that tell it.
func exposed(fs.FileInfo) bool { return false }
