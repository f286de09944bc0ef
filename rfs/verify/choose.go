package verify

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
)

// choose takes as many buckets as there is memory for.
func (e *examination) choose() {
	e.forget()
	room := e.room()
	for _, bucket := range e.state.table.differing() {
		n := e.state.table.cells[bucket].target
		if e.versions.Load() { // of the source's the highest version of each name is kept
			n = e.state.table.cells[bucket].most()
		}
		if n <= room {
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
