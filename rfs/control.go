package rfs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"migassist/rfs/bulk"
	"migassist/rfs/lease"
)

// Control is what the operator wants of a run. The first worker's flags set it; later only the console does. A limit is of
// all workers together; 0 is none.
type Control struct {
	State            ControlState `json:"state"`
	Since            time.Time    `json:"since"` // of the state
	MaxDocsPerSecond float64      `json:"max_docs_per_second"`
	MaxMBPerSecond   float64      `json:"max_mb_per_second"` // of 1,000,000 bytes of bulk bodies, before they are compressed
	MaxConnections   int          `json:"max_connections"`   // bulk requests in flight
	// Epoch counts how often the run was taken up again after a stop. What is tuned once is tuned again then.
	Epoch int `json:"epoch,omitempty"`
}

// ControlState is what workers do.
type ControlState string

// What workers do.
const (
	Running ControlState = "running"
	Paused  ControlState = "paused"  // they let go of their items, and wait
	Stopped ControlState = "stopped" // they let go of their items, and exit
)

// Why a worker puts its work down. Of the first two the process ends.
var (
	// ErrStopped tells that the operator stopped the run.
	ErrStopped = errors.New("the run was stopped with migassist console backfill stop; migassist console backfill resume lets workers go on")
	// ErrRemoved tells that the state of the run was removed while the worker took part in it.
	ErrRemoved = errors.New("the state of the run was removed with migassist console backfill reset")

	errPaused = errors.New("the run is paused; migassist console backfill resume lets it go on")
)

// idleError is why a worker has nothing to send through.
type idleError struct{ connections int }

func (e idleError) Error() string {
	return fmt.Sprintf("the run may have %d bulk requests in flight, and the workers before this one have them all (--max-connections)", e.connections)
}

// halt is why workers are not to go on; nil: they are.
func (c Control) halt() error {
	switch c.State {
	case Paused:
		return errPaused
	case Stopped:
		return ErrStopped
	}
	return nil
}

// megabyte is the unit of --max-mb-per-second.
const megabyte = 1e6

// share is the part of the limits that the worker of a rank, from 0, has among so many. Connections do not always go into equal
// parts; idle tells that none is left for this worker.
func (c Control) share(rank, workers int) (limits bulk.Limits, idle bool) {
	limits.DocsPerSecond = c.MaxDocsPerSecond / float64(workers)
	limits.BytesPerSecond = c.MaxMBPerSecond * megabyte / float64(workers)
	if c.MaxConnections > 0 {
		limits.Connections = c.MaxConnections / workers
		if rank < c.MaxConnections%workers {
			limits.Connections++
		}
	}
	return limits, c.MaxConnections > 0 && limits.Connections == 0
}

// ChangeControl changes what the operator wants of the run, and returns what it is now. Workers follow within seconds.
// ErrNoRun tells that there is none.
func ChangeControl(ctx context.Context, store lease.Store, change func(*Control) error) (Control, error) {
	var now Control
	err := lease.Update(ctx, store, runKey, func(old []byte) ([]byte, error) {
		if old == nil {
			return nil, ErrNoRun
		}
		run, err := parseRun(old)
		if err != nil {
			return nil, err
		}
		if err := change(&run.Control); err != nil {
			return nil, err
		}
		now = run.Control
		return json.Marshal(run)
	})
	return now, err
}

// Turn takes the run to another state. A run that was stopped begins a new epoch when it goes on.
func (c *Control) Turn(to ControlState, now time.Time) {
	if c.State == to {
		return
	}
	if c.State == Stopped {
		c.Epoch++
	}
	c.State, c.Since = to, now.UTC().Truncate(time.Second)
}
