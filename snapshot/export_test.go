package snapshot

// Forget empties the cache, so that a test reads the store again.
func (s *Snapshot) Forget() {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	s.cache.held, s.cache.used = nil, 0
}
