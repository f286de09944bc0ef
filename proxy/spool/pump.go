package spool

import (
	"context"
	"errors"
	"time"
)

// Run moves records until Close, and then those that are left. A context that ends gives up what would have to wait.
func (s *Spool) Run(ctx context.Context) error {
	if len(s.orphans) > 0 {
		s.away.Lock()
		s.leave(ctx, errOrphans)
		s.away.Unlock()
	}
	timer := time.NewTimer(s.options.Linger)
	defer timer.Stop()
	for {
		b, wait, closed := s.take()
		if b != nil {
			s.deliver(ctx, b)
			s.tend(ctx)
			continue
		}
		if closed {
			return s.end(ctx)
		}
		s.tend(ctx)
		timer.Reset(wait)
		select {
		case <-s.kick:
		case <-timer.C:
		}
	}
}

var errOrphans = errors.New("records of an earlier process are in the spill")

// take returns the next batch that is due, or nil and how long to wait for one unless something happens.
func (s *Spool) take() (b *batch, wait time.Duration, closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) > 0 {
		b = s.queue[0]
		s.queue[0] = nil
		s.queue = s.queue[1:]
		return b, 0, s.closed
	}
	f := s.filling
	if f == nil {
		return nil, s.options.Linger, s.closed
	}
	now := s.options.Now()
	wait = s.options.Linger - now.Sub(f.born)
	if f.waiting > 0 {
		wait = s.pace(f, now)
	}
	if s.closed || wait <= 0 || f.waiting == 0 && len(f.arena) >= s.options.Gather {
		s.filling, s.crowd, s.began = nil, f.waiting, now
		return f, 0, s.closed
	}
	return nil, wait, s.closed
}

// pace is how long a batch is held back for others to share it: where the last one was shared, they follow each other at a distance, since
// each costs a sync, which costs the processor as much as many requests. Whoever writes alone waits for nobody. mu is held.
func (s *Spool) pace(f *batch, now time.Time) time.Duration {
	if s.crowd < crowded || f.waiting >= s.crowd || s.options.Durability == Each {
		return 0
	}
	return distance - now.Sub(s.began)
}

// deliver hands a batch to the log or to the spill, and tells those who wait.
func (s *Spool) deliver(ctx context.Context, b *batch) {
	began := s.options.Now()
	s.away.Lock()
	err := s.store(ctx, b)
	s.away.Unlock()
	s.stats.Latency.Observe(s.options.Now().Sub(began))
	s.mu.Lock()
	if err != nil && (b.waiting == 0 || !s.options.Reject) {
		s.lose(len(b.ends)/2, b.requests, len(b.arena), err)
	} else if err != nil {
		s.loseUnwaited(b, err)
	}
	s.stats.failing.Store(err != nil)
	s.stats.count(b)
	s.queued -= len(b.arena)
	s.room.Broadcast()
	waited := b.fate
	s.recycle(b)
	s.mu.Unlock()
	if waited == nil {
		return
	}
	if err != nil {
		waited.err = ErrLost
	}
	close(waited.done)
}

// store puts a batch where it is kept. away is held.
func (s *Spool) store(ctx context.Context, b *batch) error {
	s.list = b.records(s.list[:0])
	if s.isAway {
		return s.toSpill(ctx)
	}
	err := s.toLog(ctx, b.waiting > 0)
	if err == nil {
		return nil
	}
	s.leave(ctx, err)
	return s.toSpill(ctx)
}

// toLog appends the list to the log, and syncs where somebody waits for it.
func (s *Spool) toLog(ctx context.Context, wait bool) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.Patience)
	defer cancel()
	s.mu.Lock()
	s.abandon = cancel
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.abandon = nil
		s.mu.Unlock()
	}()
	if err := s.options.Log.Append(ctx, s.list); err != nil {
		return err
	}
	s.dirty = true
	if !wait {
		return nil
	}
	return s.sync(ctx)
}

func (s *Spool) sync(ctx context.Context) error {
	if err := s.options.Log.Sync(ctx); err != nil {
		return err
	}
	s.dirty = false
	return nil
}

// tend does, from time to time, what nobody waits for: it syncs, and tells of gaps.
func (s *Spool) tend(ctx context.Context) {
	now := s.options.Now()
	if now.Sub(s.synced) < syncEvery {
		return
	}
	s.synced = now
	s.away.Lock()
	defer s.away.Unlock()
	if s.isAway {
		return
	}
	err := s.within(ctx, s.tellGap)
	if err == nil && s.dirty {
		err = s.within(ctx, s.sync)
	}
	if err != nil {
		s.leave(ctx, err)
	}
}

// end syncs, and says what is left in the spill for the next process.
func (s *Spool) end(ctx context.Context) error {
	if err := s.waitForDrain(ctx); err != nil {
		return err
	}
	s.away.Lock()
	defer s.away.Unlock()
	var err error
	if !s.isAway {
		err = errors.Join(s.within(ctx, s.tellGap), s.within(ctx, s.sync))
	}
	if s.spill != nil {
		err = errors.Join(err, s.spill.Close())
	}
	return err
}
