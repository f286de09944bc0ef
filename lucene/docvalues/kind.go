package docvalues

import (
	"errors"
	"fmt"
)

// Kind is the kind of a column, coded as .fnm codes it; .dvm begins with Numeric at 0.
type Kind byte

// The kinds of columns.
const (
	None Kind = iota
	Numeric
	Binary
	Sorted
	SortedSet
	SortedNumeric
)

// String returns the kind as Lucene spells it.
func (k Kind) String() string {
	names := [...]string{"none", "numeric", "binary", "sorted", "sorted set", "sorted numeric"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("kind %d", byte(k))
}

// ErrNoColumn says that a field has no column in these files.
var ErrNoColumn = errors.New("no column")

// TooLargeError says that the values of one document take more memory than was allowed.
type TooLargeError struct {
	File  string
	Doc   int
	Limit int // bytes
}

// Error implements error.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the values of document %d in %s take more than %d bytes", e.Doc, e.File, e.Limit)
}

// HasTerms tells whether the values of such a column are bytes, not numbers.
func (k Kind) HasTerms() bool { return k == Binary || k == Sorted || k == SortedSet }
