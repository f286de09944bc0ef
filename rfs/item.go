package rfs

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"migassist/lucene"
	"migassist/rfs/lease"
)

// Position is a document within a shard. Of one snapshot, the order of a shard's segments never changes.
type Position struct {
	Segment string `json:"segment"` // "_0"
	Doc     int    `json:"doc"`     // Lucene's number
}

// Work is what an item of work asks for: the documents of a shard, or those from one position up to another. It stands
// in [lease.Item].
type Work struct {
	Index string `json:"index"`
	Shard int    `json:"shard"`
	// From is the first document, To the first beyond. Nil is the shard's begin, and its end.
	From *Position `json:"from,omitempty"`
	To   *Position `json:"to,omitempty"`
	// Target is the target's own identity of the index that documents go to, as it was when the run was planned.
	Target string `json:"target,omitempty"`
}

// String names the item for people.
func (w Work) String() string {
	if w.From == nil {
		return fmt.Sprintf("%s[%d]", w.Index, w.Shard)
	}
	return fmt.Sprintf("%s[%d] from document %d of segment %s", w.Index, w.Shard, w.From.Doc, w.From.Segment)
}

// name is what the store calls the item of a whole shard.
func (w Work) name() string { return w.Index + "/" + strconv.Itoa(w.Shard) }

// childName is what the store calls part n of a shard that was split.
func (w Work) childName(n int) string { return fmt.Sprintf("%s/%06d", w.name(), n) }

// whole tells whether the item is a shard from begin to end.
func (w Work) whole() bool { return w.From == nil && w.To == nil }

// item is the work as the store keeps it. Size is in bytes, 0 where it is not known.
func (w Work) item(name string, size int64) (lease.Item, error) {
	text, err := json.Marshal(w)
	return lease.Item{Name: name, Work: text, Size: size}, err
}

// Progress is how far an item is: every document of it before the cursor has its fate. The counts are of those. It
// stands in [lease.Entry].
type Progress struct {
	Cursor *Position `json:"cursor,omitempty"` // nil: at the item's begin
	Walked int64     `json:"walked"`           // Lucene documents before the cursor, nested children and deleted ones included
	Total  int64     `json:"total"`            // of them in the item; 0 until someone has opened it
	Size   int64     `json:"size,omitempty"`   // bytes of the item's files, or of its part of them
	Counts
	Types map[string]int64 `json:"types,omitempty"` // documents read of each mapping type, where the index is split
	// Named counts the operations that were sent to names which only transforms gave, by that name.
	Named map[string]int64 `json:"named,omitempty"`
	// Sums are of what was read of segments, by their names. Of an item that is a whole shard only that of the segment at the
	// cursor is kept: the ones before were compared with their files when their last documents were read.
	Sums map[string][]lucene.Sum `json:"sums,omitempty"`
	// Split is what the sums of the children's ranges must come to together, where the item was split.
	Split []SegmentSum `json:"split,omitempty"`
	// Finding is why an item was set aside.
	Finding *Finding `json:"finding,omitempty"`
}

// sum adds what was read of a segment. With forget, the segments before are given up.
func (p *Progress) sum(segment string, s lucene.Sum, forget bool) {
	if _, known := p.Sums[segment]; p.Sums == nil || forget && !known {
		p.Sums = map[string][]lucene.Sum{}
	}
	p.Sums[segment] = lucene.AddSum(p.Sums[segment], s)
}

// SegmentSum is what all of a segment's stored fields sum up to, by what its file says.
type SegmentSum struct {
	Segment string     `json:"segment"`
	Sum     lucene.Sum `json:"sum"`
	// Claimed tells that the file has a checksum; otherwise only the range counts.
	Claimed bool `json:"claimed"`
}

// Counts are the fates of documents: Read + Made is the sum of written, superseded, skipped, refused and dropped ones.
type Counts struct {
	Read int64 `json:"read"`
	// Made counts operations that transforms made of documents beyond one each.
	Made    int64 `json:"made,omitempty"`
	Written int64 `json:"written"`
	// Created counts, of Written, the documents that the target said it had not before; one that it does not say so of may have been new too.
	Created int64 `json:"created,omitempty"`
	Skipped int64 `json:"skipped"`
	Refused int64 `json:"refused"`
	// Superseded counts what the target had newer.
	Superseded int64 `json:"superseded,omitempty"`
	// Dropped counts documents that transforms left nothing of.
	Dropped int64 `json:"dropped,omitempty"`
	// Deletes counts, of what was sent, operations that delete: transforms make them.
	Deletes int64 `json:"deletes,omitempty"`
	Bytes   int64 `json:"bytes"` // of the bulk lines of what was read
	// Converted counts, of Read, the sources that were not kept as JSON.
	Converted int64 `json:"converted,omitempty"`
}

// Balanced tells whether every document that was read has exactly one fate.
func (c Counts) Balanced() bool {
	return c.Read+c.Made == c.Written+c.Superseded+c.Skipped+c.Refused+c.Dropped
}

// String is the balance in words, without what is zero as a rule.
func (c Counts) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "read %d", c.Read)
	if c.Made > 0 {
		fmt.Fprintf(&b, " + made %d", c.Made)
	}
	fmt.Fprintf(&b, " = written %d", c.Written)
	if c.Superseded > 0 {
		fmt.Fprintf(&b, " + superseded %d", c.Superseded)
	}
	fmt.Fprintf(&b, " + skipped %d + refused %d", c.Skipped, c.Refused)
	if c.Dropped > 0 {
		fmt.Fprintf(&b, " + dropped %d", c.Dropped)
	}
	return b.String()
}

func (c *Counts) add(o Counts) {
	c.Read += o.Read
	c.Written += o.Written
	c.Superseded += o.Superseded
	c.Made += o.Made
	c.Dropped += o.Dropped
	c.Deletes += o.Deletes
	c.Created += o.Created
	c.Skipped += o.Skipped
	c.Refused += o.Refused
	c.Bytes += o.Bytes
	c.Converted += o.Converted
}
