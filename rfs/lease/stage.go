package lease

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Once has a stage of the run done by one worker of the fleet, and returns its result to all. Others wait; when the one that does it dies or loses its
// lease, another does it again. The context of do ends when its lease is lost. An error of do is returned to its
// caller alone, and leaves the stage to the others. A nil result is JSON's null.
func (c *Coordinator) Once(ctx context.Context, stage string, do func(context.Context, *Lease) (json.RawMessage, error)) (json.RawMessage, error) {
	wait, longest := c.Duration/1000, c.Duration/30
	for {
		l, result, err := c.stage(ctx, stage)
		if err != nil {
			return nil, fmt.Errorf("stage %s: %w", stage, err)
		}
		if result != nil {
			return result, nil
		}
		if l != nil {
			result, again, err := l.perform(ctx, do)
			if !again {
				return result, err
			}
			continue
		}
		if err := c.clock.Sleep(ctx, c.about(wait)); err != nil {
			return nil, err
		}
		wait = min(wait*3/2, longest)
	}
}

// stage returns a stage's result if it is done, a lease of it if nobody else does it, and nothing otherwise.
func (c *Coordinator) stage(ctx context.Context, name string) (*Lease, json.RawMessage, error) {
	key := stagePrefix + name
	r, err := c.read(ctx, key)
	if errors.Is(err, ErrNotFound) {
		l, err := c.take(ctx, Record{Key: key}, body{Entry: Entry{Item: Item{Name: name}, State: Waiting}})
		return l, nil, err
	}
	if err != nil {
		return nil, nil, err
	}
	b, err := decode(r)
	if err != nil {
		return nil, nil, err
	}
	if b.State.Final() {
		return nil, b.Progress, nil
	}
	if b.State == Leased {
		now := c.clock.Now()
		if c.sights.holds(key) || now.Sub(c.sights.look(r, Leased, now).first) < c.Duration {
			return nil, nil, nil
		}
		b.Deaths = -1 // before this one: a stage is never set aside, since there is no run without it
	}
	l, err := c.take(ctx, r, b)
	return l, nil, err
}

// perform does the work of a stage. Again says that the lease was lost on the way.
func (l *Lease) perform(ctx context.Context, do func(context.Context, *Lease) (json.RawMessage, error)) (result json.RawMessage, again bool, err error) {
	during, cancel := l.while(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		l.Keep(during)
	}()
	result, err = do(during, l)
	if err == nil {
		if result == nil {
			result = json.RawMessage("null") // and not what the last checkpoint said
		}
		err = l.Finish(ctx, result)
	}
	cancel()
	<-kept
	switch {
	case err == nil:
		return result, false, nil
	case ctx.Err() == nil && errors.Is(l.over(), ErrLost):
		return nil, true, nil
	}
	return nil, false, errors.Join(err, l.giveUp(ctx, err))
}

// giveUp leaves a stage to others, also when the context has ended already.
func (l *Lease) giveUp(ctx context.Context, reason error) error {
	if l.over() != nil {
		return nil
	}
	if ctx.Err() != nil {
		reason = nil // a clean stop is no failure
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return l.write(ctx, "release", func(b *body) {
		b.State = Waiting
		if reason != nil {
			b.blame(reason.Error())
		}
	})
}
