package lease

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// finalError ends patience, and comes out as what it wraps.
type finalError struct{ error }

func permanent(err error) error {
	if err == nil {
		return nil
	}
	return finalError{err}
}

// patiently repeats what fails, until it has failed for as long as given. A store that restarts is nothing to lose work for.
func (c *Coordinator) patiently(ctx context.Context, patience time.Duration, do func(context.Context) error) error {
	begin := c.clock.Now()
	wait := 100 * time.Millisecond
	for {
		err := c.once(ctx, do)
		var final finalError
		switch {
		case err == nil:
			return nil
		case errors.As(err, &final):
			return final.error
		case ctx.Err() != nil:
			return errors.Join(context.Cause(ctx), err)
		case errors.Is(err, ErrRefused) || errors.Is(err, ErrConflict) || errors.Is(err, ErrNotFound):
			return err
		case c.clock.Now().Sub(begin)+wait > patience:
			return fmt.Errorf("%w (tried for %s)", err, c.clock.Now().Sub(begin).Round(time.Second))
		}
		if err := c.clock.Sleep(ctx, c.about(wait)); err != nil {
			return err
		}
		wait = min(2*wait, 5*time.Second)
	}
}

// once bounds a call: one that hangs must not eat up the patience.
func (c *Coordinator) once(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, min(max(c.Duration/6, 5*time.Second), time.Minute))
	defer cancel()
	return do(ctx)
}

func (c *Coordinator) read(ctx context.Context, key string) (r Record, err error) {
	err = c.patiently(ctx, c.Duration, func(ctx context.Context) error {
		r, err = c.store.Get(ctx, key)
		return err
	})
	return r, err
}

// listPatience is for who looks for work, and has no lease to lose meanwhile: however short leases are, a store may be started anew.
const listPatience = 10 * time.Minute

func (c *Coordinator) list(ctx context.Context, after string, open bool, limit int) (page []Record, err error) {
	err = c.patiently(ctx, max(c.Duration, listPatience), func(ctx context.Context) error {
		page, err = c.store.List(ctx, itemPrefix, after, open, limit)
		return err
	})
	return page, err
}

// conflictError is a write that did not happen, with what is there instead.
type conflictError struct {
	key  string
	body body   // zero where the record is gone
	now  Record // the same
}

func (e *conflictError) Error() string {
	if e.now.Version == "" {
		return e.key + " was removed"
	}
	return fmt.Sprintf("%s is %s by %s", e.key, e.body.State, e.body.Owner)
}

func (e *conflictError) Unwrap() error { return ErrConflict }

// write puts a record and finds out whether it was written where the answer does not say: then what is there carries the stamp. Repeating it is
// harmless, since at most one write of this version can happen, and all tries are the same write.
func (c *Coordinator) write(ctx context.Context, r Record, stamp string, patience time.Duration) (version string, err error) {
	err = c.patiently(ctx, patience, func(ctx context.Context) error {
		var putErr error
		if version, putErr = c.store.Put(ctx, r); putErr == nil {
			return nil
		}
		if ctx.Err() != nil {
			return putErr
		}
		now, err := c.store.Get(ctx, r.Key)
		switch {
		case errors.Is(err, ErrNotFound) && r.Version == "":
			if errors.Is(putErr, ErrConflict) {
				return fmt.Errorf("create %s: it exists, and it does not", r.Key) // removed in between: again
			}
			return putErr
		case errors.Is(err, ErrNotFound):
			return permanent(&conflictError{key: r.Key})
		case err != nil:
			return err
		}
		there, err := decode(now)
		switch {
		case err != nil:
			return permanent(err)
		case there.Stamp == stamp:
			version = now.Version
			return nil
		case now.Version != r.Version:
			return permanent(&conflictError{key: r.Key, body: there, now: now})
		case !errors.Is(putErr, ErrConflict):
			return putErr // not written so far
		}
		// A conflict with the very version that was expected is one with a write that is not through.
		return fmt.Errorf("put %s: %v", r.Key, putErr) //nolint:errorlint // not a conflict for the caller
	})
	return version, err
}
