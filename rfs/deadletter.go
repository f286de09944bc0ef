package rfs

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"migassist/cluster"
)

// Classes of dead letters; the first is the Java implementation's.
const (
	classRefused = "NON_RETRYABLE"
	classSkipped = "NOT_SENT"
)

// deadLetterFormat is the number that every record carries.
const deadLetterFormat = 1

// deadLetter is a document that was not written, and why.
type deadLetter struct {
	Index   string // of the source
	Shard   int
	Place   Position // within the shard
	Target  string   // index of the target
	ID      string
	Routing string
	// MappingType is the document's own, where it has one; Type is that of the failure.
	MappingType string
	Action      []byte // the action line that was sent; nil: none was
	Source      []byte
	Class       string
	Type        string
	Reason      string
	// Response is what the target said; nil: it was not asked.
	Response *response
}

type response struct {
	Status int               `json:"status"`
	Error  cluster.ItemError `json:"error"`
}

// record is a dead letter as it is written, its fields named as in the Java implementation's failed document stream.
type record struct {
	Format       int         `json:"format"`
	Run          string      `json:"run"` // tells one run from another
	WorkItem     string      `json:"workItemId"`
	Place        Position    `json:"place"` // of the document in the shard, by which one that was sent twice is known
	TargetIndex  string      `json:"targetIndex"`
	DocumentID   string      `json:"documentId"`
	DocumentType string      `json:"documentType,omitempty"`
	Routing      string      `json:"routing,omitempty"`
	FailureType  string      `json:"failureType"`
	FailureClass string      `json:"failureClass"`
	Reason       string      `json:"reason"`
	Timestamp    string      `json:"timestamp"`
	RequestItem  requestItem `json:"requestItem"`
	ResponseItem *response   `json:"responseItem,omitempty"`
}

type requestItem struct {
	Action   json.RawMessage `json:"action,omitempty"`
	Document json.RawMessage `json:"document,omitempty"`
	// Where the source is not JSON, documentBase64 stands in its place.
}

func (d deadLetter) record(run string, now time.Time) record {
	r := record{
		Format: deadLetterFormat, Run: run, WorkItem: fmt.Sprintf("%s__%d", d.Index, d.Shard), Place: d.Place, TargetIndex: d.Target, DocumentID: d.ID, DocumentType: d.MappingType, Routing: d.Routing,
		FailureType: d.Type, FailureClass: d.Class, Reason: d.Reason, Timestamp: now.UTC().Format(time.RFC3339),
		RequestItem: requestItem{Action: d.Action}, ResponseItem: d.Response,
	}
	return r
}

// mark is where the document goes in a record, which is put together around it: it may be too large to be copied. Nothing else in a
// record looks like it, for in strings quotation marks are escaped.
var mark = json.RawMessage(`"document":0`)

// write appends a letter as one line. The source stands in it byte for byte, but for line breaks.
func (d deadLetter) write(w *bufio.Writer, run string, now time.Time) error {
	r := d.record(run, now)
	if len(d.Source) > 0 {
		r.RequestItem.Document = json.RawMessage("0")
	}
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	head, tail, _ := bytes.Cut(line, mark)
	_, _ = w.Write(head) // it remembers its first error
	if len(d.Source) > 0 {
		d.writeSource(w)
	}
	_, _ = w.Write(tail)
	return w.WriteByte('\n')
}

func (d deadLetter) writeSource(w *bufio.Writer) {
	if json.Valid(d.Source) {
		_, _ = w.WriteString(`"document":`)
		for rest := d.Source; len(rest) > 0; { // outside strings, for it is valid
			i := bytes.IndexAny(rest, "\r\n")
			if i < 0 {
				_, _ = w.Write(rest)
				return
			}
			_, _ = w.Write(rest[:i])
			_ = w.WriteByte(' ')
			rest = rest[i+1:]
		}
		return
	}
	_, _ = w.WriteString(`"documentBase64":"`)
	encoder := base64.NewEncoder(base64.StdEncoding, w)
	_, _ = encoder.Write(d.Source)
	_ = encoder.Close()
	_ = w.WriteByte('"')
}

// deadLetters is the NDJSON file of the documents that were not written. Several processes may append to one file: a lock
// lets one at a time, and each record is written whole. The file is made with its first record, and one of another run is never touched.
// What a killed worker had sent since its last checkpoint is sent again, so that a record may stand twice: with the same place.
type deadLetters struct {
	name  string
	run   string
	file  *os.File // nil: nothing was to be written yet
	dirty bool
}

// appendable finds out, before anything of a run exists, whether dead letters could be written, should there be any.
func appendable(name string) error {
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

// openDeadLetters finds out whether the file may be appended to.
func openDeadLetters(name, run string) (*deadLetters, error) {
	d := &deadLetters{name: name, run: run}
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
func (d *deadLetters) recognize(f io.ReaderAt) error {
	ours := fmt.Appendf(nil, `{"format":%d,"run":%s,`, deadLetterFormat, quote(d.run))
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

// add appends records.
func (d *deadLetters) add(letters []deadLetter, now time.Time) (err error) {
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
func (d *deadLetters) mend() error {
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

func (d *deadLetters) cut(end, to int64) error {
	if to == end {
		return nil
	}
	if err := d.file.Truncate(to); err != nil {
		return fmt.Errorf("cut a record that was not finished off the dead letters: %w", err)
	}
	return nil
}

// sync makes durable what was added.
func (d *deadLetters) sync() error {
	if !d.dirty {
		return nil
	}
	if err := d.file.Sync(); err != nil {
		return fmt.Errorf("save the dead letters: %w", err)
	}
	d.dirty = false
	return nil
}

func (d *deadLetters) close() error {
	if d == nil || d.file == nil {
		return nil
	}
	return d.file.Close()
}
