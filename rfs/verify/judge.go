package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"migassist/cluster"
	"migassist/xcontent/tree"
)

// judge asks the target for documents that may differ, and tells of those that do: after --settle once more. Unless seen is nil, it is told of
// each that the target has.
func (v *Verification) judge(ctx context.Context, suspects []Difference, seen func(*Document) error) error {
	if v.options.Settle <= 0 {
		return v.compareAll(ctx, suspects, seen, v.found)
	}
	var left []Difference
	err := v.compareAll(ctx, suspects, seen, func(_ context.Context, d Difference) error {
		d.Target = nil
		left = append(left, d)
		return nil
	})
	if err != nil || len(left) == 0 {
		return err
	}
	if err := v.options.Wait(ctx, v.options.Settle); err != nil {
		return err
	}
	if err := v.refresh(ctx, indicesOf(left)); err != nil {
		return err
	}
	for some := range slices.Chunk(left, settledAtOnce) {
		if err := v.sourceAgain(ctx, some); err != nil {
			return err
		}
		if err := v.compareAll(ctx, some, nil, v.found); err != nil {
			return err
		}
	}
	return nil
}

// settledAtOnce is how many documents a source that changes is asked for again before they are compared.
const settledAtOnce = 1000

// Changing is a source whose documents change while they are compared, and that can be asked for them by name.
type Changing interface {
	// Again hands the documents that the source has now of the names to visit. Certain tells that it has no others of them; otherwise it may
	// have them under names by which it can't be asked.
	Again(ctx context.Context, keys []Key, visit func(Document) error) (certain bool, err error)
}

// sourceAgain has a source that changes say what it has now.
func (v *Verification) sourceAgain(ctx context.Context, left []Difference) error {
	changing, ok := v.source.(Changing)
	if !ok {
		return nil
	}
	keys := make([]Key, len(left))
	at := map[Key]int{}
	for i := range left {
		keys[i], at[left[i].Key] = left[i].Key, i
	}
	has := make([]bool, len(left))
	certain, err := changing.Again(ctx, keys, func(doc Document) error {
		if i, asked := at[doc.Key()]; asked {
			has[i] = true
			left[i].Kind, left[i].Action, left[i].Source = Missing, bytes.Clone(doc.Action), bytes.Clone(doc.Source)
		}
		return nil
	})
	for i := range left {
		if certain && !has[i] {
			left[i].Kind, left[i].Action, left[i].Source = Extra, nil, nil
		}
	}
	return err
}

func indicesOf(differences []Difference) []string {
	names := map[string]bool{}
	for _, d := range differences {
		names[d.Index] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// compareAll asks the target for the documents of all suspects, and tells of those that differ now.
func (v *Verification) compareAll(ctx context.Context, suspects []Difference, seen func(*Document) error, tell func(context.Context, Difference) error) error {
	byIndex := map[string][]Difference{}
	for _, d := range suspects {
		byIndex[d.Index] = append(byIndex[d.Index], d)
	}
	for _, index := range slices.Sorted(maps.Keys(byIndex)) {
		rest := byIndex[index]
		slices.SortStableFunc(rest, func(a, b Difference) int { return strings.Compare(a.ID, b.ID) })
		for len(rest) > 0 {
			n := batchOf(rest)
			if err := (&looking{v, index, seen, tell}).compare(ctx, rest[:n]); err != nil {
				return fmt.Errorf("compare documents of %s: %w", index, err)
			}
			rest = rest[n:]
		}
	}
	return nil
}

// batchOf is how many of the first are asked for at once.
func batchOf(rest []Difference) int {
	bytes := 0
	for i, d := range rest {
		if bytes += len(d.Source) + len(d.ID); i > 0 && (i >= lookupIDs || bytes > lookupBytes) {
			return i
		}
	}
	return len(rest)
}

// looking compares documents of an index with what the target has.
type looking struct {
	*Verification
	index string
	seen  func(*Document) error // is told of all that the target has; nil: nobody
	tell  func(context.Context, Difference) error
}

// compare asks the target once, or more often where the answers are large.
func (l *looking) compare(ctx context.Context, some []Difference) error {
	left, err := l.ask(ctx, some)
	if errors.Is(err, errCrowded) && len(some) > 1 {
		half := len(some) / 2
		if err := l.compare(ctx, some[:half]); err != nil {
			return err
		}
		return l.compare(ctx, some[half:])
	}
	if err != nil {
		return err
	}
	for _, d := range left {
		if err := l.tell(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// ask returns those that differ; errCrowded if what the target has of them is much.
func (l *looking) ask(ctx context.Context, some []Difference) ([]Difference, error) {
	at := make(map[Key]int, len(some))
	ids := make([]string, 0, len(some))
	for i, d := range some {
		at[d.Key] = i
		if len(ids) == 0 || ids[len(ids)-1] != d.ID {
			ids = append(ids, d.ID)
		}
	}
	results := slices.Clone(some)
	for i := range results {
		results[i].Target, results[i].Paths = nil, nil
	}
	there, bytes := make([]bool, len(some)), 0
	err := l.target.lookup(ctx, l.index, ids, func(hit cluster.RawHit) error {
		l.progress.Target.all.Add(int64(len(hit.Source)))
		i, asked := at[Key{l.index, string(hit.ID), string(routing(&hit))}]
		if !asked {
			return nil
		}
		there[i] = true
		if l.seen != nil {
			if err := l.seen(&Document{Index: l.index, ID: hit.ID, Routing: routing(&hit), Source: hit.Source}); err != nil {
				return err
			}
		}
		if bytes += results[i].against(&hit); bytes > lookupBytes && len(some) > 1 {
			return errCrowded
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var left []Difference
	for i, d := range results {
		switch {
		case !there[i] && d.Kind == Extra, d.Kind == "":
			continue
		case !there[i]:
			d.Kind = Missing
		}
		left = append(left, d)
	}
	return left, nil
}

// against compares with what the target has, and returns how many bytes of it are kept. Where they are the same, the kind is "".
func (d *Difference) against(hit *cluster.RawHit) int {
	if d.Kind != Extra {
		if same(d.Source, hit.Source) {
			d.Kind = ""
			return 0
		}
		d.Kind, d.Paths = Different, difference(d.Source, hit.Source)
	}
	d.Target = bytes.Clone(hit.Source)
	return len(d.Target)
}

// same tells whether two sources are the same bytes, or the same JSON value, numbers exactly.
func same(source, target []byte) bool {
	if bytes.Equal(source, target) {
		return true
	}
	a, b, ok := values(source, target)
	return ok && tree.Equal(a, b)
}

// difference says at which paths two sources differ; those of no JSON differ as a whole.
func difference(source, target []byte) (paths []string) {
	a, b, ok := values(source, target)
	if !ok {
		return nil
	}
	for _, place := range tree.Diff(a, b, mostPaths) {
		paths = append(paths, place.Path)
	}
	return paths
}

// values reads two sources; false where one is no JSON.
func values(source, target []byte) (a, b *tree.Value, ok bool) {
	a, err := tree.Parse(source)
	if err != nil {
		return nil, nil, false
	}
	b, err = tree.Parse(target)
	return a, b, err == nil
}
