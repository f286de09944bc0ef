package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"migassist/cluster"
)

// Verification compares a source with a target.
type Verification struct {
	source  Source
	target  *Cluster
	options Options

	progress Progress
	names    *names
	sampled  *[buckets]bool // nil: all
	digests  *sync.Pool     // of digesters
	tables   sync.Pool
	versions atomic.Bool // documents of the source came with versions, so that several may have one name
	sieve    *sieve      // where documents of the source lie that this process has read
	pace     struct{ source, target *throttle }

	state *state
	saved time.Time

	mu      sync.Mutex // over what follows, and state
	summary *Summary
	counts  map[string]*Counts // by index of the target
}

// New prepares a verification. The target's index is not changed by it, but for refreshes.
func New(source Source, target *Cluster, options Options) *Verification {
	v := &Verification{source: source, target: target, options: options.withDefaults()}
	o := v.options
	if o.MaxDocsPerSecond > 0 {
		target.MaxDocsPerSecond = o.MaxDocsPerSecond
	}
	v.tables.New = func() any { return newTable() }
	for _, side := range []**throttle{&v.pace.source, &v.pace.target} {
		*side = &throttle{docs: o.MaxDocsPerSecond, bytes: o.MaxBytesPerSecond, now: o.Now, wait: o.Wait}
	}
	return v
}

// Progress returns how far it is, which moves as it goes.
func (v *Verification) Progress() *Progress { return &v.progress }

// Run reads both sides, tells the Finder of every difference, and returns what it came to. Where the state is kept, a verification that was
// ended goes on behind the last part that it had read whole; what was found is found, and told, again. An index that the
// target does not have is one that is empty.
func (v *Verification) Run(ctx context.Context) (*Summary, error) {
	began := v.options.Now()
	if err := v.open(ctx); err != nil {
		return nil, notBegun{err}
	}
	names, err := v.source.Targets(ctx)
	if err == nil {
		for _, name := range names {
			v.count(name)
		}
		err = v.refresh(ctx, names)
	}
	if err == nil {
		err = v.compare(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, v.save())
	}
	v.sum(v.options.Now().Sub(began))
	return v.summary, v.state.remove(v.options.State)
}

// open takes up the state, or begins.
func (v *Verification) open(ctx context.Context) error {
	kept, err := readState(v.options.State, v.options.Name)
	if err == nil && kept != nil {
		kept, err = v.current(ctx, kept)
	}
	if err != nil {
		return err
	}
	if kept == nil {
		kept = &state{Format: stateFormat, Name: v.options.Name, table: newTable(), Seed: rand.Uint64()} //nolint:gosec // a sample is no secret
		kept.begin(0, nil)
		if err := kept.write(v.options.State); err != nil { // now, not in an hour
			return err
		}
	}
	v.state, v.saved = kept, v.options.Now()
	v.reset(newNames(kept.Names...))
	if n := v.options.Sample; n > 0 && n < buckets {
		v.sampled = new([buckets]bool)
		for _, bucket := range rand.New(rand.NewPCG(kept.Seed, 0)).Perm(buckets)[:n] { //nolint:gosec // a sample is no secret
			v.sampled[bucket] = true
		}
		v.summary.Sampled = n
	}
	return nil
}

// current returns the state that was kept, nil where the target has other indices by now: what was read of those before says nothing.
func (v *Verification) current(ctx context.Context, kept *state) (*state, error) {
	for name, was := range kept.Made {
		is, err := v.target.ask(ctx, name)
		if err != nil {
			return nil, err
		}
		if is.identity != was {
			v.options.Log.Warn().Str("state", v.options.State).Str("index", name).Msg("the target's index was made anew since the verification ended: it begins anew too")
			return nil, nil
		}
	}
	v.options.Log.Info().Str("state", v.options.State).Int("parts", len(kept.Done)).Msg("the verification goes on where it ended")
	return kept, nil
}

// ErrNotBegun tells that a verification did not come so far that it could be gone on with.
var ErrNotBegun = errors.New("the verification did not begin")

type notBegun struct{ error }

func (e notBegun) Unwrap() error        { return e.error }
func (e notBegun) Is(target error) bool { return target == ErrNotBegun }

// reset begins anew what is counted.
func (v *Verification) reset(n *names) {
	v.sieve = newSieve(v.options.Memory / 2)
	v.names, v.counts, v.summary = n, map[string]*Counts{}, &Summary{Format: Format, Problems: []string{}, Complete: true}
}

// compare reads both sides as often as it takes.
func (v *Verification) compare(ctx context.Context) error {
	if err := v.round(ctx); err != nil {
		return err
	}
	if v.state.Round == 0 && v.worthValues() {
		values := v.differing()
		v.options.Log.Info().Int("indices", len(values)).Msg("nearly all documents differ in bytes: reading them again, to compare JSON values")
		v.keepCounts(values)
		v.state.begin(1, values)
		if err := v.round(ctx); err != nil {
			return err
		}
	}
	v.keepCounts(nil)
	v.warn()
	return v.examine(ctx)
}

// fewSuspects is the number of documents among which those that differ are looked for, in a second read, without asking whether
// JSON values are alike more often than bytes.
const fewSuspects = 50_000

// worthValues tells whether so much differs that it is worth to read both sides again, and compare values.
func (v *Verification) worthValues() bool {
	if v.options.ByContent && len(v.differing()) > 0 {
		return v.suspects() > v.options.few
	}
	alike := int64(0) // documents of indices that differ, without those that are missing or extra for certain
	for number := range v.differing() {
		x := v.state.table.indices[number]
		alike += min(x.source, x.target)
	}
	return v.suspects() > v.options.few && alike > v.options.few/2
}

// suspects is how many documents lie in buckets that differ.
func (v *Verification) suspects() int64 {
	total := int64(0)
	for i := range v.state.table.cells {
		if c := &v.state.table.cells[i]; c.differs() {
			total += c.most()
		}
	}
	return total
}

// differing returns the numbers of the indices that differ.
func (v *Verification) differing() map[int32]bool {
	all := map[int32]bool{}
	for i := range v.state.table.indices {
		if v.state.table.indices[i].differs() {
			all[int32(i)] = true
		}
	}
	return all
}

// keepCounts takes the counts of a round out of its table, but for those of the indices that are read again.
func (v *Verification) keepCounts(without map[int32]bool) {
	if v.state.Counted == nil {
		v.state.Counted = map[string]Counts{}
	}
	for i, x := range v.state.table.indices {
		if name, _ := v.names.name(int32(i)); !without[int32(i)] && x.source+x.target > 0 {
			v.state.Counted[name] = Counts{Source: x.source, Target: x.target}
		}
	}
}

// warn says what was learned while reading.
func (v *Verification) warn() {
	v.summary.Skipped = v.state.Skipped
	v.summary.Problems = append(v.summary.Problems, v.state.Problems...)
	v.summary.Complete = !v.state.Failed
	for _, name := range slices.Sorted(maps.Keys(v.state.Absent)) {
		v.count(name)
		v.summary.Absent = append(v.summary.Absent, name)
		v.summary.Problems = append(v.summary.Problems, fmt.Sprintf("the target has no index %s", name))
	}
}

// refresh has searches see what was written to the target.
func (v *Verification) refresh(ctx context.Context, names []string) error {
	if v.target.Refresh == nil || len(names) == 0 {
		return nil
	}
	var shut []string
	for _, name := range names { // one that is missing would keep the others from it
		switch err := v.target.Refresh(ctx, name); {
		case cluster.Closed(err):
			shut = append(shut, name)
		case err != nil && !notThere(err):
			return fmt.Errorf("refresh %s on the target: %w", name, err)
		}
	}
	if len(shut) > 0 {
		return fmt.Errorf("indices of the target are %w", closed(shut...))
	}
	return nil
}

// sum makes the summary.
func (v *Verification) sum(took time.Duration) {
	for name, counted := range v.state.Counted {
		c := v.count(name)
		c.Source, c.Target = counted.Source, counted.Target
	}
	for _, name := range slices.Sorted(maps.Keys(v.counts)) {
		c := *v.counts[name]
		c.Equal = c.Source - c.Missing - c.Different - c.Superseded - c.Unexamined
		v.summary.Indices = append(v.summary.Indices, IndexCounts{name, c})
		if !c.Balanced() {
			v.summary.Problems = append(v.summary.Problems, fmt.Sprintf("%s changed while it was read: the target had %d documents at first, and now %d are as they should be, %d extra and %d different. "+
				"With traffic on, say --settle", name, c.Target, c.Equal, c.Extra, c.Different))
		}
	}
	v.summary.Seconds = took.Seconds()
	v.summary.SourceReads, v.summary.TargetReads = v.progress.Source.reads(), v.progress.Target.reads()
	v.summary.finish()
}

// count returns the counts of an index. The lock is held, or nobody else is at it.
func (v *Verification) count(index string) *Counts {
	c := v.counts[index]
	if c == nil {
		c = &Counts{}
		v.counts[index] = c
	}
	return c
}

func newPool() *sync.Pool { return &sync.Pool{} }

// digester takes one that nobody uses.
func (v *Verification) digester() *digester {
	if d, ok := v.digests.Get().(*digester); ok {
		return d
	}
	return newDigester(v.names, v.options.ByContent, v.state.values)
}

// parallel is how many parts of a cluster are read at once.
func (v *Verification) parallel() int { return cmp.Or(v.options.InFlight, 1) }
