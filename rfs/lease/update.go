package lease

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Update changes a record that is no item: it is read, changed, and written where nobody else wrote meanwhile, again and again. What change
// gets is nil where there is no record; where it returns nil, nothing is written. It may be called again after a write that did happen, so doing it
// twice must be as good as once.
func Update(ctx context.Context, store Store, key string, change func(old []byte) ([]byte, error)) error {
	c := New(store, Options{})
	return c.patiently(ctx, c.Duration, func(ctx context.Context) error {
		for {
			if err := c.change(ctx, key, change); !errors.Is(err, ErrConflict) {
				return err
			}
			if err := c.clock.Sleep(ctx, c.about(20*time.Millisecond)); err != nil {
				return err
			}
		}
	})
}

// change makes one try. What change says ends the tries.
func (c *Coordinator) change(ctx context.Context, key string, change func(old []byte) ([]byte, error)) error {
	r, err := c.store.Get(ctx, key)
	switch {
	case errors.Is(err, ErrNotFound):
		r = Record{Key: key}
	case err != nil:
		return fmt.Errorf("update %s: %w", key, err)
	}
	text, err := change(r.Body)
	if err != nil || text == nil {
		return permanent(err)
	}
	if !json.Valid(text) {
		return permanent(fmt.Errorf("update %s: %.100q is not JSON", key, text))
	}
	r.Body = text
	_, err = c.store.Put(ctx, r)
	return err
}
