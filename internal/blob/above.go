package blob

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Riser is a store whose root lies within another's: a folder, or a prefix in a bucket.
type Riser interface {
	// Above opens the store in which the root of this one is the folder base, given name by name.
	Above(base []string) (Reader, error)
}

// Above opens the store in which the root of r is the folder base, for what belongs to r and yet lies beside
// it. It is an error where r is no [Riser] or its root has another name.
func Above(r Reader, base []string) (Reader, error) {
	if riser, ok := r.(Riser); ok {
		return riser.Above(base)
	}
	return nil, fmt.Errorf("open the folder above %s: this store can't", r.URI())
}

var _ Riser = (*FS)(nil)

// Above implements Riser for folders that were opened by their path.
func (s *FS) Above(base []string) (Reader, error) {
	if s.folder == "" {
		return nil, fmt.Errorf("open the folder above %s: %w", s.uri, errors.ErrUnsupported)
	}
	names := strings.Split(filepath.ToSlash(s.folder), "/")
	at := len(names) - len(base)
	if at < 1 || !slices.Equal(names[at:], base) {
		return nil, fmt.Errorf("open the folder above %s: it should end in %s, as when it was written", s.uri, strings.Join(base, "/"))
	}
	return fromFolder(filepath.Clean(filepath.FromSlash(strings.Join(names[:at], "/") + "/"))), nil
}

// Above implements Riser: a bucket is all below one root.
func (s *far) Above(base []string) (Reader, error) {
	tail := strings.Join(base, "/") + "/"
	rest, ok := strings.CutSuffix(s.base, tail)
	if !ok || rest != "" && !strings.HasSuffix(rest, "/") {
		return nil, fmt.Errorf("open the folder above %s: it should end in %s, as when it was written", s.uri, strings.TrimSuffix(tail, "/"))
	}
	above := &far{
		objects: s.objects, uri: strings.TrimSuffix(strings.TrimSuffix(s.uri, strings.TrimSuffix(tail, "/")), "/"), base: rest,
		policy: s.policy, stall: s.stall, told: s.told, memory: s.memory, kept: newKept(s.kept.limit),
	}
	above.reached.Store(s.reached.Load())
	return above, nil
}

// fromFolder returns the store of a folder of this machine.
func fromFolder(folder string) *FS {
	return &FS{fsys: os.DirFS(folder), uri: (&url.URL{Scheme: "file", Path: filepath.ToSlash(folder)}).String(), folder: folder}
}
