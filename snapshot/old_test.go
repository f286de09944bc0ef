package snapshot_test

import (
	"bytes"
	"errors"
	"hash/adler32"
	"io/fs"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/lucene/input"
	"migassist/snapshot"
)

// lzf is data in LZF, in chunks that are not compressed.
func lzf(data []byte) []byte {
	var out []byte
	for len(data) > 0 {
		n := min(len(data), 100)
		out = append(append(out, 'Z', 'V', 0, 0, byte(n)), data[:n]...)
		data = data[n:]
	}
	return out
}

// old turns h into a snapshot that a version before 5 took.
func (h *handmade) old(version int) *handmade {
	h.info["version_id"] = version
	delete(h.info, "uuid")
	h.settings["index.version.created"] = version
	delete(h.meta, "routing_num_shards")
	return h
}

// first is the repository as Elasticsearch 1 writes it, with pack around the blobs that it may compress.
func (h *handmade) first(t testing.TB, pack func([]byte) []byte) tree {
	h.old(1070699)
	repo := tree{
		"index":                  pack(toJSON(t, object{"snapshots": []string{"s"}})),
		"snapshot-s":             pack(toJSON(t, object{"snapshot": h.info})),
		"metadata-s":             pack(toJSON(t, object{"meta-data": h.global})),
		"indices/x/snapshot-s":   pack(toJSON(t, object{"x": h.meta})),
		"indices/x/0/snapshot-s": toJSON(t, object{"name": "s", "files": h.files}),
	}
	for name, data := range h.blobs {
		repo["indices/x/0/"+name] = data
	}
	return repo
}

// second is the repository as Elasticsearch 2 writes it.
func (h *handmade) second(t testing.TB) tree {
	h.old(2040699)
	repo := tree{
		"index":                  toJSON(t, object{"snapshots": []string{"s"}}),
		"snap-s.dat":             seal("snapshot", toJSON(t, object{"snapshot": h.info})),
		"meta-s.dat":             seal("metadata", toJSON(t, object{"meta-data": h.global})),
		"indices/x/meta-s.dat":   seal("index-metadata", toJSON(t, object{"x": h.meta})),
		"indices/x/0/snap-s.dat": seal("snapshot", toJSON(t, object{"name": "s", "files": h.files})),
	}
	for name, data := range h.blobs {
		repo["indices/x/0/"+name] = data
	}
	return repo
}

// fifth is the repository as Elasticsearch 5.0 writes it: no states, and objects where later versions have
// strings.
func (h *handmade) fifth(t testing.TB) tree {
	h.info["version_id"] = 5000099
	for _, key := range []string{"state", "version", "index_metadata_lookup"} {
		delete(h.entry, key)
	}
	delete(h.index, "shard_generations")
	delete(h.root, "min_version")
	delete(h.root, "index_metadata_identifiers")
	h.index["snapshots"] = []any{object{"name": "s", "uuid": "U"}}
	repo := h.build(t)
	repo["indices/I/meta-U.dat"] = repo["indices/I/meta-M.dat"]
	return repo.without("indices/I/meta-M.dat")
}

func plain(data []byte) []byte { return data }

// TestLayoutsBeforeSevenPointSix reads the same index from each of them.
func TestLayoutsBeforeSevenPointSix(t *testing.T) {
	made := func() *handmade {
		h := newHandmade()
		h.meta["mappings"] = []any{object{"user": object{"_parent": object{"type": "team"}}}, object{"_default_": object{}}}
		h.global["templates"] = object{"t": object{"order": 0, "template": "a*", "mappings": []any{object{"user": object{}}}}}
		h.add("segments_1", pattern(300), 128)
		return h
	}
	for name, c := range map[string]struct {
		repo                      tree
		layout, generation, index string
		version                   string
	}{
		"1":          {made().first(t, plain), "Elasticsearch 1", "index", "x", "1.7.6"},
		"1, LZF":     {made().first(t, lzf), "Elasticsearch 1", "index", "x", "1.7.6"},
		"1, no list": {made().first(t, plain).without("index"), "Elasticsearch 1", "index", "x", "1.7.6"},
		"2":          {made().second(t), "Elasticsearch 2", "index", "x", "2.4.6"},
		"5.0":        {made().fifth(t), "Elasticsearch 5.0 to 7.5", "index-0", "I", "5.0.0"},
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t, c.repo)
			if r.Layout() != c.layout || r.Generation() != c.generation || len(r.Warnings()) > 0 {
				t.Errorf("layout %q, %s, warnings %q", r.Layout(), r.Generation(), r.Warnings())
			}
			if s := r.Snapshots(); len(s) != 1 || s[0].State != snapshot.Unrecorded || s[0].State.String() != "not recorded" {
				t.Errorf("snapshots %v", s)
			}
			all, err := r.Summaries(t.Context())
			if err != nil || len(all) != 1 || all[0].State != snapshot.Success || all[0].Version != c.version || all[0].Indices != 1 || all[0].Problem != nil {
				t.Errorf("summaries %v, error %v", all, err)
			}
			if err := readEverything(t.Context(), c.repo); err != nil {
				t.Error(err)
			}
			checkOld(t, r, c.index)
		})
	}
}

func checkOld(t *testing.T, r *snapshot.Repository, id string) {
	t.Helper()
	s, err := r.Snapshot(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	g, err := s.Global(t.Context())
	if err != nil || !strings.Contains(string(g.Templates["t"]), `"mappings":{"user":{}}`) {
		t.Errorf("template %s, error %v", g.Templates["t"], err)
	}
	x, err := s.Index(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	if x.ID != id || string(x.Mappings["user"]) != `{"_parent":{"type":"team"}}` || x.Mappings["_default_"] == nil || x.Created.IsZero() {
		t.Errorf("%+v", x)
	}
	if _, err := s.Index(t.Context(), "y"); !errors.Is(err, snapshot.ErrNoIndex) {
		t.Errorf("got error %v", err)
	}
}

// TestSnapshotsOfOneInRepositoriesOfLaterVersions: 2 reads what 1 left; 5 and 6 list it as incompatible.
func TestSnapshotsOfOneInRepositoriesOfLaterVersions(t *testing.T) {
	left := newHandmade()
	left.info["name"] = "left"
	left.add("segments_1", pattern(30), 100)
	leftovers := tree{}
	for name, data := range left.first(t, plain).without("index") {
		if strings.HasSuffix(name, "snapshot-s") {
			data = []byte(strings.ReplaceAll(string(data), `"name":"s"`, `"name":"left"`))
		}
		leftovers[strings.ReplaceAll(strings.ReplaceAll(name, "snapshot-s", "snapshot-left"), "metadata-s", "metadata-left")] = data
	}
	together := func(r tree) tree {
		for name, data := range leftovers {
			if _, ok := r[name]; !ok {
				r[name] = data
			}
		}
		return r
	}
	fifth := newHandmade()
	fifth.add("segments_1", pattern(40), 100)
	incompatible := together(fifth.fifth(t)).with("incompatible-snapshots", []byte(`{"incompatible-snapshots":[{"name":"left","uuid":"left"},"bare"]}`))
	for name, c := range map[string]struct {
		repo tree
		want []string
	}{
		"2": {together(newHandmade().second(t)), []string{"left SUCCESS 1.7.6", "s SUCCESS 2.4.6"}},
		"5": {incompatible, []string{"bare not recorded ", "left SUCCESS 1.7.6", "s SUCCESS 5.0.0"}},
	} {
		r := open(t, c.repo)
		all, err := r.Summaries(t.Context())
		var got []string
		for _, s := range all {
			got = append(got, s.Name+" "+s.State.String()+" "+s.Version)
			if lost := s.Name == "bare"; (s.Problem != nil) != lost || lost && !errors.Is(s.Problem, fs.ErrNotExist) {
				t.Errorf("%s: %s has the problem %v", name, s.Name, s.Problem)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%s: error %v, %s", name, err, diff)
		}
		s, err := r.Snapshot(t.Context(), "left")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := readIndex(t.Context(), s, "x"); err != nil || s.Release().Major != 1 {
			t.Errorf("%s: %s, error %v", name, s.Release(), err)
		}
	}
	if _, err := open(t, incompatible).Snapshot(t.Context(), "lost"); err == nil || !strings.Contains(err.Error(), "there are: bare, left, s") {
		t.Errorf("got error %v", err)
	}
}

func TestOldRepositoriesThatDoNotAgreeWithTheirList(t *testing.T) {
	repo := newHandmade().first(t, plain)
	for name, c := range map[string]struct {
		repo    tree
		warning string
	}{
		"one is missing":  {repo.with("index", []byte(`{"snapshots":["s","t","u"]}`)), "index names the snapshots t, u, of which there is nothing"},
		"not all listed":  {repo.with("index", []byte(`{"snapshots":[]}`)), ""},
		"list is damaged": {repo.with("index", []byte(`{"snapshots":["s`)), "the list of snapshots can't be read"},
	} {
		r := open(t, c.repo)
		if got := strings.Join(r.Warnings(), "\n"); !strings.Contains(got, c.warning) || (c.warning == "") != (got == "") {
			t.Errorf("%s: warnings %q", name, got)
		}
		if _, err := r.Snapshot(t.Context(), "s"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := snapshot.Open(t.Context(), blind{repo.store()}); err != nil {
		t.Errorf("a store that cannot list: %v", err)
	}
	for _, list := range []string{`{"snapshots":["s`, `{}`, `nothing`} {
		if _, err := snapshot.Open(t.Context(), (tree{"index": []byte(list)}).store()); err == nil || !strings.Contains(err.Error(), "corrupt index") {
			t.Errorf("with the list %s: got error %v", list, err)
		}
	}
}

// TestWhatHasNoChecksumIsCheckedByItsStructure: damage to the JSON of Elasticsearch 1 that would lose
// something.
func TestWhatHasNoChecksumIsCheckedByItsStructure(t *testing.T) {
	h := newHandmade()
	h.settings["index.number_of_shards"] = "3"
	h.info["total_shards"] = 3
	repo := h.first(t, plain)
	for _, n := range []string{"1", "2"} {
		repo["indices/x/"+n+"/snapshot-s"] = repo["indices/x/0/snapshot-s"]
	}
	for want, c := range map[string][3]string{
		"as many shards as there are (indices/x/2/snapshot-s is there), got 2": {"indices/x/snapshot-s", `"index.number_of_shards":"3"`, `"index.number_of_shards":"2"`},
		"want the keys state, mappings and aliases":                            {"indices/x/snapshot-s", `"mappings"`, `"nappings"`},
		"want the keys state, mappings and aliases, got":                       {"indices/x/snapshot-s", `"aliases"`, `"aliasec"`},
		"want the key indices":                                                 {"snapshot-s", `"indices"`, `"indicec"`},
		"want the key files":                                                   {"indices/x/0/snapshot-s", `"files"`, `"filec"`},
		`want the files of snapshot "s"`:                                       {"indices/x/0/snapshot-s", `"name":"s"`, `"name":"r"`},
	} {
		at, from, to := c[0], c[1], c[2]
		broken := strings.Replace(string(repo[at]), from, to, 1)
		if broken == string(repo[at]) {
			t.Fatalf("%s has no %s", at, from)
		}
		err := readEverything(t.Context(), repo.with(at, []byte(broken)))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), at) {
			t.Errorf("%s instead of %s: got error %v, want %q", to, from, err, want)
		}
	}
	for name, data := range map[string][]byte{"index": {1, 2, 3}, "snapshot-s": {0x9f, 0x01, 0xee, 7}} {
		r := repo.with(name, data)
		err := readEverything(t.Context(), r)
		if name == "index" { // only confirms what is there
			err = readEverything(t.Context(), tree{"index": data})
		}
		if err == nil || !strings.Contains(err.Error(), "client_side_encryption") {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

// TestFilesWithoutFooterAreProvenByTheirAdler32: those of Lucene before 4.8.
func TestFilesWithoutFooterAreProvenByTheirAdler32(t *testing.T) {
	for written, legacy := range map[string]bool{"4.7.2": true, "LUCENE_47": true, "LUCENE_4_7": true, "": true, "4.8.0": false, "LUCENE_48": false, "4.10.4": false} {
		h := newHandmade()
		data := []byte("without a footer, for it is old")
		h.add("_0.fdt", data, 7)
		h.add("_1.fdt", data, 7)
		h.add("_2.fdt", data, 100)
		h.files[0]["checksum"] = strconv.FormatUint(uint64(adler32.Checksum(data)), 36)
		h.files[1]["checksum"] = strconv.FormatUint(uint64(adler32.Checksum(data[1:])), 36)
		h.files[2]["checksum"] = "no number"
		for _, f := range h.files {
			f["written_by"] = written
			if written == "" {
				delete(f, "written_by")
			}
		}
		s, err := open(t, h.first(t, plain)).Snapshot(t.Context(), "s")
		if err != nil {
			t.Fatal(err)
		}
		x, err := s.Index(t.Context(), "x")
		if err != nil {
			t.Fatal(err)
		}
		shard, err := x.Shard(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		f, err := shard.Directory().Open(t.Context(), "_0.fdt")
		if (err == nil) != legacy {
			t.Errorf("written by %q: got error %v", written, err)
		}
		if err == nil {
			got := make([]byte, len(data))
			if err := input.ReadFull(f, got, 0); err != nil || !bytes.Equal(got, data) {
				t.Errorf("written by %q: %q, error %v", written, got, err)
			}
			_ = f.Close()
		}
		for name, want := range map[string]string{"_1.fdt": "Adler32", "_2.fdt": "a recorded checksum"} {
			if _, err := shard.Directory().Open(t.Context(), name); err == nil || legacy && !strings.Contains(err.Error(), want) {
				t.Errorf("%s, written by %q: got error %v", name, written, err)
			}
		}
	}
}

// TestSmallFilesInTheListNeedNoBlob: meta_hash holds segments_N and .si from Elasticsearch 1 on. It is used
// where the recorded checksum proves it.
func TestSmallFilesInTheListNeedNoBlob(t *testing.T) {
	h := newHandmade()
	data := pattern(100)
	h.add("segments_1", data, 1000)
	h.files[0]["meta_hash"] = data
	repo := h.first(t, plain)
	if err := readEverything(t.Context(), repo.without("indices/x/0/__0")); err != nil {
		t.Error(err)
	}
	for name, hash := range map[string][]byte{"another file": pattern(99), "damaged": append(append([]byte{}, data[:99]...), data[99]^1), "a part": data[:50]} {
		h.files[0]["meta_hash"] = hash
		if name == "another file" {
			h.files[0]["meta_hash"] = pattern(100)[1:]
		}
		repo := h.first(t, plain)
		if err := readEverything(t.Context(), repo); err != nil {
			t.Errorf("%s: the blob is there: %v", name, err)
		}
		if err := readEverything(t.Context(), repo.without("indices/x/0/__0")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}
