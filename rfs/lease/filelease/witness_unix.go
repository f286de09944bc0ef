//go:build unix

package filelease

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"syscall"
)

// A worker that lives holds the lock of a file of its own beside the state file. The lock ends with its process, the file stays
// until someone has seen that.

// Live implements lease.Witness.
func (s *Store) Live(worker string) error {
	f, err := os.OpenFile(s.alive(worker), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("show that this worker lives: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return errors.Join(fmt.Errorf("another process is worker %s: %w", worker, err), f.Close())
	}
	<-s.turn
	defer func() { s.turn <- struct{}{} }()
	s.life = append(s.life, f)
	return nil
}

// Dead implements lease.Witness.
func (s *Store) Dead(worker string) bool {
	f, err := os.OpenFile(s.alive(worker), os.O_RDWR, 0)
	if err != nil {
		return false // gone, or not to be told
	}
	defer func() { _ = f.Close() }()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

// Forget implements lease.Witness.
func (s *Store) Forget(worker string) { _ = os.Remove(s.alive(worker)) }

func (s *Store) alive(worker string) string { return s.path + "." + url.PathEscape(worker) + ".alive" }

// depart gives up the files of workers that this process was.
func (s *Store) depart() error {
	var all error
	for _, f := range s.life {
		err := os.Remove(f.Name())
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		all = errors.Join(all, err, f.Close())
	}
	s.life = nil
	return all
}
