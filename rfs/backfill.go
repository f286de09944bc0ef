package rfs

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"migassist/lucene"
	"migassist/rfs/bulk"
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
	jobs, order := make(chan *job, o.Workers), make(chan *job, 2*o.Workers)

	group.Go(func() error {
		defer close(jobs)
		defer close(order)
		r := &reader{snap: b.snap, spans: spans, jobs: jobs, order: order}
		return r.run(ctx, b.works())
	})
	for range o.Workers {
		group.Go(func() error {
			d := &decoder{spans: spans, batches: batches, docs: o.BatchDocs, id: make([]byte, 0, 1024)}
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
	return s.findings, err
}

func (b *Backfill) works() []*work {
	var items []*work
	for _, item := range b.plan.Items {
		if cursor := b.state.cursor(item); !cursor.Done {
			items = append(items, &work{Item: item, cursor: cursor, resume: *cursor, quoted: quote(item.Index), failed: make(chan struct{})})
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

// collector puts pieces together into batches, in order, and hands them to the sink, several at once.
type collector struct {
	sink    Sink
	options Options
	batches *batchPool
	settled chan *pending // in order
	slots   chan struct{} // one per batch at the sink
	current *pending
}

// pending is a batch at the sink, and what its outcome means for its item.
type pending struct {
	item    *work
	batch   *bulk.Batch
	counts  Counts // without fates
	skipped []deadLetter
	segment string
	next    int
	walked  int64
	end     bool  // the item is complete
	failure error // the item can't be read further

	done    chan struct{} // closed when outcome or err is there
	outcome bulk.Outcome
	err     error // of the sink
}

func (c *collector) run(ctx context.Context, order <-chan *job) error {
	for j := range order {
		for p := range j.pieces {
			if err := c.add(ctx, j, p); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

func (c *collector) add(ctx context.Context, j *job, p *piece) error {
	select {
	case <-j.item.failed: // what was decoded after the failure is not sent
		return nil
	default:
	}
	if c.current != nil && p.batch != nil && c.full(p) {
		if err := c.flush(ctx); err != nil {
			return err
		}
	}
	if c.current == nil {
		c.current = &pending{item: j.item, done: make(chan struct{})}
	}
	c.merge(p)
	if p.err != nil {
		close(j.item.failed)
	}
	if p.end || p.err != nil {
		return c.flush(ctx)
	}
	return nil
}

func (c *collector) full(p *piece) bool {
	b := c.current.batch
	return b != nil && (b.Size()+p.batch.Size() > c.options.BatchBytes || b.Len()+p.batch.Len() > c.options.BatchDocs)
}

func (c *collector) merge(p *piece) {
	cur := c.current
	cur.end, cur.failure = p.end, p.err
	if p.batch == nil {
		return
	}
	cur.counts.Read += p.read
	cur.counts.Skipped += int64(len(p.skipped))
	cur.counts.Bytes += int64(p.batch.Size())
	cur.skipped = append(cur.skipped, p.skipped...)
	cur.segment, cur.next = p.segment, p.next
	cur.walked += p.walked
	if cur.batch == nil {
		cur.batch = p.batch
		return
	}
	cur.batch.Append(p.batch)
	c.batches.put(p.batch)
}

// flush hands the current batch to the sink as soon as it takes one more.
func (c *collector) flush(ctx context.Context) error {
	p := c.current
	c.current = nil
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case c.settled <- p:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if c.options.InFlight == 1 {
		c.send(ctx, p)
		return nil
	}
	go c.send(ctx, p) // the settler waits for it
	return nil
}

func (c *collector) send(ctx context.Context, p *pending) {
	defer close(p.done)
	if p.batch != nil {
		p.outcome, p.err = c.sink.Write(ctx, p.batch)
	}
	<-c.slots
}

// settler takes outcomes in order, so that the cursor never passes a document without fate.
type settler struct {
	backfill *Backfill
	batches  *batchPool
	findings []Finding
	saved    time.Time
}

// saveEvery is how much work a kill can cost at most, beside the batches in flight.
const saveEvery = time.Second

func (s *settler) run(ctx context.Context, settled <-chan *pending) error {
	s.saved = s.backfill.options.Now()
	var failed error
	for p := range settled {
		<-p.done // also after a failure: no goroutine outlives the run
		if failed == nil {
			failed = s.take(p)
		}
	}
	if failed != nil {
		return failed
	}
	return context.Cause(ctx)
}

// take settles one batch and saves the state now and then.
func (s *settler) take(p *pending) error {
	if p.err != nil {
		return fmt.Errorf("%s: %w", p.item, p.err)
	}
	if err := s.settle(p); err != nil {
		return err
	}
	now := s.backfill.options.Now()
	if now.Sub(s.saved) < saveEvery {
		return nil
	}
	s.saved = now
	return s.backfill.save()
}

func (s *settler) settle(p *pending) error {
	b := s.backfill
	now := b.options.Now()
	for _, letter := range p.skipped {
		if err := b.letters.add(letter, now); err != nil {
			return err
		}
	}
	for _, refusal := range p.outcome.Refused {
		if err := b.letters.add(refused(p, refusal), now); err != nil {
			return err
		}
	}
	counts := p.counts
	counts.Written, counts.Refused = int64(p.outcome.Written), int64(len(p.outcome.Refused))
	if !counts.Balanced() {
		return fmt.Errorf("%s: of %d documents read, %d were written, %d skipped and %d refused: this is a defect, please report it",
			p.item, counts.Read, counts.Written, counts.Skipped, counts.Refused)
	}
	s.advance(p, counts)
	if p.batch != nil {
		s.batches.put(p.batch)
	}
	return nil
}

func (s *settler) advance(p *pending, counts Counts) {
	c, progress := p.item.cursor, &s.backfill.progress
	c.add(counts)
	c.Walked += p.walked
	if p.segment != "" {
		c.Segment, c.Doc = p.segment, p.next
	}
	progress.Walked.Add(p.walked)
	progress.Read.Add(counts.Read)
	progress.Bytes.Add(counts.Bytes)
	if p.failure != nil {
		s.findings = append(s.findings, unreadable(p.item.Index, p.failure))
		return
	}
	c.Done = p.end
}

func refused(p *pending, refusal bulk.Refusal) deadLetter {
	action, source := p.batch.Operation(refusal.Operation)
	id, routing := actionIdentity(action)
	return deadLetter{
		Index: p.item.Index, Shard: p.item.Shard, ID: id, Routing: routing, Action: action, Source: source,
		Class: classRefused, Type: refusal.Reason.Type, Reason: refusal.Reason.Error(), Response: &response{Status: refusal.Status, Error: refusal.Reason},
	}
}
