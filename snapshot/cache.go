package snapshot

import "sync"

// cacheLimit bounds the memory that a snapshot spends on the metadata it has read. A run reads all
// of it twice, once for the plan; beyond the limit it is fetched again.
const cacheLimit = 16 << 20

// cache keeps what was read first, until it is full: who walks all indices in order, twice, would find
// nothing in a cache that keeps what was read last.
type cache struct {
	mu   sync.Mutex
	used int64
	held map[cacheKey]any
}

// cacheKey names an index, or a shard of it; shard is -1 for the index itself.
type cacheKey struct {
	index string
	shard int
}

func (c *cache) get(key cacheKey) (any, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.held[key]
	return v, ok
}

// put keeps v, which takes about size bytes, if there is room.
func (c *cache) put(key cacheKey, v any, size int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.used+size > cacheLimit {
		return
	}
	if c.held == nil {
		c.held = map[cacheKey]any{}
	}
	if _, ok := c.held[key]; !ok {
		c.held[key], c.used = v, c.used+size
	}
}
