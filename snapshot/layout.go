package snapshot

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"migassist/cluster/version"
)

// layout is how a family of versions lays out a repository. Paths are relative to its root, with
// {snapshot} (UUID), {index} (the repository's own id of it, not the cluster's), {meta} and {shard} to be
// filled in. Before Elasticsearch 5 the UUID of a snapshot is its name, and the id of an index its name.
type layout struct {
	name string // of the family, for messages

	// matches tells from the root blob whether it is this layout.
	matches func(root *rootBlob) bool
	// refuse is why this layout is not read; empty where it is.
	refuse string

	// plain says that metadata blobs have no envelope: they are JSON, or LZF of it, without checksum.
	plain bool

	info       string // snapshot info
	global     string // global metadata
	indexMeta  string // index metadata
	sharedMeta string // the same, where snapshots share it through index_metadata_identifiers
	shard      string // folder of a shard, where its path is not hashed
	shardFiles string // file list of a shard, in its folder
	shallow    string // what lies there instead when the files are in a remote store
}

// layouts is asked from top to bottom; the first match counts. Source: BlobStoreRepository and
// RepositoryData of either product, and docs/formats/snapshot.md.
var layouts = []*layout{
	{
		name:       "Elasticsearch 7.9 to 9, OpenSearch 1 to 3",
		matches:    func(r *rootBlob) bool { return r.Identifiers != nil && r.knownMinVersion() },
		info:       "snap-{snapshot}.dat",
		global:     "meta-{snapshot}.dat",
		indexMeta:  "indices/{index}/meta-{snapshot}.dat",
		sharedMeta: "indices/{index}/meta-{meta}.dat",
		shard:      "indices/{index}/{shard}",
		shardFiles: "snap-{snapshot}.dat",
		shallow:    "shallow-snap-{snapshot}.dat",
	},
	{
		name:       "Elasticsearch 7.6 to 7.8",
		matches:    func(r *rootBlob) bool { return r.MinVersion == "7.6.0" },
		info:       "snap-{snapshot}.dat",
		global:     "meta-{snapshot}.dat",
		indexMeta:  "indices/{index}/meta-{snapshot}.dat",
		shard:      "indices/{index}/{shard}",
		shardFiles: "snap-{snapshot}.dat",
	},
	{
		// Elasticsearch 7.6 and later write it as well while snapshots from before are in the repository.
		name:       "Elasticsearch 5.0 to 7.5",
		matches:    func(r *rootBlob) bool { return r.MinVersion == "" && !r.namesOnly },
		info:       "snap-{snapshot}.dat",
		global:     "meta-{snapshot}.dat",
		indexMeta:  "indices/{index}/meta-{snapshot}.dat",
		shard:      "indices/{index}/{shard}",
		shardFiles: "snap-{snapshot}.dat",
	},
	{
		name:       "Elasticsearch 2",
		matches:    func(r *rootBlob) bool { return r.namesOnly && !r.oldest },
		info:       "snap-{snapshot}.dat",
		global:     "meta-{snapshot}.dat",
		indexMeta:  "indices/{index}/meta-{snapshot}.dat",
		shard:      "indices/{index}/{shard}",
		shardFiles: "snap-{snapshot}.dat",
	},
	elasticsearch1,
	{
		name:    "unknown",
		matches: func(*rootBlob) bool { return true },
		refuse:  "its index-N needs a newer reader (see min_version); use a newer release of this program",
	},
}

// elasticsearch1 is also how snapshots of Elasticsearch 1 lie in a repository that later versions took
// over.
var elasticsearch1 = &layout{
	name:       "Elasticsearch 1",
	matches:    func(r *rootBlob) bool { return r.namesOnly },
	plain:      true,
	info:       "snapshot-{snapshot}",
	global:     "metadata-{snapshot}",
	indexMeta:  "indices/{index}/snapshot-{snapshot}",
	shard:      "indices/{index}/{shard}",
	shardFiles: "snapshot-{snapshot}",
}

// minVersions are the values of min_version whose layout is known. Source: SnapshotsService
// (SHARD_GEN_…, INDEX_GEN_…, UUIDS_IN_REPO_DATA_VERSION).
var minVersions = []string{"", "7.6.0", "7.9.0", "7.12.0"}

// layoutOf finds the row for a root blob.
func layoutOf(root *rootBlob) (*layout, error) {
	for _, l := range layouts {
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

// releases are the versions whose snapshots are read, by product, the first and the last major one. index
// is where the index versions of the release after the last begin.
var releases = []struct {
	flavor      version.Flavor
	first, last int
	index       int64
}{
	{flavor: version.Elasticsearch, first: 1, last: 9, index: 10_000_000},
	{flavor: version.OpenSearch, first: 1, last: 3},
}

// checkRelease refuses the snapshot of a cluster whose version, with the given id, no row of releases covers.
func checkRelease(v version.Version, id int64) error {
	if 0 < id && id < 1_000_000 {
		return fmt.Errorf("%w: a snapshot of Elasticsearch before 1.0 (version id %d); read it with Elasticsearch 1.7 and take another one there", ErrUnsupported, id)
	}
	for _, r := range releases {
		if v.Flavor != r.flavor {
			continue
		}
		if v.Major < r.first || v.Major > r.last || r.index > 0 && version.IsIndexVersion(id) && id >= r.index {
			return fmt.Errorf("%w: a snapshot of %s (version id %d); %s %d to %d are read: use a newer release of this program", ErrUnsupported, v, id, r.flavor, r.first, r.last)
		}
		return nil
	}
	return fmt.Errorf("%w: a snapshot of %s (version id %d)", ErrUnsupported, v, id)
}

func (r *rootBlob) knownMinVersion() bool { return slices.Contains(minVersions, r.MinVersion) }

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

func (l *layout) shardPath(index string, shard int) string {
	return fill(l.shard, "{index}", index, "{shard}", strconv.Itoa(shard))
}

func (l *layout) shardFilesName(snapshot string) string {
	return fill(l.shardFiles, "{snapshot}", snapshot)
}

func (l *layout) shallowName(snapshot string) string { return fill(l.shallow, "{snapshot}", snapshot) }
