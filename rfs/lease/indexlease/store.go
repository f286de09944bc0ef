package indexlease

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"migassist/cluster"
	"migassist/internal/retry"
	"migassist/rfs/lease"
)

// Store keeps records in an index. It may be used by several goroutines at once. [Open] makes it.
type Store struct {
	client *cluster.Client
	index  string // holds the records
	// patience is for writes without an answer.
	patience retry.Policy

	mu         sync.Mutex
	generation string // of the index when it was last looked at
}

var _ lease.Store = (*Store)(nil)

// shardPatience is how long a server may wait for the shard to come up before it answers that it did not.
const shardPatience = 10 * time.Second

// pageRecords is how many records one search returns at most.
const pageRecords = 1000

// record is the document of a record.
type record struct {
	Key   string          `json:"key"`
	Open  bool            `json:"open"`
	Write string          `json:"write"`
	Body  json.RawMessage `json:"body"`
}

func decode(found cluster.Revised, generation string) (record, lease.Record, error) {
	var r record
	if err := json.Unmarshal(found.Source, &r); err != nil {
		return r, lease.Record{}, fmt.Errorf("document %s is no record: %w", found.ID, err)
	}
	return r, lease.Record{Key: r.Key, Version: version{generation, found.Revision}.String(), Open: r.Open, Body: r.Body}, nil
}

// alias is the name through which a generation of the index is spoken to.
func (s *Store) alias(generation string) string { return s.index + "." + generation }

func (s *Store) current() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.generation
}

// through does something to the index, and once more where the index turns out to have been made anew meanwhile. Where there is none
// any more it returns do's error.
func (s *Store) through(ctx context.Context, do func(generation string) error) error {
	was := s.current()
	err := do(was)
	if !cluster.MissingIndex(err) {
		return err
	}
	switch is, findErr := s.find(ctx); {
	case cluster.NotFound(findErr):
		return err
	case findErr != nil:
		return findErr
	case is == was:
		return err
	default:
		return do(is)
	}
}

// Get returns a record as it was last written by anyone, or [lease.ErrNotFound].
func (s *Store) Get(ctx context.Context, key string) (lease.Record, error) {
	_, found, err := s.get(ctx, key)
	return found, err
}

func (s *Store) get(ctx context.Context, key string) (full record, r lease.Record, err error) {
	if err := checkKey(key); err != nil {
		return full, r, err
	}
	err = s.through(ctx, func(generation string) error {
		found, err := s.client.Document(ctx, s.alias(generation), id(key))
		if err == nil {
			full, r, err = decode(found, generation)
		}
		return err
	})
	switch {
	case cluster.NotFound(err):
		return full, r, fmt.Errorf("%s in %s: %w", key, s.index, lease.ErrNotFound)
	case err == nil && r.Key != key:
		err = fmt.Errorf("its document is the record %s", r.Key)
	}
	if err != nil {
		return full, lease.Record{}, s.failed("read "+key, err)
	}
	return full, r, nil
}

// Put writes a record over the version it names, or creates it.
func (s *Store) Put(ctx context.Context, r lease.Record) (string, error) {
	if err := checkKey(r.Key); err != nil {
		return "", err
	}
	if !json.Valid(r.Body) {
		return "", fmt.Errorf("the body of %s is not JSON", r.Key)
	}
	key, err := json.Marshal(r.Key)
	if err != nil {
		return "", fmt.Errorf("encode the record %s: %w", r.Key, err)
	}
	p := put{key: r.Key, name: rand.Text(), generation: s.current()}
	p.DocumentWrite = cluster.DocumentWrite{ID: id(r.Key), Patience: shardPatience}
	// The body's bytes stay as they are.
	p.Source = fmt.Appendf(nil, `{"key":%s,"open":%t,"write":%q,"body":%s}`, key, r.Open, p.name, r.Body)
	if r.Version != "" {
		over, err := parseVersion(r.Version)
		if err != nil {
			return "", err
		}
		p.generation, p.Over = over.generation, &over.Revision
	}
	return s.put(ctx, p)
}

// put is a write of a record.
type put struct {
	cluster.DocumentWrite
	key, name, generation string
	lost                  bool // one that was sent may have been carried out
}

// put sends the write until its fate is known, or patience ends.
func (s *Store) put(ctx context.Context, p put) (string, error) {
	for attempts := 1; ; attempts++ {
		p.Index = s.alias(p.generation)
		written, err := s.client.WriteDocument(ctx, p.DocumentWrite)
		switch {
		case err == nil:
			return version{p.generation, written}.String(), nil
		case cluster.Conflicted(err):
			return s.settle(ctx, p)
		case cluster.MissingIndex(err) && p.Over != nil:
			return "", fmt.Errorf("%s in %s, which is not the same index any more: %w", p.key, s.index, lease.ErrConflict)
		case cluster.MissingIndex(err) && attempts < s.patience.Attempts:
			if p.generation, err = s.ensure(ctx); err != nil {
				return "", err
			}
			continue
		}
		if p.lost = p.lost || mayBeWritten(err); !mayBeWritten(err) || attempts >= s.patience.Attempts {
			return "", s.failed("write "+p.key, err)
		}
		if stopped := s.patience.Wait(ctx, s.patience.Pause(attempts)); stopped != nil {
			return "", s.failed("write "+p.key, fmt.Errorf("%w while waiting to send it again: %w", stopped, err))
		}
	}
}

// mayBeWritten reports whether a write is to be sent again because nothing is known of it. What the server refuses with 429 was not
// begun, and was sent again before.
func mayBeWritten(err error) bool {
	connection, ok := errors.AsType[*cluster.ConnectionError](err)
	if ok {
		return connection.Transient
	}
	answer, ok := errors.AsType[*cluster.Error](err)
	return ok && answer.Status > 500 && cluster.Retryable(err)
}

// settle tells a conflict with somebody else from one with ourselves: servers repeat a write when a shard moves, and so do
// we when an answer is lost.
func (s *Store) settle(ctx context.Context, p put) (string, error) {
	there, found, err := s.get(ctx, p.key)
	switch {
	case err == nil && there.Write == p.name:
		return found.Version, nil
	case err != nil && !errors.Is(err, lease.ErrNotFound):
		return "", fmt.Errorf("find out whether %s was written: %w", p.key, err)
	case p.lost:
		return "", fmt.Errorf("write %s in %s: no answer came, and somebody else wrote it before or after", p.key, s.index)
	}
	return "", fmt.Errorf("%s in %s: %w", p.key, s.index, lease.ErrConflict)
}

// List returns records in the order of their keys, as of the last refresh.
func (s *Store) List(ctx context.Context, prefix, after string, open bool, limit int) ([]lease.Record, error) {
	if !utf8.ValidString(prefix) || !utf8.ValidString(after) {
		return nil, fmt.Errorf("list records of %s: %q after %q is not UTF-8", s.index, prefix, after)
	}
	var all []lease.Record
	for len(all) < limit {
		size := min(limit-len(all), pageRecords)
		page, err := s.page(ctx, prefix, after, open, size)
		if err != nil {
			return nil, s.failed("list "+prefix, err)
		}
		all = append(all, page...)
		if len(page) < size {
			break
		}
		after = page[len(page)-1].Key
	}
	return all, nil
}

func (s *Store) page(ctx context.Context, prefix, after string, open bool, size int) ([]lease.Record, error) {
	body, err := json.Marshal(map[string]any{
		"query":               map[string]any{"bool": map[string]any{"filter": filters(prefix, after, open)}},
		"sort":                []any{map[string]string{"key": "asc"}},
		"size":                size,
		"seq_no_primary_term": true,
		"track_total_hits":    false,
	})
	if err != nil {
		return nil, err
	}
	var records []lease.Record
	err = s.through(ctx, func(generation string) error {
		found, err := s.client.Page(ctx, s.alias(generation), body)
		for _, document := range found {
			_, r, err := decode(document, generation)
			if err != nil {
				return err
			}
			records = append(records, r)
		}
		return err
	})
	if cluster.MissingIndex(err) {
		return nil, nil
	}
	return records, err
}

// filters are ranges for prefixes too: clusters may forbid prefix queries as expensive.
func filters(prefix, after string, open bool) []any {
	bounds := map[string]string{}
	if after != "" {
		bounds["gt"] = after
	}
	if prefix > after {
		bounds = map[string]string{"gte": prefix}
	}
	if end, bounded := beyond(prefix); bounded {
		bounds["lt"] = end
	}
	all := []any{map[string]any{"match_all": map[string]any{}}}
	if len(bounds) > 0 {
		all = append(all, map[string]any{"range": map[string]any{"key": bounds}})
	}
	if open {
		all = append(all, map[string]any{"term": map[string]any{"open": true}})
	}
	return all
}

// Sync has lists show what was put before it.
func (s *Store) Sync(ctx context.Context) error {
	err := s.through(ctx, func(generation string) error { return s.client.Refresh(ctx, s.alias(generation)) })
	if err != nil && !cluster.MissingIndex(err) {
		return s.failed("refresh", err)
	}
	return nil
}

// Clear deletes the index. A Put that creates makes it anew.
func (s *Store) Clear(ctx context.Context) error {
	if err := s.client.DeleteIndex(ctx, s.index); err != nil && !cluster.NotFound(err) {
		return s.failed("delete", err)
	}
	return nil
}

// Close does nothing: the process holds no more than the client, which is not the store's.
func (s *Store) Close() error { return nil }
