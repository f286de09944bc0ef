package verify

// WithFew sets from how many suspects on values are compared instead of bytes.
func (o Options) WithFew(n int64) Options {
	o.few = n
	return o
}

// WithHeld sets how many bytes of the source are held at once.
func (o Options) WithHeld(n int) Options {
	o.held = n
	return o
}

// Canonical is the hash of a JSON value.
func Canonical(text []byte) ([32]byte, bool) { return new(canonizer).sum(text) }

// BucketOf is the bucket of a document of the first index that a verification meets.
func BucketOf(k Key) uint16 {
	key := keyHash(newNames(k.Index), k)
	return uint16(key[0])<<8 | uint16(key[1])
}

// WithBlocks has blocks of 2^bits documents, each read by itself.
func (s *Snapshot) WithBlocks(bits int) *Snapshot {
	s.blocks.bits, s.blocks.gap = bits, 0
	return s
}

// Sieve is a sieve.
type Sieve struct{ sieve *sieve }

// NewSieve makes a sieve of so many bytes.
func NewSieve(bytes int) Sieve { return Sieve{newSieve(bytes)} }

// Add adds a document.
func (s Sieve) Add(block uint64, key [16]byte) { s.sieve.add(block, key) }

// Has asks for one.
func (s Sieve) Has(block uint64, key [16]byte) bool { return s.sieve.has(block, key) }
