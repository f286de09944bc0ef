package rfs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"migassist/snapshot"
)

// IDCollision says what becomes of documents of several mapping types or indices that come to one target under the same id.
type IDCollision string

// What becomes of documents with the same id.
const (
	CollisionStop       IDCollision = "stop"        // ids are read first, and nothing is written if one is there twice; the zero value too
	CollisionPrefix     IDCollision = "prefix-type" // every id gets its type, or index, in front: TYPE:ID
	CollisionKeepNewest IDCollision = "keep-newest" // the document of the index that was created last stays
	CollisionUnchecked  IDCollision = "unchecked"   // ids are not read: the operator knows that none is there twice
)

// ErrCollision is of documents that would come to one target under the same id.
var ErrCollision = errors.New("documents would come to one index of the target under the same id")

// origin is where documents of a target come from.
type origin struct {
	index       string
	mappingType string // "" where the index has but one
	route       *route
}

func (o origin) String() string {
	if o.mappingType == "" {
		return o.index
	}
	return o.index + " type " + o.mappingType
}

// shared returns the targets that documents come to from several origins, where the same id may be there twice. Where the
// target makes ids, it is not.
func (p *Plan) shared() map[string][]origin {
	origins := map[string][]origin{}
	for _, index := range slices.Sorted(maps.Keys(p.readings)) {
		for mappingType, to := range p.readings[index].each {
			if !to.noID {
				origins[to.target] = append(origins[to.target], origin{index, mappingType, to})
			}
		}
	}
	maps.DeleteFunc(origins, func(_ string, from []origin) bool { return len(from) < 2 })
	return origins
}

// Shared returns the names on the target under which documents come together from several mapping types or indices, sorted.
func (p *Plan) Shared() []string { return slices.Sorted(maps.Keys(p.shared())) }

// Collide has the choice applied to documents that come to one target from several mapping types or indices: every worker
// of a run does, after [Plan.Address]. What can't be done is an error that says so of each target.
func (p *Plan) Collide(ctx context.Context, snap *snapshot.Snapshot, choice IDCollision) error {
	var problems []error
	shared := p.shared()
	for _, target := range slices.Sorted(maps.Keys(shared)) {
		var err error
		switch choice {
		case CollisionPrefix:
			err = setPrefixes(shared[target])
		case CollisionKeepNewest:
			err = p.setRanks(ctx, snap, shared[target])
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("--id-collision %s for %s: %w", choice, target, err))
			continue
		}
		for _, from := range shared[target] {
			if to := from.route; to.prefix != "" || to.rank > 0 {
				reading := p.readings[from.index]
				reading.how = join(reading.how, fmt.Sprintf("%s%s%d", choice, to.prefix, to.rank))
			}
		}
	}
	return errors.Join(problems...)
}

// setPrefixes gives the ids of each origin a prefix that no other has: the type where all are of one index, the index where
// each has but one type, else both.
func setPrefixes(from []origin) error {
	indices, several := map[string]bool{}, false
	for _, o := range from {
		several = several || indices[o.index]
		indices[o.index] = true
	}
	for _, o := range from {
		var parts []string
		if len(indices) > 1 {
			parts = append(parts, o.index)
		}
		if several && o.mappingType != "" {
			parts = append(parts, o.mappingType)
		}
		for _, part := range parts {
			if strings.Contains(part, ":") {
				return fmt.Errorf("%s has a colon in its name, and TYPE:ID would not be told from another's", o)
			}
		}
		o.route.prefix = strings.Join(parts, ":") + ":"
	}
	return nil
}

// setRanks gives all documents of an index the same version, the higher the later the index was created: so the target
// itself keeps the newest, in whatever order they come.
func (p *Plan) setRanks(ctx context.Context, snap *snapshot.Snapshot, from []origin) error {
	created := map[string]int64{}
	for _, o := range from {
		if o.route.create {
			return errors.New("a data stream keeps the first that comes; use prefix-type, or leave one of the indices out with --index-allowlist")
		}
		if _, again := created[o.index]; again {
			return fmt.Errorf("the types of %s are of one age, and none of their documents is newer than the other; use prefix-type", o.index)
		}
		index, err := snap.Index(ctx, o.index)
		if err != nil {
			return err
		}
		if created[o.index], err = strconv.ParseInt(index.Settings["index.creation_date"], 10, 64); err != nil {
			return fmt.Errorf("index %s does not say when it was created; use prefix-type", o.index)
		}
	}
	slices.SortFunc(from, func(a, b origin) int { return cmp.Compare(created[a.index], created[b.index]) })
	for i, o := range from {
		if i > 0 && created[o.index] == created[from[i-1].index] {
			return fmt.Errorf("indices %s and %s were created at the same time, and none is newer; use prefix-type", from[i-1].index, o.index)
		}
		o.route.rank = int64(i + 1)
	}
	return nil
}

// Judge says what the ids that were read mean under a choice: findings, or an error that is [ErrCollision], with examples.
func (s *IDScan) Judge(choice IDCollision) ([]Finding, error) {
	var findings []Finding
	var problems []error
	for _, target := range s.Targets {
		if target.Colliding == 0 {
			continue
		}
		what := fmt.Sprintf("%d ids of documents for %s are there more than once, in %s; for example %s",
			target.Colliding, target.Target, strings.Join(target.Origins, " and "), strings.Join(target.Examples, ", "))
		if choice == CollisionKeepNewest {
			findings = append(findings, Finding{Index: target.Target, Kind: "collisions", Reason: what + ". Of each the document of the index stays that was created last"})
			continue
		}
		problems = append(problems, errors.New(what))
	}
	if len(problems) > 0 {
		return findings, fmt.Errorf("%w; nothing was written:\n%w\nchoose with --id-collision: prefix-type writes each as TYPE:ID or INDEX:ID, "+
			"keep-newest keeps that of the index which was created last; or send them to different indices with --index-map", ErrCollision, errors.Join(problems...))
	}
	return findings, nil
}
