package spool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"migassist/capture"
	"migassist/capture/filelog"
)

// While the log is away, Run's goroutine writes to the spill, and a drainer of its own tries the log: first with the gap, if
// there is one, then with what the spill has, oldest first. When it has handed over everything, and nothing can come to the spill
// since it holds away, the log is back.

// leave goes away from the log. away is held.
func (s *Spool) leave(ctx context.Context, err error) {
	s.options.Logger.Warn().Err(err).Str("spill", s.options.Spill.Folder).Msg("the log takes nothing; records are kept aside until it does")
	s.isAway, s.dirty = true, false
	s.stats.away.Store(true)
	s.mu.Lock()
	s.gap.why = err.Error()
	if s.gap.From.IsZero() && s.gap.telling.From.IsZero() && !errors.Is(err, errOrphans) { // the mark of the time without the log, with nothing lost so far; it also asks whether the log is back
		s.gap.From, s.gap.To, s.gap.Reason = s.options.Now(), s.options.Now(), err.Error()
	}
	s.mu.Unlock()
	s.drained = make(chan struct{})
	go s.drain(context.WithoutCancel(ctx), s.drained)
}

// toSpill appends the list to the spill, durably. away is held.
func (s *Spool) toSpill(ctx context.Context) error {
	if s.options.Spill.Folder == "" {
		return errors.New(s.why())
	}
	if s.spill == nil {
		spill, err := filelog.Open(s.options.Spill.Folder, s.name, filelog.Options{SegmentBytes: 16 << 20, Now: s.options.Now})
		if err != nil {
			return err
		}
		s.spill = spill
	}
	size := int64(0)
	for _, r := range s.list {
		size += int64(r.Size())
	}
	if held := s.stats.SpillBytes.Load(); held+size > s.options.Spill.Bytes {
		return fmt.Errorf("the spill at %s is full: %d bytes", s.options.Spill.Folder, held)
	}
	if err := s.spill.Append(ctx, s.list); err != nil {
		return err
	}
	if err := s.spill.Sync(ctx); err != nil {
		return err
	}
	s.stats.SpillBytes.Add(size)
	s.stats.SpilledRecords.Add(int64(len(s.list)))
	return nil
}

func (s *Spool) why() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gap.why
}

// findOrphans lists the spills of processes that are no more.
func (s *Spool) findOrphans() error {
	root := s.options.Spill.Folder
	if root == "" {
		return nil
	}
	if err := os.MkdirAll(root, 0o700); err != nil {
		return fmt.Errorf("make the spill folder: %w", err)
	}
	nodes, err := filelog.Nodes(root)
	if err != nil {
		return fmt.Errorf("look into the spill folder %s: %w", root, err)
	}
	s.orphans = nodes
	return nil
}

// drain brings the log back.
func (s *Spool) drain(ctx context.Context, drained chan<- struct{}) {
	defer close(drained)
	wait := firstRetry
	for {
		if s.isClosed() {
			return
		}
		err := s.drainOnce(ctx)
		if err == nil {
			s.options.Logger.Info().Msg("the log takes records again, and has all that was kept aside")
			return
		}
		s.options.Logger.Debug().Err(err).Msg("the log still takes nothing")
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		wait = min(2*wait, mostRetry)
	}
}

func (s *Spool) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// drainOnce hands over all there is, or fails.
func (s *Spool) drainOnce(ctx context.Context) error {
	if err := s.within(ctx, s.tellGap); err != nil {
		return err
	}
	for len(s.orphans) > 0 {
		if err := s.drainOrphan(ctx, s.orphans[0]); err != nil {
			return err
		}
		s.orphans = s.orphans[1:]
	}
	for {
		spill, end, back := s.tryBack()
		if back {
			return nil
		}
		if err := s.drainNode(ctx, s.name, spill, end); err != nil {
			return err
		}
	}
}

// within gives the log the time of its patience.
func (s *Spool) within(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.Patience)
	defer cancel()
	return do(ctx)
}

// tryBack returns to the log where the spill is empty. Otherwise it tells the spill, and the number of its next record.
func (s *Spool) tryBack() (spill *filelog.Log, end int64, back bool) {
	s.away.Lock()
	defer s.away.Unlock()
	if s.spill != nil && s.stats.SpillBytes.Load() > 0 {
		return s.spill, s.spill.Next(), false
	}
	if s.spill != nil {
		if err := errors.Join(s.spill.Close(), removeNode(s.options.Spill.Folder, s.name)); err != nil {
			s.options.Logger.Warn().Err(err).Msg("the empty spill could not be removed")
		}
		s.spill = nil
	}
	s.stats.drainedTo.Store(0)
	s.stats.SpillBytes.Store(0)
	s.isAway = false
	s.stats.away.Store(false)
	s.stats.failing.Store(false)
	return nil, 0, true
}

// drainOrphan hands over the spill of a process that is no more, and removes it.
func (s *Spool) drainOrphan(ctx context.Context, node string) error {
	root := s.options.Spill.Folder
	left, err := filelog.Open(root, node, filelog.Options{})
	if errors.Is(err, filelog.ErrLocked) {
		return nil // it lives
	}
	if err != nil {
		return err
	}
	if err := s.drainNode(ctx, node, nil, 0); err != nil {
		return errors.Join(err, left.Close())
	}
	return errors.Join(left.Close(), removeNode(root, node))
}

// drainNode hands the records of a spill to the log. own is the spill that is still written, and end the number of the record that is not
// to be handed over any more; nil and 0 are a spill that nobody writes, and all of it.
func (s *Spool) drainNode(ctx context.Context, node string, own *filelog.Log, end int64) error {
	from := s.stats.drainedTo.Load()
	if own == nil {
		from = 0
	}
	reader, err := filelog.Read(s.options.Spill.Folder, filelog.Reading{Node: node, From: from, Until: end})
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }()
	for {
		records, size, next, done, err := s.chunk(ctx, reader)
		if err != nil {
			return err
		}
		if len(records) > 0 {
			if err := s.hand(ctx, records); err != nil {
				return err
			}
		}
		if own != nil && len(records) > 0 {
			s.stats.drainedTo.Store(next)
			s.stats.SpillBytes.Add(-size)
			if err := own.Trim(next); err != nil {
				return err
			}
		}
		if done {
			return nil
		}
	}
}

// hand hands records to the log; those that it will never take are lost, and no others.
func (s *Spool) hand(ctx context.Context, records []capture.Record) error {
	if err := s.handAll(ctx, records); !errors.Is(err, capture.ErrRefused) {
		return err
	}
	return s.handEach(ctx, records)
}

func (s *Spool) handAll(ctx context.Context, records []capture.Record) error {
	return s.within(ctx, func(ctx context.Context) error {
		return errors.Join(s.options.Log.Append(ctx, records), s.options.Log.Sync(ctx))
	})
}

func (s *Spool) handEach(ctx context.Context, records []capture.Record) error {
	for i := range records {
		err := s.handAll(ctx, records[i:i+1])
		switch {
		case errors.Is(err, capture.ErrRefused):
			s.mu.Lock()
			s.lose(1, 1, records[i].Size(), err)
			s.mu.Unlock()
		case err != nil:
			return err
		}
	}
	return nil
}

// chunk reads records out of a spill, as many as are handed over at once. next is the number of the record behind them.
func (s *Spool) chunk(ctx context.Context, reader *filelog.Reader) (records []capture.Record, size, next int64, done bool, err error) {
	for size < drainBytes {
		entry, err := reader.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return records, size, next, true, nil
		case errors.Is(err, capture.ErrDamaged):
			s.mu.Lock()
			s.lose(1, 1, 0, err)
			s.mu.Unlock()
			continue
		case err != nil:
			return nil, 0, 0, false, err
		}
		r := capture.Record{Key: append([]byte(nil), entry.Key...), Value: append([]byte(nil), entry.Value...)}
		records, size, next = append(records, r), size+int64(r.Size()), entry.Position.Offset+1
	}
	return records, size, next, false, nil
}

// waitForDrain gives the log a last chance to take what is in the spill.
func (s *Spool) waitForDrain(ctx context.Context) error {
	s.away.Lock()
	drained := s.drained
	isAway := s.isAway
	s.away.Unlock()
	if drained == nil {
		return nil
	}
	<-drained
	if !isAway {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lastDrain)
	defer cancel()
	if err := s.drainOnce(ctx); err != nil && s.stats.SpillBytes.Load() > 0 {
		s.options.Logger.Warn().Err(err).Int64("bytes", s.stats.SpillBytes.Load()).Str("spill", s.options.Spill.Folder).Msg("records stay in the spill; the next proxy with this folder hands them to the log")
	}
	return nil
}

func removeNode(root, node string) error {
	return os.RemoveAll(filepath.Join(root, node))
}
