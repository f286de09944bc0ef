package verify

// WithFew sets from how many suspects on values are compared instead of bytes.
func (o Options) WithFew(n int64) Options {
	o.few = n
	return o
}

// Canonical is the hash of a JSON value.
func Canonical(text []byte) ([32]byte, bool) { return new(canonizer).sum(text) }
