package rfs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"migassist/cluster"
	"migassist/lucene"
)

// A pilot moves the first documents of each shard into indices of their own, made like the ones that the others will go to:
// so it shows what the target will refuse, with its own mappings, and touches nothing.

// PilotTarget is a target that indices can be made on.
type PilotTarget interface {
	Places
	Indices(ctx context.Context, names ...string) (map[string]cluster.Index, error)
	CreateIndex(ctx context.Context, name string, body json.RawMessage) error
}

var _ PilotTarget = (*cluster.Client)(nil)

// MakePilots creates the indices of a pilot that the target does not have: each with the settings and mappings of the index
// that the documents will go to without the pilot, which has to be there. It goes before [Plan.Address], and returns the names of those it made.
func (p *Plan) MakePilots(ctx context.Context, target PilotTarget, prefix string) (made []string, err error) {
	models, open := map[string]string{}, p.openAddresses()
	var names []string
	for name := range p.addresses() {
		models[name] = strings.TrimPrefix(name, prefix)
		names = append(names, name, models[name])
	}
	slices.Sort(names)
	there, err := target.Places(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("ask the target for its indices: %w", err)
	}
	for _, name := range slices.Compact(names) {
		model, pilot := models[name]
		if !pilot {
			continue
		}
		is, err := makePilot(ctx, target, there, name, model)
		if err != nil && !open[name] {
			return made, err
		}
		if is && err == nil {
			made = append(made, name)
		}
	}
	return made, nil
}

// makePilot creates an index like another one, unless it is there. There is what the target has under both names.
func makePilot(ctx context.Context, target PilotTarget, there receivers, name, model string) (made bool, err error) {
	if found, err := there.find(name); err == nil && found.kind != receivesNone {
		return false, nil
	}
	found, err := there.find(model)
	switch {
	case err != nil:
		return false, fmt.Errorf("%s %w", model, err)
	case found.kind == receivesNone:
		return false, fmt.Errorf("the target has neither %s, nor %s to make it like; create the latter with the same snapshot and allowlist: migassist metadata migrate", name, model)
	}
	if err := makeLike(ctx, target, name, found.name); err != nil && !cluster.Exists(err) {
		return false, fmt.Errorf("make index %s like %s: %w", name, model, err)
	}
	return true, nil
}

// makeLike creates an index with the definition of another, or of one behind a data stream.
func makeLike(ctx context.Context, target PilotTarget, name, model string) error {
	indices, err := target.Indices(ctx, model)
	if err != nil {
		return err
	}
	for _, index := range indices {
		body, err := pilotDefinition(index)
		if err != nil {
			return err
		}
		return target.CreateIndex(ctx, name, body)
	}
	return fmt.Errorf("%s is gone", model)
}

// ownSettings begin the names of settings that an index has for itself, or that would have it managed by others.
var ownSettings = []string{
	"index.creation_date", "index.uuid", "index.version.", "index.provided_name", "index.history", "index.resize.", "index.hidden",
	"index.routing.allocation.initial_recovery.", "index.blocks.", "index.lifecycle.", "index.plugins.index_state_management.",
	"index.store.snapshot.", "index.verified_before_close", "index.search.throttled", "index.frozen",
}

// pilotDefinition is the body that creates an index like another.
func pilotDefinition(index cluster.Index) (json.RawMessage, error) {
	var settings, mappings map[string]json.RawMessage
	if err := json.Unmarshal(index.Settings, &settings); err != nil {
		return nil, fmt.Errorf("read its settings: %w", err)
	}
	if len(index.Mappings) > 0 {
		if err := json.Unmarshal(index.Mappings, &mappings); err != nil {
			return nil, fmt.Errorf("read its mappings: %w", err)
		}
	}
	for name := range settings {
		if slices.ContainsFunc(ownSettings, func(own string) bool { return strings.HasPrefix(name, own) }) {
			delete(settings, name)
		}
	}
	delete(mappings, "_data_stream_timestamp")
	return json.Marshal(map[string]any{"settings": settings, "mappings": mappings})
}

// endPilot has an item end after its share of a pilot's documents.
func (b *Backfill) endPilot(ctx context.Context, item *held, commit *lucene.Commit) error {
	n := b.source.Choices.Pilot
	if n <= 0 || item.To != nil {
		return nil
	}
	segment, doc, err := pilotEnd(ctx, commit, n, b.options.Memory/2)
	if segment != "" {
		item.To = &Position{segment, doc}
	}
	return err
}

// pilotEnd returns the segment of a shard, and the document in it, up to which there are n documents; "": there are no more.
func pilotEnd(ctx context.Context, commit *lucene.Commit, n, memory int) (segment string, doc int, err error) {
	decoder := &lucene.Decoder{Limit: memory}
	for _, s := range commit.Segments {
		end, seen, err := pilotSegment(ctx, s, decoder, n)
		if err != nil {
			return "", 0, fmt.Errorf("find the first %d documents of segment %s: %w", n, s.Name, err)
		}
		if n -= seen; n == 0 {
			return s.Name, end, nil
		}
	}
	return "", 0, nil
}

// pilotSegment counts users' documents of a segment up to n, and returns where the last one of them ends.
func pilotSegment(ctx context.Context, segment *lucene.Segment, decoder *lucene.Decoder, n int) (end, seen int, err error) {
	docs, err := segment.Open(ctx, storedFields...)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, docs.Close()) }()
	err = docs.Visit(ctx, decoder, 0, segment.MaxDoc, func(doc *lucene.Doc) error {
		if _, ok, _ := identify(doc, nil); !ok {
			return nil // a nested object
		}
		end, seen = doc.Number+1, seen+1
		if seen == n {
			return errStop
		}
		return nil
	})
	if errors.Is(err, errStop) {
		err = nil
	}
	return end, seen, err
}
