package lucene

import (
	"archive/zip"
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// written is a folder of indices that Lucene itself wrote, each a zip with an expected.txt of what it read back. The
// committed ones are small and have every kind of column and value; Write.java beside them makes larger ones.
var written = flag.String("written", "testdata/written", "folder of indices to read")

// writtenIndices loads every index under the flag's folder, by its name.
func writtenIndices(t testing.TB) map[string]*memory {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(*written, "*.zip"))
	if err != nil || len(paths) == 0 {
		t.Fatal("there are no written indices in", *written, err)
	}
	indices := map[string]*memory{}
	for _, path := range paths {
		indices[strings.TrimSuffix(filepath.Base(path), ".zip")] = unzip(t, path)
	}
	return indices
}

func unzip(t testing.TB, path string) *memory {
	t.Helper()
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	m := &memory{files: map[string][]byte{}}
	for _, entry := range archive.File {
		file, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		if m.files[entry.Name], err = io.ReadAll(file); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

const expectedFile = "expected.txt"

// TestReadsWhatLuceneWrote compares with the live documents that Lucene saw: every document, none more, in order.
func TestReadsWhatLuceneWrote(t *testing.T) {
	for name, dir := range writtenIndices(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := bufio.NewScanner(bytes.NewReader(dir.files[expectedFile]))
			n := 0
			for doc, err := range readAll(t.Context(), dir) {
				if err != nil {
					t.Fatal(err)
				}
				if !want.Scan() {
					t.Fatalf("extra: %s", doc)
				}
				if got := doc.summary(); got != want.Text() {
					t.Fatalf("got  %s\nwant %s", got, want.Text())
				}
				n++
			}
			if want.Scan() {
				t.Fatalf("missing: %s", want.Text())
			}
			if n == 0 {
				t.Error("no document was read")
			}
			if open := dir.open.Load(); open != 0 {
				t.Errorf("%d files were left open", open)
			}
		})
	}
}

// TestColumnsAreWalkedToTheEnd walks every .dvm to its footer: each kind of entry has the length it should have.
func TestColumnsAreWalkedToTheEnd(t *testing.T) {
	for name, dir := range writtenIndices(t) {
		t.Run(name, func(t *testing.T) {
			kinds, small := map[DocValuesType]bool{}, !strings.Contains(name, "large") && !strings.Contains(name, "long")
			for _, name := range allFiles(t, dir) {
				if !strings.HasSuffix(name, ".dvm") {
					continue
				}
				var out strings.Builder
				if err := Describe(t.Context(), dir, name, &out); err != nil {
					t.Errorf("%s: %v\n%s", name, err, out.String())
				}
				for kind := Numeric; kind <= SortedNumeric; kind++ {
					kinds[kind] = kinds[kind] || strings.Contains(out.String(), "|   "+kind.String()+"\n")
				}
			}
			for kind := Numeric; small && kind <= SortedNumeric; kind++ {
				if !kinds[kind] {
					t.Errorf("no column was %s", kind)
				}
			}
		})
	}
}

// document is a document with bytes of its own.
type document struct {
	segment string
	number  int
	values  []Value
}

func (d document) String() string {
	return fmt.Sprintf("document %d of %s: %v", d.number, d.segment, d.values)
}

// summary is the document as a line of expected.txt.
func (d document) summary() string {
	routing := "-"
	if d.values[2].Kind == String {
		routing = string(d.values[2].Bytes)
	}
	return fmt.Sprintf("%s %d %s %s %d %08x", d.segment, d.number, d.values[0].Bytes, routing, len(d.values[1].Bytes), crc32.ChecksumIEEE(d.values[1].Bytes))
}
