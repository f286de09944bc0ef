package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"migassist/cluster/version"
	"migassist/lucene/input"
)

// Snapshot is one snapshot of a repository.
type Snapshot struct {
	Name    string
	UUID    string
	State   State // Success or Partial
	Version string
	Started time.Time
	Ended   time.Time

	// HasGlobal tells whether cluster-wide metadata was included (include_global_state).
	HasGlobal   bool
	DataStreams []string
	TotalShards int
	Failures    []Failure
	// UserMetadata is what the operator attached, JSON; nil where nothing.
	UserMetadata json.RawMessage

	repo    *Repository
	layout  *layout // of this snapshot, which may be older than the repository's
	entry   *rootSnapshot
	indices map[string]rootIndex
	release version.Version
	shallow bool // its shards are references into a remote store, at least where the index has one
	cache   cache
}

// Failure is a shard that is not in the snapshot.
type Failure struct {
	Index  string `json:"index"`
	Shard  int    `json:"shard_id"`
	Reason string `json:"reason"`
}

// infoBlob is snap-UUID.dat at the root. Source: SnapshotInfo.toXContentInternal of either product.
type infoBlob struct {
	Snapshot *struct {
		Name        string          `json:"name"`
		UUID        string          `json:"uuid"`
		VersionID   int64           `json:"version_id"`
		Indices     []string        `json:"indices"`
		DataStreams []string        `json:"data_streams"`
		State       string          `json:"state"`
		Reason      string          `json:"reason"`
		Global      *bool           `json:"include_global_state"`
		Metadata    json.RawMessage `json:"metadata"`
		StartTime   int64           `json:"start_time"`
		EndTime     int64           `json:"end_time"`
		TotalShards int             `json:"total_shards"`
		Failures    []Failure       `json:"failures"`
		Shallow     bool            `json:"remote_store_index_shallow_copy"` // OpenSearch
	} `json:"snapshot"`
}

// Snapshot reads the snapshot called name. Errors: [ErrNoSnapshot] with the names there are,
// [ErrIncomplete] and [ErrUnsupported], wrapped, or a *[input.CorruptError].
func (r *Repository) Snapshot(ctx context.Context, name string) (*Snapshot, error) {
	entry, err := r.find(ctx, name)
	if err != nil {
		return nil, err
	}
	s, err := r.load(ctx, entry)
	if err != nil {
		return nil, fmt.Errorf("snapshot %q in %s: %w", name, r.URI(), err)
	}
	return s, nil
}

func (r *Repository) load(ctx context.Context, entry *rootSnapshot) (*Snapshot, error) {
	if err := entry.state().readable(); err != nil {
		return nil, err
	}
	l, at, info, err := r.readInfo(ctx, entry)
	if err != nil {
		return nil, err
	}
	i := info.Snapshot
	state, ok := parseState(i.State)
	if !ok {
		return nil, &input.CorruptError{File: at, Want: "a state", Got: fmt.Sprintf("%q", i.State)}
	}
	if err := state.readable(); err != nil {
		if i.Reason != "" {
			err = fmt.Errorf("%w (%s)", err, i.Reason)
		}
		return nil, err
	}
	s := &Snapshot{
		Name: entry.Name, UUID: entry.UUID, State: state,
		Started: fromMillis(i.StartTime), Ended: fromMillis(i.EndTime),
		HasGlobal:   i.Global == nil || *i.Global,
		DataStreams: i.DataStreams, TotalShards: i.TotalShards,
		Failures: i.Failures, UserMetadata: present(i.Metadata),
		repo: r, layout: l, entry: entry, shallow: i.Shallow,
	}
	if err := s.setRelease(i.VersionID); err != nil {
		return nil, err
	}
	return s, s.checkMembers(at, i.Indices)
}

// readInfo reads the info of a snapshot: where the repository's layout has it or, for a snapshot from before
// Elasticsearch 5, where Elasticsearch 1 put it.
func (r *Repository) readInfo(ctx context.Context, entry *rootSnapshot) (l *layout, at string, info infoBlob, err error) {
	l = r.layout
	at = l.infoPath(entry.UUID)
	err = l.read(ctx, r.store, at, codecSnapshot, &info)
	if errors.Is(err, fs.ErrNotExist) && entry.UUID == entry.Name && l != elasticsearch1 {
		old := elasticsearch1.infoPath(entry.UUID)
		if again := elasticsearch1.read(ctx, r.store, old, codecSnapshot, &info); !errors.Is(again, fs.ErrNotExist) {
			l, at, err = elasticsearch1, old, again
		}
	}
	if err != nil {
		return l, at, info, err
	}
	i := info.Snapshot
	if i == nil || i.Name != entry.Name || i.UUID != entry.UUID && (i.UUID != "" || entry.UUID != entry.Name) {
		return l, at, info, &input.CorruptError{File: at, Want: fmt.Sprintf("snapshot %q (%s) as in %s", entry.Name, entry.UUID, r.rootName), Got: "another"}
	}
	if i.Indices == nil {
		return l, at, info, &input.CorruptError{File: at, Want: "the key indices", Got: "JSON without"}
	}
	return l, at, info, nil
}

// setRelease notes the version of the cluster, from the id in the snapshot, else from index-N.
func (s *Snapshot) setRelease(id int64) error {
	v, err := version.FromID(id)
	if err != nil {
		v = s.repo.root.release(s.entry)
	}
	s.release, s.Version = v, v.Number()
	return checkRelease(v, id)
}

// checkMembers compares the indices the snapshot says it has with those the table of contents gives it.
// Where there is no such table, they are by name what it says.
func (s *Snapshot) checkMembers(at string, indices []string) error {
	if s.entry.indices == nil {
		s.indices = make(map[string]rootIndex, len(indices))
		for _, name := range indices {
			s.indices[name] = rootIndex{ID: name}
		}
		return nil
	}
	s.indices = s.entry.indices
	for _, name := range indices {
		if _, ok := s.indices[name]; !ok {
			return &input.CorruptError{File: at, Want: "only indices that " + s.repo.rootName + " has for this snapshot", Got: fmt.Sprintf("%q", name)}
		}
	}
	return nil
}

// Product is the product of the cluster: "elasticsearch" or "opensearch".
func (s *Snapshot) Product() string { return strings.ToLower(s.release.Flavor.String()) }

// Release is the product and version of the cluster as one value.
func (s *Snapshot) Release() version.Version { return s.release }

// IndexNames returns the names of the indices in the snapshot, sorted. Backing indices of data streams
// are among them.
func (s *Snapshot) IndexNames() []string { return sortedKeys(s.indices) }

// Warnings says what an operator should know before relying on the snapshot.
func (s *Snapshot) Warnings() []string {
	if s.State != Partial && len(s.Failures) == 0 {
		return nil
	}
	missing := make([]string, 0, len(s.Failures))
	for _, f := range s.Failures {
		missing = append(missing, fmt.Sprintf("%s[%d] (%s)", f.Index, f.Shard, f.Reason))
	}
	slices.Sort(missing)
	text := fmt.Sprintf("snapshot %q is %s: %d of %d shards are not in it", s.Name, s.State, len(s.Failures), s.TotalShards)
	if len(missing) > 0 {
		text += ": " + strings.Join(missing, ", ")
	}
	return []string{text}
}

// failure returns why a shard is missing from the snapshot.
func (s *Snapshot) failure(index string, shard int) (Failure, bool) {
	for _, f := range s.Failures {
		if f.Index == index && f.Shard == shard {
			return f, true
		}
	}
	return Failure{}, false
}

// present is raw, or nil where raw is nothing or null.
func present(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	return raw
}
