package bulk

import "time"

// bucket is a token bucket that may be in debt: who finds anything in it takes all it needs, and the next ones wait until
// that is paid. So a batch larger than a second's worth passes, and the rate holds all the same: over any time, no more than
// the rate allows, a tenth of a second's worth that was saved, and one batch.
type bucket struct {
	rate  float64 // tokens per second; 0: no limit
	level float64 // negative: debt
	at    time.Time
}

// saved is for how long an idle bucket fills.
const saved = 100 * time.Millisecond

// set changes the rate from now on. A debt stays, to be paid at the new rate.
func (b *bucket) set(rate float64, now time.Time) {
	b.fill(now)
	b.rate = max(rate, 0)
	b.level = min(b.level, b.rate*saved.Seconds())
}

func (b *bucket) fill(now time.Time) {
	if !b.at.IsZero() {
		b.level = min(b.level+b.rate*now.Sub(b.at).Seconds(), b.rate*saved.Seconds())
	}
	b.at = now
}

// wait tells how long the debt takes to be paid.
func (b *bucket) wait(now time.Time) time.Duration {
	b.fill(now)
	if b.rate == 0 || b.level >= 0 {
		return 0
	}
	return max(time.Duration(-b.level/b.rate*float64(time.Second)), time.Microsecond)
}

// take takes n tokens, be they there or not.
func (b *bucket) take(n int, now time.Time) {
	b.fill(now)
	if b.rate > 0 {
		b.level -= float64(n)
	}
}
