//go:build unix

package deadletter

import (
	"fmt"
	"os"
	"syscall"
)

// lock keeps other processes from appending to the file. It ends with its process at the latest.
func lock(f *os.File) (unlock func() error, err error) {
	if err := flock(f, syscall.LOCK_EX); err != nil {
		return nil, err
	}
	return func() error { return flock(f, syscall.LOCK_UN) }, nil
}

func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how)
		if err == nil {
			return nil
		}
		if err != syscall.EINTR {
			return fmt.Errorf("lock %s: %w", f.Name(), err)
		}
	}
}
