package lease

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
)

// Checkpoint writes how far the work has come, which also renews the lease. Here and in the others a nil progress leaves what was there.
func (l *Lease) Checkpoint(ctx context.Context, progress json.RawMessage) error {
	return l.write(ctx, "checkpoint", func(b *body) { b.advance(progress) })
}

// advance takes new progress. Whoever makes any is not killed by the item at its begin.
func (b *body) advance(progress json.RawMessage) {
	if progress == nil || bytes.Equal(b.Progress, progress) {
		return
	}
	b.Progress, b.Deaths = bytes.Clone(progress), 0
}

// Finish marks the item done.
func (l *Lease) Finish(ctx context.Context, progress json.RawMessage) error {
	return l.write(ctx, "finish", func(b *body) {
		b.advance(progress)
		b.State = Done
	})
}

// Split hands the work of the item to children: it creates those that do not exist, and then marks the item split. Who
// takes the item over from a worker that died halfway must split it in the same way. Children may be claimed from the first moment.
func (l *Lease) Split(ctx context.Context, children []Item, progress json.RawMessage) error {
	switch {
	case l.IsChild():
		return fmt.Errorf("split %s: it came from a split itself", l.Item().Name)
	case len(children) == 0:
		return fmt.Errorf("split %s: into nothing", l.Item().Name)
	}
	during, cancel := l.while(ctx)
	defer cancel()
	if err := l.c.add(during, l.Item().Name, children); err != nil {
		if over := l.over(); over != nil {
			return over
		}
		return fmt.Errorf("split %s: %w", l.Item().Name, err)
	}
	return l.write(ctx, "split", func(b *body) {
		b.advance(progress)
		b.State = Split
	})
}

// Release gives the item back for anyone to claim, at once. It does not count as an attempt.
func (l *Lease) Release(ctx context.Context, progress json.RawMessage) error {
	return l.write(ctx, "release", func(b *body) {
		b.advance(progress)
		b.State = Waiting
	})
}

// Fail gives the item back because of what is said, and counts it. After MaxFailures, or at once where it is final that the item cannot succeed,
// the item is set aside. Before that it rests a while.
func (l *Lease) Fail(ctx context.Context, progress json.RawMessage, reason string, final bool) error {
	return l.write(ctx, "give back", func(b *body) {
		b.advance(progress)
		b.blame(reason)
		b.Failed++
		b.State = Waiting
		if final || b.Failed >= l.c.MaxFailures {
			b.State = Aside
		}
	})
}
