package input

import (
	"fmt"
	"strings"
)

// CorruptError says that bytes are not what their format promises.
type CorruptError struct {
	File   string // as the format names it: a Lucene file or a blob
	Offset int64  // in bytes from the start of File
	Want   string
	Got    string
}

// Error implements error.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("corrupt %s at offset %d: want %s, got %s", e.File, e.Offset, e.Want, e.Got)
}

// UnsupportedError names a format that this version does not read.
type UnsupportedError struct {
	File  string
	Codec string
	Known []string // what is read instead of it
}

// Error implements error.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s has format %q, which this version does not read (it reads %s)", e.File, e.Codec, strings.Join(e.Known, ", "))
}
