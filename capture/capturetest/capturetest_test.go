package capturetest

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"migassist/capture"
)

// memory is a log in memory: what the suite is held against when no real one is at hand.
type memory struct {
	mu      sync.Mutex
	records []capture.Record
	grown   chan struct{} // closed when the log grows
	broken  bool
}

func (m *memory) Append(ctx context.Context, records []capture.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, r := range records {
		if m.broken && i > len(records)/2 {
			return errors.New("broken") // half of it is in the log
		}
		m.records = append(m.records, clone(r))
	}
	close(m.grown)
	m.grown = make(chan struct{})
	return ctx.Err()
}

func (m *memory) Sync(context.Context) error { return nil }
func (m *memory) Close() error               { return nil }

type memorySource struct {
	m      *memory
	follow bool
	at     int
}

func (s *memorySource) Next(ctx context.Context) (capture.Entry, error) {
	for {
		if err := ctx.Err(); err != nil {
			return capture.Entry{}, err
		}
		s.m.mu.Lock()
		grown, end := s.m.grown, s.at == len(s.m.records)
		if !end {
			defer s.m.mu.Unlock()
			s.at++
			return capture.Entry{Record: s.m.records[s.at-1], Position: capture.Position{Part: "memory", Offset: int64(s.at)}}, nil
		}
		s.m.mu.Unlock()
		if !s.follow {
			return capture.Entry{}, io.EOF
		}
		select {
		case <-grown:
		case <-ctx.Done():
		}
	}
}

func (s *memorySource) Close() error { return nil }

func TestAMemoryHoldsTheContract(t *testing.T) {
	Run(t, func(*testing.T) Log {
		m := &memory{grown: make(chan struct{})}
		set := func(broken bool) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.broken = broken
		}
		return Log{
			Appender: func(*testing.T) capture.Appender { return m },
			Source:   func(_ *testing.T, follow bool) capture.Source { return &memorySource{m: m, follow: follow} },
			Break: func(*testing.T) {
				set(true)
				<-time.After(50 * time.Millisecond)
				set(false)
			},
		}
	})
}
