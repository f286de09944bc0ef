package input

import "fmt"

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
