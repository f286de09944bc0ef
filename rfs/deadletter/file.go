package deadletter

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// File is one NDJSON file of the documents that were not written. Several processes may append to one file: a lock
// lets one at a time, and each record is written whole. The file is made with its first record, and one of another run is never touched.
// What a killed worker had sent since its last checkpoint is sent again, so that a record may stand twice: with the same place.
type File struct {
	name  string
	run   string
	file  *os.File // nil: nothing was to be written yet
	dirty bool
}

// CheckFile finds out, before anything of a run exists, whether dead letters could be written, should there be any.
func CheckFile(name string) error {
	if name == "" {
		return nil
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_APPEND, 0)
	if errors.Is(err, os.ErrNotExist) {
		if f, err = os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*"); err == nil {
			defer func() { _ = os.Remove(f.Name()) }()
		}
	}
	if err != nil {
		return fmt.Errorf("the dead letters could not be written to %s: %w; name a file in a folder that can be written to with --dead-letter-file", name, rootOf(err))
	}
	return f.Close()
}

// rootOf leaves out the name of the file that was tried, which may be a temporary one.
func rootOf(err error) error {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return path.Err
	}
	return err
}

// OpenFile finds out whether the file may be appended to.
func OpenFile(name, run string) (*File, error) {
	d := &File{name: name, run: run}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return d, nil
	case err != nil:
		return nil, fmt.Errorf("the dead letters: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file; name another with --dead-letter-file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("the dead letters: %w", err)
	}
	err = d.recognize(f)
	return d, errors.Join(err, f.Close())
}

// recognize refuses a file that does not begin with a record of this run, or with as much of one as a killed process wrote.
func (d *File) recognize(f io.ReaderAt) error {
	ours := fmt.Appendf(nil, `{"format":%d,"run":%s,`, Format, quoted(d.run))
	first := make([]byte, len(ours))
	n, err := f.ReadAt(first, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the dead letters: %w", err)
	}
	if !bytes.HasPrefix(ours, first[:n]) {
		return fmt.Errorf("%s holds dead letters of another run; move it, or name another with --dead-letter-file", d.name)
	}
	return nil
}

// Add appends records.
func (d *File) Add(letters []Letter, now time.Time) (err error) {
	if len(letters) == 0 {
		return nil
	}
	if d.file == nil {
		if d.file, err = os.OpenFile(d.name, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600); err != nil {
			return fmt.Errorf("open the dead letters: %w", err)
		}
	}
	unlock, err := lock(d.file)
	if err != nil {
		return fmt.Errorf("the dead letters: %w", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := d.mend(); err != nil {
		return err
	}
	d.dirty = true
	w := bufio.NewWriterSize(d.file, 64<<10)
	for _, letter := range letters {
		if err := letter.write(w, d.run, now); err != nil {
			return fmt.Errorf("write document %s of %s to the dead letters: %w", letter.ID, letter.Index, err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write %d documents of %s to the dead letters: %w", len(letters), letters[0].Index, err)
	}
	return nil
}

// mend cuts off the record that a killed process had not finished, which whoever goes on with its work writes again, and makes sure
// that the file is still this run's.
func (d *File) mend() error {
	if err := d.recognize(d.file); err != nil {
		return err
	}
	info, err := d.file.Stat()
	if err != nil {
		return fmt.Errorf("the dead letters: %w", err)
	}
	end := info.Size()
	buf := make([]byte, 64<<10)
	for at := end; at > 0; {
		n := min(at, int64(len(buf)))
		at -= n
		if _, err := d.file.ReadAt(buf[:n], at); err != nil {
			return fmt.Errorf("read the dead letters: %w", err)
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return d.cut(end, at+int64(i)+1)
		}
	}
	return d.cut(end, 0)
}

func (d *File) cut(end, to int64) error {
	if to == end {
		return nil
	}
	if err := d.file.Truncate(to); err != nil {
		return fmt.Errorf("cut a record that was not finished off the dead letters: %w", err)
	}
	return nil
}

// Sync makes durable what was added.
func (d *File) Sync() error {
	if !d.dirty {
		return nil
	}
	if err := d.file.Sync(); err != nil {
		return fmt.Errorf("save the dead letters: %w", err)
	}
	d.dirty = false
	return nil
}

// Close lets go of the file.
func (d *File) Close() error {
	if d == nil || d.file == nil {
		return nil
	}
	return d.file.Close()
}

func quoted(s string) []byte {
	text, _ := json.Marshal(s) // strings can be told
	return text
}
