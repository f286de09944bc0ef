package verify

import (
	"context"
	"fmt"
	"sync"
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
	rank    rank
	unseen  map[string]int64 // suspects by index that the source does not have; nil: nobody wants to know
}

// rank is how far it is known which of several documents under one name stays. While all fit into what is held, that need not be asked.
type rank int

const (
	unranked rank = iota
	ranking       // the rest of the source is read for the highest versions alone
	ranked        // they are known, and the source is read once more
)

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
			if e.unseen != nil {
				e.unseen[s.key.Index]++
			}
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
