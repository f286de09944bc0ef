package snapshot_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"migassist/internal/blob"
	"migassist/snapshot"
)

func TestOpenTellsWhatIsNoRepository(t *testing.T) {
	good := newHandmade().build(t)
	under := func(prefix string) tree {
		r := tree{}
		for name, data := range good {
			r[prefix+name] = data
		}
		return r
	}
	indices := tree{"I/meta-M.dat": nil, "I/0/snap-U.dat": nil}
	for name, c := range map[string]struct {
		repo tree
		want string
	}{
		"empty":               {tree{}, "found nothing: it is empty"},
		"other files":         {tree{"a": nil, "b/c": nil}, "looked for index-N (N a number) and index.latest in it, found b/, a"},
		"the folder above":    {under("backups/"), "its subfolder is one: give memory:repo/backups"},
		"the folder indices":  {indices, `it looks like the folder "indices" of a repository: give the folder above`},
		"one index's folder":  {tree{"meta-M.dat": nil, "0/snap-U.dat": nil}, "it looks like one index of a repository"},
		"a node's data":       {tree{"nodes/0/node.lock": nil}, "take a snapshot into a repository"},
		"index-N lost":        {good.without("index-0"), "index.latest names index-0, which is missing"},
		"not a number":        {tree{"index-abc": nil, "index-": nil, "index--1": nil}, "looked for index-N"},
		"many files":          {tree{"a": nil, "b": nil, "c": nil, "d": nil, "e": nil, "f": nil, "g": nil, "h": nil, "i": nil, "j": nil}, "h and 2 more"},
		"an index.latest cut": {tree{"index.latest": {0, 0}}, "found index.latest"},
	} {
		_, err := snapshot.Open(t.Context(), c.repo.store())
		if !errors.Is(err, snapshot.ErrNotRepository) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want %q", name, err, c.want)
		}
	}
}

func TestOpenRefusesOtherFormatsByName(t *testing.T) {
	minVersion := func(v any) tree {
		h := newHandmade()
		delete(h.root, "index_metadata_identifiers")
		delete(h.root, "min_version")
		if v != nil {
			h.root["min_version"] = v
		}
		return h.build(t)
	}
	newer := newHandmade()
	newer.root["min_version"] = "9.5.0"
	for name, c := range map[string]struct {
		repo tree
		want string
	}{
		"a future version":   {newer.build(t), `min_version "9.5.0"`},
		"a future one alone": {minVersion("8.99.0"), `min_version "8.99.0"`},
	} {
		_, err := snapshot.Open(t.Context(), c.repo.store())
		if !errors.Is(err, snapshot.ErrUnsupported) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want %q", name, err, c.want)
		}
	}
}

func TestTheHighestGenerationCounts(t *testing.T) {
	base := newHandmade().build(t)
	old := newHandmade()
	old.entry["name"] = "old"
	latest := func(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
	ten := base.without("index-0").with("index-10", base["index-0"]).with("index-9", old.build(t)["index-0"])
	for name, c := range map[string]struct {
		repo    tree
		want    string
		warning string
	}{
		"numeric, not by letters":     {ten.with("index.latest", latest(10)), "index-10", ""},
		"index.latest behind":         {ten.with("index.latest", latest(9)), "index-10", ""},
		"index.latest missing":        {ten.without("index.latest"), "index-10", ""},
		"index.latest makes no sense": {ten.with("index.latest", []byte("?")), "index-10", ""},
		"index.latest ahead":          {ten.with("index.latest", latest(12)), "index-10", "index.latest names index-12"},
	} {
		r, err := snapshot.Open(t.Context(), c.repo.store())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		warnings := strings.Join(r.Warnings(), "\n")
		if r.Generation() != c.want || !strings.Contains(warnings, c.warning) || (c.warning == "") != (warnings == "") {
			t.Errorf("%s: %s with warnings %q", name, r.Generation(), warnings)
		}
		if got := r.Snapshots(); len(got) != 1 || got[0].Name != "s" {
			t.Errorf("%s: snapshots %v", name, got)
		}
	}
}

// TestAStoreThatCannotListNeedsIndexLatest: read-only repositories behind URLs.
func TestAStoreThatCannotListNeedsIndexLatest(t *testing.T) {
	repo := newHandmade().build(t)
	r, err := snapshot.Open(t.Context(), blind{repo.store()})
	if err != nil || r.Generation() != "index-0" {
		t.Errorf("got %v, error %v", r, err)
	}
	if _, err := snapshot.Open(t.Context(), blind{repo.without("index.latest").store()}); !errors.Is(err, snapshot.ErrNotRepository) {
		t.Errorf("got error %v", err)
	}
}

// blind lists nothing.
type blind struct{ blob.Reader }

func (blind) List(context.Context, string) ([]blob.Entry, error) { return nil, nil }

func TestAStoreThatFailsIsNoMissingRepository(t *testing.T) {
	_, err := snapshot.Open(t.Context(), denied{newHandmade().build(t).store()})
	if !errors.Is(err, fs.ErrPermission) || errors.Is(err, snapshot.ErrNotRepository) {
		t.Errorf("got error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := snapshot.Open(ctx, newHandmade().build(t).store()); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: got error %v", err)
	}
}

// denied cannot list.
type denied struct{ blob.Reader }

func (denied) List(context.Context, string) ([]blob.Entry, error) { return nil, fs.ErrPermission }

func TestUnknownSnapshotGetsTheNamesThereAre(t *testing.T) {
	r := open(t, fixture(t, "elasticsearch-7.10.2"))
	for name, want := range map[string]string{
		"frist":   `did you mean "first"?; there are: first, partial, second`,
		"SECOND":  `did you mean "second"?`,
		"nothing": `no such snapshot: "nothing" in memory:repo; there are: first, partial, second`,
		"":        "there are: first, partial, second",
	} {
		_, err := r.Snapshot(t.Context(), name)
		if !errors.Is(err, snapshot.ErrNoSnapshot) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want %q", name, err, want)
		}
	}
}

func TestManyNamesAreCutShort(t *testing.T) {
	h := newHandmade()
	var all []any
	for i := range 30 {
		all = append(all, object{"name": fmt.Sprintf("s%02d", i), "uuid": fmt.Sprintf("U%d", i), "state": 1})
	}
	h.root["snapshots"], h.root["indices"] = all, object{}
	_, err := open(t, h.build(t)).Snapshot(t.Context(), "other-name-altogether")
	if err == nil || !strings.HasSuffix(err.Error(), "s18, s19 and 10 more") {
		t.Errorf("got error %v", err)
	}
	h.root["snapshots"] = []any{}
	if _, err := open(t, h.build(t)).Snapshot(t.Context(), "s"); err == nil || !strings.Contains(err.Error(), "there are none") {
		t.Errorf("got error %v", err)
	}
}

func TestUnknownIndexGetsTheNamesThereAre(t *testing.T) {
	s, err := open(t, newHandmade().build(t)).Snapshot(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Index(t.Context(), "y"); !errors.Is(err, snapshot.ErrNoIndex) || !strings.Contains(err.Error(), `"y" in snapshot "s"; did you mean "x"?; there are: x`) {
		t.Errorf("got error %v", err)
	}
}

func TestSnapshotsThatAreNotDoneAreRefused(t *testing.T) {
	for state, want := range map[string]string{"IN_PROGRESS": "wait until it is done", "FAILED": "take another one", "INCOMPATIBLE": "older"} {
		number := map[string]int{"IN_PROGRESS": 0, "FAILED": 2, "INCOMPATIBLE": 4}[state]
		byTable, byInfo := newHandmade(), newHandmade()
		byTable.entry["state"] = number
		byInfo.info["state"], byInfo.info["reason"] = state, "disk full"
		for where, h := range map[string]*handmade{"index-N": byTable, "snap-U.dat": byInfo} {
			_, err := open(t, h.build(t)).Snapshot(t.Context(), "s")
			if err == nil || !strings.Contains(err.Error(), state) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `snapshot "s"`) {
				t.Errorf("%s in %s: got error %v", state, where, err)
			}
			if where == "snap-U.dat" && !strings.Contains(err.Error(), "disk full") {
				t.Errorf("the reason is missing: %v", err)
			}
			if wants := state == "INCOMPATIBLE"; errors.Is(err, snapshot.ErrUnsupported) != wants || errors.Is(err, snapshot.ErrIncomplete) == wants {
				t.Errorf("%s: got error %v", state, err)
			}
		}
	}
	odd := newHandmade()
	odd.entry["state"] = 9
	if _, err := open(t, odd.build(t)).Snapshot(t.Context(), "s"); err == nil || !strings.Contains(err.Error(), "state 9") {
		t.Errorf("got error %v", err)
	}
}

func TestPartialSnapshotIsReadWithAWarning(t *testing.T) {
	h := newHandmade()
	h.entry["state"], h.info["state"], h.info["total_shards"] = 3, "PARTIAL", 2
	h.settings["index.number_of_shards"] = "2"
	h.info["failures"] = []any{object{"index": "x", "shard_id": 1, "reason": "node left", "status": "INTERNAL_SERVER_ERROR"}}
	h.add("segments_1", pattern(10), 100)
	repo := h.build(t)
	repo["indices/I/1/snap-U.dat"] = repo["indices/I/0/snap-U.dat"] // written before the node left; not to be relied on
	s, err := open(t, repo).Snapshot(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(s.Warnings(), "\n"); got != `snapshot "s" is PARTIAL: 1 of 2 shards are not in it: x[1] (node left)` {
		t.Errorf("warnings %q", got)
	}
	x, err := s.Index(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Shard(t.Context(), 0); err != nil {
		t.Error(err)
	}
	if _, err := x.Shard(t.Context(), 1); !errors.Is(err, snapshot.ErrIncomplete) || !strings.Contains(err.Error(), "node left") || !strings.Contains(err.Error(), `shard 1 of index "x" in snapshot "s"`) {
		t.Errorf("got error %v", err)
	}
}

func TestVersionsOfClusters(t *testing.T) {
	for name, c := range map[string]struct {
		id           int64
		version      string
		indexVersion int64
		want         string // or the error
	}{
		"Elasticsearch 7.10":    {7100299, "7.10.2", 0, "elasticsearch 7.10.2"},
		"OpenSearch 1.3":        {1032099 ^ 0x08000000, "1.3.20", 0, "opensearch 1.3.20"},
		"OpenSearch 2.19":       {2190199 ^ 0x08000000, "2.19.1", 0, "opensearch 2.19.1"},
		"Elasticsearch 8.10":    {8100299, "8.10.2", 0, "elasticsearch 8.10.2"},
		"Elasticsearch 8.11 on": {8521000, "8.11.0", 8521000, "elasticsearch 8.17.0"},
		"Elasticsearch 9":       {9009000, "8.11.0", 9009000, "elasticsearch 9.0.0"},
		"OpenSearch 3":          {3000099 ^ 0x08000000, "3.0.0", 0, "opensearch 3.0.0"},
		"Elasticsearch 6":       {6082399, "", 0, "elasticsearch 6.8.23"},
		"Elasticsearch 1":       {1000099, "", 0, "elasticsearch 1.0.0"},
		"Elasticsearch 10":      {10000000, "8.11.0", 10000000, "(version id 10000000); Elasticsearch 1 to 9 are read: use a newer release"},
		"OpenSearch 4":          {4000099 ^ 0x08000000, "4.0.0", 0, "a snapshot of OpenSearch 4.0.0 (version id 138217827); OpenSearch 1 to 3 are read"},
		"Elasticsearch 0.90":    {901399, "", 0, "a snapshot of Elasticsearch before 1.0 (version id 901399)"},
		"only in index-N":       {0, "7.10.2", 0, "elasticsearch 7.10.2"},
		"no version whatever":   {0, "", 0, "unknown version"},
	} {
		h := newHandmade()
		h.info["version_id"], h.entry["version"] = c.id, c.version
		if c.indexVersion != 0 {
			h.entry["index_version"] = c.indexVersion
		}
		s, err := open(t, h.build(t)).Snapshot(t.Context(), "s")
		got := fmt.Sprint(err)
		if err == nil {
			got = s.Product() + " " + s.Version
		} else if !errors.Is(err, snapshot.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

// TestSharedAndOwnIndexMetadata: before 7.9 every snapshot had its own; later ones still hold such.
func TestSharedAndOwnIndexMetadata(t *testing.T) {
	old := newHandmade()
	delete(old.root, "index_metadata_identifiers")
	delete(old.entry, "index_metadata_lookup")
	old.root["min_version"] = "7.6.0"
	old.info["version_id"] = 7060299
	repo := old.build(t)
	repo["indices/I/meta-U.dat"] = repo["indices/I/meta-M.dat"]
	r := open(t, repo.without("indices/I/meta-M.dat"))
	if r.Layout() != "Elasticsearch 7.6 to 7.8" {
		t.Errorf("layout %s", r.Layout())
	}
	mixed := newHandmade()
	delete(mixed.entry, "index_metadata_lookup")
	mixedRepo := mixed.build(t)
	mixedRepo["indices/I/meta-U.dat"] = mixedRepo["indices/I/meta-M.dat"]
	for name, r := range map[string]*snapshot.Repository{"7.6": r, "7.6 in 7.9": open(t, mixedRepo.without("indices/I/meta-M.dat"))} {
		s, err := r.Snapshot(t.Context(), "s")
		if err != nil {
			t.Fatal(err)
		}
		if x, err := s.Index(t.Context(), "x"); err != nil || x.UUID != "cluster-uuid" {
			t.Errorf("%s: %v, error %v", name, x, err)
		}
	}
	lost := newHandmade()
	lost.root["index_metadata_identifiers"] = object{}
	s, err := open(t, lost.build(t)).Snapshot(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Index(t.Context(), "x"); err == nil || !strings.Contains(err.Error(), `corrupt index-0`) || !strings.Contains(err.Error(), `identifier "ident"`) {
		t.Errorf("got error %v", err)
	}
}
