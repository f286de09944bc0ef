package verify

import (
	"errors"
	"fmt"
	"os"

	"migassist/cluster"
	"migassist/rfs"
)

// Undo keeps what is lost. Save returns when it is on the disk.
type Undo interface {
	Save(lines []byte) error
}

// appendUndo appends the operation that puts back what is there now; nothing where nothing is.
func appendUndo(undo []byte, key Key, now cluster.Fetched) []byte {
	if !now.Found {
		return undo
	}
	line, err := encode(map[string]operation{"index": {Index: now.Index, ID: key.ID, Routing: key.Routing}})
	if err != nil { // strings always encode
		return undo
	}
	return append(rfs.AppendLine(append(undo, line...), now.Source), '\n')
}

// UndoFile is an Undo that makes its file when there is something to save, and appends to it if it is there.
type UndoFile struct {
	Name string

	file *os.File
}

// Save implements Undo.
func (u *UndoFile) Save(lines []byte) (err error) {
	if len(lines) == 0 {
		return nil
	}
	if u.file == nil {
		if u.file, err = os.OpenFile(u.Name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
			return fmt.Errorf("the undo file, without which nothing is overwritten or removed: %w", err)
		}
	}
	_, err = u.file.Write(lines)
	if err == nil {
		err = u.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("the undo file, without which nothing is overwritten or removed: %w", err)
	}
	return nil
}

// Used tells whether something was saved.
func (u *UndoFile) Used() bool { return u.file != nil }

// Close closes the file.
func (u *UndoFile) Close() error {
	if u.file == nil {
		return nil
	}
	if err := u.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("close the undo file: %w", err)
	}
	return nil
}
