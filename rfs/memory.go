package rfs

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"migassist/rfs/lease"
)

// memory is the store of a run that no other process takes part in, and that a next one begins anew. Of what is open it lists
// only the first by name, so that its one worker takes the items in an order that is the same each time.
type memory struct {
	mu      sync.Mutex
	records map[string]lease.Record
	keys    []string // of the records, sorted
	open    []string // keys of the open records, sorted by name
	writes  int
}

var _ lease.Store = (*memory)(nil)

func newMemory() *memory { return &memory{records: map[string]lease.Record{}} }

// Get implements lease.Store.
func (m *memory) Get(_ context.Context, key string) (lease.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.records[key]
	if !ok {
		return lease.Record{}, lease.ErrNotFound
	}
	r.Body = slices.Clone(r.Body)
	return r, nil
}

// Put implements lease.Store.
func (m *memory) Put(_ context.Context, r lease.Record) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.records[r.Key].Version != r.Version {
		return "", lease.ErrConflict
	}
	if at, found := slices.BinarySearch(m.keys, r.Key); !found {
		m.keys = slices.Insert(m.keys, at, r.Key)
	}
	at, was := slices.BinarySearchFunc(m.open, r.Key, byName)
	switch {
	case r.Open && !was:
		m.open = slices.Insert(m.open, at, r.Key)
	case !r.Open && was:
		m.open = slices.Delete(m.open, at, at+1)
	}
	m.writes++
	r.Version, r.Body = strconv.Itoa(m.writes), slices.Clone(r.Body)
	m.records[r.Key] = r
	return r.Version, nil
}

// byName compares keys by what follows the hash in them, KIND/HASH/NAME.
func byName(a, b string) int {
	if order := strings.Compare(nameIn(a), nameIn(b)); order != 0 {
		return order
	}
	return strings.Compare(a, b)
}

func nameIn(key string) string {
	kind, rest, _ := strings.Cut(key, "/")
	if _, name, ok := strings.Cut(rest, "/"); ok {
		return kind + "/" + name
	}
	return key
}

// List implements lease.Store.
func (m *memory) List(_ context.Context, prefix, after string, open bool, limit int) ([]lease.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []lease.Record
	if open {
		at := slices.IndexFunc(m.open, func(key string) bool { return strings.HasPrefix(key, prefix) })
		if at >= 0 && m.open[at] > after && limit > 0 {
			found = append(found, m.records[m.open[at]])
		}
		return found, nil
	}
	begin, _ := slices.BinarySearch(m.keys, max(prefix, after))
	for _, key := range m.keys[begin:] {
		if len(found) == limit || !strings.HasPrefix(key, prefix) {
			break
		}
		if key > after {
			found = append(found, m.records[key])
		}
	}
	return found, nil
}

// Sync implements lease.Store.
func (m *memory) Sync(context.Context) error { return nil }

// Clear implements lease.Store.
func (m *memory) Clear(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.records)
	m.keys, m.open = nil, nil
	return nil
}

// Close implements lease.Store.
func (m *memory) Close() error { return nil }
