package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"migassist/cluster/version"
	"migassist/lucene/input"
)

// Index is the metadata of one index in a snapshot.
type Index struct {
	Name string
	ID   string // of the repository, and the name of its folder
	UUID string // of the cluster

	// Settings are flat ("index.number_of_shards"), as strings. A setting that is a list is in Lists
	// instead, one that is null in neither; RawSettings has all as they were written.
	Settings    map[string]string
	Lists       map[string][]string
	RawSettings json.RawMessage
	// Mappings are by type name, "_doc" from Elasticsearch 7 on; an index without mapping has none.
	Mappings      map[string]json.RawMessage
	Aliases       map[string]json.RawMessage
	State         string // "open" or "close"
	Shards        int
	RoutingShards int
	// Created is the version of the cluster that created the index. From Elasticsearch 8.11 on it is the first
	// release that wrote such indices (see [version.FromID]). CreatedID is the number as written.
	Created   version.Version
	CreatedID int64
	// Raw is all the metadata there is of the index, JSON.
	Raw json.RawMessage

	snapshot *Snapshot
	entry    rootIndex
}

// indexBlob is the value under the index name. Source: IndexMetadata.Builder.toXContent.
type indexBlob struct {
	RoutingShards int                        `json:"routing_num_shards"`
	State         string                     `json:"state"`
	Settings      json.RawMessage            `json:"settings"`
	Mappings      json.RawMessage            `json:"mappings"`
	Aliases       map[string]json.RawMessage `json:"aliases"`
}

// maxShards is more than any index has: 1024 by default, from Elasticsearch 5 on
// (es.index.max_number_of_shards).
const maxShards = 10_000

// Index reads the metadata of the index called name, which the caller must not change: the snapshot keeps it,
// within bounds, for the next one who asks. Errors: [ErrNoIndex] with the names there are, [ErrUnsupported]
// for what cannot be migrated from a snapshot, wrapped, or a *[input.CorruptError].
func (s *Snapshot) Index(ctx context.Context, name string) (*Index, error) {
	entry, ok := s.indices[name]
	if !ok {
		return nil, noSuch(ErrNoIndex, name, fmt.Sprintf("snapshot %q", s.Name), s.IndexNames())
	}
	if held, ok := s.cache.get(cacheKey{name, -1}); ok {
		return held.(*Index), nil //nolint:forcetypeassert // nothing else is put under such a key
	}
	index, err := s.loadIndex(ctx, name, entry)
	if err != nil {
		return nil, fmt.Errorf("index %q in snapshot %q: %w", name, s.Name, err)
	}
	s.cache.put(cacheKey{name, -1}, index, 4*int64(len(index.Raw))) // each part of it is copied on the way
	return index, nil
}

func (s *Snapshot) loadIndex(ctx context.Context, name string, entry rootIndex) (*Index, error) {
	at, err := s.indexMetaPath(entry.ID)
	if err != nil {
		return nil, err
	}
	var outer map[string]json.RawMessage
	if err := s.layout.read(ctx, s.repo.store, at, codecIndex, &outer); err != nil {
		return nil, err
	}
	raw, ok := outer[name]
	if !ok {
		return nil, &input.CorruptError{File: at, Want: fmt.Sprintf("the metadata of index %q", name), Got: fmt.Sprintf("that of %q", sortedKeys(outer))}
	}
	var b indexBlob
	if err := unmarshal(at, raw, &b); err != nil {
		return nil, err
	}
	index := &Index{
		Name: name, ID: entry.ID, State: b.State, RoutingShards: b.RoutingShards,
		Aliases: b.Aliases, Raw: raw, RawSettings: b.Settings, snapshot: s, entry: entry,
	}
	if index.Mappings, err = decodeMappings(at, b.Mappings); err != nil {
		return nil, err
	}
	if err := index.setSettings(at, b.Settings); err != nil {
		return nil, err
	}
	if s.layout.plain {
		if err := index.checkPlain(ctx, at, b); err != nil {
			return nil, err
		}
	}
	return index, index.refusals()
}

// checkPlain makes up for the checksum that metadata without envelope lacks, as far as can be: a damaged key
// must not lose mappings, nor a damaged number shards.
func (x *Index) checkPlain(ctx context.Context, at string, b indexBlob) error {
	if b.State == "" || b.Mappings == nil || b.Aliases == nil {
		return &input.CorruptError{File: at, Want: "the keys state, mappings and aliases", Got: fmt.Sprintf("some of %.100q", b.State)}
	}
	l := x.snapshot.layout
	beyond := l.shardPath(x.ID, x.Shards) + "/" + l.shardFilesName(x.snapshot.UUID)
	_, err := x.snapshot.repo.store.Stat(ctx, beyond)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = &input.CorruptError{File: at, Want: fmt.Sprintf("as many shards as there are (%s is there)", beyond), Got: fmt.Sprintf("%d", x.Shards)}
	}
	return err
}

// indexMetaPath returns where the metadata of an index lies. Snapshots share unchanged metadata from 7.9
// on; where the table of contents has no entry for an index, the snapshot has its own.
func (s *Snapshot) indexMetaPath(id string) (string, error) {
	l := s.layout
	identifier, ok := s.entry.Lookup[id]
	if !ok || l.sharedMeta == "" {
		return l.indexMetaPath(id, s.UUID), nil
	}
	meta, ok := s.repo.root.Identifiers[identifier]
	if !ok {
		return "", &input.CorruptError{File: s.repo.rootName, Want: fmt.Sprintf("identifier %q in index_metadata_identifiers", identifier), Got: "none"}
	}
	return l.sharedMetaPath(id, meta), nil
}

func (x *Index) setSettings(at string, raw json.RawMessage) error {
	flat, err := flattenSettings(at, raw)
	if err != nil {
		return err
	}
	x.Settings, x.Lists = flat.values, flat.lists
	x.UUID = x.Settings["index.uuid"]
	x.Shards, err = strconv.Atoi(x.Settings["index.number_of_shards"])
	if err != nil || x.Shards < 1 || x.Shards > maxShards {
		return &input.CorruptError{File: at, Want: fmt.Sprintf("index.number_of_shards from 1 to %d", maxShards), Got: fmt.Sprintf("%q", x.Settings["index.number_of_shards"])}
	}
	x.CreatedID, err = strconv.ParseInt(x.Settings["index.version.created"], 10, 64)
	if err != nil {
		return &input.CorruptError{File: at, Want: "a number as index.version.created", Got: fmt.Sprintf("%q", x.Settings["index.version.created"])}
	}
	if v, err := version.FromID(x.CreatedID); err == nil {
		x.Created = v
	}
	return nil
}

// refusals are the kinds of index that a snapshot does not hold in a form to migrate from.
func (x *Index) refusals() error {
	if x.snapshot.shallow && x.Settings["index.remote_store.enabled"] == "true" {
		return fmt.Errorf("%w: the snapshot is a shallow copy (remote_store_index_shallow_copy), whose files stay in the index's remote store; snapshot into a repository with remote_store_index_shallow_copy: false", ErrUnsupported)
	}
	return Unsupported(x.Settings)
}

// Unsupported tells why an index of these settings has nothing to migrate from but in a cluster that runs: [ErrUnsupported], wrapped, or nil.
func Unsupported(settings map[string]string) error {
	switch storage := settings["index.store.type"]; storage {
	case "snapshot", "remote_snapshot":
		return fmt.Errorf("%w: it is a searchable snapshot (index.store.type: %s), a stub without data; migrate from the repository it is mounted from", ErrUnsupported, storage)
	}
	switch mode := settings["index.mode"]; mode {
	case "", "standard", "lookup":
		return nil
	case "time_series", "logsdb":
		return fmt.Errorf("%w: index.mode is %s, whose documents are not kept as they were sent; reindex it into a standard index and snapshot that", ErrUnsupported, mode)
	default:
		return fmt.Errorf("%w: index.mode is %s, which is not known", ErrUnsupported, mode)
	}
}
