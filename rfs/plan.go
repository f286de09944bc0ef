package rfs

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"migassist/lucene"
	"migassist/rfs/rebuild"
	"migassist/snapshot"
)

// Plan is what a backfill will read, and what it can't, as far as the snapshot's metadata tells. What a shard holds is
// found by who reads it.
type Plan struct {
	Items    []Work    `json:"items"` // whole shards
	Findings []Finding `json:"findings,omitempty"`

	choices  Choices
	readings map[string]*reading
}

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

// NewPlan lists the shards of the named indices, and checks from their metadata that their documents can be moved as the
// choices allow. No shard is opened but the first one of each index, and that only of plans of few: so that a format that is not read is
// known before anything is written. What can't be read becomes a finding.
func NewPlan(ctx context.Context, snap *snapshot.Snapshot, indices []string, choices Choices) (*Plan, error) {
	plan := &Plan{choices: choices, readings: map[string]*reading{}}
	streams := map[string]string{} // that the snapshot says indices back
	if len(snap.DataStreams) > 0 {
		global, err := snap.Global(ctx)
		if err != nil {
			return nil, err
		}
		streams = global.BackingIndices()
	}
	parts := make([]*part, len(indices))
	early := len(indices) <= mostEarly
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(planAtOnce)
	for i, name := range indices {
		group.Go(func() error {
			parts[i] = planIndex(inner, snap, name, streams, choices, early)
			return inner.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, context.Cause(ctx)
	}
	for _, part := range parts {
		plan.find(part.findings...)
		if len(part.items) > 0 {
			plan.readings[part.reading.index] = part.reading
			plan.Items = append(plan.Items, part.items...)
		}
	}
	if choices.IndexMap == nil && !choices.transformsAddresses() { // otherwise the operator says what comes together, and ids are compared
		plan.separate()
	}
	return plan, nil
}

// Planning reads a blob per index: several at once, for stores that take their time to answer. Looking into a shard costs a few more.
const (
	planAtOnce = 16
	mostEarly  = 64 // indices of a plan of which a shard is looked into
)

// part is what a plan has of one index.
type part struct {
	reading  *reading
	items    []Work
	findings []Finding
}

// planIndex plans one index. It becomes part of the plan whole, without the shards that the snapshot lacks, or not at all.
func planIndex(ctx context.Context, snap *snapshot.Snapshot, name string, streams map[string]string, choices Choices, early bool) *part {
	index, err := snap.Index(ctx, name)
	if err != nil {
		return &part{findings: []Finding{unreadable(name, err)}}
	}
	p := &part{}
	if p.reading, p.findings = newReading(snap, index, streamOf(streams, index), choices); p.reading == nil {
		return p
	}
	lacks := map[int]bool{}
	for _, failure := range snap.Failures {
		if failure.Index != name || lacks[failure.Shard] || failure.Shard < 0 || failure.Shard >= index.Shards {
			continue
		}
		_, err := index.Shard(ctx, failure.Shard) // knows without reading
		lacks[failure.Shard] = true
		p.findings = append(p.findings, unreadable(name, err))
	}
	for number := range index.Shards {
		if !lacks[number] {
			p.items = append(p.items, Work{Index: name, Shard: number})
		}
	}
	if early && len(p.items) > 0 {
		if err := checkShard(ctx, index, p.items[0].Shard, p.reading); err != nil && unsupported(err) {
			return &part{findings: append(p.findings, unreadable(name, err))}
		}
	}
	return p
}

// Choices are those that the plan was made with.
func (p *Plan) Choices() Choices { return p.choices }

func (p *Plan) find(findings ...Finding) { p.Findings = append(p.Findings, findings...) }

// unreadable is the finding for an index, or a part of it, that is not read because of err.
func unreadable(index string, err error) Finding {
	switch {
	case errors.Is(err, snapshot.ErrIncomplete): // known of a PARTIAL snapshot: what is there is moved
		return Finding{Index: index, Kind: "partial", Reason: err.Error()}
	case unsupported(err):
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
	p.Items = slices.DeleteFunc(p.Items, func(item Work) bool { return item.Index == why.Index })
	delete(p.readings, why.Index)
	p.find(why)
}

// checkShard tells whether a shard's documents can be read, as far as the formats of its files say.
func checkShard(ctx context.Context, index *snapshot.Index, number int, reading *reading) error {
	commit, err := openShard(ctx, index, number)
	if err != nil {
		return err
	}
	for _, segment := range commit.Segments {
		if err := checkSegment(ctx, segment, reading); err != nil {
			return fmt.Errorf("shard %d: %w", number, err)
		}
	}
	return nil
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
