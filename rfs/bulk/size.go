package bulk

import "sync"

// sizes remembers which sizes of requests the target takes.
type sizes struct {
	mu      sync.Mutex
	taken   int // bytes, at most, of those it took
	refused int // bytes, at least, of those that were too large for it; 0: none was
}

func (s *sizes) took(size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = max(s.taken, size)
	if s.refused != 0 && s.refused <= size { // it takes more than it did
		s.refused = 0
	}
}

func (s *sizes) refuse(size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused == 0 || size < s.refused {
		s.refused = size
	}
	if s.taken >= size { // it takes less than it did
		s.taken = 0
	}
}

// limit returns how many bytes to send at most: 0 where nothing was ever too large. It is always below what was refused.
func (s *sizes) limit() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused == 0 {
		return 0
	}
	return max(1, s.taken, s.refused/2)
}
