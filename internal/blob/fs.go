package blob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"sync"
	"syscall"
)

// FS is a store over a file system: a folder through os.DirFS, or one embedded in the binary.
type FS struct {
	fsys   fs.FS
	uri    string
	folder string // on this machine, where it was opened by its path
}

var (
	_ Reader       = (*FS)(nil)
	_ Opener       = (*FS)(nil)
	_ FolderLister = (*FS)(nil)
)

// FromFS returns the store whose root is that of fsys; uri names it in messages. The files of fsys must
// implement io.ReaderAt or io.Seeker. Symbolic links are followed where fsys does.
func FromFS(fsys fs.FS, uri string) Reader {
	return &FS{fsys: fsys, uri: uri}
}

// URI implements Reader.
func (s *FS) URI() string { return s.uri }

// List implements Reader.
func (s *FS) List(ctx context.Context, dir string) ([]Entry, error) {
	var blobs []Entry
	err := s.each(ctx, dir, func(name string, e fs.DirEntry) error {
		info, err := s.info(name, e)
		if notThere(err) {
			return nil // deleted since, or a link that leads nowhere
		}
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		blobs = append(blobs, Entry{Name: name, Size: info.Size()})
		return nil
	})
	slices.SortFunc(blobs, func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
	return blobs, err
}

// Folders implements FolderLister.
func (s *FS) Folders(ctx context.Context, dir string) ([]string, error) {
	var folders []string
	err := s.each(ctx, dir, func(name string, e fs.DirEntry) error {
		if info, err := s.info(name, e); err == nil && info.IsDir() {
			folders = append(folders, name)
		}
		return nil
	})
	slices.Sort(folders)
	return folders, err
}

// each calls f with everything in dir; a dir that is not there, or is a file, holds nothing.
func (s *FS) each(ctx context.Context, dir string, f func(name string, e fs.DirEntry) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	at := dir
	if at == "" {
		at = "."
	} else if !fs.ValidPath(dir) || dir == "." {
		return notValid("list", dir)
	}
	if info, err := fs.Stat(s.fsys, at); notThere(err) || err == nil && !info.IsDir() {
		return nil
	}
	entries, err := fs.ReadDir(s.fsys, at)
	if err != nil {
		return fmt.Errorf("list %q: %w", dir, err)
	}
	for _, e := range entries {
		if err := f(path.Join(dir, e.Name()), e); err != nil {
			return fmt.Errorf("list %q: %w", dir, err)
		}
	}
	return nil
}

// info is what e leads to, also through a symbolic link.
func (s *FS) info(name string, e fs.DirEntry) (fs.FileInfo, error) {
	if e.Type()&fs.ModeSymlink != 0 {
		return fs.Stat(s.fsys, name)
	}
	return e.Info()
}

// Stat implements Reader.
func (s *FS) Stat(ctx context.Context, name string) (Entry, error) {
	if err := s.check(ctx, "stat", name); err != nil {
		return Entry{}, err
	}
	info, err := fs.Stat(s.fsys, name)
	if err != nil {
		return Entry{}, wrap("stat", name, err)
	}
	if !info.Mode().IsRegular() {
		return Entry{}, wrap("stat", name, errNoFile)
	}
	return Entry{Name: name, Size: info.Size()}, nil
}

// ReadAt implements Reader.
func (s *FS) ReadAt(ctx context.Context, name string, p []byte, off int64) (int, error) {
	h, err := s.OpenBlob(ctx, name)
	if err != nil {
		return 0, err
	}
	n, err := h.ReadAt(p, off)
	if closeErr := h.Close(); err == nil && closeErr != nil {
		err = wrap("close", name, closeErr)
	}
	return n, err
}

// OpenBlob implements Opener.
func (s *FS) OpenBlob(ctx context.Context, name string) (Handle, error) {
	if err := s.check(ctx, "open", name); err != nil {
		return nil, err
	}
	f, err := s.fsys.Open(name)
	if err != nil {
		return nil, wrap("open", name, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNoFile
	}
	if err != nil {
		return nil, errors.Join(wrap("open", name, err), f.Close())
	}
	h := &handle{ctx: ctx, name: name, file: f, size: info.Size()}
	switch at := f.(type) {
	case io.ReaderAt:
		h.at = at
	case io.ReadSeeker:
		h.at = &seeker{rs: at}
	default:
		return nil, errors.Join(wrap("open", name, errors.New("its file system gives no access by offset")), f.Close())
	}
	return h, nil
}

// errNoFile is the answer for a folder, or a device, where a blob was asked for.
var errNoFile = fmt.Errorf("it is no file: %w", fs.ErrNotExist)

// notThere is true also below a file ("index-0/x"), which a folder calls another error.
func notThere(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// wrap names the blob in an error, and leaves io.EOF alone, which is no failure.
func wrap(op, name string, err error) error {
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return err
	case notThere(err) && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s blob %s: %w: %w", op, name, fs.ErrNotExist, err)
	}
	return fmt.Errorf("%s blob %s: %w", op, name, err)
}

func (s *FS) check(ctx context.Context, op, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !fs.ValidPath(name) || name == "." {
		return notValid(op, name)
	}
	return nil
}

// handle is an open file that stops reading with its context and names the blob in its errors.
type handle struct {
	ctx  context.Context //nolint:containedctx // io.ReaderAt has no room for one
	name string
	file fs.File
	size int64
	at   io.ReaderAt
}

// ReadAt implements io.ReaderAt.
func (h *handle) ReadAt(p []byte, off int64) (int, error) {
	if err := h.ctx.Err(); err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, wrap("read", h.name, fmt.Errorf("%w: offset %d", fs.ErrInvalid, off))
	}
	if off >= h.size {
		return 0, io.EOF // embedded file systems call an offset beyond the end invalid
	}
	n, err := h.at.ReadAt(p, off)
	return n, wrap("read", h.name, err)
}

// Close implements io.Closer.
func (h *handle) Close() error { return h.file.Close() }

// seeker reads by offset from what can only seek.
type seeker struct {
	mu sync.Mutex
	rs io.ReadSeeker
}

// ReadAt implements io.ReaderAt.
func (s *seeker) ReadAt(p []byte, off int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.rs.Seek(off, io.SeekStart); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(s.rs, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}
