package rfs

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
)

// stateFormat is the number that a state file carries; a newer one is refused.
const stateFormat = 1

// State is how far a backfill has come: what it was started with, and a cursor per item.
type State struct {
	Format      int        `json:"format"`
	Source      Identity   `json:"source"`
	Target      string     `json:"target"`
	Items       []*Cursor  `json:"items"`
	DeadLetters DeadLetter `json:"dead_letters"`

	file    string // empty: kept in memory only
	cursors map[itemKey]*Cursor
}

type itemKey struct {
	index string
	shard int
}

// Identity tells one snapshot from another.
type Identity struct {
	Repository string `json:"repository"`
	Snapshot   string `json:"snapshot"`
	UUID       string `json:"uuid"`
}

// DeadLetter is the file of documents that were not written, and how much of it counts.
type DeadLetter struct {
	File  string `json:"file,omitempty"`
	Begun bool   `json:"begun,omitempty"` // the file is this backfill's
	Bytes int64  `json:"bytes"`
}

// Cursor is how far an item is: every document before Doc of Segment, and of the segments before it, has its
// fate. The counts are of those documents.
type Cursor struct {
	Index   string `json:"index"`
	Shard   int    `json:"shard"`
	Target  string `json:"target,omitempty"` // the target's identity of the index that was written to
	Segment string `json:"segment,omitempty"`
	Doc     int    `json:"doc"`
	Walked  int64  `json:"walked"` // Lucene documents behind the cursor
	Done    bool   `json:"done"`
	How     string `json:"how,omitempty"` // what is done to documents beside copying them
	Counts
	Types map[string]int64 `json:"types,omitempty"` // documents read of each mapping type, where the index is split
}

// Counts are the fates of documents: Read is the sum of the other three.
type Counts struct {
	Read    int64 `json:"read"`
	Written int64 `json:"written"`
	Skipped int64 `json:"skipped"`
	Refused int64 `json:"refused"`
	// Superseded counts what the target had newer.
	Superseded int64 `json:"superseded,omitempty"`
	Bytes      int64 `json:"bytes"` // of the bulk lines of what was read
	// Converted counts, of Read, the sources that were not kept as JSON.
	Converted int64 `json:"converted,omitempty"`
}

// Balanced tells whether every document that was read has exactly one fate.
func (c Counts) Balanced() bool { return c.Read == c.Written+c.Superseded+c.Skipped+c.Refused }

func (c *Counts) add(o Counts) {
	c.Read += o.Read
	c.Written += o.Written
	c.Superseded += o.Superseded
	c.Skipped += o.Skipped
	c.Refused += o.Refused
	c.Bytes += o.Bytes
	c.Converted += o.Converted
}

// openState reads the state file, or begins a new state where there is none. One of another snapshot or
// target is refused, since its cursors would skip documents.
func openState(file string, source Identity, target string) (*State, error) {
	fresh := &State{Format: stateFormat, Source: source, Target: target, file: file}
	if file == "" {
		return fresh, nil
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the state file: %w", err)
	}
	state := &State{file: file}
	if err := json.Unmarshal(data, state); err != nil {
		return nil, fmt.Errorf("%s is not a state file of a backfill (%w); name another with --state-file, or remove it to begin anew", file, err)
	}
	switch {
	case state.Format > 0 && state.Format <= stateFormat && state.Source == source && state.Target == target && !state.sound():
		return nil, fmt.Errorf("%s was changed or damaged: its numbers cannot be; name another with --state-file, or remove it to begin anew", file)
	case state.Format < 1:
		return nil, fmt.Errorf("%s is not a state file of a backfill; name another with --state-file, or remove it to begin anew", file)
	case state.Format > stateFormat:
		return nil, fmt.Errorf("%s has format %d, this version reads up to %d; continue with the newer version that wrote it", file, state.Format, stateFormat)
	case state.Source != source || state.Target != target:
		return nil, fmt.Errorf("%s belongs to another backfill: snapshot %s (%s) of %s to %s, this one is of %s (%s) of %s to %s; name another with --state-file, or remove it to begin anew",
			file, state.Source.Snapshot, state.Source.UUID, state.Source.Repository, state.Target, source.Snapshot, source.UUID, source.Repository, target)
	}
	return state, nil
}

// sound tells whether the numbers are ones that a backfill writes: with others documents would be left out, or counted twice.
func (s *State) sound() bool {
	seen := map[itemKey]bool{}
	for _, c := range s.Items {
		if c == nil {
			return false
		}
		key := itemKey{c.Index, c.Shard}
		least := min(c.Read, c.Written, c.Skipped, c.Refused, c.Bytes, c.Converted, c.Walked, int64(c.Doc))
		if seen[key] || least < 0 || !c.Balanced() || c.Segment == "" && c.Walked > 0 {
			return false
		}
		seen[key] = true
	}
	return s.DeadLetters.Bytes >= 0
}

// cursor returns the cursor of an item, a new one at its begin where there is none.
func (s *State) cursor(item Item) *Cursor {
	if s.cursors == nil {
		s.cursors = make(map[itemKey]*Cursor, len(s.Items))
		for _, c := range s.Items {
			s.cursors[itemKey{c.Index, c.Shard}] = c
		}
	}
	key := itemKey{item.Index, item.Shard}
	c := s.cursors[key]
	if c == nil {
		c = &Cursor{Index: item.Index, Shard: item.Shard}
		s.cursors[key] = c
		s.Items = append(s.Items, c)
	}
	return c
}

// begin notes how the documents of an item are moved, and refuses another way than that in which it was begun: one half of
// them would not be like the other.
func (c *Cursor) begin(how string) error {
	if c.Walked > 0 && c.How != how {
		said := func(how string) string { return cmp.Or(how, "as they are") }
		return fmt.Errorf("%s[%d] was begun with its documents moved %s, and they would now be moved %s; go on with the flags of the run before, or remove the state file to begin anew",
			c.Index, c.Shard, said(c.How), said(how))
	}
	c.How = how
	return nil
}

// save writes the state so that either the old or the new one survives a crash.
func (s *State) save() error {
	if s.file == "" {
		return nil
	}
	data, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return fmt.Errorf("save the state: %w", err)
	}
	if err := replaceFile(s.file, data); err != nil {
		return fmt.Errorf("save the state, without which a stopped run would begin anew: %w", err)
	}
	return nil
}

// replaceFile writes through a temporary file, sync and rename.
func replaceFile(name string, data []byte) error {
	temporary := name + ".tmp"
	f, err := os.OpenFile(temporary, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temporary, name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	return syncDir(filepath.Dir(name))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	return err
}

// byIndex sums the items of each index, sorted by name.
func (s *State) byIndex() []IndexCounts {
	sums := map[string]*IndexCounts{}
	for _, c := range s.Items {
		sum := sums[c.Index]
		if sum == nil {
			sum = &IndexCounts{Index: c.Index, Done: true}
			sums[c.Index] = sum
		}
		sum.add(c.Counts)
		for name, n := range c.Types {
			if sum.ByType == nil {
				sum.ByType = map[string]int64{}
			}
			sum.ByType[name] += n
		}
		sum.Done = sum.Done && c.Done
	}
	all := make([]IndexCounts, 0, len(sums))
	for _, sum := range sums {
		all = append(all, *sum)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Index < all[j].Index })
	return all
}
