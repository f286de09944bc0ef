package snapshot

import (
	"context"
	"encoding/json"
	"fmt"
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
	entry   *rootSnapshot
	release version.Version
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
	} `json:"snapshot"`
}

// Snapshot reads the snapshot called name. Errors: [ErrNoSnapshot] with the names there are,
// [ErrIncomplete] and [ErrUnsupported], wrapped, or a *[input.CorruptError].
func (r *Repository) Snapshot(ctx context.Context, name string) (*Snapshot, error) {
	entry, err := r.find(name)
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
	if err := State(*entry.State).readable(); err != nil {
		return nil, err
	}
	at := r.layout.infoPath(entry.UUID)
	var info infoBlob
	if err := readDat(ctx, r.store, at, codecSnapshot, &info); err != nil {
		return nil, err
	}
	if info.Snapshot == nil || info.Snapshot.UUID != entry.UUID || info.Snapshot.Name != entry.Name {
		return nil, &input.CorruptError{File: at, Want: fmt.Sprintf("snapshot %q (%s) as in %s", entry.Name, entry.UUID, r.rootName), Got: "another"}
	}
	state, ok := parseState(info.Snapshot.State)
	if !ok {
		return nil, &input.CorruptError{File: at, Want: "a state", Got: fmt.Sprintf("%q", info.Snapshot.State)}
	}
	if err := state.readable(); err != nil {
		if info.Snapshot.Reason != "" {
			err = fmt.Errorf("%w (%s)", err, info.Snapshot.Reason)
		}
		return nil, err
	}
	s := &Snapshot{
		Name: entry.Name, UUID: entry.UUID, State: state,
		Started: fromMillis(info.Snapshot.StartTime), Ended: fromMillis(info.Snapshot.EndTime),
		HasGlobal:   info.Snapshot.Global == nil || *info.Snapshot.Global,
		DataStreams: info.Snapshot.DataStreams, TotalShards: info.Snapshot.TotalShards,
		Failures: info.Snapshot.Failures, UserMetadata: present(info.Snapshot.Metadata),
		repo: r, entry: entry,
	}
	if err := s.setRelease(info.Snapshot.VersionID); err != nil {
		return nil, err
	}
	return s, s.checkMembers(at, info.Snapshot.Indices)
}

// setRelease notes the version of the cluster, from the id in the snapshot. From 8.11 on Elasticsearch
// writes the version of its index format instead; then the marker in index-N is all there is.
func (s *Snapshot) setRelease(id int64) error {
	v, err := version.FromID(id)
	if err != nil {
		v = s.entry.release()
	}
	s.release, s.Version = v, v.Number()
	indexVersion := s.entry.IndexVersion
	if err != nil {
		indexVersion = max(indexVersion, id)
	}
	return checkRelease(v, indexVersion)
}

// checkMembers compares the indices the snapshot says it has with those the table of contents gives it.
func (s *Snapshot) checkMembers(at string, indices []string) error {
	for _, name := range indices {
		if _, ok := s.entry.indicesByNames[name]; !ok {
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
func (s *Snapshot) IndexNames() []string { return sortedKeys(s.entry.indicesByNames) }

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
