package corpus

import (
	"context"
	"fmt"
	"strconv"

	"golang.org/x/sync/errgroup"

	"migassist/internal/testcluster"
)

const (
	bulkSize = 4 << 20 // bytes of a bulk request
	loaders  = 2
)

// Load is an index to make and fill.
type Load struct {
	Index  string
	Shards int
	Docs   int
	Size   int // bytes of a document, on average
}

// loadSettings keep the server busy with nothing but storing: no replica, no refresh, and
// an index on few fields.
const loadSettings = `{"settings":{"number_of_shards":%d,"number_of_replicas":0,"refresh_interval":-1,"translog":{"durability":"async"}},
"mappings":{"dynamic":false,"properties":{"@timestamp":{"type":"date"},"status":{"type":"short"}}}}`

// Run makes the index and loads documents 0 to Docs, with their number as id.
func (l Load) Run(ctx context.Context, s *testcluster.Server) error {
	if _, err := s.Do(ctx, "PUT", "/"+l.Index, fmt.Appendf(nil, loadSettings, l.Shards)); err != nil {
		return err
	}
	group, inGroup := errgroup.WithContext(ctx)
	for part := range loaders {
		group.Go(func() error { return l.part(inGroup, s, part) })
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("load %s: %w", l.Index, err)
	}
	_, err := s.Do(ctx, "POST", "/"+l.Index+"/_flush?force=true&wait_if_ongoing=true", nil)
	return err
}

// part loads every loaders-th document.
func (l Load) part(ctx context.Context, s *testcluster.Server, part int) error {
	writer := NewWriter()
	body := make([]byte, 0, bulkSize+1<<16)
	for n := part; n < l.Docs; n += loaders {
		body = append(body, `{"index":{"_id":"`...)
		body = strconv.AppendInt(body, int64(n), 10)
		body = append(body, "\"}}\n"...)
		body = append(writer.Append(body, n, l.Size), '\n')
		if len(body) < bulkSize && n+loaders < l.Docs {
			continue
		}
		if err := s.Bulk(ctx, "/"+l.Index+"/_bulk", body); err != nil {
			return err
		}
		body = body[:0]
	}
	return nil
}
