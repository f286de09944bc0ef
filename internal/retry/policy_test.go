package retry

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestPausesDoubleUpToTheCeiling(t *testing.T) {
	for random, want := range map[float64][]time.Duration{
		0: {50, 100, 200, 400, 500, 500},
		1: {100, 200, 400, 800, 1000, 1000},
	} {
		p := Policy{First: 100, Ceiling: 1000, Random: func() float64 { return random }}
		for i, pause := range want {
			if got := p.Pause(i + 1); got != pause {
				t.Errorf("after %d attempts: %d, want %d", i+1, got, pause)
			}
		}
		if got := p.Pause(1000); got != want[len(want)-1] {
			t.Errorf("after very many attempts: %d", got)
		}
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Policy{}.WithDefaults()
		before := time.Now()
		if err := p.Wait(t.Context(), 3*time.Second); err != nil || time.Since(before) != 3*time.Second {
			t.Error(err, time.Since(before))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.Wait(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
