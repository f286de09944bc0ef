package rfs

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"migassist/lucene"
	"migassist/rfs/rebuild"
	"migassist/snapshot"
)

// Plan is what a backfill will read, and what it can't.
type Plan struct {
	Items    []Item    `json:"items"`
	Findings []Finding `json:"findings,omitempty"`

	readings map[string]*reading
	streams  map[string]string // that the snapshot says indices back
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
	Index string `json:"index"`
	// Kind is one of missing, several-types, parted, no-source, filtered-source, rebuilt, differs, lost, unsupported, unreadable,
	// partial, refused, skipped, replaced, unversioned, alias, stream, serverless, collisions, count, pilot.
	Kind   string `json:"kind"`
	Reason string `json:"reason"`
	// Failed says that documents were not read, so that the run as a whole failed.
	Failed bool `json:"failed,omitempty"`
}

// String is how a finding is printed.
func (f Finding) String() string {
	if f.Index == "" {
		return f.Kind + ": " + f.Reason
	}
	return f.Index + ": " + f.Kind + ": " + f.Reason
}

// NewPlan lists the shards of the named indices and checks that each can be read: the formats of all its segments are
// known, and its documents can be moved as the choices allow. What can't be read becomes a finding.
func NewPlan(ctx context.Context, snap *snapshot.Snapshot, indices []string, choices Choices) (*Plan, error) {
	plan := &Plan{readings: map[string]*reading{}}
	if len(snap.DataStreams) > 0 {
		global, err := snap.Global(ctx)
		if err != nil {
			return nil, err
		}
		plan.streams = global.BackingIndices()
	}
	for _, name := range indices {
		err := plan.add(ctx, snap, name, choices)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			plan.find(unreadable(name, err))
		}
	}
	if choices.IndexMap == nil { // otherwise the operator says what comes together, and ids are compared
		plan.separate()
	}
	return plan, nil
}

func (p *Plan) find(findings ...Finding) { p.Findings = append(p.Findings, findings...) }

func unreadable(index string, err error) Finding {
	if unsupported(err) {
		// What the servers themselves keep elsewhere or in another form is out of scope, not a failure.
		return Finding{Index: index, Kind: "unsupported", Reason: err.Error(), Failed: !errors.Is(err, snapshot.ErrUnsupported)}
	}
	if _, large := errors.AsType[*lucene.TooLargeError](err); large {
		err = fmt.Errorf("%w (--memory)", err)
	}
	return Finding{Index: index, Kind: "unreadable", Reason: err.Error(), Failed: true}
}

// unsupported tells whether a whole index is of a kind that is not read, rather than damaged somewhere.
func unsupported(err error) bool {
	_, format := errors.AsType[*lucene.UnsupportedError](err)
	return format || errors.Is(err, snapshot.ErrUnsupported) || errors.Is(err, rebuild.ErrUnsupported)
}

// add plans one index. It becomes part of the plan whole, without the shards that can't be read, or not at all.
func (p *Plan) add(ctx context.Context, snap *snapshot.Snapshot, name string, choices Choices) error {
	index, err := snap.Index(ctx, name)
	if err != nil {
		return err
	}
	reading, findings := newReading(snap, index, streamOf(p.streams, index), choices)
	p.find(findings...)
	if reading == nil {
		return nil
	}
	var items []Item
	for number := range index.Shards {
		item, err := planShard(ctx, index, number, reading)
		switch {
		case ctx.Err() != nil, err != nil && unsupported(err):
			return err
		case errors.Is(err, snapshot.ErrIncomplete): // known of a PARTIAL snapshot: what is there is moved
			p.find(Finding{Index: name, Kind: "partial", Reason: err.Error()})
		case err != nil:
			p.find(unreadable(name, err))
		default:
			items = append(items, item)
		}
	}
	p.readings[name] = reading
	p.Items = append(p.Items, items...)
	return nil
}

// separate leaves out split indices whose documents would go where another index of the plan goes.
func (p *Plan) separate() {
	owner := map[string]string{}
	for _, name := range p.Indices() {
		owner[name] = name
	}
	for _, name := range p.Indices() {
		reading := p.readings[name]
		if len(reading.targetNames()) < 2 {
			continue
		}
		for _, target := range reading.targetNames() {
			if other := owner[target]; other != "" {
				p.drop(Finding{Index: name, Kind: "several-types", Reason: fmt.Sprintf("documents of one of its types would go to index %s, "+
					"where those of %s go; nothing of it was moved. Leave one of the two out with --index-allowlist, and move it to another target", target, other)})
				break
			}
		}
		for _, target := range reading.targetNames() {
			owner[target] = name
		}
	}
}

// drop leaves an index out of the plan, for the finding's reason.
func (p *Plan) drop(why Finding) {
	p.Items = slices.DeleteFunc(p.Items, func(item Item) bool { return item.Index == why.Index })
	delete(p.readings, why.Index)
	p.find(why)
}

func planShard(ctx context.Context, index *snapshot.Index, number int, reading *reading) (Item, error) {
	item := Item{Index: index.Name, Shard: number}
	commit, err := openShard(ctx, index, number)
	if err != nil {
		return item, err
	}
	for _, segment := range commit.Segments {
		if err := checkSegment(ctx, segment, reading); err != nil {
			return item, fmt.Errorf("shard %d: %w", number, err)
		}
		item.Docs += int64(segment.MaxDoc)
		item.Live += int64(segment.MaxDoc - segment.Deleted - segment.SoftDeleted)
	}
	return item, nil
}

// checkSegment tells whether a segment's documents can be read, or rebuilt, as far as the formats of its files say.
func checkSegment(ctx context.Context, s *lucene.Segment, reading *reading) error {
	if reading.rebuild == nil {
		return s.Check(ctx)
	}
	opened, err := openSegment(ctx, s, reading)
	if err != nil {
		return err
	}
	_, err = reading.rebuild.Open(ctx, opened.docs)
	return errors.Join(err, opened.release())
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

// Targets returns the names of the target's indices that documents go to, in the plan's order.
func (p *Plan) Targets() []string {
	var names []string
	for _, name := range p.Indices() {
		names = append(names, p.readings[name].targetNames()...)
	}
	return distinct(names)
}

// distinct returns the names in their order, each once.
func distinct(names []string) []string {
	seen := make(map[string]bool, len(names))
	return slices.DeleteFunc(names, func(name string) bool {
		again := seen[name]
		seen[name] = true
		return again
	})
}

// Split tells which index of the source goes to the named one of the target by mapping type; "" where it does whole.
func (p *Plan) Split(target string) string {
	for name, reading := range p.readings {
		if names := reading.targetNames(); len(names) > 1 && slices.Contains(names, target) {
			return name
		}
	}
	return ""
}
