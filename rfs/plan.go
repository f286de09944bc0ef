package rfs

import (
	"context"
	"errors"
	"fmt"

	"migassist/lucene"
	"migassist/snapshot"
)

// Plan is what a backfill will read, and what it can't.
type Plan struct {
	Items    []Item    `json:"items"`
	Findings []Finding `json:"findings,omitempty"`
}

// Item is a unit of work: one shard of one index.
type Item struct {
	Index string `json:"index"`
	Shard int    `json:"shard"`
	// Docs counts Lucene documents, nested children and deleted ones included: what has to be walked through.
	Docs int64 `json:"lucene_documents"`
	// Live counts Lucene documents that are not deleted, nested children included.
	Live int64 `json:"live_lucene_documents"`
}

func (i Item) String() string { return fmt.Sprintf("%s[%d]", i.Index, i.Shard) }

// Finding is something the operator should know of that did not stop the run.
type Finding struct {
	Index  string `json:"index"`
	Kind   string `json:"kind"` // missing, no-source, filtered-source, unsupported, unreadable, partial, refused, skipped, replaced
	Reason string `json:"reason"`
	// Failed says that documents were not read, so that the run as a whole failed.
	Failed bool `json:"failed,omitempty"`
}

// NewPlan lists the shards of the named indices and checks that each can be read: the formats of all its segments are
// known, and _source was kept. What can't be read becomes a finding.
func NewPlan(ctx context.Context, snap *snapshot.Snapshot, indices []string) (*Plan, error) {
	plan := &Plan{}
	for _, name := range indices {
		items, findings, err := planIndex(ctx, snap, name)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		plan.Findings = append(plan.Findings, findings...)
		if err != nil {
			plan.Findings = append(plan.Findings, unreadable(name, err))
			continue
		}
		plan.Items = append(plan.Items, items...)
	}
	return plan, nil
}

func unreadable(index string, err error) Finding {
	if unsupported(err) {
		return Finding{Index: index, Kind: "unsupported", Reason: err.Error(), Failed: true}
	}
	if _, large := errors.AsType[*lucene.TooLargeError](err); large {
		err = fmt.Errorf("%w (--memory)", err)
	}
	return Finding{Index: index, Kind: "unreadable", Reason: err.Error(), Failed: true}
}

// unsupported tells whether a whole index is of a kind that is not read, rather than damaged somewhere.
func unsupported(err error) bool {
	_, format := errors.AsType[*lucene.UnsupportedError](err)
	return format || errors.Is(err, snapshot.ErrUnsupported)
}

func planIndex(ctx context.Context, snap *snapshot.Snapshot, name string) ([]Item, []Finding, error) {
	index, err := snap.Index(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	findings, readable := sourceFindings(index)
	if !readable {
		return nil, findings, nil
	}
	var items []Item
	for number := range index.Shards {
		item, err := planShard(ctx, index, number)
		switch {
		case ctx.Err() != nil, err != nil && unsupported(err):
			return nil, findings, err
		case errors.Is(err, snapshot.ErrIncomplete): // known of a PARTIAL snapshot: what is there is moved
			findings = append(findings, Finding{Index: name, Kind: "partial", Reason: err.Error()})
		case err != nil:
			findings = append(findings, unreadable(name, err))
		default:
			items = append(items, item)
		}
	}
	return items, findings, nil
}

func planShard(ctx context.Context, index *snapshot.Index, number int) (Item, error) {
	item := Item{Index: index.Name, Shard: number}
	commit, err := openShard(ctx, index, number)
	if err != nil {
		return item, err
	}
	for _, segment := range commit.Segments {
		if err := segment.Check(ctx); err != nil {
			return item, fmt.Errorf("shard %d: %w", number, err)
		}
		item.Docs += int64(segment.MaxDoc)
		item.Live += int64(segment.MaxDoc - segment.Deleted - segment.SoftDeleted)
	}
	return item, nil
}

func openShard(ctx context.Context, index *snapshot.Index, number int) (*lucene.Commit, error) {
	shard, err := index.Shard(ctx, number)
	if err != nil {
		return nil, err
	}
	commit, err := lucene.OpenCommit(ctx, shard.Directory())
	if err != nil {
		return nil, fmt.Errorf("shard %d of %s: %w", number, index.Name, err)
	}
	return commit, nil
}

// Indices returns the names of the indices that have items, in the plan's order.
func (p *Plan) Indices() []string {
	var names []string
	for _, item := range p.Items {
		if len(names) == 0 || names[len(names)-1] != item.Index {
			names = append(names, item.Index)
		}
	}
	return names
}
