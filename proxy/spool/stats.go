package spool

import (
	"sync/atomic"

	"migassist/internal/telemetry"
)

// Stats is what became of records so far.
type Stats struct {
	Records, Bytes, Batches   atomic.Int64 // that were handed over, lost ones too
	SpilledRecords            atomic.Int64
	SpillBytes                atomic.Int64 // in the spill at present
	LostRecords, LostRequests atomic.Int64
	Gaps                      atomic.Int64 // told in the log
	Latency                   telemetry.Histogram
	away, failing             atomic.Bool
	drainedTo                 atomic.Int64 // number of the record in the spill that is handed over next
}

func (s *Stats) count(b *batch) {
	s.Records.Add(int64(len(b.ends) / 2))
	s.Bytes.Add(int64(len(b.arena)))
	s.Batches.Add(1)
}

// Stats are the counts; they go on changing.
func (s *Spool) Stats() *Stats { return &s.stats }

// Queued are the bytes that wait for the log.
func (s *Spool) Queued() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queued
}
