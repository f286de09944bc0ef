//go:build unix

package filelog

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes the lock of a file, which ends with its process. held says that another process has it.
func tryLock(f *os.File) (held bool, err error) {
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}
