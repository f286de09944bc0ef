package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"golang.org/x/sync/errgroup"

	"migassist/lucene"
	"migassist/rfs"
	"migassist/snapshot"
)

// Contents is what one snapshot holds.
type Contents struct {
	Snapshot string     `json:"snapshot"`
	State    string     `json:"state"`
	Version  string     `json:"version,omitempty"` // of the cluster
	Warnings []string   `json:"warnings,omitempty"`
	Indices  []IndexRow `json:"indices"`

	perShard bool
}

// IndexRow is one index of a snapshot: the sums of its shards.
type IndexRow struct {
	Name    string   `json:"name"`
	Created string   `json:"created,omitempty"` // version that created it
	Source  string   `json:"source,omitempty"`  // what it keeps of _source
	Types   []string `json:"types,omitempty"`
	Shards  int      `json:"shards"`
	Totals
	Problem   string     `json:"problem,omitempty"` // why it can't be read
	ShardRows []ShardRow `json:"shard_rows,omitempty"`
}

// ShardRow is one shard of an index.
type ShardRow struct {
	Shard int `json:"shard"`
	Totals
	Problem string `json:"problem,omitempty"`
}

// Totals are of an index, or a shard. Documents are Lucene's, nested children included.
type Totals struct {
	Segments  int            `json:"segments"`
	Documents int64          `json:"live_lucene_documents"`
	Deleted   int64          `json:"deleted_lucene_documents"` // that still take place
	Bytes     int64          `json:"bytes"`
	Formats   map[string]int `json:"stored_fields_formats"` // segments of each
}

func (t *Totals) add(o Totals) {
	t.Segments += o.Segments
	t.Documents += o.Documents
	t.Deleted += o.Deleted
	t.Bytes += o.Bytes
	for name, n := range o.Formats {
		t.Formats[name] += n
	}
}

// Show opens every segment of the named indices, of all where none is named, as far as its metadata. An index that can't
// be read has its problem in its row; a name that the snapshot does not have is an error.
func Show(ctx context.Context, s *snapshot.Snapshot, names ...string) (*Contents, error) {
	c := &Contents{Snapshot: s.Name, State: s.State.String(), Version: s.Version, Warnings: s.Warnings(), Indices: []IndexRow{}, perShard: len(names) > 0}
	if len(names) == 0 {
		names = s.IndexNames()
	}
	for _, name := range names {
		row, err := showIndex(ctx, s, name)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if errors.Is(err, snapshot.ErrNoIndex) && c.perShard {
			return nil, err
		}
		if err != nil {
			row.Problem = err.Error()
		}
		c.Indices = append(c.Indices, row)
	}
	return c, nil
}

// parallelShards is how many shards are opened at once: far stores answer in tens of milliseconds.
const parallelShards = 8

func showIndex(ctx context.Context, s *snapshot.Snapshot, name string) (IndexRow, error) {
	row := IndexRow{Name: name, Totals: Totals{Formats: map[string]int{}}}
	index, err := s.Index(ctx, name)
	if err != nil {
		return row, err
	}
	row.Created, row.Source, row.Types = created(index), string(index.SourceMode()), rfs.Types(index)
	row.Shards, row.ShardRows = index.Shards, make([]ShardRow, index.Shards)
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(parallelShards)
	for number := range index.Shards {
		group.Go(func() error {
			shard := ShardRow{Shard: number, Totals: Totals{Formats: map[string]int{}}}
			if err := shard.read(within, index); err != nil {
				shard.Problem = err.Error()
			}
			row.ShardRows[number] = shard
			return within.Err()
		})
	}
	err = group.Wait()
	for _, shard := range row.ShardRows {
		row.add(shard.Totals)
		if row.Problem == "" {
			row.Problem = shard.Problem
		}
	}
	return row, err
}

// created is the version that created an index. From Elasticsearch 8.11 on it is recorded as the number of a format.
func created(index *snapshot.Index) string {
	if index.Created.IsZero() {
		return fmt.Sprintf("index version %d", index.CreatedID)
	}
	return index.Created.String()
}

func (r *ShardRow) read(ctx context.Context, index *snapshot.Index) error {
	shard, err := index.Shard(ctx, r.Shard)
	if err != nil {
		return err
	}
	r.Bytes = shard.Size()
	commit, err := lucene.OpenCommit(ctx, shard.Directory())
	if err != nil {
		return err
	}
	for _, segment := range commit.Segments {
		if err := r.readSegment(ctx, segment); err != nil {
			return err
		}
	}
	return nil
}

func (r *ShardRow) readSegment(ctx context.Context, segment *lucene.Segment) error {
	docs, err := segment.Open(ctx)
	if err != nil {
		return err
	}
	live := docs.Live()
	r.add(Totals{Segments: 1, Documents: int64(live), Deleted: int64(segment.MaxDoc - live), Formats: map[string]int{docs.Format(): 1}})
	return docs.Close()
}

// Problems tells whether an index, or a part of it, can't be read.
func (c *Contents) Problems() bool {
	return slices.ContainsFunc(c.Indices, func(row IndexRow) bool { return row.Problem != "" })
}

// WriteText prints a row per index, and below it one per shard where the index was asked for by name.
func (c *Contents) WriteText(w io.Writer) {
	fmt.Fprintf(w, "snapshot %s, %s, of %s\n", c.Snapshot, c.State, c.Version)
	for _, warning := range c.Warnings {
		fmt.Fprintln(w, warning)
	}
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "index\tshards\tsegments\tdocuments\tdeleted\tbytes\tcreated by\t_source\ttypes\tstored fields")
	for _, i := range c.Indices {
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\t%s\n", i.Name, i.Shards, i.numbers(), i.Created, i.Source, strings.Join(i.Types, ", "), i.formats())
		if !c.perShard {
			continue
		}
		for _, shard := range i.ShardRows {
			fmt.Fprintf(table, "  shard %d\t\t%s\t\t\t\t%s\n", shard.Shard, shard.numbers(), shard.formats())
		}
	}
	_ = table.Flush() // the stream below keeps its error
	c.writeProblems(w)
}

func (c *Contents) writeProblems(w io.Writer) {
	for _, i := range c.Indices {
		said := map[string]bool{}
		for _, shard := range i.ShardRows {
			if shard.Problem != "" && !said[shard.Problem] {
				fmt.Fprintf(w, "%s: %s\n", i.Name, shard.Problem)
				said[shard.Problem] = true
			}
		}
		if i.Problem != "" && !said[i.Problem] {
			fmt.Fprintf(w, "%s: %s\n", i.Name, i.Problem)
		}
	}
}

func (t Totals) numbers() string {
	return fmt.Sprintf("%d\t%d\t%d\t%d", t.Segments, t.Documents, t.Deleted, t.Bytes)
}

// formats names the formats of the stored fields, most often one.
func (t Totals) formats() string {
	names := slices.Sorted(maps.Keys(t.Formats))
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	for i, name := range names {
		names[i] = fmt.Sprintf("%s (%d)", name, t.Formats[name])
	}
	return strings.Join(names, ", ")
}
