package rfs

import (
	"context"
	"strings"
	"time"

	"migassist/rfs/lease"
)

// Exists is ErrNoRun where no run was begun, and another error where its record cannot be read.
func Exists(ctx context.Context, store lease.Store) error {
	_, err := readRun(ctx, store)
	return err
}

// Staffed tells whether a worker seems to be alive, by its clock and ours.
func (s *Status) Staffed() bool {
	for _, w := range s.Workers {
		if !w.Silent {
			return true
		}
	}
	return false
}

// aliveWatch is how long Alive looks: longer than a worker of a small fleet takes between two signs of life. Of a large fleet, some
// worker shows itself in that time.
const aliveWatch = 2 * showPolls * pollEvery

// Alive returns the names of workers that are alive. No clocks are compared: where workers did not sign off, it takes some
// seconds until one shows itself, or 18 until none is known to be alive.
func Alive(ctx context.Context, store lease.Store) ([]string, error) {
	before, err := openWorkers(ctx, store)
	if err != nil || len(before) == 0 {
		return nil, err
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for begun := time.Now(); time.Since(begun) < aliveWatch; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		now, err := openWorkers(ctx, store)
		if err != nil {
			return nil, err
		}
		var alive []string
		for key, version := range now {
			if before[key] != version {
				alive = append(alive, strings.TrimPrefix(key, workerPrefix))
			}
		}
		if len(alive) > 0 {
			return alive, nil
		}
	}
	return nil, nil
}

// openWorkers returns the versions of the records of workers that did not sign off.
func openWorkers(ctx context.Context, store lease.Store) (map[string]string, error) {
	if err := store.Sync(ctx); err != nil {
		return nil, err
	}
	records, err := listAll(ctx, store, workerPrefix, true)
	versions := make(map[string]string, len(records))
	for _, record := range records {
		versions[record.Key] = record.Version
	}
	return versions, err
}
