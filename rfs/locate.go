package rfs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Locate settles where documents are on the target, as [Plan.Address] does where they go, for who only reads there: what keeps writers out
// does not matter, and what the target does not have stays under the name that it would have.
func (p *Plan) Locate(ctx context.Context, target Places) error {
	names := slices.Sorted(maps.Keys(p.addresses()))
	if len(names) == 0 {
		return nil
	}
	there, err := target.Places(ctx, names...)
	if err != nil {
		return fmt.Errorf("ask the target for its indices: %w", err)
	}
	a := &addressing{plan: p, there: there}
	var problems []error
	for _, index := range slices.Sorted(maps.Keys(p.readings)) {
		reading := p.readings[index]
		for _, to := range reading.each {
			found, err := a.find(to)
			switch {
			case reading.open && err == nil && found.kind == receivesNone:
				reading.forget(to) // no document need go there; one that does is to be missed
			case err != nil:
				problems = append(problems, fmt.Errorf("%s %w", to.target, err))
			case found.kind != receivesNone:
				to.target, to.stream, to.create = found.name, "", found.kind == receivesStream
				to.prepare()
			}
		}
	}
	return errors.Join(problems...)
}

// Located tells where documents under each of the names are on the target: the write index of an alias, the data stream of a backing index,
// or under the name itself, whether the target has that or not.
func Located(ctx context.Context, target Places, names ...string) (map[string]string, error) {
	located := make(map[string]string, len(names))
	if len(names) == 0 {
		return located, nil
	}
	there, err := target.Places(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("ask the target for its indices: %w", err)
	}
	for _, name := range names {
		found, err := receivers(there).find(name)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s %w", name, err)
		case found.kind == receivesNone:
			located[name] = name
		default:
			located[name] = found.name
		}
	}
	return located, nil
}
