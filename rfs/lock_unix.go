//go:build unix

package rfs

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockState keeps a second process from working with the same state file. The lock ends with the process.
func lockState(file string) (unlock func() error, err error) {
	f, err := os.OpenFile(file+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the state file: %w; name one in a folder that can be written to with --state-file", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		closeErr := f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("another process works with %s; wait for it, or name another --state-file", file)
		}
		return nil, errors.Join(fmt.Errorf("lock the state file: %w", err), closeErr)
	}
	return f.Close, nil
}
