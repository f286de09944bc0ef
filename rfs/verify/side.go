package verify

import "context"

// Document is one as the target should have it, or has it. Its bytes are valid until visit returns.
type Document struct {
	Index   string // or data stream, as operations name it
	ID      []byte // nil: the target makes one
	Routing []byte // nil or empty: none
	Source  []byte // as bytes; nil: none
	Action  []byte // the action line that a backfill would send; nil where there is none
	Block   uint64 // of the source, for a [BlockSource]: where it lies
	Version int64  // of the source, of several under one key the one with the highest stays; 0: there are no others
}

// Key is the document's name.
func (d *Document) Key() Key { return Key{d.Index, string(d.ID), string(d.Routing)} }

// Source is the side that is right.
type Source interface {
	// Targets returns the names on the target that documents go to, as far as they are known before the first is read.
	Targets(ctx context.Context) ([]string, error)
	// Parts lists what is read in one go each: always the same, in the same order, under the same names.
	Parts(ctx context.Context) ([]string, error)
	// Read hands all documents of a part to visit, some at a time, from several goroutines at once. What can't be read becomes a
	// problem of the part, for people, and the rest is read; an error of visit ends it.
	Read(ctx context.Context, part string, visit func([]Document) error) (Reading, error)
}

// BlockSource is a source that can read some of a part again, without the rest.
type BlockSource interface {
	Source
	// ReadBlocks is Read of those blocks of a part that are wanted, of which documents were handed to a visit before: others of them may
	// come too. A block of 0 is none.
	ReadBlocks(ctx context.Context, part string, wanted func(block uint64) bool, visit func([]Document) error) (Reading, error)
}

// Reading is what a source says of a part that was read.
type Reading struct {
	Skipped  int64    // documents that a backfill does not send, with a reason in its dead letters
	Problems []string // why documents were not read, or what is to know of them
	Failed   bool     // some were not read: the part can't be verified
}
