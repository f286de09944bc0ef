package verify

// WithFew sets from how many suspects on values are compared instead of bytes.
func (o Options) WithFew(n int64) Options {
	o.few = n
	return o
}

// Canonical is the hash of a JSON value.
func Canonical(text []byte) ([32]byte, bool) { return new(canonizer).sum(text) }

// BucketOf is the bucket of a document of the first index that a verification meets.
func BucketOf(k Key) uint16 {
	key := keyHash(newNames(k.Index), k)
	return uint16(key[0])<<8 | uint16(key[1])
}
