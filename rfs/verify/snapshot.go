package verify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"migassist/rfs"
	"migassist/rfs/bulk"
)

// Snapshot is a source: what a backfill of a snapshot would send, read by the backfill itself, with the same choices, transforms and routes.
type Snapshot struct {
	source  rfs.Source
	options rfs.Options

	once  sync.Once
	plan  *rfs.Plan
	err   error
	items map[string][]rfs.Work // by the name of their part
	order []string

	blocks blocks
}

var _ BlockSource = (*Snapshot)(nil)

// NewSnapshot returns a source that is read as a backfill of the same source and options reads it. Where the options say how
// runs are shared and what happens on the target, that is passed over.
func NewSnapshot(source rfs.Source, options rfs.Options) *Snapshot {
	options.Store, options.Place, options.Indices, options.Check, options.Begin, options.Close = nil, "", nil, nil, nil, nil
	options.Tune, options.TuneTarget, options.Control, options.SetLimits, options.Flow = false, nil, rfs.Control{}, nil, nil
	options.BatchBytes, options.LeaseDuration = digestBytes, time.Hour
	return &Snapshot{source: source, options: options, blocks: blocks{bits: blockBits, gap: blockGap}}
}

// Sizes of what is read.
const (
	digestBytes = 1 << 20 // of operations that are digested at once
	mostParts   = 256     // into which the shards of a snapshot are put
)

func (s *Snapshot) prepare(ctx context.Context) error {
	s.once.Do(func() {
		if s.plan, s.err = s.source.Plan(ctx); s.err != nil {
			return
		}
		s.items = map[string][]rfs.Work{}
		each := max(1, (len(s.plan.Items)+mostParts-1)/mostParts)
		for some := range slices.Chunk(s.plan.Items, each) {
			name := some[0].String()
			if len(some) > 1 {
				name = fmt.Sprintf("%s and %d more", name, len(some)-1)
			}
			s.items[name] = some
			s.order = append(s.order, name)
		}
	})
	return s.err
}

// Targets implements Source.
func (s *Snapshot) Targets(ctx context.Context) ([]string, error) {
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	return s.plan.Targets(), nil
}

// Parts implements Source.
func (s *Snapshot) Parts(ctx context.Context) ([]string, error) { return s.order, s.prepare(ctx) }

// Read implements Source.
func (s *Snapshot) Read(ctx context.Context, part string, visit func([]Document) error) (Reading, error) {
	return s.readItems(ctx, part, s.items[part], visit)
}

func (s *Snapshot) readItems(ctx context.Context, part string, items []rfs.Work, visit func([]Document) error) (reading Reading, err error) {
	source, options := s.source, s.options
	source.Plan = func(context.Context) (*rfs.Plan, error) {
		plan := *s.plan
		plan.Items, plan.Findings = items, nil
		return &plan, nil
	}
	folder, err := os.MkdirTemp("", "migassist-verify-*")
	if err != nil {
		return reading, fmt.Errorf("make a folder for the documents that are not sent: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	options.DeadLetterFile = filepath.Join(folder, "skipped.ndjson")
	choices := s.source.Choices
	collide := choices.Collision == rfs.CollisionKeepNewest || choices.Collision == rfs.CollisionUnchecked || choices.Transform != nil
	sink := &digesting{visit: visit, blocks: &s.blocks, collide: collide}
	summary, err := rfs.New(source, sink, options).Run(ctx)
	if err != nil {
		return reading, fmt.Errorf("read %s of the snapshot: %w", part, err)
	}
	if taken := sink.taken.Load(); taken != summary.Total.Written {
		return reading, fmt.Errorf("read %s of the snapshot: %d operations came for %d documents: %w", part, taken, summary.Total.Written, errTwice)
	}
	reading.Skipped, reading.Failed = summary.Total.Skipped, summary.Failed()
	for _, finding := range summary.Findings {
		if finding.Failed {
			reading.Problems = append(reading.Problems, finding.String())
		}
	}
	return reading, nil
}

// errTwice is of a part some of whose documents came more than once: the process was frozen for long, and had to take its own work up again.
var errTwice = errors.New("some came twice, since the process stood still for long; again")

// digesting is a sink that sends nothing.
type digesting struct {
	visit   func([]Document) error
	blocks  *blocks
	collide bool // several documents may have one name, of which versions decide
	taken   atomic.Int64
}

var _ rfs.PlacedSink = (*digesting)(nil)

// Write implements rfs.Sink, where nothing is known of places.
func (d *digesting) Write(_ context.Context, b *bulk.Batch, _ bulk.Permit) (bulk.Outcome, error) {
	return d.write(b, func(int) uint64 { return 0 })
}

// WritePlaced implements rfs.PlacedSink.
func (d *digesting) WritePlaced(_ context.Context, b *bulk.Batch, shard rfs.Work, place func(int) rfs.Position) (bulk.Outcome, error) {
	return d.write(b, func(i int) uint64 { return d.blocks.of(shard, place(i)) })
}

func (d *digesting) write(b *bulk.Batch, block func(int) uint64) (bulk.Outcome, error) {
	docs := make([]Document, 0, b.Len())
	for i := range b.Len() {
		action, source := b.Operation(i)
		doc, deletes, err := parseAction(action)
		if err != nil {
			return bulk.Outcome{}, err
		}
		if deletes { // the target shall not have it
			continue
		}
		doc.Source, doc.Block = source, block(i)
		if !d.collide {
			doc.Version = 0
		}
		docs = append(docs, doc)
	}
	if err := d.visit(docs); err != nil {
		return bulk.Outcome{}, err
	}
	d.taken.Add(int64(b.Len()))
	return bulk.Outcome{Written: b.Len()}, nil
}

// parseAction reads an action line as a backfill writes it: one object in another, of strings and numbers.
func parseAction(line []byte) (doc Document, deletes bool, err error) {
	doc.Action = line
	p := actionParser{rest: line}
	p.take('{')
	deletes = string(p.text()) == "delete"
	p.take(':')
	p.take('{')
	for first := true; !p.bad && !p.next('}'); first = false {
		if !first {
			p.take(',')
		}
		name := p.text()
		p.take(':')
		switch string(name) {
		case "_index":
			doc.Index = string(p.text())
		case "_id":
			if doc.ID = p.text(); doc.ID == nil {
				doc.ID = []byte{}
			}
		case "routing", "_routing":
			doc.Routing = p.text()
		case "version":
			doc.Version = p.number()
		default:
			p.skip()
		}
	}
	if p.take('}'); p.bad {
		return doc, false, fmt.Errorf("the action line of an operation is not as it is written: %.200s", strings.ToValidUTF8(string(line), "?"))
	}
	return doc, deletes, nil
}
