//go:build unix

package filelease

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// lock is the flock of the file itself. It ends with its process.
type lock struct{}

func newLock(string) (*lock, error) { return &lock{}, nil }

func (*lock) close() error { return nil }

// acquire asks again and again, since a call that waits inside the kernel could not be ended.
func (*lock) acquire(ctx context.Context, f *os.File) error {
	wait := 100 * time.Microsecond
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.EINTR):
			continue
		case !errors.Is(err, syscall.EWOULDBLOCK):
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

func (*lock) release(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }

// full tells whether a write found no room.
func full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}
