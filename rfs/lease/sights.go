package lease

import (
	"sync"
	"time"
)

const maxSights = 20_000 // far more than a fleet's leases; about 4 MB

// sight is what a worker remembers of a record: when it first saw the version it last saw. A version that has not moved for the
// lease time belongs to a dead lease, however old it was when first seen.
type sight struct {
	version string
	first   time.Time
	state   State // of this version; empty where that is not known, or does not say all
}

// sights is a worker's memory. It is bounded: what is forgotten is only noticed later.
type sights struct {
	mu    sync.Mutex
	known map[string]sight
	held  map[string]*Lease
}

// look notes a record and returns since when it has not moved. The state is empty where it is not known.
func (s *sights) look(r Record, state State, now time.Time) sight {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen, ok := s.known[r.Key]
	if !ok || seen.version != r.Version {
		seen = sight{version: r.Version, first: now}
	}
	if state != "" {
		seen.state = state
	}
	for key := range s.known { // any
		if len(s.known) < maxSights {
			break
		}
		delete(s.known, key)
	}
	s.known[r.Key] = seen
	return seen
}

func (s *sights) forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, key)
}

// hold tells sights about a lease of its own, which is nothing to watch.
func (s *sights) hold(key string, l *Lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, key)
	s.held[key] = l
}

// drop is the end of a lease, unless another of the same item is held by now.
func (s *sights) drop(key string, l *Lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[key] == l {
		delete(s.held, key)
	}
}

// holds tells whether a lease is this worker's and alive. One that its user forgot is watched like those of others.
func (s *sights) holds(key string) bool {
	s.mu.Lock()
	l := s.held[key]
	s.mu.Unlock()
	return l != nil && l.Remaining() > 0
}
