package rfs

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
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
	Target  string // index of the target
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
	WorkItem     string      `json:"workItemId"`
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
	Bytes    []byte          `json:"documentBase64,omitempty"` // where the source is not JSON
}

func (d deadLetter) record(now time.Time) record {
	r := record{
		Format: deadLetterFormat, WorkItem: fmt.Sprintf("%s__%d", d.Index, d.Shard), TargetIndex: d.Target, DocumentID: d.ID, DocumentType: d.MappingType, Routing: d.Routing,
		FailureType: d.Type, FailureClass: d.Class, Reason: d.Reason, Timestamp: now.UTC().Format(time.RFC3339),
		RequestItem: requestItem{Action: d.Action}, ResponseItem: d.Response,
	}
	if json.Valid(d.Source) {
		r.RequestItem.Document = d.Source
	} else {
		r.RequestItem.Bytes = d.Source
	}
	return r
}

// deadLetters is the NDJSON file of the documents that were not written. It is created with the first of them, and only
// after the state says so: a file that no state of ours speaks of is never touched.
type deadLetters struct {
	name  string
	file  *os.File
	out   *bufio.Writer
	bytes int64
	begun bool         // the state says that the file is this run's
	save  func() error // saves the state
}

// openDeadLetters goes on with a file of which the state counts so many bytes: what a killed run wrote after its last
// state is cut off, since the documents will come again.
func openDeadLetters(name string, count DeadLetter, save func() error) (*deadLetters, error) {
	d := &deadLetters{name: name, save: save, begun: count.Begun && count.File == name || count.Bytes > 0}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, os.ErrNotExist) && count.Bytes == 0:
		return d, nil
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("the dead letters of the stopped run: %w", err)
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file; name another with --dead-letter-file", name)
	case err != nil || info.Size() < count.Bytes:
		return nil, lostLetters(name, count)
	case !d.begun:
		return nil, anothersLetters(name)
	}
	if err := d.open(os.O_RDWR); err != nil {
		return nil, err
	}
	if err := d.file.Truncate(count.Bytes); err != nil {
		return nil, fmt.Errorf("cut the dead letters back to the state: %w", err)
	}
	d.bytes, err = d.file.Seek(0, io.SeekEnd)
	return d, err
}

func lostLetters(name string, count DeadLetter) error {
	if count.File == name {
		return fmt.Errorf("the dead letters of the stopped run, %d bytes, are no longer in %s; put the file back, or remove the state file to begin anew", count.Bytes, name)
	}
	return fmt.Errorf("the stopped run left %d bytes of dead letters in %s; name that file with --dead-letter-file, %s does not have them", count.Bytes, count.File, name)
}

func anothersLetters(name string) error {
	return fmt.Errorf("%s holds dead letters of another run; move it, or name another with --dead-letter-file", name)
}

// create makes the file with its first letter. The state says first that it is ours, so that after a kill it is told
// from a file that another run made.
func (d *deadLetters) create() error {
	if d.begun { // and removed since
		return d.open(os.O_CREATE | os.O_RDWR)
	}
	d.begun = true
	if err := d.save(); err != nil {
		return err
	}
	err := d.open(os.O_CREATE | os.O_EXCL | os.O_RDWR)
	if errors.Is(err, os.ErrExist) {
		d.begun = false
		return anothersLetters(d.name)
	}
	return err
}

func (d *deadLetters) open(flag int) error {
	f, err := os.OpenFile(d.name, flag, 0o600)
	if err != nil {
		return fmt.Errorf("open the dead letters: %w", err)
	}
	d.file, d.out = f, bufio.NewWriter(f)
	return nil
}

func (d *deadLetters) add(letter deadLetter, now time.Time) error {
	if d.file == nil {
		if err := d.create(); err != nil {
			return err
		}
	}
	line, err := json.Marshal(letter.record(now))
	if err == nil {
		_, err = d.out.Write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write document %s of %s to the dead letters: %w", letter.ID, letter.Index, err)
	}
	d.bytes += int64(len(line)) + 1
	return nil
}

// sync makes what was added durable and returns what the state is to count.
func (d *deadLetters) sync() (DeadLetter, error) {
	if d.file == nil {
		return DeadLetter{File: d.name, Begun: d.begun}, nil
	}
	err := d.out.Flush()
	if err == nil {
		err = d.file.Sync()
	}
	if err != nil {
		return DeadLetter{}, fmt.Errorf("save the dead letters: %w", err)
	}
	return DeadLetter{File: d.name, Begun: d.begun, Bytes: d.bytes}, nil
}

func (d *deadLetters) close() error {
	if d.file == nil {
		return nil
	}
	return d.file.Close()
}
