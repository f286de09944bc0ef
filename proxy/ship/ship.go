package ship

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"migassist/capture/filelog"
	"migassist/internal/blob"
)

// MostSegment is how long a segment may be that goes to an object store.
const MostSegment = 16 << 20

// Shipper copies segments. Closed is called by the log, Run does the work.
type Shipper struct {
	root   string
	to     destination
	logger zerolog.Logger

	mu      sync.Mutex
	waiting []string // segments, below root
	kick    chan struct{}

	Shipped, Failed atomic.Int64
}

// destination takes whole files, by slash-separated names. What is there already is not written again, and is no error.
type destination interface {
	put(ctx context.Context, name string, content []byte) error
}

// New ships what lies below root to a folder, or to a URI of an object store. It asks no server.
func New(ctx context.Context, root, to string, o blob.Options, logger zerolog.Logger) (*Shipper, error) {
	s := &Shipper{root: root, logger: logger, kick: make(chan struct{}, 1)}
	if !strings.Contains(to, "://") {
		s.to = folder(to)
		return s, nil
	}
	cells, err := blob.OpenCells(ctx, to, o)
	if err != nil {
		return nil, err
	}
	s.to = store{cells}
	return s, nil
}

// Leftovers takes up the segments below root that an earlier process left, of the node's folders that nobody writes.
func (s *Shipper) Leftovers() error {
	nodes, err := filelog.Nodes(s.root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, node := range nodes {
		names, err := filelog.Segments(s.root, node)
		if errors.Is(err, filelog.ErrLocked) {
			continue
		}
		if err != nil {
			return err
		}
		for _, name := range names {
			s.Closed(name)
		}
	}
	return nil
}

// Closed takes up a segment that is not written any more.
func (s *Shipper) Closed(segment string) {
	s.mu.Lock()
	s.waiting = append(s.waiting, segment)
	s.mu.Unlock()
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// Waiting are the segments that are not shipped yet.
func (s *Shipper) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting)
}

// Waits after a failure.
const (
	firstWait = time.Second
	mostWait  = time.Minute
)

// Run ships until ctx ends.
func (s *Shipper) Run(ctx context.Context) {
	wait := firstWait
	for {
		err := s.Flush(ctx)
		retry := time.Duration(1 << 62)
		if err != nil && ctx.Err() == nil {
			s.Failed.Add(1)
			s.logger.Warn().Err(err).Dur("again_in", wait).Int("waiting", s.Waiting()).Msg("a segment of the capture could not be shipped")
			retry, wait = wait, min(2*wait, mostWait)
		} else {
			wait = firstWait
		}
		timer := time.NewTimer(retry)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-s.kick:
			if err != nil { // what failed is not tried sooner for another segment
				select {
				case <-timer.C:
				case <-ctx.Done():
				}
			}
		case <-timer.C:
		}
		timer.Stop()
	}
}

// Flush ships what waits, in its order, and stops at the first that fails.
func (s *Shipper) Flush(ctx context.Context) error {
	for {
		s.mu.Lock()
		if len(s.waiting) == 0 {
			s.mu.Unlock()
			return nil
		}
		segment := s.waiting[0]
		s.mu.Unlock()
		if err := s.ship(ctx, segment); err != nil {
			return err
		}
		s.mu.Lock()
		s.waiting = slices.Delete(s.waiting, 0, 1)
		s.mu.Unlock()
	}
}

// ship copies one segment. One that retention removed before is gone, which is told.
func (s *Shipper) ship(ctx context.Context, segment string) error {
	content, err := os.ReadFile(segment)
	if errors.Is(err, fs.ErrNotExist) {
		s.logger.Error().Str("segment", segment).Msg("a segment was removed by retention before it was shipped")
		return nil
	}
	if err != nil {
		return err
	}
	name, err := filepath.Rel(s.root, segment)
	if err != nil {
		return err
	}
	if err := s.to.put(ctx, filepath.ToSlash(name), content); err != nil {
		return fmt.Errorf("ship %s: %w", segment, err)
	}
	s.Shipped.Add(1)
	return nil
}

// folder is a destination in a file system.
type folder string

func (f folder) put(_ context.Context, name string, content []byte) error {
	to := filepath.Join(string(f), filepath.FromSlash(name))
	if _, err := os.Stat(to); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(to), filepath.Base(to)+".*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(content)
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), to)
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
	}
	return err
}

// store is a destination in an object store.
type store struct{ cells *blob.Cells }

func (s store) put(ctx context.Context, name string, content []byte) error {
	if len(content) > MostSegment {
		return fmt.Errorf("it has %d bytes, and at most %d go to an object store; lower --segment-bytes", len(content), MostSegment)
	}
	_, err := s.cells.Put(ctx, blob.Cell{Name: name, Body: content})
	if errors.Is(err, blob.ErrCondition) { // shipped before
		return nil
	}
	return err
}
