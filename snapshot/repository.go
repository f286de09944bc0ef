package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"migassist/internal/blob"
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
	Version string    // of the cluster that took it, e.g. "7.10.2"; "8.11.0" stands for that and later
	Started time.Time // zero where the table does not record it (before Elasticsearch 7.14, and OpenSearch)
	Ended   time.Time
	Indices int // how many indices are in it
}

// Open reads the table of contents of the repository in the store. Errors: [ErrNotRepository] and
// [ErrUnsupported], wrapped, or a *[input.CorruptError].
func Open(ctx context.Context, store blob.Reader) (*Repository, error) {
	g, err := findGeneration(ctx, store)
	if err != nil {
		return nil, err
	}
	data, err := blob.ReadAll(ctx, store, g.name, maxBlob)
	if err != nil {
		return nil, fmt.Errorf("open repository %s: %w", store.URI(), err)
	}
	root, err := parseRoot(g.name, data)
	if err != nil {
		return nil, fmt.Errorf("open repository %s: %w", store.URI(), err)
	}
	l, err := layoutOf(root)
	if err != nil {
		return nil, fmt.Errorf("open repository %s: %w", store.URI(), err)
	}
	return &Repository{store: store, layout: l, rootName: g.name, root: root, warnings: g.warnings}, nil
}

// URI names the store of the repository.
func (r *Repository) URI() string { return r.store.URI() }

// Layout names the family of versions whose layout the repository has.
func (r *Repository) Layout() string { return r.layout.name }

// Generation names the blob that was read as table of contents, index-N.
func (r *Repository) Generation() string { return r.rootName }

// Warnings says what was odd about the repository and yet did not stop the reading.
func (r *Repository) Warnings() []string { return r.warnings }

// Snapshots returns all snapshots, by name.
func (r *Repository) Snapshots() []Summary {
	all := make([]Summary, 0, len(r.root.Snapshots))
	for i := range r.root.Snapshots {
		s := &r.root.Snapshots[i]
		all = append(all, Summary{
			Name: s.Name, UUID: s.UUID, State: State(*s.State), Version: s.Version,
			Started: fromMillis(s.StartedMillis), Ended: fromMillis(s.EndedMillis), Indices: len(s.indicesByNames),
		})
	}
	slices.SortFunc(all, func(a, b Summary) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.UUID, b.UUID)) })
	return all
}

// find returns the entry of the snapshot called name.
func (r *Repository) find(name string) (*rootSnapshot, error) {
	var names []string
	for i := range r.root.Snapshots {
		s := &r.root.Snapshots[i]
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return nil, noSuch(ErrNoSnapshot, name, r.URI(), names)
}

// fromMillis is the time so many milliseconds after 1970 in UTC; the zero time for 0.
func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
