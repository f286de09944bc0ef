package leasetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"migassist/rfs/lease"
)

// Memory is a store for the workers of one process. It forgets everything at the end.
type Memory struct {
	mu      sync.Mutex
	writes  uint64
	keys    []string // sorted
	open    []string // those of Open records, sorted
	records map[string]lease.Record
}

var _ lease.Store = (*Memory)(nil)

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{records: map[string]lease.Record{}} }

// Get returns a record.
func (m *Memory) Get(ctx context.Context, key string) (lease.Record, error) {
	if err := context.Cause(ctx); err != nil {
		return lease.Record{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.records[key]
	if !ok {
		return lease.Record{}, fmt.Errorf("get %s: %w", key, lease.ErrNotFound)
	}
	r.Body = bytes.Clone(r.Body)
	return r, nil
}

// Put compares and sets.
func (m *Memory) Put(ctx context.Context, r lease.Record) (string, error) {
	if err := context.Cause(ctx); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, exists := m.records[r.Key]
	if exists != (r.Version != "") || old.Version != r.Version {
		return "", fmt.Errorf("put %s: %w", r.Key, lease.ErrConflict)
	}
	if !exists {
		m.keys = with(m.keys, r.Key)
	}
	switch {
	case r.Open && !old.Open:
		m.open = with(m.open, r.Key)
	case !r.Open && old.Open:
		m.open = without(m.open, r.Key)
	}
	m.writes++
	r.Version = strconv.FormatUint(m.writes, 10)
	r.Body = bytes.Clone(r.Body)
	m.records[r.Key] = r
	return r.Version, nil
}

func with(keys []string, key string) []string {
	at, _ := slices.BinarySearch(keys, key)
	return slices.Insert(keys, at, key)
}

func without(keys []string, key string) []string {
	at, found := slices.BinarySearch(keys, key)
	if !found {
		return keys
	}
	return slices.Delete(keys, at, at+1)
}

// List never lags.
func (m *Memory) List(ctx context.Context, prefix, after string, open bool, limit int) ([]lease.Record, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	keys := m.keys
	if open {
		keys = m.open
	}
	at, found := slices.BinarySearch(keys, max(prefix, after))
	if found && keys[at] == after {
		at++
	}
	var page []lease.Record
	for _, key := range keys[at:] {
		if len(page) == limit || !strings.HasPrefix(key, prefix) {
			break
		}
		r := m.records[key]
		r.Body = bytes.Clone(r.Body)
		page = append(page, r)
	}
	return page, nil
}

// Sync has nothing to do.
func (m *Memory) Sync(ctx context.Context) error { return context.Cause(ctx) }

// Clear removes all records. Versions go on.
func (m *Memory) Clear(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keys, m.open = nil, nil
	clear(m.records)
	return nil
}

// Close has nothing to give up.
func (m *Memory) Close() error { return nil }
