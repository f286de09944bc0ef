package snapshot

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"migassist/internal/blob"
)

// seeds adds real blobs to f: those whose path in testdata/snapshots matches.
func seeds(f *testing.F, pattern string) {
	names, err := filepath.Glob(filepath.Join("../testdata/snapshots", pattern))
	if err != nil || len(names) == 0 {
		f.Fatalf("no seed %s, error %v", pattern, err)
	}
	for _, name := range names[:min(len(names), 20)] {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}

// FuzzEnvelope decodes a metadata blob, its body even where the CRC is wrong (a fuzzer does not find CRCs), and one without
// envelope.
func FuzzEnvelope(f *testing.F) {
	seeds(f, "../../snapshot/testdata/repositories/elasticsearch-1.1.2/*-small")
	seeds(f, "../../snapshot/testdata/repositories/elasticsearch-1.1.2/indices/books/0/snapshot-small")
	seeds(f, "*/repository/snap-*.dat")
	seeds(f, "*/repository/meta-*.dat")
	deflate, _ := filepath.Glob("testdata/deflate/*.dat")
	for _, name := range deflate {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if text, err := decodeEnvelope("f.dat", data, codecSnapshot); err == nil && !json.Valid(text) && kindOf(data[17:]) != kindJSON {
			t.Errorf("not JSON: %.100q", text)
		}
		for _, body := range [][]byte{data, data[min(len(data), 17):]} {
			if text, err := decodeBody("f.dat", 0, body); err == nil && len(text) > 8<<20+73*200*len(data) {
				t.Errorf("%d bytes of JSON from %d", len(text), len(data))
			}
		}
	})
}

func FuzzRoot(f *testing.F) {
	seeds(f, "*-chunked/repository/index-*") // the larger ones only slow the fuzzer down
	f.Add([]byte(`{"snapshots":[{"name":"s","uuid":"U","state":1,"version":"2.1"}],"indices":{"x":{"id":"I","snapshots":[{"name":"s","uuid":"U"}]}}}`))
	seeds(f, "../../snapshot/testdata/repositories/*/index*")
	seeds(f, "../../snapshot/testdata/repositories/*/incompatible-snapshots")
	seeds(f, "../../snapshot/testdata/repositories/*/snapshot_shard_paths/*")
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = (&shardPaths{at: "p"}).parse(data)
		store := blob.FromFS(fstest.MapFS{oldRoot: {Data: data}, incompatibleName: {Data: data}}, "memory:fuzz")
		_, _ = readOldIndex(t.Context(), store)
		_, _ = readIncompatible(t.Context(), store)
		root, err := parseRoot("index-0", data)
		if err != nil {
			return
		}
		if _, err := layoutOf(root); err != nil && !strings.Contains(err.Error(), "not supported") {
			t.Error(err)
		}
		for _, s := range root.Snapshots {
			_ = root.release(&s)
			if s.UUID == "" || s.Name == "" {
				t.Errorf("a snapshot without name was let in: %+v", s)
			}
		}
	})
}

// FuzzShardFiles takes the JSON of a file list: what is let in must add up.
func FuzzShardFiles(f *testing.F) {
	f.Add([]byte(`{"name":"s","files":[{"name":"__1","physical_name":"_0.si","length":20,"checksum":"1","part_size":7}]}`))
	f.Add([]byte(`{"files":[{"name":"v__1","physical_name":"segments_1","length":3,"meta_hash":"YWJj"}]}`))
	f.Add([]byte(`{"files":[{"name":"__1","physical_name":"a","length":9223372036854775807,"part_size":1}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var b shardBlob
		if unmarshal("s.dat", data, &b) != nil {
			return
		}
		files, err := shardFiles("s.dat", b.Files)
		if err != nil {
			return
		}
		for i := range files {
			last := files[i].parts() - 1
			_, size := files[i].part(last)
			if last < 0 || size < 0 || size > files[i].PartSize || last > 0 && (math.MaxInt64/last < files[i].PartSize || last*files[i].PartSize+size != files[i].Size) {
				t.Errorf("part %d of %+v has %d bytes", last, files[i], size)
			}
		}
	})
}

// FuzzIndexMetadata takes the JSON of settings and mappings.
func FuzzIndexMetadata(f *testing.F) {
	f.Add([]byte(`{"index.number_of_shards":"1","index.version.created":"7100299"}`), []byte(`[{"_doc":{"_source":{"excludes":["a"]}}}]`))
	f.Add([]byte(`{"index":{"number_of_shards":2,"l":["a",null]}}`), []byte(`["REZMAA=="]`))
	f.Fuzz(func(t *testing.T, settings, mappings []byte) {
		if !json.Valid(settings) || !json.Valid(mappings) {
			return // as parts of a larger JSON text they are valid
		}
		x := &Index{snapshot: &Snapshot{}}
		if err := x.setSettings("m.dat", settings); err == nil && (x.Shards < 1 || x.Shards > maxShards) {
			t.Errorf("%d shards", x.Shards)
		}
		var err error
		if x.Mappings, err = decodeMappings("m.dat", mappings); err == nil {
			_ = x.SourceMode()
		}
		_ = x.refusals()
	})
}
