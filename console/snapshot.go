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
	Ended   *time.Time `json:"ended,omitempty"`
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
		row.Started, row.Ended = recorded(s.Started), recorded(s.Ended)
		if s.Problem != nil {
			row.Problem = s.Problem.Error()
		}
		list.Snapshots = append(list.Snapshots, row)
	}
	return list, nil
}

// recorded is a time in UTC, nil where there is none.
func recorded(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}

// Problems tells whether a snapshot can't be read.
func (l *Snapshots) Problems() bool {
	return slices.ContainsFunc(l.Snapshots, func(row SnapshotRow) bool { return row.Problem != "" })
}

// WriteText prints a row per snapshot.
func (l *Snapshots) WriteText(w io.Writer) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "snapshot\tstate\tversion\tindices\tstarted\ttook\tuuid")
	for _, s := range l.Snapshots {
		started, took := "", ""
		if s.Started != nil {
			started = s.Started.Format(time.RFC3339)
		}
		if s.Started != nil && s.Ended != nil {
			took = s.Ended.Sub(*s.Started).Round(time.Millisecond).String()
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\t%s\n", s.Name, s.State, s.Version, s.Indices, started, took, s.UUID)
	}
	_ = table.Flush() // the stream below keeps its error
	for _, s := range l.Snapshots {
		if s.Problem != "" {
			fmt.Fprintf(w, "%s: %s\n", s.Name, s.Problem)
		}
	}
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
