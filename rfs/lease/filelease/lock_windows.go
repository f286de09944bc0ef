//go:build windows

package filelease

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

const sharingViolation = syscall.Errno(32)

// lock is a file beside the journal that is opened so that nobody else can open it. It is closed with its process.
type lock struct {
	name   *uint16
	handle syscall.Handle
}

func newLock(path string) (*lock, error) {
	name, err := syscall.UTF16PtrFromString(path + ".lock")
	return &lock{name: name}, err
}

func (*lock) close() error { return nil }

func (l *lock) acquire(ctx context.Context, _ *os.File) error {
	wait := 100 * time.Microsecond
	for {
		handle, err := syscall.CreateFile(l.name, syscall.GENERIC_WRITE, 0, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
		if err == nil {
			l.handle = handle
			return nil
		}
		if !errors.Is(err, sharingViolation) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), errors.New("another process holds its lock"))
		case <-time.After(wait):
		}
		wait = min(2*wait, 5*time.Millisecond)
	}
}

func (l *lock) release(*os.File) error { return syscall.CloseHandle(l.handle) }

const diskFull = syscall.Errno(112)

// full tells whether a write found no room.
func full(err error) bool { return errors.Is(err, diskFull) }
