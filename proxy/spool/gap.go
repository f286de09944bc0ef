package spool

import (
	"context"
	"fmt"
	"time"

	"migassist/capture"
)

// gap is what was lost and is not told in the log yet.
type gap struct {
	capture.Gap // grows
	// telling is what the log is being told. It stays as it is until the log has it: readers count what they see twice once.
	telling capture.Gap
	told    int // gaps that were
	why     string
	logged  time.Time
}

// lose counts records that are nowhere. mu is held.
func (s *Spool) lose(records, requests, bytes int, err error) {
	now := s.options.Now()
	if s.gap.From.IsZero() {
		s.gap.From, s.gap.Reason = now, err.Error()
	}
	s.gap.To = now
	s.gap.Records += int64(records)
	s.gap.Requests += int64(requests)
	s.gap.Bytes += int64(bytes)
	s.stats.LostRecords.Add(int64(records))
	s.stats.LostRequests.Add(int64(requests))
	if now.Sub(s.gap.logged) >= time.Second {
		s.gap.logged = now
		s.options.Logger.Error().Err(err).Int64("lost_records", s.stats.LostRecords.Load()).Int64("lost_requests", s.stats.LostRequests.Load()).
			Msg("traffic is passing that is not captured")
	}
}

// loseUnwaited counts the records of a batch whose waiters are told: what they wait for does not pass, the others are lost. mu is held.
func (s *Spool) loseUnwaited(b *batch, err error) {
	if others := len(b.ends)/2 - b.waiting; others > 0 {
		s.lose(others, 0, 0, err)
	}
}

// tellGap writes into the log what was lost. away is held. Where it fails, nothing is forgotten.
func (s *Spool) tellGap(ctx context.Context) error {
	s.mu.Lock()
	if s.gap.telling.From.IsZero() {
		s.gap.telling, s.gap.Gap = s.gap.Gap, capture.Gap{}
	}
	telling, number := s.gap.telling, s.gap.told+1
	s.mu.Unlock()
	if telling.From.IsZero() {
		return nil
	}
	telling.Node = s.options.Node
	r := capture.EncodeGap(fmt.Sprintf("%s.gap.%d", s.name, number), telling)
	if err := s.options.Log.Append(ctx, []capture.Record{r}); err != nil {
		return err
	}
	if err := s.options.Log.Sync(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gap.told, s.gap.telling = number, capture.Gap{}
	s.stats.Gaps.Add(1)
	return nil
}
