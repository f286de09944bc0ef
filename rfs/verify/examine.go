package verify

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

// examination finds the documents behind the buckets that differ.
type examination struct {
	*Verification
	indices map[int32]bool   // that are looked into; nil: all
	chosen  map[uint16]bool  // buckets that are looked into
	others  map[uint16]bool  // buckets that differ, and are too many
	dense   map[uint16]*cell // chosen buckets in which several documents differ: what of them was not found on both sides yet
	known   bool             // suspects and dense buckets are all there is: the target was not read for them
	content bool             // of this examination: documents have no names but their content
	mu      sync.Mutex       // over what follows
	suspect map[[16]byte]*suspect
	held    []Difference // of the source, to be compared
	bytes   int
}

// suspect is a document that may differ.
type suspect struct {
	key      Key
	doc      [16]byte // what the target has of it, unless it is not known
	target   int64    // how many of them the target has; of content only this may be above 1
	seen     int64    // how often the source has it
	best     int64    // highest version that the source has of it
	equal    bool     // the source has what the target has
	equalsAt int64    // version of that
	settled  bool     // what the target has of it was taken out of its dense bucket
}

// room is how many suspects there is memory for.
func (e *examination) room() int64 { return int64(e.options.Memory / 2 / suspectBytes) }

// suspectBytes is about what a suspect costs, beside its name.
const suspectBytes = 200

// examine names what differs, as far as that is not too much.
func (v *Verification) examine(ctx context.Context) error {
	e := &examination{Verification: v, indices: v.differing(), content: v.options.ByContent}
	if len(e.indices) == 0 {
		return nil
	}
	e.forget()
	if e.decode() {
		v.options.Log.Debug().Int("documents", len(e.suspect)).Msg("the sums name the documents that differ")
		return e.run(ctx, e.onlyExtra())
	}
	e.choose()
	v.progress.begin("target, differing buckets")
	if err := e.readTarget(ctx); err != nil {
		return err
	}
	return e.run(ctx, false)
}

// forget begins anew.
func (e *examination) forget() {
	e.suspect, e.chosen, e.others, e.dense = map[[16]byte]*suspect{}, map[uint16]bool{}, map[uint16]bool{}, map[uint16]*cell{}
}

// decode has the sums name the one document of each bucket that differs. Buckets in which several differ become dense. Where these hold too
// many documents to look all of them up, or there is no memory for the names, it is false.
func (e *examination) decode() bool {
	if e.content {
		return false
	}
	lookups, room := e.mostLookups(), e.room()
	for _, bucket := range e.state.table.differing() {
		e.chosen[bucket] = true
		c := e.state.table.cells[bucket]
		if s := e.alone(&c, bucket); s != nil {
			s.target = max(0, c.target-c.source)
			e.suspect[keyHash(e.names, s.key)] = s
			room--
		} else {
			e.dense[bucket] = &c
			lookups -= c.most()
			room -= c.most()
		}
		if lookups < 0 || room < 0 {
			return false
		}
	}
	e.known = true
	return true
}

// alone returns the one document in which the two sides of a bucket differ, nil where that can't be told.
func (e *examination) alone(c *cell, bucket uint16) *suspect {
	name, ok := c.alone(bucket)
	if !ok {
		return nil
	}
	key, ok := parseName(name, e.names)
	if !ok {
		return nil
	}
	return &suspect{key: key}
}

// mostLookups is how many documents of dense buckets are asked for by id, which costs more than reading them in their order, but saves
// reading all others.
func (e *examination) mostLookups() int64 {
	const least, most = 1000, 100_000
	there := int64(0)
	for number := range e.indices {
		there += e.state.table.index(number).target
	}
	return min(max(there/50, least), most)
}

// onlyExtra tells that the source has none of the suspects, for certain.
func (e *examination) onlyExtra() bool {
	if len(e.dense) > 0 {
		return false
	}
	for _, s := range e.suspect {
		if s.target == 0 {
			return false
		}
	}
	return true
}

// choose takes as many buckets as there is memory for.
func (e *examination) choose() {
	e.forget()
	room := e.room()
	for _, bucket := range e.state.table.differing() {
		if n := e.state.table.cells[bucket].target; n <= room {
			room -= n
			e.chosen[bucket] = true
		} else {
			e.others[bucket] = true
		}
	}
}

// readTarget keeps what the target has in the chosen buckets.
func (e *examination) readTarget(ctx context.Context) error {
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(e.parallel())
	for number := range e.indices {
		index, _ := e.names.name(number)
		parts, err := e.targetParts(ctx, index)
		if err != nil {
			return err
		}
		for _, p := range parts {
			group.Go(func() error { return e.readSuspects(inner, p) })
		}
	}
	return group.Wait()
}

// readSuspects keeps them of one part.
func (e *examination) readSuspects(ctx context.Context, p part) error {
	found := map[[16]byte]*suspect{}
	var mu sync.Mutex
	var others int64
	begin := func() {
		clear(found)
		others = 0
	}
	err := e.Verification.readTarget(ctx, p, begin, func(docs []Document) error {
		bytes := 0
		for i := range docs {
			bytes += len(docs[i].Source)
			h, where, err := e.place(&docs[i])
			if err != nil {
				return err
			}
			mu.Lock()
			switch {
			case where == inChosen && found[h.key] != nil:
				found[h.key].target++
			case where == inChosen:
				found[h.key] = &suspect{key: docs[i].Key(), doc: h.doc, target: 1}
			case where == inOthers:
				others++
			}
			mu.Unlock()
		}
		return e.step(ctx, &e.progress.Target, e.pace.target, len(docs), bytes)
	})
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for key, s := range found {
		if old := e.suspect[key]; old != nil {
			old.target += s.target
			continue
		}
		e.suspect[key] = s
	}
	e.count(p.Index).UnexaminedTarget += others
	e.progress.Candidates.Store(int64(len(e.suspect)))
	return nil
}

// where a document lies.
type where int

const (
	elsewhere where = iota // where both sides are alike
	inChosen
	inOthers
)

// place hashes a document that lies in a bucket that is looked into.
func (e *examination) place(doc *Document) (h hashed, at where, err error) {
	if number := e.names.number(doc.Index); e.indices != nil && !e.indices[number] {
		return h, elsewhere, nil
	}
	d := e.digester()
	defer e.digests.Put(d)
	if err := d.name(doc, &h); err != nil {
		return h, elsewhere, err
	}
	switch {
	case e.others[h.bucket]:
		return h, inOthers, nil
	case !e.chosen[h.bucket]:
		return h, elsewhere, nil
	}
	return h, inChosen, d.source(doc, &h)
}

// run reads the source again for the suspects, and judges.
func (e *examination) run(ctx context.Context, withoutSource bool) error {
	e.progress.Candidates.Store(int64(len(e.suspect)))
	if !withoutSource {
		e.progress.begin("source, differing buckets")
		if err := e.readSource(ctx); err != nil {
			return err
		}
	}
	if err := e.flush(ctx); err != nil {
		return err
	}
	if err := e.extraInDense(ctx); err != nil {
		return err
	}
	return e.leftOver(ctx)
}

func (e *examination) readSource(ctx context.Context) error {
	parts, err := e.source.Parts(ctx)
	if err != nil {
		return err
	}
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

// mostSieved is how many suspects are looked for in blocks: more lie nearly everywhere.
const mostSieved = 1000

// wanted tells which blocks of the source may hold a suspect; nil: all.
func (e *examination) wanted() func(block uint64) bool {
	if !e.known || len(e.dense) > 0 || len(e.suspect) > mostSieved {
		return nil
	}
	keys := slices.Collect(maps.Keys(e.suspect))
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
		e.count(doc.Index).Unexamined++
		return nil
	}
	s := e.suspect[h.key]
	switch {
	case e.dense[h.bucket] != nil:
		e.dense[h.bucket].undo(&h, ofSource)
		if s == nil {
			s = &suspect{key: doc.Key()}
			e.suspect[h.key] = s
		}
	case s == nil && e.known:
		return nil // it only lies in the same bucket
	case s == nil && doc.Version > 0: // there may be another of its name
		s = &suspect{key: doc.Key()}
		e.suspect[h.key] = s
	case s == nil:
		return e.hold(ctx, doc)
	}
	if e.content {
		if s.seen++; s.seen <= s.target {
			return nil
		}
		return e.hold(ctx, doc)
	}
	s.seen++
	s.best = max(s.best, doc.Version)
	if !e.known && s.target > 0 && s.doc == h.doc {
		s.equal, s.equalsAt = true, doc.Version
		return nil
	}
	return e.hold(ctx, doc)
}

// heldBytes is how much of the source is held at once.
const heldBytes = 32 << 20

// hold keeps a document to be compared with what the target has under its name. The lock is held.
func (e *examination) hold(ctx context.Context, doc *Document) error {
	d := Difference{Kind: Missing, Key: doc.Key(), Count: 1, Action: doc.Action, Source: doc.Source, version: doc.Version}.Clone()
	e.held = append(e.held, d)
	e.bytes += len(d.Source) + len(d.Action) + suspectBytes
	if e.bytes < heldBytes {
		return nil
	}
	return e.flush(ctx)
}

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

// leftOver judges what the target has and the source was not found to have.
func (e *examination) leftOver(ctx context.Context) error {
	var extra []Difference
	for key, s := range e.suspect {
		if s.equal && s.equalsAt < s.best { // what is equal is not what should be there, of which was told
			e.count(s.key.Index).Superseded++
		}
		n := s.target - s.seen
		switch {
		case e.content && n > 0:
			if err := e.found(ctx, Difference{Kind: Extra, Key: s.key, Count: n}); err != nil {
				return err
			}
		case !e.content && s.seen == 0:
			extra = append(extra, Difference{Kind: Extra, Key: s.key, Count: 1})
		}
		delete(e.suspect, key)
	}
	return e.judge(ctx, extra, nil)
}

// found tells of a difference, and counts it.
func (v *Verification) found(ctx context.Context, d Difference) error {
	c := v.count(d.Index)
	switch d.Kind {
	case Missing:
		c.Missing += d.Count
	case Extra:
		c.Extra += d.Count
	case Different:
		c.Different += d.Count
	}
	v.progress.Found.Add(d.Count)
	if err := v.options.Find.Find(ctx, d); err != nil {
		return fmt.Errorf("tell of %s: %w", d.Key, err)
	}
	return nil
}
