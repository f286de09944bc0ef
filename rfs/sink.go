package rfs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"migassist/rfs/bulk"
)

// Sink decides the fate of the operations of a batch. Written, superseded and refused are all of them; on an error none is
// decided. A sink that sends requests asks the permit, unless it is nil, before each.
type Sink interface {
	Write(ctx context.Context, b *bulk.Batch, permit bulk.Permit) (bulk.Outcome, error)
}

// PlacedSink is a sink that wants to know where operations come from: WritePlaced takes the place of Write. All are of one shard, of which
// place tells by the operation's number; it is valid until WritePlaced returns.
type PlacedSink interface {
	Sink
	WritePlaced(ctx context.Context, b *bulk.Batch, shard Work, place func(operation int) Position) (bulk.Outcome, error)
}

var (
	_ Sink = (*bulk.Writer)(nil)
	_ Sink = (*FileSink)(nil)
)

// FileSink writes bulk-format NDJSON instead of sending it. It serves one goroutine.
type FileSink struct {
	out   io.Writer
	file  *os.File
	final string // name that the file gets once it is complete; empty: it has it already
}

// NewFileSink writes to the named file; "-" is stdout. A regular file appears under its name only when
// it is complete, and replaces one that exists only if overwrite says so.
func NewFileSink(name string, stdout io.Writer, overwrite bool) (*FileSink, error) {
	if name == "-" {
		return &FileSink{out: stdout}, nil
	}
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("--target-file %s is a folder; name a file in it", name)
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		return &FileSink{out: f, file: f}, err
	case err == nil && !overwrite:
		return nil, fmt.Errorf("--target-file %s exists; remove it, name another, or say --overwrite", name)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("--target-file: %w", err)
	}
	f, err := os.OpenFile(name+".partial", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--target-file: %w", err)
	}
	return &FileSink{out: f, file: f, final: name}, nil
}

// Write implements Sink.
func (s *FileSink) Write(_ context.Context, b *bulk.Batch, _ bulk.Permit) (bulk.Outcome, error) {
	if _, err := s.out.Write(b.Body()); err != nil {
		return bulk.Outcome{}, fmt.Errorf("write the target file: %w", err)
	}
	return bulk.Outcome{Written: b.Len()}, nil
}

// Close ends the file; complete gives it its name, otherwise it stays as NAME.partial.
func (s *FileSink) Close(complete bool) error {
	if s.file == nil {
		return nil
	}
	if s.final == "" {
		return s.file.Close()
	}
	err := s.file.Sync()
	if closeErr := s.file.Close(); err == nil {
		err = closeErr
	}
	if err == nil && complete {
		err = os.Rename(s.file.Name(), s.final)
	}
	if err != nil {
		return fmt.Errorf("finish the target file: %w", err)
	}
	return nil
}
