package rfs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"migassist/cluster"
)

// Counter tells how many documents a target has.
type Counter interface {
	Refresh(ctx context.Context, names ...string) error
	Count(ctx context.Context, name string) (int64, error)
}

// Before is what is to be known from before the first document was written, to compare the target's counts at the end.
type Before struct {
	Documents map[string]int64 `json:"documents"`          // that the target had, by the name that documents go to
	Distinct  map[string]int64 `json:"distinct,omitempty"` // ids that come to a target from several origins, where they were read
}

// CountBefore asks the target how many documents it has under each name, if it tells, and takes what is known of ids, which may be nil.
func CountBefore(ctx context.Context, target Counter, names []string, ids *IDScan) (Before, error) {
	before := Before{Documents: make(map[string]int64, len(names))}
	if len(names) > 0 {
		_ = target.Refresh(ctx, names...) // where that is not to be had, what was written lately does not count
	}
	for _, name := range names {
		count, err := target.Count(ctx, name)
		if cluster.Unauthorized(err) { // who may write need not be one who may read
			continue
		}
		if err != nil {
			return before, fmt.Errorf("count the documents that the target has: %w", err)
		}
		before.Documents[name] = count
	}
	if ids != nil && len(ids.Targets) > 0 {
		before.Distinct = map[string]int64{}
		for _, target := range ids.Targets {
			before.Distinct[target.Target] = target.Distinct
		}
	}
	return before, nil
}

// Flow is what became of the documents of one index, and under which names of the target they went.
type Flow struct {
	Index   string
	Targets []string
	Counts  Counts
}

// OnTarget is how many documents a target has under names, as far as it tells.
type OnTarget map[string]int64

// CompareCounts refreshes the target's indices, counts their documents, and compares that with how many distinct ones were
// written. What does not explain the count is a finding that says what may be behind it, and so is that it could not be told. Indices that
// documents of one index went to are taken together.
func CompareCounts(ctx context.Context, target Counter, before Before, flows []Flow) (OnTarget, []Finding) {
	var findings []Finding
	there := OnTarget{}
	for _, basin := range basins(flows) {
		if len(basin.names) == 0 {
			continue
		}
		if finding := basin.compare(ctx, target, before, there); finding != "" {
			findings = append(findings, Finding{Index: strings.Join(basin.names, ", "), Kind: "count", Reason: finding})
		}
	}
	return there, findings
}

// basin is targets that documents of the same indices flow to.
type basin struct {
	names  []string
	counts Counts
}

// basins joins flows that share a target.
func basins(flows []Flow) []*basin {
	var all []*basin
	at := map[string]*basin{}
	for _, flow := range flows {
		joined := &basin{names: slices.Clone(flow.Targets), counts: flow.Counts}
		for _, name := range flow.Targets {
			other := at[name]
			if other == nil || other == joined {
				continue
			}
			joined.names = append(joined.names, other.names...)
			joined.counts.add(other.counts)
			for _, name := range other.names {
				at[name] = joined
			}
			all = slices.DeleteFunc(all, func(b *basin) bool { return b == other })
		}
		slices.Sort(joined.names)
		joined.names = slices.Compact(joined.names)
		for _, name := range joined.names {
			at[name] = joined
		}
		all = append(all, joined)
	}
	return all
}

// compare counts what is there, and returns what is not as it should be; "": nothing.
//
// Each operation that wrote made a document, wrote over one, or deleted one. So there are now
//
//	at least   what was there, and what the target said was new; also what was written; less what was deleted
//	at most    what was there, and what was written; and what others wrote instead, where it was superseded
func (b *basin) compare(ctx context.Context, target Counter, before Before, counted OnTarget) string {
	var there, now int64
	refreshed := target.Refresh(ctx, b.names...)
	for _, name := range b.names {
		count, err := target.Count(ctx, name)
		if err != nil {
			return fmt.Sprintf("the %d documents that were written could not be counted on the target: %v", b.counts.Written, err)
		}
		counted[name] = count
		had, known := before.Documents[name]
		if !known {
			return fmt.Sprintf("the %d documents that were written could not be compared with the %d that are there: how many there were before is not known", b.counts.Written, count)
		}
		now, there = now+count, there+had
	}
	distinct := b.distinct(before)
	deletes := b.counts.Deletes
	least, most := max(there+b.counts.Created-deletes, distinct-2*deletes, there-deletes), there+distinct+b.counts.Superseded
	if least <= now && now <= most {
		return ""
	}
	said := fmt.Sprintf("%d different documents were written", distinct)
	if b.counts.Superseded > 0 {
		said += fmt.Sprintf(", %d were superseded", b.counts.Superseded)
	}
	if deletes > 0 {
		said += fmt.Sprintf(", up to %d of them deletes", deletes)
	}
	if b.counts.Created > 0 && there > 0 {
		said += fmt.Sprintf(", of which the target said that %d were new to it", b.counts.Created)
	}
	said += fmt.Sprintf(", %d were there before, and now there are %d: ", there, now)
	if now < least {
		said += fmt.Sprintf("%d too few. The target may have lost documents that it had acknowledged, or they were deleted meanwhile; or ids that the source had twice, on different shards by their routing, met on one shard of the target", least-now)
	} else {
		said += fmt.Sprintf("%d too many. Others may have written meanwhile; or, where the target makes ids, work was done twice", now-most)
	}
	if refreshed != nil {
		said += fmt.Sprintf(". The target did not refresh first, so the last ones may not count yet: %v", refreshed)
	}
	return said
}

// distinct is how many different documents were written.
func (b *basin) distinct(before Before) int64 {
	if len(b.names) == 1 {
		if ids, known := before.Distinct[b.names[0]]; known {
			return min(b.counts.Written, ids)
		}
	}
	return b.counts.Written
}
