package rfs

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"migassist/lucene"
	"migassist/rfs/lease"
)

// closing ends this worker: once all items of the fleet are final, the run is summed up, by one worker for all. Before, the
// summary is of what there is.
func (b *Backfill) closing(ctx context.Context, failed error) (*Summary, error) {
	if failed != nil {
		brief, cancel := context.WithTimeout(context.WithoutCancel(ctx), briefly)
		defer cancel()
		sums, err := b.sum(brief)
		if err != nil {
			return nil, failed
		}
		sums.summary.Resumable = b.options.Place != "memory" && !sums.summary.Complete
		return sums.summary, failed
	}
	result, err := b.coordinator.Once(ctx, stageClose, func(ctx context.Context, _ *lease.Lease) (json.RawMessage, error) {
		b.busy = true
		return b.close(ctx)
	})
	if err != nil {
		return nil, err
	}
	summary := &Summary{}
	if err := json.Unmarshal(result, summary); err != nil {
		return nil, fmt.Errorf("the summary of the run in %s: %w", b.options.Place, err)
	}
	return summary, nil
}

// briefly is how long a worker that ends early takes to say how far the run is.
const briefly = 700 * time.Millisecond

// close looks at what all workers did.
func (b *Backfill) close(ctx context.Context) (json.RawMessage, error) {
	sums, err := b.sum(ctx)
	if err != nil {
		return nil, err
	}
	replaced, err := b.replaced(ctx)
	if err != nil {
		return nil, err
	}
	s := sums.summary
	s.Findings = append(s.Findings, replaced...)
	if err := b.count(ctx, s); err != nil {
		return nil, err
	}
	if s.Restored, err = b.restore(ctx); err != nil {
		return nil, err
	}
	if s.Restored != nil {
		for _, finding := range s.Restored.Findings {
			finding.Failed = false // no document was lost
			s.Findings = append(s.Findings, finding)
		}
	}
	return json.Marshal(s)
}

// count has the target's documents counted, and compared with what was written.
func (b *Backfill) count(ctx context.Context, s *Summary) error {
	before := b.planned.Before
	names, err := foundNames(ctx, b.options.Store)
	if err != nil {
		return err
	}
	for _, is := range names {
		s.Findings = append(s.Findings, is.Findings...)
		s.Findings = append(s.Findings, b.lost(ctx, is)...)
		before.note(is)
	}
	flows := make([]Flow, len(s.Indices))
	for i := range s.Indices {
		index := &s.Indices[i]
		index.Targets = append(b.planned.index(index.Index).targets(), slices.Sorted(maps.Keys(index.Named))...)
		flows[i] = Flow{Index: index.Index, Targets: index.Targets, Counts: index.Counts}
	}
	if b.options.Close == nil {
		return nil
	}
	there, found, err := b.options.Close(ctx, before, flows)
	s.OnTarget, s.Before = there, before.Documents
	s.Findings = append(s.Findings, found...)
	return err
}

// sums are what the store's items come to.
type sums struct {
	summary *Summary
	indices map[string]*IndexCounts
	workers map[string]bool
	halves  map[shardKey]*halves // of the shards that were split
}

type shardKey struct {
	index string
	shard int
}

// halves are what a shard that was split must sum up to, and what its parts do.
type halves struct {
	want []SegmentSum
	got  map[string][]lucene.Sum
	done bool // all parts
}

// sum adds up all items.
func (b *Backfill) sum(ctx context.Context) (*sums, error) {
	s := &sums{
		summary: &Summary{Findings: slices.Clone(b.planned.Findings), Complete: true},
		indices: map[string]*IndexCounts{}, workers: map[string]bool{}, halves: map[shardKey]*halves{},
	}
	if s.summary.Findings == nil {
		s.summary.Findings = []Finding{}
	}
	for entry, err := range b.coordinator.Entries(ctx) {
		if err == nil {
			err = s.add(entry)
		}
		if err != nil {
			return nil, err
		}
	}
	for name, sum := range s.indices {
		sum.Types = b.planned.index(name).Types
		s.summary.Indices = append(s.summary.Indices, *sum)
	}
	s.summary.Workers = len(s.workers)
	s.verify()
	s.summary.finish()
	return s, nil
}

func (s *sums) add(entry lease.Entry) error {
	var work Work
	var progress Progress
	err := json.Unmarshal(entry.Work, &work)
	if err == nil && len(entry.Progress) > 0 {
		err = json.Unmarshal(entry.Progress, &progress)
	}
	if err != nil {
		return fmt.Errorf("item %s of the run: %w", entry.Name, err)
	}
	s.summary.Items++
	s.summary.Redone += entry.Attempts
	if entry.Owner != "" {
		s.workers[entry.Owner] = true
	}
	sum := s.indices[work.Index]
	if sum == nil {
		sum = &IndexCounts{Index: work.Index, Done: true}
		s.indices[work.Index] = sum
	}
	sum.add(progress.Counts)
	sum.ByType = addTypes(sum.ByType, progress.Types)
	sum.Named = addTypes(sum.Named, progress.Named)
	done := entry.State == lease.Done || entry.State == lease.Split
	s.join(work, progress, done)
	sum.Done = sum.Done && done
	s.summary.Complete = s.summary.Complete && done
	if entry.State == lease.Aside {
		s.summary.Findings = append(s.summary.Findings, aside(work, progress, entry))
	}
	return nil
}

// join adds the sums of a part of a shard, or those that the whole must have.
func (s *sums) join(work Work, progress Progress, done bool) {
	if work.whole() && progress.Split == nil {
		return
	}
	key := shardKey{work.Index, work.Shard}
	h := s.halves[key]
	if h == nil {
		h = &halves{got: map[string][]lucene.Sum{}, done: true}
		s.halves[key] = h
	}
	h.want = append(h.want, progress.Split...)
	h.done = h.done && done
	for segment, sums := range progress.Sums {
		for _, sum := range sums {
			h.got[segment] = lucene.AddSum(h.got[segment], sum)
		}
	}
}

// verify compares what the parts of a shard read, together, with what its files say.
func (s *sums) verify() {
	keys := slices.SortedFunc(maps.Keys(s.halves), func(a, b shardKey) int {
		return cmp.Or(strings.Compare(a.index, b.index), a.shard-b.shard)
	})
	for _, key := range keys {
		h := s.halves[key]
		if !h.done {
			continue // that alone is said of it
		}
		for _, want := range h.want {
			if problem := want.differs(h.got[want.Segment]); problem != "" {
				s.summary.Findings = append(s.summary.Findings, Finding{Index: key.index, Kind: "unreadable", Failed: true, Reason: fmt.Sprintf(
					"shard %d of %s: verify the stored fields of segment %s, which several items read in parts: %s; what was written of it may not be what the source had", key.shard, key.index, want.Segment, problem)})
			}
		}
	}
}

// differs says what is wrong with the sums of a segment's parts; "": nothing.
func (want SegmentSum) differs(got []lucene.Sum) string {
	switch {
	case want.Sum.From == want.Sum.To && len(got) == 0:
		return ""
	case len(got) != 1 || got[0].From != want.Sum.From || got[0].To != want.Sum.To:
		return fmt.Sprintf("bytes %d to %d hold documents, and those that were read are %v", want.Sum.From, want.Sum.To, got)
	case want.Claimed && got[0].CRC != want.Sum.CRC:
		return fmt.Sprintf("bytes %d to %d have the CRC32 %08x, want %08x by what the footer of the file says", want.Sum.From, want.Sum.To, got[0].CRC, want.Sum.CRC)
	}
	return ""
}

// aside is the finding for an item that was given up.
func aside(work Work, progress Progress, entry lease.Entry) Finding {
	if progress.Finding != nil {
		return *progress.Finding
	}
	reason := "for no reason that is known"
	if n := len(entry.Failures); n > 0 {
		reason = entry.Failures[n-1]
	}
	return Finding{Index: work.Index, Kind: "unreadable", Failed: true, Reason: fmt.Sprintf("%s was set aside after %d attempts: %s", work, entry.Attempts, reason)}
}

// finish adds up what the indices come to.
func (s *Summary) finish() {
	slices.SortFunc(s.Indices, func(a, b IndexCounts) int { return strings.Compare(a.Index, b.Index) })
	for _, index := range s.Indices {
		s.Total.add(index.Counts)
		if index.Refused > 0 {
			s.Findings = append(s.Findings, Finding{Index: index.Index, Kind: "refused", Reason: fmt.Sprintf("the target refused %d documents", index.Refused)})
		}
		if index.Skipped > 0 {
			s.Findings = append(s.Findings, Finding{Index: index.Index, Kind: "skipped", Reason: fmt.Sprintf("%d documents could not be sent", index.Skipped)})
		}
	}
}

// mine adds to a run's summary what is this worker's own.
func (s *Summary) mine(b *Backfill, took time.Duration) {
	s.Snapshot, s.Target, s.Seconds = b.source.Snapshot.Name, b.options.Target, took.Seconds()
	if s.Total.Refused+s.Total.Skipped > 0 {
		s.DeadLetters = b.options.LettersAt
	}
}

// nothing is the summary of a run that has nothing to do.
func (b *Backfill) nothing(plan *Plan, started time.Time) *Summary {
	s := &Summary{Findings: append([]Finding{}, plan.Findings...), Complete: true}
	s.mine(b, b.options.Now().Sub(started))
	return s
}
