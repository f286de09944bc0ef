package lease

import (
	"context"
	"errors"
	"fmt"
)

// Witness is a store that knows when a worker's process has ended: one whose workers all run on one machine.
type Witness interface {
	// Live says that this process is the worker, until it ends.
	Live(worker string) error
	// Dead tells whether the process that was the worker has certainly ended.
	Dead(worker string) bool
	// Forget gives up what is known of a dead worker.
	Forget(worker string)
}

// Bury has everything that dead workers hold wait for others at once, rather than for the lease time, where the store is a
// [Witness]. It counts as an attempt, as any death does.
func (c *Coordinator) Bury(ctx context.Context) error {
	witness, ok := c.store.(Witness)
	if !ok {
		return nil
	}
	buried := map[string]bool{}
	for _, prefix := range []string{itemPrefix, stagePrefix} {
		for after := ""; ; {
			page, err := c.store.List(ctx, prefix, after, true, nextPage)
			if err != nil {
				return fmt.Errorf("look for dead workers: %w", err)
			}
			for _, r := range page {
				if err := c.bury(ctx, witness, r, buried); err != nil {
					return fmt.Errorf("look for dead workers: %w", err)
				}
			}
			if len(page) < nextPage {
				break
			}
			after = page[len(page)-1].Key
		}
	}
	for worker := range buried {
		witness.Forget(worker)
	}
	return nil
}

func (c *Coordinator) bury(ctx context.Context, witness Witness, r Record, buried map[string]bool) error {
	if len(r.Body) == 0 {
		now, err := c.store.Get(ctx, r.Key)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		r = now
	}
	b, err := decode(r)
	if err != nil {
		return err
	}
	if b.State != Leased || b.Owner == c.Worker || !witness.Dead(b.Owner) {
		return nil
	}
	buried[b.Owner] = true
	if b.Deaths+1 >= c.MaxDeaths {
		return nil // it kills whoever takes it: the lease time decides
	}
	b.Deaths++
	b.blame(b.Owner + " was killed")
	b.State, b.Stamp, b.Updated = Waiting, c.stamp(), c.wall()
	next, err := b.encode(r.Key, r.Version)
	if err != nil {
		return err
	}
	var lost *conflictError
	if _, err := c.write(ctx, next, b.Stamp, c.Duration); err != nil && !errors.As(err, &lost) {
		return err
	}
	return nil
}
