package blob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"migassist/internal/blob/object"
	"migassist/internal/retry"
)

// ErrChanged is wrapped by the error for a blob that was replaced while it was read: bytes of two blobs are never mixed.
var ErrChanged = errors.New("the blob was replaced while it was read; nothing may write to the repository meanwhile")

// objects is what an object store of any kind answers.
type objects interface {
	Get(ctx context.Context, r object.Request) (*object.Content, error)
	List(ctx context.Context, prefix, token string) (*object.Page, error)
}

// far is a store over an object store: every question is a request. It repeats what failed for now, resumes a body
// that broke off, and keeps small pieces, and what lies ahead in windows, in memory.
type far struct {
	objects objects
	uri     string
	base    string // begin of every key; empty, or ends in a slash
	policy  retry.Policy
	stall   time.Duration // without a byte, a request is given up
	told    func(Retry)
	reached atomic.Bool // the store has answered at least once
	memory  *memory
	kept    *kept
}

var (
	_ Reader       = (*far)(nil)
	_ Opener       = (*far)(nil)
	_ FolderLister = (*far)(nil)
	_ PrefixLister = (*far)(nil)
	_ Riser        = (*far)(nil)
)

// newFar is the store below a prefix of a bucket.
func newFar(bucket objects, uri, prefix string, o Options) *far {
	s := &far{
		objects: bucket, uri: uri, told: o.Retrying,
		policy: o.Retry.WithDefaults(), stall: o.Stall,
		memory: newMemory(o.ReadAhead), kept: newKept(o.ReadAhead / keptShare),
	}
	if prefix != "" {
		s.base = prefix + "/"
	}
	return s
}

// URI implements Reader.
func (s *far) URI() string { return s.uri }

// Far tells that every question is a request.
func (s *far) Far() bool { return true }

// List implements Reader.
func (s *far) List(ctx context.Context, dir string) ([]Entry, error) {
	return s.ListPrefix(ctx, dir, "")
}

// ListPrefix implements PrefixLister.
func (s *far) ListPrefix(ctx context.Context, dir, prefix string) ([]Entry, error) {
	var blobs []Entry
	folders := map[string]bool{}
	err := s.pages(ctx, dir, prefix, func(page *object.Page) {
		for _, prefix := range page.Prefixes {
			folders[strings.TrimSuffix(prefix, "/")] = true
		}
		for _, item := range page.Items {
			name, ours := strings.CutPrefix(item.Key, s.base)
			if ours && fs.ValidPath(name) { // a key that ends in a slash stands for a folder
				blobs = append(blobs, Entry{Name: name, Size: item.Size})
			}
		}
	})
	// Stores with a hierarchy list the folder itself too, as an object without bytes.
	blobs = slices.DeleteFunc(blobs, func(e Entry) bool { return e.Size == 0 && folders[s.base+e.Name] })
	slices.SortFunc(blobs, func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
	return blobs, err
}

// Folders implements FolderLister.
func (s *far) Folders(ctx context.Context, dir string) ([]string, error) {
	var folders []string
	err := s.pages(ctx, dir, "", func(page *object.Page) {
		for _, prefix := range page.Prefixes {
			if name := strings.TrimSuffix(strings.TrimPrefix(prefix, s.base), "/"); fs.ValidPath(name) {
				folders = append(folders, name)
			}
		}
	})
	slices.Sort(folders)
	return slices.Compact(folders), err
}

// pages calls f with everything directly in dir whose name begins so.
func (s *far) pages(ctx context.Context, dir, begins string, f func(*object.Page)) error {
	prefix := s.base
	if dir != "" {
		if !fs.ValidPath(dir) || dir == "." {
			return notValid("list", dir)
		}
		prefix += dir + "/"
	}
	prefix += begins
	token := ""
	for {
		var page *object.Page
		err := s.patiently(ctx, "list "+prefix, func() (moved bool, err error) {
			page, err = s.objects.List(ctx, prefix, token)
			return false, err
		})
		if err != nil {
			return s.named("list", dir, err)
		}
		f(page)
		if token = page.Next; token == "" {
			return nil
		}
	}
}

// Stat implements Reader.
func (s *far) Stat(ctx context.Context, name string) (Entry, error) {
	if err := s.check(ctx, "stat", name); err != nil {
		return Entry{}, err
	}
	version := &pin{}
	if _, err := s.fetch(ctx, name, make([]byte, 1), 0, version); err != nil && !errors.Is(err, io.EOF) {
		return Entry{}, s.named("stat", name, err)
	}
	size, _ := version.sized()
	return Entry{Name: name, Size: size}, nil
}

// ReadAt implements Reader.
func (s *far) ReadAt(ctx context.Context, name string, p []byte, off int64) (int, error) {
	h, err := s.OpenBlob(ctx, name)
	if err != nil {
		return 0, err
	}
	n, err := h.ReadAt(p, off)
	if closeErr := h.Close(); err == nil {
		err = closeErr
	}
	return n, err
}

// readAll reads a whole blob with one request.
func (s *far) readAll(ctx context.Context, name string, limit int64) ([]byte, error) {
	if err := s.check(ctx, "read", name); err != nil {
		return nil, err
	}
	var data []byte
	n := 0
	version := &pin{}
	err := s.patiently(ctx, "read "+name, func() (moved bool, err error) {
		n, err = s.stream(ctx, object.Request{Key: s.base + name}, version, func(c *object.Content) ([]byte, error) {
			if c.Size > limit {
				return nil, tooLarge(name, c.Size, limit)
			}
			data = make([]byte, c.Size)
			return data, nil
		})
		if n > 0 {
			err = nil // what is missing is fetched below
		}
		return false, err
	})
	if err == nil && n < len(data) {
		_, err = s.fetch(ctx, name, data[n:], int64(n), version)
	}
	if err != nil {
		return nil, s.named("read", name, err)
	}
	return data, nil
}

func (s *far) check(ctx context.Context, op, name string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if !fs.ValidPath(name) || name == "." {
		return notValid(op, name)
	}
	return nil
}

// named says in an error what was being done to which blob, and leaves io.EOF alone, which is no failure.
func (s *far) named(op, name string, err error) error {
	if err == nil || err == io.EOF { //nolint:errorlint // io.ReaderAt's bare io.EOF, as made by fetch
		return err
	}
	if object.KindOf(err) == object.Changed {
		err = fmt.Errorf("%w: %w", ErrChanged, err)
	}
	if op == "list" {
		return fmt.Errorf("list %s: %w", strings.TrimSuffix(s.uri+"/"+name, "/"), err)
	}
	return fmt.Errorf("%s blob %s of %s: %w", op, name, s.uri, err)
}
