//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// race runs the rounds. What fails is noted on the board, and the others go on.
func (s *site) race(ctx context.Context, b *board, w io.Writer) error {
	for round := range s.rounds {
		first := round % len(s.contenders)
		for _, c := range slices.Concat(s.contenders[first:], s.contenders[:first]) {
			began := time.Now()
			if err := s.fresh(ctx, c, func(r *running) error { return s.lap(ctx, b, c, r) }); err != nil {
				b.fail(c.name, err)
				fmt.Fprintf(w, "round %d: %s: %v\n", round+1, c.name, err)
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			fmt.Fprintf(w, "round %d of %d: %s, %.0f s\n", round+1, s.rounds, c.name, time.Since(began).Seconds())
		}
	}
	return nil
}

// fresh starts a contender, proves that answers come through it unchanged, and ends it when do is done.
func (s *site) fresh(ctx context.Context, c contender, do func(*running) error) (err error) {
	r, err := s.launch(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.stop()) }()
	for _, w := range s.workloads {
		if err := ask(ctx, r.address, w.requests[0], answerOf(w)); err != nil {
			return err
		}
	}
	return do(r)
}

func answerOf(w workload) string {
	if w.name == writes {
		return writeAnswer()
	}
	return readAnswer()
}

// ask sends one request and compares the answer's body with the upstream's.
func ask(ctx context.Context, address string, r request, want string) error {
	request, err := http.NewRequestWithContext(ctx, r.method, "http://"+address+r.path, bytes.NewReader([]byte(r.body)))
	if err != nil {
		return err
	}
	if r.kind != "" {
		request.Header.Set("Content-Type", r.kind)
	}
	request.Close = true
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	if err != nil {
		return fmt.Errorf("read the answer to %s %s: %w", r.method, r.path, err)
	}
	if answer.StatusCode != http.StatusOK || string(got) != want {
		return fmt.Errorf("%s %s is answered %s with %d bytes, the upstream says %d others", r.method, r.path, answer.Status, len(got), len(want))
	}
	return nil
}

// lap is all workloads against one running contender.
func (s *site) lap(ctx context.Context, b *board, c contender, r *running) error {
	for _, w := range s.workloads {
		for n, connections := range s.connections {
			if n == 0 && s.warm > 0 {
				if _, err := s.wrk(ctx, r.address, s.scripts[w.name], connections, s.warm); err != nil {
					return err
				}
			}
			one, err := s.sample(ctx, w, connections, r)
			if err != nil {
				return err
			}
			b.add(cell{w.name, connections}, c.name, one)
		}
	}
	return nil
}

// sample is the measurement of several that others disturbed least.
func (s *site) sample(ctx context.Context, w workload, connections int, r *running) (sample, error) {
	return calmest(s.tries, func() (sample, error) {
		if err := s.calm(ctx); err != nil {
			return sample{}, err
		}
		return s.measure(ctx, w, connections, r)
	}, func(one sample) float64 { return one.others })
}

// calmest measures again, some times at most, while others use the machine, and returns what they disturbed least. It looks at nothing
// but the others: repeating until a figure pleases would be another thing.
func calmest[T any](tries int, measure func() (T, error), others func(T) float64) (T, error) {
	best, err := measure()
	for n := 1; n < tries && err == nil && others(best) > noise; n++ {
		var again T
		if again, err = measure(); err == nil && others(again) < others(best) {
			best = again
		}
	}
	return best, err
}

// measure is one measurement of wrk, and what the proxy used meanwhile.
func (s *site) measure(ctx context.Context, w workload, connections int, r *running) (sample, error) {
	before, err := r.spent(ctx, true)
	if err != nil {
		return sample{}, err
	}
	came, err := s.wrk(ctx, r.address, s.scripts[w.name], connections, s.span)
	if err != nil {
		return sample{}, err
	}
	after, err := r.spent(ctx, false)
	if err != nil {
		return sample{}, err
	}
	kept := after.since(before.captured)
	fault := came.fault(len(answerOf(w)))
	if fault == "" && r.metrics != "" {
		fault = kept.fault(came.Requests, len(answerOf(w)))
	}
	return sample{
		rate: came.rate(), p50: time.Duration(came.P50) * time.Microsecond, p99: time.Duration(came.P99) * time.Microsecond,
		processor: perRequests * (after.processor - before.processor).Seconds() / float64(max(1, came.Requests)),
		resident:  float64(after.peak), others: after.others(before.usage), fault: fault,
		capturing: r.metrics != "", spilled: kept.spilled / max(1, kept.records), lost: kept.lost / max(1, kept.records),
	}, nil
}

// perRequests is the number of requests that processor time is given for.
const perRequests = 10000

// spent is what a contender has used so far.
type spent struct {
	usage
	captured

	processor time.Duration
	peak      int64
}

// spent reads it, and lets the peak of the memory begin anew if that is asked.
func (r *running) spent(ctx context.Context, anew bool) (spent, error) {
	var now spent
	var err error
	if now.usage, err = observe(); err != nil || r.process == nil {
		return now, err
	}
	if now.processor, err = r.processor(); err != nil {
		return now, err
	}
	if now.captured, err = r.captured(ctx); err != nil {
		return now, err
	}
	if now.peak, err = r.peak(); err == nil && anew {
		err = r.forget()
	}
	return now, err
}
