package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"migassist/cluster/version"
	"migassist/internal/blob"
	"migassist/lucene/input"
)

// Repository is an open snapshot repository: its table of contents as it was when it was opened.
type Repository struct {
	store    blob.Reader
	layout   *layout
	rootName string // index-N
	root     *rootBlob
	warnings []string
}

// Summary is a snapshot as the table of contents shows it.
type Summary struct {
	Name    string
	UUID    string
	State   State
	Version string    // of the cluster that took it, e.g. "7.10.2" (see [Snapshot.Version]); empty where not recorded
	Started time.Time // zero where not recorded (before Elasticsearch 7.14, and OpenSearch)
	Ended   time.Time
	Indices int   // how many indices are in it; 0 where not recorded (before Elasticsearch 5)
	Problem error // why the snapshot could not be asked for what is not recorded
}

// Open reads the table of contents of the repository in the store. Errors: [ErrNotRepository] and
// [ErrUnsupported], wrapped, or a *[input.CorruptError].
func Open(ctx context.Context, store blob.Reader) (*Repository, error) {
	r, err := openRepository(ctx, store)
	if err != nil {
		return nil, fmt.Errorf("open repository %s: %w", store.URI(), err)
	}
	return r, nil
}

func openRepository(ctx context.Context, store blob.Reader) (*Repository, error) {
	g, err := findGeneration(ctx, store)
	if err != nil {
		return nil, err
	}
	root, err := g.read(ctx, store)
	if err != nil {
		return nil, err
	}
	l, err := layoutOf(root)
	if err != nil {
		return nil, err
	}
	return &Repository{store: store, layout: l, rootName: g.name, root: root, warnings: g.warnings}, nil
}

// URI names the store of the repository.
func (r *Repository) URI() string { return r.store.URI() }

// Layout names the family of versions whose layout the repository has.
func (r *Repository) Layout() string { return r.layout.name }

// Generation names the blob that was read as table of contents: index-N, or "index" before Elasticsearch 5.
func (r *Repository) Generation() string { return r.rootName }

// Warnings says what was odd about the repository and yet did not stop the reading.
func (r *Repository) Warnings() []string { return r.warnings }

// Snapshots returns all snapshots as the table of contents shows them, by name.
func (r *Repository) Snapshots() []Summary {
	all := make([]Summary, 0, len(r.root.Snapshots))
	for i := range r.root.Snapshots {
		all = append(all, r.summary(&r.root.Snapshots[i]))
	}
	slices.SortFunc(all, func(a, b Summary) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.UUID, b.UUID)) })
	return all
}

func (r *Repository) summary(s *rootSnapshot) Summary {
	recorded := Summary{
		Name: s.Name, UUID: s.UUID, State: s.state(),
		Started: fromMillis(s.StartedMillis), Ended: fromMillis(s.EndedMillis), Indices: len(s.indices),
	}
	if v := r.root.release(s); !v.IsZero() {
		recorded.Version = v.Number()
	}
	return recorded
}

// Summaries returns all snapshots, with what the table of contents does not record read from each snapshot
// (before Elasticsearch 7.14, and OpenSearch: one blob each). Those that later servers declared incompatible are among them. A
// snapshot that cannot be read shows as recorded, with its Problem.
func (r *Repository) Summaries(ctx context.Context) ([]Summary, error) {
	old, err := r.incompatible(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.URI(), err)
	}
	all := r.Snapshots()
	for i := range old {
		all = append(all, r.summary(&old[i]))
	}
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(parallelInfos)
	for i := range all {
		if all[i].State != Unrecorded && all[i].Version != "" && !all[i].Started.IsZero() {
			continue
		}
		group.Go(func() error {
			r.complete(within, &all[i])
			return within.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, context.Cause(ctx)
	}
	slices.SortFunc(all, func(a, b Summary) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.UUID, b.UUID)) })
	return all, nil
}

// parallelInfos is how many snapshots are asked at once: far stores answer in tens of milliseconds.
const parallelInfos = 8

// complete fills in what only the snapshot itself tells.
func (r *Repository) complete(ctx context.Context, s *Summary) {
	_, at, info, err := r.readInfo(ctx, &rootSnapshot{Name: s.Name, UUID: s.UUID})
	if err != nil {
		s.Problem = err
		return
	}
	i, ok := info.Snapshot, false
	if s.State, ok = parseState(i.State); !ok {
		s.State, s.Problem = Unrecorded, &input.CorruptError{File: at, Want: "a state", Got: fmt.Sprintf("%q", i.State)}
	}
	if v, err := version.FromID(i.VersionID); err == nil {
		s.Version = v.Number()
	}
	s.Started, s.Ended, s.Indices = fromMillis(i.StartTime), fromMillis(i.EndTime), len(i.Indices)
}

// incompatible returns the snapshots that are listed apart. Elasticsearch 5 to 7.5 did that.
func (r *Repository) incompatible(ctx context.Context) ([]rootSnapshot, error) {
	if r.root.namesOnly || r.root.MinVersion != "" || r.root.Identifiers != nil {
		return nil, nil
	}
	return readIncompatible(ctx, r.store)
}

// find returns the entry of the snapshot called name.
func (r *Repository) find(ctx context.Context, name string) (*rootSnapshot, error) {
	if s := findNamed(r.root.Snapshots, name); s != nil {
		return s, nil
	}
	old, err := r.incompatible(ctx)
	if err != nil {
		return nil, fmt.Errorf("snapshot %q in %s: %w", name, r.URI(), err)
	}
	if s := findNamed(old, name); s != nil {
		return s, nil
	}
	var names []string
	for _, s := range slices.Concat(r.root.Snapshots, old) {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return nil, noSuch(ErrNoSnapshot, name, r.URI(), names)
}

func findNamed(snapshots []rootSnapshot, name string) *rootSnapshot {
	i := slices.IndexFunc(snapshots, func(s rootSnapshot) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &snapshots[i]
}

// fromMillis is the time so many milliseconds after 1970 in UTC; the zero time for 0.
func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
