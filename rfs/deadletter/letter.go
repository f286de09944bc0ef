package deadletter

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"migassist/cluster"
)

// Classes of dead letters; the first is the Java implementation's.
const (
	ClassRefused = "NON_RETRYABLE"
	ClassSkipped = "NOT_SENT"
)

// Format is the number that every record carries.
const Format = 1

// Place is where a document is in its shard.
type Place struct {
	Segment string `json:"segment"`
	Doc     int    `json:"doc"`
}

// Letter is a document that was not written, and why.
type Letter struct {
	Index   string // of the source
	Shard   int
	Place   Place  // within the shard
	Target  string // index of the target
	ID      string
	Routing string
	// MappingType is the document's own, where it has one; Type is that of the failure.
	MappingType string
	Action      []byte // the action line that was sent; nil: none was
	Source      []byte
	// Original is set where transforms made something else of the document, which then was sent.
	Original *Original
	Class    string
	Type     string
	Reason   string
	// Response is what the target said; nil: it was not asked.
	Response *Response

	session, worker string // where they are not told by the file
}

// Response is what the target said of an operation.
type Response struct {
	Status int               `json:"status"`
	Error  cluster.ItemError `json:"error"`
}

// Original is what a document is called on the source, where transforms may have called it otherwise.
type Original struct {
	ID      string `json:"documentId"`
	Type    string `json:"documentType,omitempty"`
	Routing string `json:"routing,omitempty"`
}

// Record is a dead letter as it is written, its fields named as in the Java implementation's failed document stream.
type Record struct {
	Format       int         `json:"format"`
	Run          string      `json:"run"` // tells one run from another
	SessionID    string      `json:"sessionId,omitempty"`
	WorkerID     string      `json:"workerId,omitempty"`
	WorkItem     string      `json:"workItemId"`
	Place        Place       `json:"place"` // of the document in the shard, by which one that was sent twice is known
	TargetIndex  string      `json:"targetIndex"`
	DocumentID   string      `json:"documentId"`
	DocumentType string      `json:"documentType,omitempty"`
	Routing      string      `json:"routing,omitempty"`
	Original     *Original   `json:"original,omitempty"` // transforms made what was sent of it, which is not in the record
	FailureType  string      `json:"failureType"`
	FailureClass string      `json:"failureClass"`
	Reason       string      `json:"reason"`
	Timestamp    string      `json:"timestamp"`
	RequestItem  RequestItem `json:"requestItem"`
	ResponseItem *Response   `json:"responseItem,omitempty"`
}

// RequestItem is what was sent, or would have been.
type RequestItem struct {
	Action   json.RawMessage `json:"action,omitempty"`
	Document json.RawMessage `json:"document,omitempty"`       // as the source has it
	Bytes    []byte          `json:"documentBase64,omitempty"` // stands in its place where that is no JSON
}

func (l Letter) record(run string, now time.Time) Record {
	r := Record{
		Format: Format, Run: run, SessionID: l.session, WorkerID: l.worker, WorkItem: fmt.Sprintf("%s__%d", l.Index, l.Shard), Place: l.Place, TargetIndex: l.Target, DocumentID: l.ID, DocumentType: l.MappingType, Routing: l.Routing, Original: l.Original,
		FailureType: l.Type, FailureClass: l.Class, Reason: l.Reason, Timestamp: now.UTC().Format(time.RFC3339),
		RequestItem: RequestItem{Action: l.Action}, ResponseItem: l.Response,
	}
	return r
}

// mark is where the document goes in a record, which is put together around it: it may be too large to be copied. Nothing else in a
// record looks like it, for in strings quotation marks are escaped.
var mark = json.RawMessage(`"document":0`)

// write appends a letter as one line. The source stands in it byte for byte, but for line breaks.
func (l Letter) write(w *bufio.Writer, run string, now time.Time) error {
	r := l.record(run, now)
	if len(l.Source) > 0 {
		r.RequestItem.Document = json.RawMessage("0")
	}
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	head, tail, _ := bytes.Cut(line, mark)
	_, _ = w.Write(head) // it remembers its first error
	if len(l.Source) > 0 {
		l.writeSource(w)
	}
	_, _ = w.Write(tail)
	return w.WriteByte('\n')
}

func (l Letter) writeSource(w *bufio.Writer) {
	if json.Valid(l.Source) {
		_, _ = w.WriteString(`"document":`)
		for rest := l.Source; len(rest) > 0; { // outside strings, for it is valid
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
	_, _ = encoder.Write(l.Source)
	_ = encoder.Close()
	_ = w.WriteByte('"')
}

// Key tells one letter from another: the same document, on its way to the same address in the same run, has the same one.
type Key [12]byte

func (k Key) String() string { return hex.EncodeToString(k[:]) }

// Key returns the record's.
func (r *Record) Key() Key {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %d %q %q %q", r.Run, r.WorkItem, r.Place.Segment, r.Place.Doc, r.TargetIndex, r.DocumentID, r.Routing))
	return Key(sum[:len(Key{})])
}

// Source is the document as the source has it; nil: it is not known.
func (r *Record) Source() []byte {
	if r.RequestItem.Document != nil {
		return r.RequestItem.Document
	}
	return r.RequestItem.Bytes
}

// Letter is what was written as the record.
func (r *Record) Letter() Letter {
	index, shard := r.WorkItem, 0
	if at := strings.LastIndex(r.WorkItem, "__"); at >= 0 {
		if n, err := strconv.Atoi(r.WorkItem[at+2:]); err == nil {
			index, shard = r.WorkItem[:at], n
		}
	}
	return Letter{
		Index: index, Shard: shard, Place: r.Place, Target: r.TargetIndex, ID: r.DocumentID, Routing: r.Routing, MappingType: r.DocumentType,
		Action: r.RequestItem.Action, Source: r.Source(), Original: r.Original, Class: r.FailureClass, Type: r.FailureType, Reason: r.Reason, Response: r.ResponseItem,
	}
}
