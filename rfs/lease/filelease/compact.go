package filelease

import (
	"bufio"
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
)

// compact replaces a file that is mostly of the past. When that cannot be done, as on a disk that is nearly full, the file stays, and it is
// tried again when it has grown by half.
func (s *Store) compact() {
	if s.index.end < s.compactFrom || s.index.end < 4*s.index.live {
		return
	}
	s.compactFrom = s.index.end + s.index.end/2
	next, x, err := s.rewrite()
	if err != nil {
		return
	}
	if err := s.replace(next); err != nil {
		_ = next.Close()
		_ = os.Remove(next.Name())
		return
	}
	// Others who come upon the new file lock it, and nothing more is written to it under the lock of the old one.
	_ = s.lock.release(s.file)
	_ = s.file.Close()
	s.file, s.index, s.compactFrom = next, x, max(compactMin, s.compactFrom/4)
}

// rewrite writes the records that count to a temporary file, and syncs it.
func (s *Store) rewrite() (f *os.File, x index, err error) {
	name := s.path + ".compacting"
	if f, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
		return nil, x, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(name)
		}
	}()
	w := bufio.NewWriterSize(f, 256<<10)
	x = index{identity: s.index.identity, byKey: map[string]*entry{}, inOrder: true}
	n, err := w.Write(header(x.identity))
	if err != nil {
		return nil, x, err
	}
	x.end = int64(n)
	// Lines are in the order of their numbers in every file, and the highest number is never forgotten.
	add := func(e entry, body []byte) error {
		e.synced = 0
		line := e.write(body)
		e.line, e.body = len(line), x.end+int64(len(line)-1-len(body))
		x.add(e)
		x.end += int64(len(line))
		_, err := w.Write(line)
		return err
	}
	if err := s.each(add); err != nil {
		return nil, x, err
	}
	if err := errors.Join(w.Flush(), f.Sync()); err != nil {
		return nil, x, err
	}
	x.synced = x.end
	return f, x, nil
}

// replace gives the temporary file the name.
func (s *Store) replace(f *os.File) error {
	if err := os.Rename(f.Name(), s.path); err != nil {
		return err
	}
	syncFolder(s.path) // without it the old file may be back after a loss of power
	return nil
}

// syncFolder has the disk keep a file's name. Not every system can.
func syncFolder(path string) {
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
}

// each gives what counts, in the order of the numbers. The highest of them is always there.
func (s *Store) each(do func(entry, []byte) error) error {
	all := slices.SortedFunc(slices.Values(s.index.keys), func(a, b *entry) int { return cmp.Compare(a.number, b.number) })
	for _, e := range all {
		r, err := s.record(e)
		if err == nil {
			err = do(*e, r.Body)
		}
		if err != nil {
			return err
		}
	}
	if len(all) == 0 || all[len(all)-1].number != s.index.last {
		return do(entry{number: s.index.last, cleared: true}, nil)
	}
	return nil
}
