package rfs

import (
	"context"
	"sync/atomic"

	"migassist/lucene"
)

// segment is an open segment that several goroutines work on. The last one to let go of it closes its files.
type segment struct {
	name    string
	reading *reading
	docs    *lucene.Documents
	holders atomic.Int32
}

// openSegment opens a segment for its first holder.
func openSegment(ctx context.Context, s *lucene.Segment, r *reading) (*segment, error) {
	docs, err := s.Open(ctx, storedFields...)
	if err != nil {
		return nil, err
	}
	opened := &segment{name: s.Name, reading: r, docs: docs}
	opened.holders.Store(1)
	return opened, nil
}

// hold returns the segment for one more holder.
func (s *segment) hold() *segment {
	s.holders.Add(1)
	return s
}

// release lets go of the segment. Nil has no files.
func (s *segment) release() error {
	if s == nil || s.holders.Add(-1) > 0 {
		return nil
	}
	return s.docs.Close()
}

// follow makes the assembler ready for documents of a segment.
func (a *assembler) follow(ctx context.Context, s *segment) error {
	if a.segment == s {
		if a.rebuilder != nil {
			a.rebuilder.Leap() // over spans that others decode
		}
		return nil
	}
	if err := a.release(); err != nil {
		return err
	}
	a.reading = s.reading
	if s.reading.rebuild == nil && s.reading.versions != VersionsSeqNo {
		return nil
	}
	return a.open(ctx, s)
}

// open opens the columns that documents of the segment are made of, beside their stored fields.
func (a *assembler) open(ctx context.Context, s *segment) (err error) {
	if s.reading.versions == VersionsSeqNo {
		if a.versioner, err = openVersioner(ctx, s.docs); err != nil {
			return err
		}
	}
	if s.reading.rebuild != nil {
		if a.rebuilder, err = s.reading.rebuild.Open(ctx, s.docs); err != nil {
			return err
		}
		a.rebuilder.Limit = a.limit
	}
	a.segment = s.hold()
	return nil
}

// release lets go of the segment whose columns are read.
func (a *assembler) release() error {
	err := a.segment.release()
	a.segment, a.rebuilder, a.versioner = nil, nil, nil
	return err
}
