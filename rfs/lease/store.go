package lease

import (
	"context"
	"errors"
)

// Record is one entry of a [Store].
type Record struct {
	Key string
	// Version is the store's own name for one write of the record: it differs from that of every other write. Empty in a
	// record that is to be created.
	Version string
	// Open says that someone must still act on the record. A store uses it to find such records, and for nothing else.
	Open bool
	// Body is JSON. Of the records of a list it may be missing; then Get has it.
	Body []byte
}

// Store keeps records for several processes. It may repeat a call that failed; whoever uses it does so as well, for about a lease time,
// unless the error is or wraps [ErrRefused]. Its only promise about time is that of Get and Put; nothing else in
// this package relies on more. One suite, leasetest, holds all stores to it.
type Store interface {
	// Get returns a record as it was last written by anyone, or [ErrNotFound].
	Get(ctx context.Context, key string) (Record, error)

	// Put writes Open and Body where the record still has r.Version, or does not exist where that is empty, and returns the
	// version it got. Otherwise nothing is written, and the error is [ErrConflict]. After any other error it may have been
	// written or not: Get tells.
	Put(ctx context.Context, r Record) (version string, err error)

	// List returns at most limit records whose keys begin with prefix and are above after, in the order of their bytes; where
	// open says so, only those that are Open. It may lag behind Put, but not behind a Sync: a Put that returned before Sync was called shows in
	// every List that begins after Sync has returned.
	List(ctx context.Context, prefix, after string, open bool, limit int) ([]Record, error)

	// Sync has lists show what was put before it.
	Sync(ctx context.Context) error

	// Clear removes all records.
	Clear(ctx context.Context) error

	// Close gives up what the process holds of the store. The records stay.
	Close() error
}

// What a store answers beside faults.
var (
	ErrNotFound = errors.New("no such record")
	ErrConflict = errors.New("the record was written by another")
	// ErrRefused marks faults that repeating cannot heal, as missing permissions, or a full disk.
	ErrRefused = errors.New("the store refuses")
)
