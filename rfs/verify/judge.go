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
	left, err := v.remaining(ctx, suspects, seen)
	if err != nil {
		return err
	}
	for _, d := range left {
		if err := v.found(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// remaining returns those of the differences that are there after as many looks as it takes.
func (v *Verification) remaining(ctx context.Context, suspects []Difference, seen func(*Document) error) ([]Difference, error) {
	left, err := v.compareAll(ctx, suspects, seen)
	if err != nil || len(left) == 0 || v.options.Settle <= 0 {
		return left, err
	}
	if err := v.options.Wait(ctx, v.options.Settle); err != nil {
		return nil, err
	}
	if left, err = v.sourceAgain(ctx, left); err != nil {
		return nil, err
	}
	if err := v.refresh(ctx, indicesOf(left)); err != nil {
		return nil, err
	}
	return v.compareAll(ctx, left, nil)
}

// Changing is a source whose documents change while they are compared, and that can be asked for them by name.
type Changing interface {
	// Again hands the documents that the source has now of the names to visit.
	Again(ctx context.Context, keys []Key, visit func(Document) error) error
}

// sourceAgain has a source that changes say what it has now.
func (v *Verification) sourceAgain(ctx context.Context, left []Difference) ([]Difference, error) {
	changing, ok := v.source.(Changing)
	if !ok {
		return left, nil
	}
	keys := make([]Key, len(left))
	at := map[Key]int{}
	for i := range left {
		keys[i], at[left[i].Key] = left[i].Key, i
		left[i].Kind, left[i].Action, left[i].Source = Extra, nil, nil
	}
	err := changing.Again(ctx, keys, func(doc Document) error {
		if i, asked := at[doc.Key()]; asked {
			left[i].Kind, left[i].Action, left[i].Source = Missing, bytes.Clone(doc.Action), bytes.Clone(doc.Source)
		}
		return nil
	})
	return left, err
}

func indicesOf(differences []Difference) []string {
	names := map[string]bool{}
	for _, d := range differences {
		names[d.Index] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// compareAll asks the target for the documents of all suspects, and returns those that differ now.
func (v *Verification) compareAll(ctx context.Context, suspects []Difference, seen func(*Document) error) ([]Difference, error) {
	byIndex := map[string][]Difference{}
	for _, d := range suspects {
		byIndex[d.Index] = append(byIndex[d.Index], d)
	}
	var left []Difference
	for _, index := range slices.Sorted(maps.Keys(byIndex)) {
		rest := byIndex[index]
		slices.SortStableFunc(rest, func(a, b Difference) int { return strings.Compare(a.ID, b.ID) })
		for len(rest) > 0 {
			n := batchOf(rest)
			some, err := v.compareSome(ctx, index, rest[:n], seen)
			if err != nil {
				return nil, fmt.Errorf("compare documents of %s: %w", index, err)
			}
			left = append(left, some...)
			rest = rest[n:]
		}
	}
	return left, nil
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

// compareSome asks the target once.
func (v *Verification) compareSome(ctx context.Context, index string, some []Difference, seen func(*Document) error) ([]Difference, error) {
	at := make(map[Key]int, len(some))
	ids := make([]string, 0, len(some))
	for i, d := range some {
		at[d.Key] = i
		if len(ids) == 0 || ids[len(ids)-1] != d.ID {
			ids = append(ids, d.ID)
		}
	}
	there := make([]bool, len(some))
	same := make([]bool, len(some))
	results := slices.Clone(some)
	err := v.target.lookup(ctx, index, ids, func(hit cluster.RawHit) error {
		v.progress.Target.all.Add(int64(len(hit.Source)))
		i, asked := at[Key{index, string(hit.ID), string(routing(&hit))}]
		if !asked {
			return nil
		}
		there[i] = true
		if seen != nil {
			if err := seen(&Document{Index: index, ID: hit.ID, Routing: routing(&hit), Source: hit.Source}); err != nil {
				return err
			}
		}
		if some[i].Kind == Extra {
			results[i].Target = bytes.Clone(hit.Source)
			return nil
		}
		paths, equal := compare(some[i].Source, hit.Source)
		same[i] = equal
		if !equal {
			results[i].Kind, results[i].Paths, results[i].Target = Different, paths, bytes.Clone(hit.Source)
		}
		return nil
	})
	if errors.Is(err, errCrowded) {
		return v.compareHalves(ctx, index, some, seen)
	}
	var left []Difference
	for i, d := range results {
		switch {
		case !there[i] && some[i].Kind == Extra, same[i]:
			continue
		case !there[i]:
			d.Kind, d.Paths, d.Target = Missing, nil, nil
		}
		left = append(left, d)
	}
	return left, err
}

func (v *Verification) compareHalves(ctx context.Context, index string, some []Difference, seen func(*Document) error) ([]Difference, error) {
	half := len(some) / 2
	left, err := v.compareSome(ctx, index, some[:half], seen)
	if err != nil {
		return nil, err
	}
	right, err := v.compareSome(ctx, index, some[half:], seen)
	return append(left, right...), err
}

// compare compares two sources: as bytes, then as JSON values, numbers exactly. Where they differ, it says at which paths; those of
// no JSON differ as a whole.
func compare(source, target []byte) (paths []string, equal bool) {
	if bytes.Equal(source, target) {
		return nil, true
	}
	a, err := tree.Parse(source)
	if err != nil {
		return nil, false
	}
	b, err := tree.Parse(target)
	if err != nil {
		return nil, false
	}
	if tree.Equal(a, b) {
		return nil, true
	}
	for _, place := range tree.Diff(a, b, mostPaths) {
		paths = append(paths, place.Path)
	}
	return paths, false
}
