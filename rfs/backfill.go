package rfs

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"migassist/rfs/bulk"
	"migassist/rfs/deadletter"
	"migassist/rfs/lease"
	"migassist/snapshot"
)

// Options say how a worker works. The zero value of a number takes the default beside it.
type Options struct {
	Workers    int // goroutines that decode; one per processor
	InFlight   int // batches that the sink works on at once; 4: more rarely help one target, and cost memory
	BatchBytes int // cut of a batch; 10 MiB, as the Java implementation
	BatchDocs  int // operations of a batch at most; no limit
	Memory     int // bytes that all this may use; 256 MiB
	// Compressed says that the sink has a batch twice while it sends it: as it is, and compressed.
	Compressed bool

	// Store is what the workers of the run share; nil: there is one worker, and a next run begins anew.
	Store lease.Store
	// Place is how people name the store: "the state file migassist-rfs-state.json".
	Place          string
	Session        string        // name of the run within the store; default
	Worker         string        // name of this worker, and of no other ever; the host's, and some chance
	Version        string        // of the program, for people
	LeaseDuration  time.Duration // after which a worker that does not move is dead; 5 minutes
	BulkTimeout    time.Duration // of a request to the target, below LeaseDuration; 2 minutes
	MaxAttempts    int           // with an item, before it is set aside; 3
	ItemBytes      int64         // of stored fields, above which a shard is split among workers; 1 GiB
	DeadLetterFile string        // one file for what could not be moved; where Letters is nil
	// Letters opens what takes the dead letters of a run; LettersAt names the place for people. Nil: DeadLetterFile does.
	Letters   func(run string) (deadletter.Writer, error)
	LettersAt string
	Target    string // how the run's record names the target
	// Choices are the flags that all workers of the run have to have alike, with their values.
	Choices map[string]string
	Control Control // what the operator wants of a run that begins
	Tune    bool    // settings of the target's indices are changed while the run lasts
	// SetLimits is given this worker's share of the run's limits, whenever it changes. Nil: the sink has none.
	SetLimits func(bulk.Limits)
	// Flow says what the sink is doing. Nil: it does not know.
	Flow func() bulk.Flow
	// TuneTarget is the target whose indices get other settings while the run lasts, where Tune or Choices want that. Nil: none do.
	TuneTarget TuneTarget

	// Indices asks the target which of the named indices it has, and for its own identity of each: one that was deleted
	// and made again has another. With it, no run goes on into an index other than the one it began with. Nil: not asked.
	Indices func(ctx context.Context, names ...string) (map[string]string, error)
	// Names is the target, asked for indices that only transforms name, when the first document goes there. Nil: their names are taken as they are.
	Names NameTarget
	// Looking is for who looks for documents rather than write them: a name that only transforms gave stays as it is where Names does not have it, and
	// what keeps writers out of an index does not matter.
	Looking bool
	// Check refuses a plan before anything of the run exists. Nil: it is fine.
	Check func(ctx context.Context, plan *Plan) error
	// Begin is called once in the fleet, after the run's record exists and before its first item does. What it returns is kept
	// for Close.
	Begin func(ctx context.Context, plan *Plan) (Before, error)
	// Close is called once in the fleet, when nothing is left to be done. What it counts and finds becomes part of the summary.
	Close func(ctx context.Context, before Before, flows []Flow) (OnTarget, []Finding, error)

	Log zerolog.Logger
	Now func() time.Time // the clock of dead letters and checkpoints; the system's
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
	set(&o.MaxAttempts, 3)
	if o.LeaseDuration <= 0 {
		o.LeaseDuration = 5 * time.Minute
	}
	if o.BulkTimeout <= 0 {
		o.BulkTimeout = min(2*time.Minute, o.LeaseDuration/2)
	}
	if o.ItemBytes <= 0 {
		o.ItemBytes = 1 << 30
	}
	if o.Store == nil {
		o.Store, o.Place = newMemory(), "memory"
	}
	if o.Session == "" {
		o.Session = "default"
	}
	if o.Worker == "" {
		o.Worker = WorkerName()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o.withLetters()
}

// withLetters has dead letters go to a file where there is no other place for them.
func (o Options) withLetters() Options {
	if o.Letters == nil {
		o.LettersAt = o.DeadLetterFile
		o.Letters = func(run string) (deadletter.Writer, error) { return deadletter.OpenFile(o.DeadLetterFile, run) }
	}
	return o
}

// WorkerName makes one that no other worker has, and that tells people where it runs.
func WorkerName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "worker"
	}
	return host + "-" + rand.Text()[:8]
}

// Source is what a backfill reads.
type Source struct {
	Snapshot   *snapshot.Snapshot
	Repository string // its URI
	Choices    Choices
	// Plan makes the plan. It is called by the worker that begins the run, and made with the same choices.
	Plan func(ctx context.Context) (*Plan, error)
}

// Backfill is one worker of the fleet that moves a snapshot's documents into a sink.
type Backfill struct {
	source  Source
	sink    Sink
	options Options

	coordinator *lease.Coordinator
	joined      *Joined
	planned     planned
	letters     deadletter.Writer
	readings    readings
	identified  identities
	names       *names
	progress    Headway
	busy        bool // it did something that was left to do

	shown   atomic.Pointer[Joined] // joined, for who asks from outside
	watch   sync.WaitGroup
	unwatch context.CancelFunc

	stop  context.CancelCauseFunc // ends claiming and reading
	end   context.Context         // done once that was called; nil before
	slots chan struct{}           // one per lease that is held
	freed chan struct{}           // has one when an item was let go of since it was last looked at
	kept  sync.WaitGroup          // what renews leases

	holdMu sync.Mutex
	holds  []string // names of the items that are held
}

// New prepares a worker.
func New(source Source, sink Sink, options Options) *Backfill {
	b := &Backfill{source: source, sink: sink, options: options.withDefaults(), slots: make(chan struct{}, mostLeases), freed: make(chan struct{}, 1), unwatch: func() {}}
	if _, file := sink.(*FileSink); file {
		b.options.InFlight, b.options.BatchBytes = 1, 1 // a file takes pieces as they come, one after the other
	}
	o := b.options
	b.names = newNames(o.Store, o.Names, source.Choices)
	b.names.looking = o.Looking
	b.coordinator = lease.New(o.Store, lease.Options{Worker: o.Worker, Duration: o.LeaseDuration, Timeout: o.BulkTimeout, MaxFailures: o.MaxAttempts})
	return b
}

// mostLeases is how many a worker holds: one whose batches are in flight, and one that it reads.
const mostLeases = 2

// Progress returns this worker's progress, which moves as it goes.
func (b *Backfill) Progress() *Headway { return &b.progress }

// Idle tells, once Run has returned, that there was nothing left to do for this worker.
func (b *Backfill) Idle() bool { return !b.busy }

// Run works until nothing is left to do in the whole fleet, and returns the summary of all of it. When ctx ends, it finishes the batches in
// flight, saves how far its items are, and gives them back, within ten seconds. An item that can't be read becomes a finding and
// the others go on; a target that fails ends this worker with an error, and leaves its items to others. The summary is of what
// there is then, and nil where even that can't be said.
func (b *Backfill) Run(ctx context.Context) (*Summary, error) {
	defer b.leave()
	summary, err := b.run(ctx)
	if errors.Is(err, ErrStopped) {
		err = errors.Join(err, b.untune(ctx))
	}
	return summary, err
}

// leave ends what shows this worker to the others.
func (b *Backfill) leave() {
	b.unwatch()
	b.watch.Wait()
}

func (b *Backfill) run(ctx context.Context) (*Summary, error) {
	started := b.options.Now()
	if b.options.LettersAt == b.options.DeadLetterFile {
		if err := deadletter.CheckFile(b.options.DeadLetterFile); err != nil {
			return nil, err
		}
	}
	plan, err := b.begin(ctx)
	if err != nil {
		return nil, err
	}
	if plan != nil && len(plan.Items) == 0 {
		return b.nothing(plan, started), nil
	}
	if b.letters, err = b.options.Letters(b.planned.Run); err != nil {
		return nil, err
	}
	if err = b.tune(ctx); err == nil {
		err = b.work(ctx)
	}
	summary, err := b.closing(ctx, err)
	if summary != nil {
		summary.mine(b, b.options.Now().Sub(started))
	}
	return summary, errors.Join(err, b.letters.Close())
}

// Headway is how far a worker is. It may be read while it works.
type Headway struct {
	Walked atomic.Int64 // Lucene documents behind the cursors
	Read   atomic.Int64 // documents with a fate
	Bytes  atomic.Int64 // of their bulk lines

	items, known, docs atomic.Int64 // items planned, items opened, and the Lucene documents of those
}

// Total is how many Lucene documents there are to walk, as far as the items that were opened tell; 0 before the first.
func (p *Headway) Total() int64 {
	known := p.known.Load()
	if known == 0 {
		return 0
	}
	return int64(float64(p.docs.Load()) / float64(known) * float64(p.items.Load()))
}

// opened adds an item whose size is known now.
func (p *Headway) opened(item *held) {
	if item.whole() {
		p.known.Add(1)
		p.docs.Add(item.progress.Total)
	}
	p.Walked.Add(item.progress.Walked)
}
