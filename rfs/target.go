package rfs

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// A bulk request makes an index that is missing, with a guessed mapping and without a word. So the indices that documents
// go to are known by the target's own identities: asked when a run is planned, when an item is claimed, and at the end.

// identities are what the target said of its indices, for a while.
type identities struct {
	mu    sync.Mutex
	asked time.Time
	now   map[string]string
}

// identitiesHold is how long an answer of the target is believed when an item is claimed.
const identitiesHold = 10 * time.Second

// recognize refuses to go on where an index of the target is another than the one that the run was planned for: what was written
// into that one is gone.
func (b *Backfill) recognize(ctx context.Context) error {
	if b.options.Indices == nil {
		return nil
	}
	now, err := b.identities(ctx)
	if err != nil {
		return err
	}
	others := b.planned.others(now)
	if len(others) == 0 {
		return nil
	}
	return fmt.Errorf("on the target, %s was deleted and made again since the run in %s was planned: what it had written is gone; "+
		"remove the state of the run to begin anew, or name another with --state-file or --session-name", listed(others), b.options.Place)
}

// others names the indices whose documents would go elsewhere now than was planned.
func (p *planned) others(now map[string]string) []string {
	var names []string
	for _, index := range p.Indices {
		if index.identity(now) != index.Target {
			names = append(names, index.Index)
		}
	}
	return names
}

// identities asks the target, unless it was asked a moment ago.
func (b *Backfill) identities(ctx context.Context) (map[string]string, error) {
	i := &b.identified
	i.mu.Lock()
	defer i.mu.Unlock()
	if time.Since(i.asked) < identitiesHold {
		return i.now, nil
	}
	now, err := b.askTarget(ctx, b.planned.Indices)
	if err == nil {
		i.now, i.asked = now, time.Now()
	}
	return now, err
}

// askTarget asks for the identities of all indices that documents of those of the source go to.
func (b *Backfill) askTarget(ctx context.Context, indices []plannedIndex) (map[string]string, error) {
	if b.options.Indices == nil {
		return nil, nil
	}
	var names []string
	for _, index := range indices {
		names = append(names, index.targets()...)
	}
	identities, err := b.options.Indices(ctx, distinct(names)...)
	if err != nil {
		return nil, fmt.Errorf("ask the target for its indices: %w", err)
	}
	return identities, nil
}

// identity is that of the target's index, or those of all indices that documents of the source's index go to.
func (x plannedIndex) identity(now map[string]string) string {
	targets := x.targets()
	if len(targets) == 1 {
		return now[targets[0]]
	}
	all := make([]string, len(targets))
	for i, target := range targets {
		all[i] = target + "=" + now[target]
	}
	return strings.Join(all, " ")
}

// replaced finds the indices that are no longer the ones that the run was planned for.
func (b *Backfill) replaced(ctx context.Context) ([]Finding, error) {
	if b.options.Indices == nil {
		return nil, nil
	}
	now, err := b.askTarget(ctx, b.planned.Indices)
	if err != nil {
		return nil, err
	}
	var findings []Finding
	for _, name := range b.planned.others(now) {
		findings = append(findings, Finding{Index: name, Kind: "replaced", Failed: true, Reason: "it was deleted on the target while documents were written; " +
			"what had been written is gone, and if there is one again it has a guessed mapping: delete it, migrate its metadata, and begin it anew with another --state-file or --session-name"})
	}
	return findings, nil
}
