package filelease

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"migassist/rfs/lease"
)

// Store is one process's view of a file. It may be used by several goroutines.
type Store struct {
	path  string
	turn  chan struct{} // holds a token while no goroutine is inside
	file  *os.File      // nil: closed
	lock  *lock
	index index
	life  []*os.File // of the workers that this process is

	lastSync    time.Time
	compactFrom int64 // bytes; smaller files are left as they are
}

var _ lease.Store = (*Store)(nil)

// ErrClosed says that a store was closed before.
var ErrClosed = errors.New("the store is closed")

const (
	maxBody    = 16 << 20
	maxKey     = 1000
	syncEvery  = time.Second
	compactMin = 8 << 20
)

// Open opens the file, and creates it where there is none. The errors say what is wrong with a file that is not of this store, or lies where it
// cannot work.
func Open(path string) (lease.Store, error) {
	where, err := place(path, networkFileSystem)
	if err != nil {
		return nil, err
	}
	s := &Store{path: where, turn: make(chan struct{}, 1), compactFrom: compactMin, lastSync: time.Now()}
	s.turn <- struct{}{}
	if s.lock, err = newLock(where); err != nil {
		return nil, fmt.Errorf("lock the state file: %w", err)
	}
	if s.file, err = open(where, os.O_CREATE); err != nil {
		return nil, errors.Join(err, s.lock.close())
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.with(ctx, func() error { return nil }); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// place returns where the file really is, if that is a place for it.
func place(path string, networkFileSystem func(folder string) (string, error)) (string, error) {
	where, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		where, err = filepath.Abs(path)
	}
	if err != nil {
		return "", fmt.Errorf("open the state file: %w", err)
	}
	switch found, err := os.Stat(where); {
	case err == nil && !found.Mode().IsRegular():
		return "", fmt.Errorf("open the state file: %s is no file; name one with --state-file", path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("open the state file: %w", err)
	}
	kind, err := networkFileSystem(filepath.Dir(where))
	if err != nil {
		return "", fmt.Errorf("open the state file: %w; name one in a folder that exists with --state-file", err)
	}
	if kind != "" {
		return "", fmt.Errorf("%s lies on %s, where a lock may not keep other machines out and their writes may come late: "+
			"name a file on a local disk with --state-file, or share the state by --coordinator target, cluster, or an object store's address", path, kind)
	}
	return where, nil
}

func open(path string, create int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|create, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the state file: %w; name one in a folder that can be written to with --state-file", err)
	}
	return f, nil
}

// with runs an operation alone, having read what others wrote.
func (s *Store) with(ctx context.Context, do func() error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	select {
	case <-s.turn:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { s.turn <- struct{}{} }()
	if s.file == nil {
		return ErrClosed
	}
	if err := s.acquire(ctx); err != nil {
		return fmt.Errorf("state file %s: %w", s.path, err)
	}
	err := s.catchUp()
	if err == nil {
		err = do()
	}
	if unlockErr := s.lock.release(s.file); unlockErr != nil {
		err = errors.Join(err, unlockErr)
	}
	if err != nil && !errors.Is(err, lease.ErrConflict) && !errors.Is(err, lease.ErrNotFound) {
		return fmt.Errorf("state file %s: %w", s.path, err)
	}
	return err
}

// acquire locks the file that has the name now.
func (s *Store) acquire(ctx context.Context) error {
	for {
		if err := s.lock.acquire(ctx, s.file); err != nil {
			return err
		}
		ours, err := s.file.Stat()
		if err != nil {
			return errors.Join(err, s.lock.release(s.file))
		}
		named, err := os.Stat(s.path)
		if err != nil {
			return errors.Join(fmt.Errorf("%w: it was removed or moved while in use: %w", lease.ErrRefused, err), s.lock.release(s.file))
		}
		if os.SameFile(ours, named) {
			return nil
		}
		if err := s.reopen(); err != nil {
			return err
		}
	}
}

// reopen goes over to the file that has taken the name, after another process has compacted.
func (s *Store) reopen() error {
	next, err := open(s.path, 0)
	if err != nil {
		return errors.Join(err, s.lock.release(s.file))
	}
	err = errors.Join(s.lock.release(s.file), s.file.Close())
	s.file, s.index = next, index{}
	return err
}

// Get returns a record.
func (s *Store) Get(ctx context.Context, key string) (r lease.Record, err error) {
	err = s.with(ctx, func() error {
		e := s.index.byKey[key]
		if e == nil {
			return fmt.Errorf("get %s: %w", key, lease.ErrNotFound)
		}
		r, err = s.record(e)
		return err
	})
	return r, err
}

// Put compares and sets.
func (s *Store) Put(ctx context.Context, r lease.Record) (version string, err error) {
	var text bytes.Buffer
	if err := json.Compact(&text, r.Body); err != nil {
		return "", fmt.Errorf("put %s: %w", r.Key, err)
	}
	if len(r.Key) > maxKey {
		return "", fmt.Errorf("put %.100s…: %w a key of %d bytes, %d are allowed", r.Key, lease.ErrRefused, len(r.Key), maxKey)
	}
	if text.Len() > maxBody {
		return "", fmt.Errorf("put %s: %w a record of %d bytes, %d are allowed", r.Key, lease.ErrRefused, text.Len(), maxBody)
	}
	err = s.with(ctx, func() error {
		now := ""
		if e := s.index.byKey[r.Key]; e != nil {
			now = s.version(e)
		}
		if now != r.Version {
			return fmt.Errorf("put %s: %w", r.Key, lease.ErrConflict)
		}
		e := entry{key: r.Key, number: s.index.last + 1, open: r.Open}
		if err := s.append(e, text.Bytes()); err != nil {
			return err
		}
		version = s.version(&e)
		s.compact()
		return nil
	})
	if err != nil {
		return "", err
	}
	return version, nil
}

// List is never behind.
func (s *Store) List(ctx context.Context, prefix, after string, open bool, limit int) (page []lease.Record, err error) {
	err = s.with(ctx, func() error {
		keys := s.index.sorted()
		at, _ := slices.BinarySearchFunc(keys, max(prefix, after), func(e *entry, key string) int { return strings.Compare(e.key, key) })
		for _, e := range keys[at:] {
			if len(page) >= limit || !strings.HasPrefix(e.key, prefix) {
				break
			}
			if e.key <= after || open && !e.open {
				continue
			}
			r, err := s.record(e)
			if err != nil {
				return err
			}
			page = append(page, r)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// Sync has the disk keep what was written. Lists need nothing.
func (s *Store) Sync(ctx context.Context) error { return s.with(ctx, s.syncFile) }

// Clear removes all records. The numbers go on, so that no version comes again.
func (s *Store) Clear(ctx context.Context) error {
	return s.with(ctx, func() error {
		if err := s.append(entry{number: s.index.last + 1, cleared: true}, nil); err != nil {
			return err
		}
		return s.syncFile()
	})
}

// Close syncs the file and gives it up.
func (s *Store) Close() error {
	<-s.turn
	defer func() { s.turn <- struct{}{} }()
	if s.file == nil {
		return nil
	}
	err := errors.Join(s.file.Sync(), s.file.Close(), s.lock.close(), s.depart())
	s.file, s.index = nil, index{}
	if err != nil {
		return fmt.Errorf("close the state file: %w", err)
	}
	return nil
}
