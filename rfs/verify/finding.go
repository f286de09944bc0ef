package verify

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Format is the number that every [Record] carries.
const Format = 1

// Kind says in which way a document differs.
type Kind string

// The kinds of differences.
const (
	Missing   Kind = "missing"   // the target does not have it
	Extra     Kind = "extra"     // the source does not have it
	Different Kind = "different" // both do, with other content
)

// Key is the name of a document on the target: the same id under another routing is another document.
type Key struct {
	Index   string `json:"index"` // or data stream, as operations name it
	ID      string `json:"id"`    // "": documents are told apart by their content
	Routing string `json:"routing,omitempty"`
}

// String names the document for people.
func (k Key) String() string {
	if k.Routing == "" {
		return k.Index + "/" + k.ID
	}
	return fmt.Sprintf("%s/%s (routing %s)", k.Index, k.ID, k.Routing)
}

// Difference is a document that the two sides do not have alike. Its bytes are valid until [Finder.Find] returns, unless it is cloned.
type Difference struct {
	Kind Kind
	Key
	// Paths are where two documents differ, with dots; at most 32 of them.
	Paths []string
	// Count is how many documents of this content are missing, or extra, where ids are the target's own; else 1.
	Count int64
	// Action and Source are the lines that a backfill would send, without their line ends; nil for extra ones.
	Action, Source []byte
	// Target is the source that the target has; nil for missing ones.
	Target []byte

	version int64 // of the source's document
}

// mostPaths bounds the paths of one difference.
const mostPaths = 32

// Clone returns a difference of its own memory.
func (d Difference) Clone() Difference {
	d.Action, d.Source, d.Target = bytes.Clone(d.Action), bytes.Clone(d.Source), bytes.Clone(d.Target)
	return d
}

// Record is a difference as a line of NDJSON, without the content of the documents.
type Record struct {
	Format int  `json:"format"`
	Kind   Kind `json:"kind"`
	Key
	Paths []string `json:"paths,omitempty"`
	Count int64    `json:"count,omitempty"` // above 1
	// Content is how the document begins, where it has no id that both sides know.
	Content string `json:"content,omitempty"`
}

// mostContent bounds the content of a record, in bytes.
const mostContent = 300

// Record is what is written of a difference.
func (d Difference) Record() Record {
	r := Record{Format: Format, Kind: d.Kind, Key: d.Key, Paths: d.Paths}
	if d.Count > 1 {
		r.Count = d.Count
	}
	if d.ID == "" {
		begin := d.Source[:min(len(d.Source), mostContent)]
		r.Content = strings.ToValidUTF8(string(begin), "")
	}
	return r
}

// Finder is told of every difference, one after the other. An error ends the verification.
type Finder interface {
	Find(ctx context.Context, d Difference) error
}

// FinderFunc is a function as a Finder.
type FinderFunc func(ctx context.Context, d Difference) error

// Find implements Finder.
func (f FinderFunc) Find(ctx context.Context, d Difference) error { return f(ctx, d) }

// Writer is a Finder that writes records as NDJSON.
type Writer struct{ Out io.Writer }

// Find implements Finder.
func (w Writer) Find(_ context.Context, d Difference) error {
	line, err := json.Marshal(d.Record())
	if err == nil {
		_, err = w.Out.Write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write the finding about %s: %w", d.Key, err)
	}
	return nil
}

// ParseRecord reads a line that [Writer] wrote. One of a newer format is refused.
func ParseRecord(line []byte) (Record, error) {
	var r Record
	err := json.Unmarshal(line, &r)
	switch {
	case err != nil:
		return r, fmt.Errorf("a finding is not readable: %w", err)
	case r.Format > Format:
		return r, fmt.Errorf("a finding has format %d, this version reads up to %d; use the newer version that wrote it", r.Format, Format)
	case r.Format < 1 || r.Index == "" || r.Kind != Missing && r.Kind != Extra && r.Kind != Different:
		return r, fmt.Errorf("a line is no finding of a verification: %.200s", line)
	}
	return r, nil
}

// longestFinding bounds a line of a file of findings: a name, and paths.
const longestFinding = 1 << 20

// ReadKeys reads the names of documents out of findings, each once. Findings that name none are an error.
func ReadKeys(findings io.Reader) ([]Key, error) {
	var keys []Key
	known := map[Key]bool{}
	lines := bufio.NewScanner(findings)
	lines.Buffer(make([]byte, 64<<10), longestFinding)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		record, err := ParseRecord(lines.Bytes())
		switch {
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", n, err)
		case record.ID == "":
			return nil, fmt.Errorf("line %d: documents of %s have ids that the target made, and can't be looked at one by one; verify all of it again", n, record.Index)
		}
		if !known[record.Key] {
			known[record.Key] = true
			keys = append(keys, record.Key)
		}
	}
	return keys, lines.Err()
}
