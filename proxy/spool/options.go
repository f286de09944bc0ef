package spool

import (
	"time"

	"github.com/rs/zerolog"

	"migassist/capture"
)

// Durability says how those who wait for their records share batches.
type Durability uint8

// The durabilities. Whoever does not want to wait does not ask for it.
const (
	Group Durability = iota // all that wait at the same time share a batch
	Each                    // a batch of its own for each record that is waited for
)

// Options are the choices about a spool.
type Options struct {
	Log        capture.Appender
	Node       string // of this process, in gaps
	Durability Durability
	// Reject says that those whose records are lost do not let their requests pass: then nothing is missing in the log, and they are no gap.
	Reject bool

	Patience   time.Duration // how long the log may take for a batch before it counts as failed
	QueueBytes int           // that may wait for the log
	BatchBytes int           // that are handed to it at once
	Gather     int           // of a batch that nobody waits for: from so many bytes on it is handed over
	Linger     time.Duration // how old a batch becomes that nobody waits for

	Spill Spill

	Now    func() time.Time
	Logger zerolog.Logger
}

// Spill is where records are kept while the log takes none. Without a folder there is none.
type Spill struct {
	Folder string
	Bytes  int64 // that it may take
}

// withDefaults fills in what was left out.
func (o Options) withDefaults() Options {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&o.QueueBytes, 16<<20)
	def(&o.BatchBytes, 512<<10)
	def(&o.Gather, o.BatchBytes/8)
	if o.Patience <= 0 {
		o.Patience = 2 * time.Second // a broker that restarts takes longer, a slow one does not
	}
	if o.Linger <= 0 {
		o.Linger = 100 * time.Millisecond
	}
	if o.Spill.Bytes <= 0 {
		o.Spill.Bytes = 1 << 30
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Times of the spool itself.
const (
	distance = time.Millisecond // between two batches that are shared
	crowded  = 4                // that wait for one batch are enough for the next one to wait for others

	syncEvery  = time.Second            // of what nobody waits for
	firstRetry = 100 * time.Millisecond // of a log that failed
	mostRetry  = time.Second
	lastDrain  = 10 * time.Second // when the process ends; what is left then waits for the next one
	drainBytes = 1 << 20          // handed from the spill to the log at once
)
