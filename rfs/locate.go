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
		for _, to := range p.readings[index].each {
			found, err := a.find(to)
			switch {
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
