package console

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"migassist/internal/blob"
	"migassist/lucene"
	"migassist/snapshot"
)

// Snapshots is what a repository holds.
type Snapshots struct {
	Repository string        `json:"repository"`
	Layout     string        `json:"layout"`
	Snapshots  []SnapshotRow `json:"snapshots"`
}

// SnapshotRow is one snapshot of a repository.
type SnapshotRow struct {
	Name    string     `json:"name"`
	UUID    string     `json:"uuid"`
	State   string     `json:"state"`
	Version string     `json:"version,omitempty"` // of the cluster
	Started *time.Time `json:"started,omitempty"`
	Indices int        `json:"indices"`
	Problem string     `json:"problem,omitempty"` // why the snapshot could not be asked for what the repository does not record
}

// ListSnapshots tells what the repository holds.
func ListSnapshots(ctx context.Context, r *snapshot.Repository) (*Snapshots, error) {
	list := &Snapshots{Repository: r.URI(), Layout: r.Layout(), Snapshots: []SnapshotRow{}}
	all, err := r.Summaries(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		row := SnapshotRow{Name: s.Name, UUID: s.UUID, State: s.State.String(), Version: s.Version, Indices: s.Indices}
		if started := s.Started.UTC(); !s.Started.IsZero() {
			row.Started = &started
		}
		if s.Problem != nil {
			row.Problem = s.Problem.Error()
		}
		list.Snapshots = append(list.Snapshots, row)
	}
	return list, nil
}

// Problems tells whether a snapshot can't be read.
func (l *Snapshots) Problems() bool {
	return slices.ContainsFunc(l.Snapshots, func(row SnapshotRow) bool { return row.Problem != "" })
}

// WriteText prints a row per snapshot.
func (l *Snapshots) WriteText(w io.Writer) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "snapshot\tstate\tversion\tindices\tuuid")
	for _, s := range l.Snapshots {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\n", s.Name, s.State, s.Version, s.Indices, s.UUID)
	}
	_ = table.Flush() // the stream below keeps its error
	for _, s := range l.Snapshots {
		if s.Problem != "" {
			fmt.Fprintf(w, "%s: %s\n", s.Name, s.Problem)
		}
	}
}

// Indices is what one snapshot holds.
type Indices struct {
	Snapshot string     `json:"snapshot"`
	Indices  []IndexRow `json:"indices"`
}

// IndexRow is one index of a snapshot. Documents are Lucene's, nested children included; those that are
// deleted are not.
type IndexRow struct {
	Name      string `json:"name"`
	Created   string `json:"created,omitempty"` // version that created it
	Shards    int    `json:"shards"`
	Documents int64  `json:"live_lucene_documents"`
	Bytes     int64  `json:"bytes"`
	Problem   string `json:"problem,omitempty"` // why it can't be read
}

// ListIndices opens every shard of the snapshot, as far as its metadata.
func ListIndices(ctx context.Context, s *snapshot.Snapshot) (*Indices, error) {
	list := &Indices{Snapshot: s.Name, Indices: []IndexRow{}}
	for _, name := range s.IndexNames() {
		row := IndexRow{Name: name}
		if err := row.read(ctx, s); err != nil {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			row.Problem = err.Error()
		}
		list.Indices = append(list.Indices, row)
	}
	return list, nil
}

func (r *IndexRow) read(ctx context.Context, s *snapshot.Snapshot) error {
	index, err := s.Index(ctx, r.Name)
	if err != nil {
		return err
	}
	r.Shards, r.Created = index.Shards, index.Created.String()
	for number := range index.Shards {
		shard, err := index.Shard(ctx, number)
		if err != nil {
			return err
		}
		for _, file := range shard.Files {
			r.Bytes += file.Size
		}
		commit, err := lucene.OpenCommit(ctx, shard.Directory())
		if err != nil {
			return err
		}
		for _, segment := range commit.Segments {
			r.Documents += int64(segment.MaxDoc - segment.Deleted - segment.SoftDeleted)
		}
	}
	return nil
}

// Problems tells whether an index can't be read.
func (l *Indices) Problems() bool {
	return slices.ContainsFunc(l.Indices, func(row IndexRow) bool { return row.Problem != "" })
}

// WriteText prints a row per index.
func (l *Indices) WriteText(w io.Writer) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "index\tcreated by\tshards\tdocuments\tbytes\tproblem")
	for _, i := range l.Indices {
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%s\n", i.Name, i.Created, i.Shards, i.Documents, i.Bytes, i.Problem)
	}
	_ = table.Flush() // the stream below keeps its error
}

// Describe prints what the reader makes of a file: offset, bytes, meaning. The path is INDEX/SHARD for the list of a shard's
// files, INDEX/SHARD/FILE for one of them, which may lie in a compound file, or the name of a blob of the
// repository, for which s may be nil.
func Describe(ctx context.Context, store blob.Reader, s *snapshot.Snapshot, path string, w io.Writer) error {
	parts := strings.Split(path, "/")
	if s == nil || len(parts) < 2 || len(parts) > 3 {
		return snapshot.Describe(ctx, store, path, w)
	}
	number, err := strconv.Atoi(parts[1])
	if err != nil {
		return snapshot.Describe(ctx, store, path, w)
	}
	index, err := s.Index(ctx, parts[0])
	if err != nil {
		return err
	}
	shard, err := index.Shard(ctx, number)
	if err != nil {
		return err
	}
	if len(parts) == 3 {
		return lucene.Describe(ctx, shard.Directory(), parts[2], w)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "file\tbytes\tblob")
	for _, file := range shard.Files {
		fmt.Fprintf(table, "%s\t%d\t%s\n", file.Name, file.Size, file.Blob)
	}
	return table.Flush()
}
