package rfs

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A bulk request makes an index that is missing, with a guessed mapping and without a word. So the indices that documents
// go to are known by the target's own identities: asked when a run begins, and when it ends.

// recognize notes the identities of the plan's indices in their cursors, and refuses to go on where a former run wrote into
// another index of the name: what it had written is gone.
func (b *Backfill) recognize(ctx context.Context) error {
	now, err := b.identities(ctx)
	if err != nil || b.options.Indices == nil {
		return err
	}
	var others []string
	for _, item := range b.plan.Items {
		cursor, identity := b.state.cursor(item), b.identity(item, now)
		begun := cursor.Walked > 0 || cursor.Done
		if begun && cursor.Target != "" && cursor.Target != identity {
			others = append(others, item.Index)
			continue
		}
		cursor.Target = identity
	}
	if len(others) == 0 {
		return nil
	}
	return fmt.Errorf("on the target, %s was deleted and made again since the run that %s is of: what it had written is gone; remove the state file to begin anew, or name another with --state-file and these indices with --index-allowlist",
		strings.Join(slices.Compact(others), ", "), b.options.StateFile)
}

// replaced finds the indices that are no longer the ones that the run began with.
func (b *Backfill) replaced(ctx context.Context) ([]Finding, error) {
	now, err := b.identities(ctx)
	if err != nil || b.options.Indices == nil {
		return nil, err
	}
	var findings []Finding
	for _, item := range b.plan.Items {
		if b.state.cursor(item).Target == b.identity(item, now) || len(findings) > 0 && findings[len(findings)-1].Index == item.Index {
			continue
		}
		findings = append(findings, Finding{Index: item.Index, Kind: "replaced", Failed: true, Reason: "it was deleted on the target while documents were written; " +
			"what had been written is gone, and if there is one again it has a guessed mapping: delete it, migrate its metadata, and begin it anew with another --state-file"})
	}
	return findings, nil
}

func (b *Backfill) identities(ctx context.Context) (map[string]string, error) {
	if b.options.Indices == nil || len(b.plan.Items) == 0 {
		return nil, nil
	}
	identities, err := b.options.Indices(ctx, b.plan.Targets()...)
	if err != nil {
		return nil, fmt.Errorf("ask the target for its indices: %w", err)
	}
	return identities, nil
}

// identity is that of the target's index, or those of all indices that documents of the item go to.
func (b *Backfill) identity(item Item, now map[string]string) string {
	names := b.plan.readings[item.Index].targetNames()
	if len(names) == 1 {
		return now[names[0]]
	}
	var all []string
	for _, name := range names {
		all = append(all, name+"="+now[name])
	}
	return strings.Join(all, " ")
}
