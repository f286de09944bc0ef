package verify

import (
	"bytes"

	"migassist/xcontent/tree"
)

// same tells whether two sources are the same bytes, or the same JSON value, numbers exactly.
func same(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, err := tree.Parse(a)
	if err != nil {
		return false
	}
	y, err := tree.Parse(b)
	return err == nil && tree.Equal(x, y)
}
