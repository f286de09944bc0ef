package filelog

import (
	"os"
	"syscall"
)

// dataSynced syncs a file's bytes, and of what is known of it only what is needed to read them again.
type dataSynced struct{ *os.File }

// Sync calls fdatasync.
func (f dataSynced) Sync() error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if err != syscall.EINTR {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
