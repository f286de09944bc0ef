package spool

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"migassist/capture"
	"migassist/capture/filelog"
)

// Need says what the caller of [Spool.Put] wants of a record.
type Need struct {
	Wait     bool // he waits until it is durable
	Hold     bool // he does not, but is held back while the queue is full
	Requests int  // 1 where the record holds a part of a request that changes something, or more
}

// Spool takes records from any number of goroutines. Run moves them.
type Spool struct {
	options Options
	name    string // of this spool, different from that of each other: a node may come back under its name
	stats   Stats

	mu      sync.Mutex
	room    sync.Cond // of mu: there is less in the queue
	queue   []*batch  // full, or waited for one by one
	filling *batch    // takes records
	spare   []*batch
	crowd   int       // that waited for the last batch
	began   time.Time // when it went out
	queued  int       // bytes in both
	closed  bool
	gap     gap
	abandon context.CancelFunc // of what the log is being handed; nil where it is handed nothing

	kick chan struct{} // there is something to do

	// away is held by whoever uses log and spill; see away.go.
	away    sync.Mutex
	isAway  bool
	spill   *filelog.Log // nil where there is none, or none yet
	orphans []string     // nodes whose spills were left behind
	drained chan struct{}

	list   []capture.Record
	synced time.Time
	dirty  bool // the log has records that were not synced
}

// Open makes a spool. Records that processes before this one left in the spill's folder go to the log first.
func Open(o Options) (*Spool, error) {
	s := &Spool{options: o.withDefaults(), kick: make(chan struct{}, 1)}
	s.room.L = &s.mu
	s.name = s.options.Node + "." + strconv.FormatInt(s.options.Now().UnixNano(), 36)
	s.synced = s.options.Now()
	if err := s.findOrphans(); err != nil {
		return nil, err
	}
	return s, nil
}

// Put takes a record; it keeps no reference to it. Where the queue is full, those who wait or may be held back are, and of others the record is
// lost and counted.
func (s *Spool) Put(r capture.Record, need Need) Ticket {
	s.mu.Lock()
	defer s.mu.Unlock()
	size := r.Size()
	for (need.Wait || need.Hold) && s.queued+size > s.options.QueueBytes && s.queued > 0 && !s.closed {
		s.room.Wait()
	}
	if s.closed || s.queued+size > s.options.QueueBytes && s.queued > 0 {
		return s.refuse(r, need)
	}
	s.queued += size
	if s.queued > s.options.QueueBytes/2 && s.abandon != nil && s.options.Spill.Folder != "" {
		s.abandon() // the log is too slow: the spill may be faster
	}
	b := s.filling
	if b != nil && len(b.arena)+size > s.options.BatchBytes {
		s.push()
		b = nil
	}
	if b == nil {
		b = s.fresh()
		s.filling = b
	}
	b.add(r)
	b.requests += need.Requests
	if !need.Wait {
		if len(b.arena) >= s.options.Gather {
			s.wake()
		}
		return Ticket{}
	}
	b.waiting++
	if b.fate == nil {
		b.fate = &fate{done: make(chan struct{})}
	}
	ticket := Ticket{b.fate}
	if s.options.Durability == Each {
		s.push()
	}
	s.wake()
	return ticket
}

// Roomy tells whether the queue takes records at once, for the next moment.
func (s *Spool) Roomy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queued < s.options.QueueBytes/2
}

// fresh gives an empty batch. mu is held.
func (s *Spool) fresh() *batch {
	b := &batch{}
	if last := len(s.spare) - 1; last >= 0 {
		b, s.spare = s.spare[last], s.spare[:last]
	}
	b.reset(s.options.Now())
	return b
}

// mostSpare are the empty batches that are kept: one fills, one is on its way.
const mostSpare = 2

// recycle keeps a batch for another use. mu is held.
func (s *Spool) recycle(b *batch) {
	if len(s.spare) < mostSpare && cap(b.arena) <= mostKept {
		s.spare = append(s.spare, b)
	}
}

// refuse loses a record. mu is held.
func (s *Spool) refuse(r capture.Record, need Need) Ticket {
	if !need.Wait || !s.options.Reject {
		s.lose(1, need.Requests, r.Size(), errQueueFull)
	}
	if !need.Wait {
		return Ticket{}
	}
	return Ticket{refused}
}

var errQueueFull = errors.New("the queue to the log is full")

// refused is the fate of records that were never in a batch.
var refused = func() *fate {
	f := &fate{done: make(chan struct{}), err: ErrLost}
	close(f.done)
	return f
}()

// push closes the batch that is being filled. mu is held.
func (s *Spool) push() {
	s.queue = append(s.queue, s.filling)
	s.filling = nil
}

func (s *Spool) wake() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// Close takes no more records, and lets Run end when all that it has are in the log, in the spill, or lost.
func (s *Spool) Close() {
	s.mu.Lock()
	s.closed = true
	s.room.Broadcast()
	s.mu.Unlock()
	s.wake()
}

// Away tells whether the log takes nothing at present, and why.
func (s *Spool) Away() (away bool, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats.away.Load(), s.gap.why
}

// Failing tells whether records are being lost: the log takes nothing, and the spill does not either.
func (s *Spool) Failing() bool { return s.stats.failing.Load() }
