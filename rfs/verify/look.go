package verify

import (
	"context"
	"maps"
	"slices"
)

// readSource reads the source again, for the suspects.
func (e *examination) readSource(ctx context.Context) error {
	parts, err := e.source.Parts(ctx)
	if err != nil {
		return err
	}
	if err := e.readParts(ctx, parts); err != nil || e.rank == unranked {
		return err
	}
	e.rank = ranked
	return e.readParts(ctx, parts)
}

// readParts reads what of the parts may hold suspects.
func (e *examination) readParts(ctx context.Context, parts []string) error {
	wanted := e.wanted()
	for _, name := range parts {
		if !e.holds(name) {
			continue
		}
		read := e.source.Read
		if blocks, ok := e.source.(BlockSource); ok && wanted != nil && e.sieve.knows(name) {
			read = func(ctx context.Context, part string, visit func([]Document) error) (Reading, error) {
				return blocks.ReadBlocks(ctx, part, wanted, visit)
			}
		}
		_, err := read(ctx, name, func(docs []Document) error {
			bytes := 0
			for i := range docs {
				bytes += len(docs[i].Source)
				if err := e.look(ctx, &docs[i]); err != nil {
					return err
				}
			}
			return e.step(ctx, &e.progress.Source, e.pace.source, len(docs), bytes)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mostSieved is how many suspects and dense buckets are looked for in blocks: more lie nearly everywhere.
const mostSieved = 1000

// wanted tells which blocks of the source may hold a suspect, or lie in a dense bucket; nil: all.
func (e *examination) wanted() func(block uint64) bool {
	if !e.known || len(e.dense)+len(e.suspect) > mostSieved {
		return nil
	}
	keys := slices.Collect(maps.Keys(e.suspect))
	for bucket := range e.dense {
		keys = append(keys, bucketKey(bucket))
	}
	return func(block uint64) bool {
		return slices.ContainsFunc(keys, func(key [16]byte) bool { return e.sieve.has(block, key) })
	}
}

// holds tells whether a part of the source has documents of the indices that are looked into.
func (e *examination) holds(part string) bool {
	seen, known := e.state.Seen[part]
	if e.indices == nil || !known {
		return true
	}
	for _, number := range seen {
		if e.indices[number] {
			return true
		}
	}
	return false
}

// look compares a document of the source with what is known of the target, and holds it where it may differ.
func (e *examination) look(ctx context.Context, doc *Document) error {
	h, at, err := e.place(doc)
	if err != nil || at == elsewhere {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if at == inOthers {
		if e.rank != ranked {
			e.count(doc.Index).Unexamined++
		}
		return nil
	}
	s := e.suspected(doc, &h)
	switch {
	case s == nil && e.known:
		return nil // it only lies in the same bucket
	case s == nil:
		return e.hold(ctx, doc)
	case e.content:
		if s.seen++; s.seen <= s.target {
			return nil
		}
		return e.hold(ctx, doc)
	}
	s.seen++
	s.best = max(s.best, doc.Version)
	if e.rank == ranked && doc.Version < s.best {
		e.count(doc.Index).Superseded++
		return nil
	}
	if !e.known && s.target > 0 && s.doc == h.doc {
		s.equal, s.equalsAt = true, doc.Version
		return nil
	}
	return e.hold(ctx, doc)
}

// suspected returns the suspect that a document of the source is, making one where it is to be kept in mind; nil: none. The lock is held.
func (e *examination) suspected(doc *Document, h *hashed) *suspect {
	s, dense := e.suspect[h.key], e.dense[h.bucket]
	if dense != nil && e.rank != ranked {
		dense.undo(h, ofSource)
	}
	if s == nil && (dense != nil || !e.known && doc.Version > 0) { // there may be another of its name
		s = &suspect{key: doc.Key()}
		e.suspect[h.key] = s
	}
	return s
}

// heldBytes is how much of the source is held at once.
const heldBytes = 32 << 20

// hold keeps a document to be compared with what the target has under its name. The lock is held.
func (e *examination) hold(ctx context.Context, doc *Document) error {
	if e.rank == ranking && doc.Version > 0 || e.rank == ranked && doc.Version == 0 { // comes once more; was judged before
		return nil
	}
	d := Difference{Kind: Missing, Key: doc.Key(), Count: 1, Action: doc.Action, Source: doc.Source, version: doc.Version}.Clone()
	e.held = append(e.held, d)
	e.bytes += len(d.Source) + len(d.Action) + suspectBytes
	if e.bytes < e.options.held {
		return nil
	}
	if e.rank == unranked && !e.content && slices.ContainsFunc(e.held, ranks) { // a higher version may yet come
		e.rank, e.held = ranking, slices.DeleteFunc(e.held, ranks)
	}
	return e.flush(ctx)
}

func ranks(d Difference) bool { return d.version > 0 }

// flush judges what is held. The lock is held, or nobody else is at it.
func (e *examination) flush(ctx context.Context) error {
	held := e.held
	e.held, e.bytes = nil, 0
	if e.content {
		return e.missingContent(ctx, held)
	}
	best := map[Key]int{} // which of several under one name stays
	var first []Difference
	for _, d := range held {
		s := e.suspect[keyHash(e.names, d.Key)]
		at, again := best[d.Key]
		switch {
		case s != nil && (d.version < s.best || s.equal && s.equalsAt == d.version):
			e.count(d.Index).Superseded++
		case again:
			e.count(d.Index).Superseded++
			first[at] = d
		default:
			best[d.Key] = len(first)
			first = append(first, d)
		}
	}
	return e.judge(ctx, first, e.settle)
}

// missingContent reports contents of which the target has less than the source.
func (e *examination) missingContent(ctx context.Context, held []Difference) error {
	for _, d := range held {
		if err := e.found(ctx, d); err != nil {
			return err
		}
	}
	return nil
}
