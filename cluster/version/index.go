package version

import "sort"

// firstIndexVersion is where the numbers of Elasticsearch's index versions begin. From 8.11 on a cluster
// writes those instead of the id of its release, for indices and for snapshots.
const firstIndexVersion = 8_500_000

// indexVersions are the index versions that releases wrote, each with the first release that did,
// ascending. Builds between releases wrote others. Source: IndexVersions.csv of Elasticsearch 9.2, and for
// 9.2 itself IndexVersions.
var indexVersions = []struct {
	id                  int64
	major, minor, patch int
}{
	{8_500_003, 8, 11, 0},
	{8_500_008, 8, 12, 0},
	{8_500_010, 8, 12, 1},
	{8_503_000, 8, 13, 0},
	{8_505_000, 8, 14, 0},
	{8_512_000, 8, 15, 0},
	{8_518_000, 8, 16, 0},
	{8_521_000, 8, 17, 0},
	{8_525_000, 8, 18, 0},
	{8_536_000, 8, 19, 0},
	{9_009_000, 9, 0, 0},
	{9_033_000, 9, 1, 0},
	{9_039_001, 9, 2, 0},
}

// IsIndexVersion reports whether an id (see [FromID]) is one of Elasticsearch's index versions, which tell the release
// only as well as the table of those goes.
func IsIndexVersion(id int64) bool { return id >= firstIndexVersion && id&openSearchMask == 0 }

// fromIndexVersion returns the newest release known not to be newer than id: the first that wrote it, where
// a release did.
func fromIndexVersion(id int64) Version {
	i := sort.Search(len(indexVersions), func(i int) bool { return indexVersions[i].id > id })
	row := indexVersions[max(i-1, 0)]
	return Version{Flavor: Elasticsearch, Major: row.major, Minor: row.minor, Patch: row.patch}
}
