package deadletter

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"migassist/internal/blob"
)

// Store is a place with dead letters: a folder, an object store, or a single file.
type Store struct {
	store  store
	reader blob.Reader
	place  string
	file   string // of the name, where the place is one file
}

// Open returns the place of a URI (s3://, gs://, az://, file://) or a path. A folder is made with its first part. A path to a file that is there,
// or that ends in .ndjson, is that one file; what becomes of its letters is noted in a folder beside it.
func Open(ctx context.Context, place string, o blob.Options) (*Store, error) {
	if strings.Contains(place, "://") && !strings.HasPrefix(place, "file://") {
		cells, err := blob.OpenCells(ctx, place, o)
		if err != nil {
			return nil, fmt.Errorf("the dead letters: %w", err)
		}
		reader, err := blob.Open(ctx, place, o)
		if err != nil {
			return nil, fmt.Errorf("the dead letters: %w", err)
		}
		return &Store{store: cellStore{cells}, reader: reader, place: place}, nil
	}
	name := strings.TrimPrefix(place, "file://")
	if name == "" {
		return nil, errors.New("the dead letters: the name of their place is empty")
	}
	info, err := os.Stat(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the dead letters: %w", err)
	}
	s := &Store{place: name}
	if err == nil && !info.IsDir() || err != nil && strings.HasSuffix(name, ".ndjson") {
		s.file, name = name, name+".redriven"
	}
	s.store = folder(name)
	return s, s.look(ctx)
}

// look opens a folder for reading, as soon as there is one.
func (p *Store) look(ctx context.Context) (err error) {
	dir, ok := p.store.(folder)
	if !ok || p.reader != nil {
		return nil
	}
	if _, err := os.Stat(string(dir)); err != nil {
		return nil //nolint:nilerr // nothing was written there yet
	}
	if p.reader, err = blob.Open(ctx, absolute(string(dir)), blob.Options{}); err != nil {
		return fmt.Errorf("the dead letters: %w", err)
	}
	return nil
}

func absolute(name string) string {
	if full, err := filepath.Abs(name); err == nil {
		return full
	}
	return name
}

// Writable finds out, before anything of a run exists, whether letters could be written, should there be any.
func (p *Store) Writable(ctx context.Context) error {
	to, ok := p.store.(folder)
	if !ok {
		// What is tried stays, for that needs no right to delete.
		if err := p.store.put(ctx, "README.txt", []byte(readme)); err != nil && !errors.Is(err, blob.ErrCondition) {
			return fmt.Errorf("the dead letters could not be written to %s: %w; name a place that can be written to with --dead-letters", p.place, err)
		}
		return nil
	}
	if p.file != "" {
		return CheckFile(p.file)
	}
	dir := string(to)
	for {
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			return fmt.Errorf("the dead letters can't be written to %s: %s is no folder; name another with --dead-letters", to, dir)
		}
		if err == nil {
			break
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		return fmt.Errorf("the dead letters can't be written to %s: %w", to, err)
	}
	f, err := os.CreateTemp(dir, ".migassist-*")
	if err != nil {
		return fmt.Errorf("the dead letters could not be written to %s: %w; name a folder that can be written to with --dead-letters", to, rootOf(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// readme stands in an object store beside the letters.
const readme = "Documents that migassist rfs did not write, with the reason of each: see migassist console backfill dead-letters.\n"

// folder is a store of files below a folder.
type folder string

// put writes a temporary file, makes it durable, and gives it its name.
func (f folder) put(_ context.Context, name string, body []byte) error {
	full := filepath.Join(string(f), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(full), ".part-*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(body)
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), full)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return syncFolder(filepath.Dir(full))
}

// syncFolder makes a new name durable; where folders can't be synced, their file systems do it themselves.
func syncFolder(name string) error {
	dir, err := os.Open(filepath.Clean(name))
	if err != nil {
		return err
	}
	_ = dir.Sync()
	return dir.Close()
}

// cellStore is a store of objects.
type cellStore struct{ cells *blob.Cells }

func (c cellStore) put(ctx context.Context, name string, body []byte) error {
	_, err := c.cells.Put(ctx, blob.Cell{Name: path.Clean(name), Body: body})
	return err
}
