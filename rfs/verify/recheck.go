package verify

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"migassist/cluster"
)

// Fetcher tells what a cluster has under names, as it was written last.
type Fetcher interface {
	Fetch(ctx context.Context, names []cluster.Name) ([]cluster.Fetched, error)
}

// longestFinding bounds a line of a file of findings: a name, and paths.
const longestFinding = 1 << 20

// ReadKeys reads the names of documents out of findings, each once. Findings that name none are an error.
func ReadKeys(findings io.Reader) (map[Key]bool, error) {
	keys := map[Key]bool{}
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
		keys[record.Key] = true
	}
	return keys, lines.Err()
}

// Recheck looks again at the named documents alone: it reads the source through, and asks the target for each. The documents must fit
// into the memory of the options. Those of one side that the other lacks, or that differ, are differences as in a whole verification.
func Recheck(ctx context.Context, source Source, target Fetcher, keys map[Key]bool, options Options) (*Summary, error) {
	options = options.withDefaults()
	r := &recheck{source: source, target: target, keys: keys, options: options, summary: &Summary{Format: Format, Complete: true, Problems: []string{}}}
	started := options.Now()
	differ, err := r.look(ctx, keys)
	if err == nil && len(differ) > 0 && options.Settle > 0 {
		if err = options.Wait(ctx, options.Settle); err == nil {
			r.summary.Problems, r.summary.Complete = []string{}, true
			differ, err = r.look(ctx, named(differ))
		}
	}
	if err != nil {
		return nil, err
	}
	if err := r.tell(ctx, differ); err != nil {
		return nil, err
	}
	r.summary.Seconds = options.Now().Sub(started).Seconds()
	return r.summary, nil
}

// recheck is one while it goes on.
type recheck struct {
	source  Source
	target  Fetcher
	keys    map[Key]bool
	options Options
	summary *Summary

	mu    sync.Mutex
	there map[Key]Document // of the source
	bytes int
	both  map[Key]presence
}

// presence is which of the sides has a document.
type presence struct{ source, target bool }

// look reads the source for the keys and compares.
func (r *recheck) look(ctx context.Context, keys map[Key]bool) ([]Difference, error) {
	if err := r.read(ctx, keys); err != nil {
		return nil, err
	}
	if r.both == nil {
		r.both = map[Key]presence{}
	}
	var differ []Difference
	sorted := slices.SortedFunc(maps.Keys(keys), Key.compare)
	for some := range slices.Chunk(sorted, repairDocs) {
		names := make([]cluster.Name, len(some))
		for i, key := range some {
			names[i] = cluster.Name(key)
		}
		got, err := r.target.Fetch(ctx, names)
		if err != nil {
			return nil, err
		}
		for i, key := range some {
			doc, has := r.there[key]
			r.both[key] = presence{has, got[i].Found}
			if d, ok := compared(key, doc, has, got[i]); ok {
				differ = append(differ, d)
			}
		}
	}
	return differ, nil
}

// compare orders keys.
func (k Key) compare(o Key) int {
	for _, c := range []int{strings.Compare(k.Index, o.Index), strings.Compare(k.ID, o.ID), strings.Compare(k.Routing, o.Routing)} {
		if c != 0 {
			return c
		}
	}
	return 0
}

// compared is the difference of a document between the sides; false: there is none.
func compared(key Key, doc Document, has bool, got cluster.Fetched) (Difference, bool) {
	d := Difference{Key: key, Count: 1, Action: doc.Action, Source: doc.Source, Target: got.Source}
	switch {
	case has && !got.Found:
		d.Kind = Missing
	case !has && got.Found:
		d.Kind = Extra
	case has && !same(doc.Source, got.Source):
		d.Kind, d.Paths = Different, paths(doc.Source, got.Source)
	default:
		return Difference{}, false
	}
	return d, true
}

// errTooManyFindings is of documents that do not fit into the memory.
var errTooManyFindings = errors.New("the documents that are to be looked at again do not fit into the memory: raise --memory, or give fewer findings")

// read keeps the source's documents of the keys.
func (r *recheck) read(ctx context.Context, keys map[Key]bool) error {
	r.there, r.bytes, r.summary.Skipped = map[Key]Document{}, 0, 0
	parts, err := r.source.Parts(ctx)
	if err != nil {
		return err
	}
	for _, part := range parts {
		reading, err := r.source.Read(ctx, part, func(docs []Document) error { return r.keep(docs, keys) })
		if err != nil {
			return fmt.Errorf("read %s again: %w", part, err)
		}
		r.summary.Skipped += reading.Skipped
		r.summary.Problems = append(r.summary.Problems, reading.Problems...)
		r.summary.Complete = r.summary.Complete && !reading.Failed
	}
	return nil
}

func (r *recheck) keep(docs []Document, keys map[Key]bool) error {
	for i := range docs {
		key := docs[i].Key()
		if !keys[key] {
			continue
		}
		r.mu.Lock()
		err := r.keepOne(key, &docs[i])
		r.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *recheck) keepOne(key Key, doc *Document) error {
	if before, has := r.there[key]; has && before.Version > doc.Version {
		return nil
	}
	r.bytes += len(doc.Source) + len(doc.Action)
	if r.bytes > r.options.Memory {
		return errTooManyFindings
	}
	kept := *doc
	kept.ID, kept.Routing, kept.Source, kept.Action = bytes.Clone(doc.ID), bytes.Clone(doc.Routing), bytes.Clone(doc.Source), bytes.Clone(doc.Action)
	r.there[key] = kept
	return nil
}

func named(differ []Difference) map[Key]bool {
	keys := make(map[Key]bool, len(differ))
	for _, d := range differ {
		keys[d.Key] = true
	}
	return keys
}

// tell counts what both sides have, and tells of the differences.
func (r *recheck) tell(ctx context.Context, differ []Difference) error {
	counts := map[string]*Counts{}
	of := func(index string) *Counts {
		if counts[index] == nil {
			counts[index] = &Counts{}
		}
		return counts[index]
	}
	for key, has := range r.both {
		c := of(key.Index)
		if has.source {
			c.Source++
		}
		if has.target {
			c.Target++
		}
		if has.source && has.target {
			c.Equal++
		}
	}
	for _, d := range differ {
		c := of(d.Index)
		switch d.Kind {
		case Missing:
			c.Missing++
		case Extra:
			c.Extra++
		case Different:
			c.Different++
			c.Equal--
		}
		if err := r.options.Find.Find(ctx, d); err != nil {
			return err
		}
	}
	for index, c := range counts {
		r.summary.Indices = append(r.summary.Indices, IndexCounts{Index: index, Counts: *c})
	}
	r.summary.finish()
	return nil
}
