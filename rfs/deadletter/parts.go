package deadletter

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"
)

// Parts writes letters as gzip NDJSON, a new part for each index at each [Parts.Sync]. Names hold the worker and the time, so that no two
// workers, and no two runs, ever write the same one.
type Parts struct {
	store   store
	options PartsOptions
	open    map[string]*part // by the target's index
	seq     int
}

// PartsOptions say whose letters they are.
type PartsOptions struct {
	Run, Session, Worker string
	Timeout              time.Duration // for a part to be written; 2 minutes
}

// store takes whole objects, each once.
type store interface {
	put(ctx context.Context, name string, body []byte) error
}

// part is one that is being put together.
type part struct {
	body bytes.Buffer
	zip  *gzip.Writer // nil: what is in body is complete
}

// fullPart is the size, in compressed bytes, from which a part is written without waiting for the next Sync.
const fullPart = 8 << 20

// Parts returns a writer of parts of the place.
func (p *Store) Parts(o PartsOptions) *Parts {
	o.Timeout = cmp.Or(o.Timeout, 2*time.Minute)
	return &Parts{store: p.store, options: o, open: map[string]*part{}}
}

// Add implements [Writer].
func (p *Parts) Add(letters []Letter, now time.Time) error {
	for _, letter := range letters {
		to := p.open[letter.Target]
		if to == nil {
			to = &part{}
			p.open[letter.Target] = to
		}
		if to.zip == nil {
			to.zip = gzip.NewWriter(&to.body)
		}
		w := bufio.NewWriter(to.zip)
		letter.session, letter.worker = p.options.Session, p.options.Worker
		if err := errors.Join(letter.write(w, p.options.Run, now), w.Flush()); err != nil {
			return fmt.Errorf("write document %s of %s to the dead letters: %w", letter.ID, letter.Index, err)
		}
		if to.body.Len() > fullPart {
			if err := p.flush(letter.Target, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// Sync implements [Writer].
func (p *Parts) Sync() error {
	for _, index := range slices.Sorted(maps.Keys(p.open)) {
		if err := p.flush(index, time.Now()); err != nil {
			return err
		}
	}
	return nil
}

// flush writes the part of an index. One that could not be written is kept, and tried again at the next Sync.
func (p *Parts) flush(index string, now time.Time) error {
	of := p.open[index]
	if of.zip != nil {
		if err := of.zip.Close(); err != nil {
			return fmt.Errorf("compress dead letters: %w", err)
		}
		of.zip = nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), p.options.Timeout)
	defer cancel()
	p.seq++
	name := fmt.Sprintf("session=%s/index=%s/worker=%s/failed-document-stream-%s-%06d.ndjson.gz",
		url.PathEscape(p.options.Session), url.PathEscape(index), url.PathEscape(p.options.Worker), now.UTC().Format("20060102T150405.000Z"), p.seq)
	if err := p.store.put(ctx, name, of.body.Bytes()); err != nil {
		return fmt.Errorf("save dead letters of %s: %w", index, err)
	}
	delete(p.open, index)
	return nil
}

// Close implements [Writer].
func (p *Parts) Close() error { return nil }
