package blob

import (
	"context"
	"io"
)

// Handle is one blob held open, for many reads. ReadAt may be called from several goroutines at once. A Handle may also
// be a [Sizer], and have a method WillRead(off, length int64) that is told what is going to be read front to back soon.
type Handle interface {
	io.ReaderAt
	io.Closer
}

// Sizer is a handle that can tell how large its blob is: known is false until something of it was read.
type Sizer interface {
	Size() (size int64, known bool)
}

// Opener is a store that gains from holding a blob open: a folder saves opening the file for every read.
type Opener interface {
	OpenBlob(ctx context.Context, name string) (Handle, error)
}

// OpenBlob returns the blob called name for many reads, all of them under ctx. Where r is no [Opener],
// each read goes to r by name. That there is no such blob is an error here or, in a far store, of the first read.
func OpenBlob(ctx context.Context, r Reader, name string) (Handle, error) {
	if o, ok := r.(Opener); ok {
		return o.OpenBlob(ctx, name)
	}
	if _, err := r.Stat(ctx, name); err != nil {
		return nil, err
	}
	return &byName{ctx: ctx, r: r, name: name}, nil
}

// byName reads a blob by its name each time. It keeps the context because io.ReaderAt has no room for
// one; it lives no longer than the call that opened it allows.
type byName struct {
	ctx  context.Context //nolint:containedctx // see above
	r    Reader
	name string
}

// ReadAt implements io.ReaderAt.
func (b *byName) ReadAt(p []byte, off int64) (int, error) { return b.r.ReadAt(b.ctx, b.name, p, off) }

// Close implements io.Closer.
func (b *byName) Close() error { return nil }
