//go:build darwin || freebsd || dragonfly

package filelease

import (
	"fmt"
	"strings"
	"syscall"
)

// networkFileSystem names the file system of a folder if it is one that several machines may share.
func networkFileSystem(folder string) (string, error) {
	var found syscall.Statfs_t
	if err := syscall.Statfs(folder, &found); err != nil {
		return "", fmt.Errorf("%s: %w", folder, err)
	}
	var name strings.Builder
	for _, c := range found.Fstypename {
		if c == 0 {
			break
		}
		name.WriteByte(byte(c))
	}
	switch kind := name.String(); {
	case kind == "nfs", kind == "smbfs", kind == "afpfs", kind == "webdav", kind == "cifs", kind == "p9fs":
		return kind, nil
	case strings.Contains(kind, "fuse"):
		return kind + ", behind which may be another machine", nil
	}
	return "", nil
}
