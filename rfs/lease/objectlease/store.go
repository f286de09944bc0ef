package objectlease

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"migassist/internal/blob"
	"migassist/rfs/lease"
)

// Store keeps the records of one session. Methods may be called from several goroutines at once.
type Store struct {
	cells   *blob.Cells
	session string // begin of every object's name; ends in a slash

	mu    sync.Mutex
	tried bool // the place keeps its promises
}

var _ lease.Store = (*Store)(nil)

// pageSize is what the stores list in one request; atOnce is how many objects are removed at the same time.
const (
	pageSize = 1000
	atOnce   = 16
)

// Open returns the store of a session at s3://bucket/prefix, gs://bucket/prefix or az://container/prefix. It asks whether the session is
// there, and writes nothing.
func Open(ctx context.Context, uri string, o blob.Options, session string) (*Store, error) {
	if session == "" {
		return nil, errors.New("open the run's state: the session has no name")
	}
	if bucket, _, _ := strings.Cut(strings.TrimPrefix(uri, "s3://"), "/"); bucket != uri && strings.HasSuffix(bucket, "--x-s3") {
		return nil, fmt.Errorf("open the run's state at %s: it is a directory bucket (S3 Express), which does not list in order: name a general purpose bucket", uri)
	}
	cells, err := blob.OpenCells(ctx, uri, o)
	if err != nil {
		return nil, fmt.Errorf("open the run's state: %w", err)
	}
	s := &Store{cells: cells, session: escape(session) + "/"}
	there, err := cells.List(ctx, s.session, "", 1)
	if err != nil {
		return nil, fmt.Errorf("open the run's state: %w", err)
	}
	s.tried = len(there) > 0 // by whoever wrote it
	return s, nil
}

// URI names the place of the session in messages.
func (s *Store) URI() string { return s.cells.URI() + "/" + strings.TrimSuffix(s.session, "/") }

// Get implements lease.Store, with one request.
func (s *Store) Get(ctx context.Context, key string) (lease.Record, error) {
	cell, err := s.cells.Get(ctx, s.session+escape(key))
	if errors.Is(err, fs.ErrNotExist) {
		return lease.Record{}, fmt.Errorf("record %s at %s: %w", key, s.URI(), lease.ErrNotFound)
	}
	if err != nil {
		return lease.Record{}, fmt.Errorf("record %s: %w", key, err)
	}
	return unpack(key, cell.Version, cell.Body)
}

// Put implements lease.Store, with one request; the first ones of a session try the place.
func (s *Store) Put(ctx context.Context, r lease.Record) (version string, err error) {
	if err := s.try(ctx); err != nil {
		return "", err
	}
	data, err := pack(r)
	if err != nil {
		return "", fmt.Errorf("record %s: %w", r.Key, err)
	}
	version, err = s.cells.Put(ctx, blob.Cell{Name: s.session + escape(r.Key), Version: r.Version, Body: data})
	if errors.Is(err, blob.ErrCondition) {
		return "", fmt.Errorf("record %s at %s: %w", r.Key, s.URI(), lease.ErrConflict)
	}
	if err != nil {
		return "", fmt.Errorf("record %s: %w", r.Key, err)
	}
	return version, nil
}

// List implements lease.Store, without bodies, with one request per thousand records that it passes over. It is never behind.
func (s *Store) List(ctx context.Context, prefix, after string, open bool, limit int) ([]lease.Record, error) {
	var records []lease.Record
	from := ""
	if after != "" {
		from = s.session + escape(after)
	}
	size := limit
	if open {
		size = pageSize // most of what is passed over may not be open
	}
	for {
		cells, err := s.cells.List(ctx, s.session+escape(prefix), from, size)
		if err != nil {
			return nil, fmt.Errorf("list records: %w", err)
		}
		for _, cell := range cells {
			from = cell.Name
			key, ours := unescape(strings.TrimPrefix(cell.Name, s.session))
			if !ours || open && !isOpen(cell.Size) {
				continue
			}
			records = append(records, lease.Record{Key: key, Version: cell.Version, Open: isOpen(cell.Size)})
			if len(records) == limit {
				return records, nil
			}
		}
		if len(cells) < size {
			return records, nil
		}
	}
}

// Sync implements lease.Store: lists of these stores show what was written before they began.
func (s *Store) Sync(ctx context.Context) error { return context.Cause(ctx) }

// Clear implements lease.Store: it removes what lies below the session's prefix, one request each.
func (s *Store) Clear(ctx context.Context) error {
	for {
		cells, err := s.cells.List(ctx, s.session, "", pageSize)
		if err != nil {
			return fmt.Errorf("clear the run's state: %w", err)
		}
		if len(cells) == 0 {
			return nil
		}
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(atOnce)
		for _, cell := range cells {
			group.Go(func() error { return s.cells.Delete(ctx, cell.Name) })
		}
		if err := group.Wait(); err != nil {
			return fmt.Errorf("clear the run's state: %w", err)
		}
	}
}

// Close implements lease.Store.
func (s *Store) Close() error { return nil }
