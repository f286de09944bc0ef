package snapshot

import (
	"fmt"
	"strconv"
	"strings"

	"migassist/cluster/version"
)

// layout is how a family of versions lays out a repository. Paths are relative to its root, with
// {snapshot} (UUID), {index} (the repository's own id of it, not the cluster's), {meta}, {shard} and
// {blob} to be filled in.
type layout struct {
	name string // of the family, for messages

	// matches tells from the root blob whether it is this layout.
	matches func(root *rootBlob) bool
	// refuse is why this layout is not read; empty where it is.
	refuse string

	info       string // snapshot info
	global     string // global metadata
	indexMeta  string // index metadata
	sharedMeta string // the same, where snapshots share it through index_metadata_identifiers
	shardFiles string // file list of a shard
	shallow    string // what lies there instead when the files are in a remote store
	data       string // a data blob of a shard
}

// layouts is asked from top to bottom; the first match counts. Source: BlobStoreRepository and
// RepositoryData of either product, and docs/formats/snapshot.md.
var layouts = []layout{
	{
		name:       "Elasticsearch 7.9 to 8, OpenSearch 1 and 2",
		matches:    func(r *rootBlob) bool { return r.Identifiers != nil && r.knownMinVersion() },
		info:       "snap-{snapshot}.dat",
		global:     "meta-{snapshot}.dat",
		indexMeta:  "indices/{index}/meta-{snapshot}.dat",
		sharedMeta: "indices/{index}/meta-{meta}.dat",
		shardFiles: "indices/{index}/{shard}/snap-{snapshot}.dat",
		shallow:    "indices/{index}/{shard}/shallow-snap-{snapshot}.dat",
		data:       "indices/{index}/{shard}/{blob}",
	},
	{
		name:       "Elasticsearch 7.6 to 7.8",
		matches:    func(r *rootBlob) bool { return r.MinVersion == "7.6.0" },
		info:       "snap-{snapshot}.dat",
		global:     "meta-{snapshot}.dat",
		indexMeta:  "indices/{index}/meta-{snapshot}.dat",
		shardFiles: "indices/{index}/{shard}/snap-{snapshot}.dat",
		data:       "indices/{index}/{shard}/{blob}",
	},
	{
		name:    "Elasticsearch 5.0 to 7.5",
		matches: func(r *rootBlob) bool { return r.MinVersion == "" },
		refuse:  "its index-N has neither min_version nor index_metadata_identifiers: Elasticsearch 5.0 to 7.5 wrote it, or a later one while snapshots from those were still in it; snapshot with Elasticsearch 7.6 or newer into a new repository",
	},
	{
		name:    "unknown",
		matches: func(*rootBlob) bool { return true },
		refuse:  "its index-N needs a newer reader (see min_version); use a newer release of this program",
	},
}

// minVersions are the values of min_version whose layout is known. Source: SnapshotsService
// (SHARD_GEN_…, INDEX_GEN_…, UUIDS_IN_REPO_DATA_VERSION).
var minVersions = []string{"", "7.6.0", "7.9.0", "7.12.0"}

// layoutOf finds the row for a root blob.
func layoutOf(root *rootBlob) (*layout, error) {
	for i := range layouts {
		l := &layouts[i]
		if !l.matches(root) {
			continue
		}
		if l.refuse != "" {
			return nil, fmt.Errorf("repository of %s (min_version %q): %w: %s", l.name, root.MinVersion, ErrUnsupported, l.refuse)
		}
		return l, nil
	}
	return nil, fmt.Errorf("repository with min_version %q: %w", root.MinVersion, ErrUnsupported)
}

// releases are the versions whose snapshots are read, by product and from the first to before the second.
var releases = []struct {
	flavor        version.Flavor
	from, before  int
	beyond        string
	firstIndexVer int64 // of Elasticsearch's own count of index versions
}{
	{flavor: version.Elasticsearch, from: 7, before: 9, beyond: "Elasticsearch 9 is not in this version", firstIndexVer: 9_000_000},
	{flavor: version.OpenSearch, from: 1, before: 3, beyond: "OpenSearch 3 is not in this version"},
}

// checkRelease refuses the snapshot of a cluster whose version no row of releases covers.
func checkRelease(v version.Version, indexVersion int64) error {
	for _, r := range releases {
		if v.Flavor != r.flavor {
			continue
		}
		if v.Major >= r.before || r.firstIndexVer > 0 && indexVersion >= r.firstIndexVer {
			return fmt.Errorf("%w: %s", ErrUnsupported, r.beyond)
		}
		if v.Major < r.from {
			return fmt.Errorf("%w: snapshots of %s are not in this version", ErrUnsupported, v)
		}
		return nil
	}
	return fmt.Errorf("%w: a snapshot of %s", ErrUnsupported, v)
}

// fill replaces the {names} in a path of a layout. Pairs are name, value.
func fill(path string, pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(path)
}

func (l *layout) infoPath(snapshot string) string   { return fill(l.info, "{snapshot}", snapshot) }
func (l *layout) globalPath(snapshot string) string { return fill(l.global, "{snapshot}", snapshot) }

func (l *layout) indexMetaPath(index, snapshot string) string {
	return fill(l.indexMeta, "{index}", index, "{snapshot}", snapshot)
}

func (l *layout) sharedMetaPath(index, meta string) string {
	return fill(l.sharedMeta, "{index}", index, "{meta}", meta)
}

func (l *layout) shardFilesPath(index string, shard int, snapshot string) string {
	return fill(l.shardFiles, "{index}", index, "{shard}", strconv.Itoa(shard), "{snapshot}", snapshot)
}

func (l *layout) shallowPath(index string, shard int, snapshot string) string {
	return fill(l.shallow, "{index}", index, "{shard}", strconv.Itoa(shard), "{snapshot}", snapshot)
}

func (l *layout) dataPath(index string, shard int, name string) string {
	return fill(l.data, "{index}", index, "{shard}", strconv.Itoa(shard), "{blob}", name)
}
