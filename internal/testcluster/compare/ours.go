package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"migassist/lucene"
	"migassist/lucene/input"
)

// totals are what a pass counts; checksums of documents add up in any order.
type totals struct{ docs, bytes, sum uint64 }

func (t *totals) add(b []byte) {
	t.bytes += uint64(len(b))
	factor := uint64(len(b) | 1)
	var s0, s1, s2, s3 uint64
	for len(b) >= 32 {
		s0 += binary.LittleEndian.Uint64(b)
		s1 += binary.LittleEndian.Uint64(b[8:])
		s2 += binary.LittleEndian.Uint64(b[16:])
		s3 += binary.LittleEndian.Uint64(b[24:])
		b = b[32:]
	}
	for len(b) >= 8 {
		s0 += binary.LittleEndian.Uint64(b)
		b = b[8:]
	}
	last := uint64(0)
	for i, c := range b {
		last |= uint64(c) << (8 * i)
	}
	t.sum += (s0 + 3*s1 + 5*s2 + 7*s3 + last) * factor
}

func (t *totals) document(doc *lucene.Doc) error {
	t.docs++
	t.add(doc.Values[0].Bytes)
	t.add(doc.Values[1].Bytes)
	return nil
}

// serve reads the index in folder once for each line of asks, and answers as Rival.java does.
func serve(ctx context.Context, folder string, workers int, asks io.Reader, answers io.Writer) error {
	fmt.Fprintln(answers, runtime.Version())
	for lines := bufio.NewScanner(asks); lines.Scan(); {
		processor, started := processorTime(), time.Now()
		t, err := pass(ctx, folder, workers)
		if err != nil {
			return err
		}
		took := time.Since(started)
		fmt.Fprintln(answers, t.docs, t.bytes, t.sum, took.Nanoseconds(), (processorTime() - processor).Nanoseconds())
	}
	return nil
}

// pass reads the whole index. On one core reading and decoding take turns; otherwise one goroutine reads, and the others decode.
func pass(ctx context.Context, folder string, workers int) (totals, error) {
	commit, err := lucene.OpenCommit(ctx, indexFolder(folder))
	if err != nil {
		return totals{}, err
	}
	if workers == 1 {
		return alone(ctx, commit)
	}
	spans := make(chan *lucene.Span, 4*workers)
	pool := lucene.NewSpanPool(6*workers + 2)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(spans)
		return walk(ctx, commit, pool, func(span *lucene.Span) error {
			select {
			case spans <- span:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
	})
	parts := make([]totals, workers)
	for i := range parts {
		group.Go(func() (err error) {
			parts[i], err = decode(spans, pool)
			return err
		})
	}
	err = group.Wait()
	var all totals
	for _, part := range parts {
		all = totals{docs: all.docs + part.docs, bytes: all.bytes + part.bytes, sum: all.sum + part.sum}
	}
	return all, err
}

func alone(ctx context.Context, commit *lucene.Commit) (t totals, err error) {
	var decoder lucene.Decoder
	pool := lucene.NewSpanPool(1)
	return t, walk(ctx, commit, pool, func(span *lucene.Span) error {
		defer pool.Put(span)
		return decoder.Decode(span, span.FirstDoc, t.document)
	})
}

func decode(spans <-chan *lucene.Span, pool *lucene.SpanPool) (t totals, err error) {
	var decoder lucene.Decoder
	for span := range spans {
		if err := decoder.Decode(span, span.FirstDoc, t.document); err != nil {
			return t, err
		}
		pool.Put(span)
	}
	return t, nil
}

// walk hands on every span of every segment.
func walk(ctx context.Context, commit *lucene.Commit, pool *lucene.SpanPool, hand func(*lucene.Span) error) error {
	for _, segment := range commit.Segments {
		docs, err := segment.Open(ctx, "_id", "_source")
		if err != nil {
			return err
		}
		for span, err := range docs.Spans(ctx, 0, pool) {
			if err != nil {
				return err
			}
			if err := hand(span); err != nil {
				return err
			}
		}
		if err := docs.Close(); err != nil {
			return err
		}
	}
	return nil
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// indexFolder is a lucene.Directory of a folder's files.
type indexFolder string

// Names implements lucene.Directory.
func (f indexFolder) Names() []string {
	entries, err := os.ReadDir(string(f))
	if err != nil {
		return nil // what is looked for is missing then
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names
}

// Open implements lucene.Directory.
func (f indexFolder) Open(_ context.Context, name string) (input.File, error) {
	file, err := os.Open(filepath.Join(string(f), name))
	if err != nil {
		return nil, err
	}
	about, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return &indexFile{File: file, name: name, size: about.Size()}, nil
}

type indexFile struct {
	*os.File
	name string
	size int64
}

// Name implements input.File.
func (f *indexFile) Name() string { return f.name }

// Size implements input.File.
func (f *indexFile) Size() int64 { return f.size }
