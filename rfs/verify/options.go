package verify

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// Options say how a verification works. The zero value of a number takes the default beside it.
type Options struct {
	Sample int // buckets, of 65,536, that are compared, chosen by chance; 0: all
	// Settle is how far apart a document is read twice before a difference counts; 0: once is enough.
	Settle time.Duration
	// ByContent tells that ids are the target's own: contents are compared as multisets, index by index.
	ByContent bool
	InFlight  int // parts of a cluster that are read at once; 2
	Memory    int // bytes for what is kept of documents that may differ; 256 MiB

	MaxDocsPerSecond  float64 // of each side; 0: no limit
	MaxBytesPerSecond float64 // of the sources of each side; 0: no limit

	// State is the file in which is kept how far the verification is; "": it can't be gone on with.
	State string
	// Name is what is verified, with all choices that decide what is compared: a state under another name is refused.
	Name string

	Find Finder // is told of the differences; nil: they are only counted

	held int   // bytes of documents of the source that are held at once; heldBytes
	few  int64 // suspects above which it is worth to compare values; fewSuspects

	Log  zerolog.Logger
	Now  func() time.Time                                 // the system's
	Wait func(ctx context.Context, d time.Duration) error // with the system's clock
}

func (o Options) withDefaults() Options {
	if o.InFlight <= 0 {
		o.InFlight = 2
	}
	if o.Memory <= 0 {
		o.Memory = 256 << 20
	}
	if o.held == 0 {
		o.held = heldBytes
	}
	if o.few == 0 {
		o.few = fewSuspects
	}
	if o.Find == nil {
		o.Find = FinderFunc(func(context.Context, Difference) error { return nil })
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	return o
}

// wait waits unless ctx ends first.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Progress is how far a verification is. It may be read while that goes on.
type Progress struct {
	Source, Target Side
	// Candidates are documents that may differ, Found those that do.
	Candidates, Found atomic.Int64

	stage atomic.Pointer[string]
}

// Side is how far one side is.
type Side struct {
	Docs, Bytes atomic.Int64 // read in the current stage, Bytes of sources
	Total       atomic.Int64 // documents to read in the current stage; 0: not known

	once, all atomic.Int64 // bytes of the first round, and of all stages
}

// reads is how often the side was read, in bytes: 1 where once was enough.
func (s *Side) reads() float64 {
	if once := s.once.Load(); once > 0 {
		return float64(s.all.Load()) / float64(once)
	}
	return 0
}

// Stage is what goes on, for people: "digests", "settle".
func (p *Progress) Stage() string {
	if stage := p.stage.Load(); stage != nil {
		return *stage
	}
	return ""
}

// begin starts a stage.
func (p *Progress) begin(stage string) {
	p.stage.Store(&stage)
	for _, side := range []*Side{&p.Source, &p.Target} {
		side.Docs.Store(0)
		side.Bytes.Store(0)
		side.Total.Store(0)
	}
}
