package rfs

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"migassist/lucene"
	"migassist/snapshot"
)

// Options say how a backfill works. The zero value of a number takes the default beside it.
type Options struct {
	Workers    int // goroutines that decode; one per processor
	InFlight   int // batches that the sink works on at once; 4: more rarely help one target, and cost memory
	BatchBytes int // cut of a batch; 10 MiB, as the Java implementation
	BatchDocs  int // operations of a batch at most; no limit
	Memory     int // bytes that all this may use; 256 MiB

	StateFile      string // empty: a killed run begins anew
	DeadLetterFile string
	Target         string // how the state file names the target

	// Indices asks the target which of the named indices it has, and for its own identity of each: one that was deleted
	// and made again has another. With it, no run goes on into an index other than the one it began with. Nil: not asked.
	Indices func(ctx context.Context, names ...string) (map[string]string, error)

	Now func() time.Time // the clock of dead letters and state; the system's
}

func (o Options) withDefaults() Options {
	set := func(p *int, v int) {
		if *p <= 0 {
			*p = v
		}
	}
	set(&o.Workers, runtime.GOMAXPROCS(0))
	set(&o.InFlight, 4)
	set(&o.BatchBytes, 10<<20)
	set(&o.BatchDocs, 1<<30)
	set(&o.Memory, 256<<20)
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Backfill moves the documents of a plan into a sink.
type Backfill struct {
	snap    *snapshot.Snapshot
	plan    *Plan
	sink    Sink
	options Options
	state   *State
	letters *deadLetters
	unlock  func() error

	progress Progress
}

// Progress is how far a run is. It may be read while the run goes on.
type Progress struct {
	Total  int64        // Lucene documents of the plan
	Walked atomic.Int64 // of them, behind the cursors
	Read   atomic.Int64 // documents with a fate
	Bytes  atomic.Int64 // of their bulk lines
}

// New prepares a backfill: it takes up the state file where there is one. Close it when done.
func New(snap *snapshot.Snapshot, plan *Plan, sink Sink, repository string, options Options) (*Backfill, error) {
	b := &Backfill{snap: snap, plan: plan, sink: sink, options: options.withDefaults(), unlock: func() error { return nil }}
	if _, file := sink.(*FileSink); file {
		b.options.InFlight, b.options.BatchBytes = 1, 1 // a file takes pieces as they come, one after the other
	}
	if b.options.StateFile != "" {
		unlock, err := lockState(b.options.StateFile)
		if err != nil {
			return nil, err
		}
		b.unlock = unlock
	}
	if err := b.open(repository); err != nil {
		return nil, errors.Join(err, b.unlock())
	}
	return b, nil
}

func (b *Backfill) open(repository string) (err error) {
	identity := Identity{Repository: repository, Snapshot: b.snap.Name, UUID: b.snap.UUID}
	if b.state, err = openState(b.options.StateFile, identity, b.options.Target); err != nil {
		return err
	}
	if b.letters, err = openDeadLetters(b.options.DeadLetterFile, b.state.DeadLetters, b.save); err != nil {
		return err
	}
	for _, item := range b.plan.Items {
		cursor := b.state.cursor(item)
		if err := cursor.begin(b.plan.readings[item.Index].how); err != nil {
			return err
		}
		b.progress.Total += item.Docs
		b.progress.Walked.Add(cursor.Walked)
	}
	return b.save() // finds a full disk before the first document is sent
}

// Close gives up the state file.
func (b *Backfill) Close() error {
	return errors.Join(b.letters.close(), b.unlock())
}

// Progress returns the run's progress, which moves as it goes.
func (b *Backfill) Progress() *Progress { return &b.progress }

// Pending tells how many items are not done.
func (b *Backfill) Pending() int {
	n := 0
	for _, item := range b.plan.Items {
		if !b.state.cursor(item).Done {
			n++
		}
	}
	return n
}

// Resumed tells whether a former run got anywhere.
func (b *Backfill) Resumed() bool {
	for _, c := range b.state.Items {
		if c.Walked > 0 || c.Done {
			return true
		}
	}
	return false
}

// Run works off all items that are not done. When it returns, the state is saved. An item that can't be read becomes a
// finding of the summary and the others go on; a target that fails ends the run with an error. The summary is nil where
// the target's indices are not those of the state.
func (b *Backfill) Run(ctx context.Context) (*Summary, error) {
	started := b.options.Now()
	if err := b.recognize(ctx); err != nil {
		return nil, err
	}
	findings, err := b.run(ctx)
	if err == nil {
		var replaced []Finding
		replaced, err = b.replaced(ctx)
		findings = append(findings, replaced...)
	}
	saveErr := b.save()
	if err == nil {
		err = saveErr
	}
	summary := b.summary(findings, b.options.Now().Sub(started))
	summary.Resumable = saveErr == nil && b.options.StateFile != "" && !summary.Complete
	return summary, err
}

// run starts the pipeline: one reader, the decoders, the collector, the settler.
func (b *Backfill) run(ctx context.Context) ([]Finding, error) {
	group, ctx := errgroup.WithContext(ctx)
	o := b.options
	spans, batches := lucene.NewSpanPool(2*o.Workers+2), newBatchPool(4*o.Workers)
	spans.Limit = o.Memory / 2
	jobs, order := make(chan *job, o.Workers), make(chan *job, 2*o.Workers)

	group.Go(func() error {
		defer close(jobs)
		defer close(order)
		r := &reader{snap: b.snap, spans: spans, jobs: jobs, order: order}
		return r.run(ctx, b.works())
	})
	for range o.Workers {
		group.Go(func() error {
			d := &decoder{spans: spans, batches: batches, docs: o.BatchDocs, assembler: assembler{id: make([]byte, 0, 1024), limit: o.Memory / 4}}
			d.lucene.Limit = o.Memory / 2
			return d.run(ctx, jobs)
		})
	}
	c := &collector{sink: b.sink, options: o, batches: batches, settled: make(chan *pending, o.InFlight), slots: make(chan struct{}, o.InFlight)}
	group.Go(func() error {
		defer close(c.settled)
		return c.run(ctx, order)
	})
	s := &settler{backfill: b, batches: batches}
	group.Go(func() error { return s.run(ctx, c.settled) })
	err := group.Wait()
	for j := range jobs { // that nobody took any more
		err = errors.Join(err, j.segment.release())
	}
	return s.findings, err
}

func (b *Backfill) works() []*work {
	var items []*work
	for _, item := range b.plan.Items {
		if cursor := b.state.cursor(item); !cursor.Done {
			items = append(items, &work{Item: item, cursor: cursor, resume: *cursor, reading: b.plan.readings[item.Index], failed: make(chan struct{})})
		}
	}
	return items
}

func (b *Backfill) save() error {
	letters, err := b.letters.sync()
	if err != nil {
		return err
	}
	b.state.DeadLetters = letters
	return b.state.save()
}
