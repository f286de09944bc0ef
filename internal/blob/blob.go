package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Entry is one blob as a listing shows it.
type Entry struct {
	Name string // relative to the store's root, slash-separated
	Size int64  // in bytes
}

// Reader is a store that can only be read. Its methods may be called from several goroutines at once.
// The suite in blobtest says in code what is said here in words.
type Reader interface {
	// List returns the blobs directly in dir, sorted by name; "" is the root. Folders are not blobs, and
	// a dir that is not there lists nothing: object stores know no folders.
	List(ctx context.Context, dir string) ([]Entry, error)
	// Stat returns the blob called name, or an error that wraps [fs.ErrNotExist].
	Stat(ctx context.Context, name string) (Entry, error)
	// ReadAt fills p from offset off of the blob, as [io.ReaderAt] promises: less than len(p) bytes come
	// with an error, which is [io.EOF] at the end of the blob.
	ReadAt(ctx context.Context, name string, p []byte, off int64) (int, error)
	// URI names the store in messages.
	URI() string
}

// FolderLister is a store that can also tell which folders lie directly in dir, sorted by name. It
// serves hints in messages; nothing may depend on it.
type FolderLister interface {
	Folders(ctx context.Context, dir string) ([]string, error)
}

// PrefixLister is a store that can list by the beginning of names, which spares it a folder's other blobs.
type PrefixLister interface {
	// ListPrefix returns the blobs directly in dir whose names go on with prefix, sorted by name.
	ListPrefix(ctx context.Context, dir, prefix string) ([]Entry, error)
}

// ListPrefix returns the blobs directly in dir whose names go on with prefix, sorted by name.
func ListPrefix(ctx context.Context, r Reader, dir, prefix string) ([]Entry, error) {
	if lister, ok := r.(PrefixLister); ok {
		return lister.ListPrefix(ctx, dir, prefix)
	}
	entries, err := r.List(ctx, dir)
	begin := path.Join(dir, "x")
	begin = begin[:len(begin)-1] + prefix
	return slices.DeleteFunc(entries, func(e Entry) bool { return !strings.HasPrefix(e.Name, begin) }), err
}

// ReadAll returns the whole blob called name, which must not be larger than limit bytes.
func ReadAll(ctx context.Context, r Reader, name string, limit int64) ([]byte, error) {
	if far, ok := r.(interface {
		readAll(ctx context.Context, name string, limit int64) ([]byte, error)
	}); ok {
		return far.readAll(ctx, name, limit)
	}
	entry, err := r.Stat(ctx, name)
	if err != nil {
		return nil, err
	}
	if entry.Size > limit {
		return nil, tooLarge(name, entry.Size, limit)
	}
	data := make([]byte, entry.Size)
	n, err := r.ReadAt(ctx, name, data, 0)
	if n == len(data) {
		return data, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: %w after %d of %d bytes", name, io.ErrUnexpectedEOF, n, len(data))
	}
	return nil, err
}

func tooLarge(name string, size, limit int64) error {
	return fmt.Errorf("read %s: it has %d bytes, at most %d are expected of a blob of its kind", name, size, limit)
}

// IsFar tells whether every question to a store is a request over the network, so that none should be asked in vain.
func IsFar(r Reader) bool {
	far, ok := r.(interface{ Far() bool })
	return ok && far.Far()
}

// notValid is the error for a name that could leave the store or mean two things.
func notValid(op, name string) error {
	return &fs.PathError{Op: op, Path: name, Err: fmt.Errorf("%w: a blob's name is relative, slash-separated and stays below the root", fs.ErrInvalid)}
}
