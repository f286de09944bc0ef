package snapshot

import (
	"context"
	"encoding/json"
	"fmt"
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
	// Created is the version of the cluster that created the index; zero for indices of Elasticsearch
	// 8.11 and later, which count their formats apart. CreatedID is the number as written.
	Created   version.Version
	CreatedID int64
	// Raw is all the metadata there is of the index, JSON.
	Raw json.RawMessage

	snapshot  *Snapshot
	shardPath int // shard_path_type: 0 where shards lie below the index
}

// indexBlob is the value under the index name. Source: IndexMetadata.Builder.toXContent.
type indexBlob struct {
	RoutingShards int                        `json:"routing_num_shards"`
	State         string                     `json:"state"`
	Settings      json.RawMessage            `json:"settings"`
	Mappings      json.RawMessage            `json:"mappings"`
	Aliases       map[string]json.RawMessage `json:"aliases"`
}

// maxShards is the most an index may have (index.number_of_shards, from Elasticsearch 5 on).
const maxShards = 1024

// Index reads the metadata of the index called name. Errors: [ErrNoIndex] with the names there are,
// [ErrUnsupported] for what cannot be migrated from a snapshot, wrapped, or a *[input.CorruptError].
func (s *Snapshot) Index(ctx context.Context, name string) (*Index, error) {
	entry, ok := s.entry.indicesByNames[name]
	if !ok {
		return nil, noSuch(ErrNoIndex, name, fmt.Sprintf("snapshot %q", s.Name), s.IndexNames())
	}
	index, err := s.loadIndex(ctx, name, entry)
	if err != nil {
		return nil, fmt.Errorf("index %q in snapshot %q: %w", name, s.Name, err)
	}
	return index, nil
}

func (s *Snapshot) loadIndex(ctx context.Context, name string, entry rootIndex) (*Index, error) {
	at, err := s.indexMetaPath(entry.ID)
	if err != nil {
		return nil, err
	}
	var outer map[string]json.RawMessage
	if err := readDat(ctx, s.repo.store, at, codecIndex, &outer); err != nil {
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
		Aliases: b.Aliases, Raw: raw, RawSettings: b.Settings, snapshot: s, shardPath: entry.ShardPathType,
	}
	if index.Mappings, err = decodeMappings(at, b.Mappings); err != nil {
		return nil, err
	}
	if err := index.setSettings(at, b.Settings); err != nil {
		return nil, err
	}
	return index, index.refusals()
}

// indexMetaPath returns where the metadata of an index lies. Snapshots share unchanged metadata from 7.9
// on; where the table of contents has no entry for an index, the snapshot has its own.
func (s *Snapshot) indexMetaPath(id string) (string, error) {
	l := s.repo.layout
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
	switch storage := x.Settings["index.store.type"]; storage {
	case "snapshot", "remote_snapshot":
		return fmt.Errorf("%w: it is a searchable snapshot (index.store.type: %s), a stub without data; migrate from the repository it is mounted from", ErrUnsupported, storage)
	}
	switch mode := x.Settings["index.mode"]; mode {
	case "", "standard", "lookup":
		return nil
	case "time_series", "logsdb":
		return fmt.Errorf("%w: index.mode is %s, whose documents are not kept as they were sent; reindex it into a standard index and snapshot that", ErrUnsupported, mode)
	default:
		return fmt.Errorf("%w: index.mode is %s, which is not known", ErrUnsupported, mode)
	}
}
