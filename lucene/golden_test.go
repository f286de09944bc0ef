package lucene

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// goldenIndices loads the indices of testdata/golden, which Lucene 4.10 to 10.3 wrote, by their name.
func goldenIndices(t testing.TB, parts ...string) map[string]*memory {
	t.Helper()
	paths, err := filepath.Glob("testdata/golden/*.zip")
	if err != nil || len(paths) == 0 {
		t.Fatal("there are no golden indices", err)
	}
	indices := map[string]*memory{}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".zip")
		for _, part := range append(parts, "")[:max(len(parts), 1)] {
			if strings.Contains(name, part) {
				indices[name] = unzip(t, path)
			}
		}
	}
	return indices
}

// luceneIndices loads all indices that Lucene itself wrote.
func luceneIndices(t testing.TB) map[string]*memory {
	t.Helper()
	indices := goldenIndices(t)
	for name, dir := range writtenIndices(t) {
		indices["written/"+name] = dir
	}
	return indices
}

// TestReadsEveryValueOfEveryLucene compares every stored value of every live document, those not asked for by name
// included, with what Lucene read: no document more, none less, in order.
func TestReadsEveryValueOfEveryLucene(t *testing.T) {
	for name, dir := range goldenIndices(t) {
		t.Run(name, func(t *testing.T) {
			want := bufio.NewScanner(bytes.NewReader(dir.files[expectedFile]))
			n := 0
			err := visitAll(t.Context(), dir, func(segment string, doc *Doc) error {
				if n++; !want.Scan() {
					return fmt.Errorf("extra: document %d of %s", doc.Number, segment)
				}
				line, err := valuesLine(segment, doc)
				if line != want.Text() {
					t.Errorf("got  %s\nwant %s", line, want.Text())
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if want.Scan() {
				t.Errorf("missing: %s", want.Text())
			}
			if open := dir.open.Load(); open != 0 || n < 50 {
				t.Errorf("%d documents, %d files were left open", n, open)
			}
		})
	}
}

// visitAll opens each segment for the fields that a document of the golden indices may have.
func visitAll(ctx context.Context, dir Directory, visit func(segment string, doc *Doc) error) error {
	commit, err := OpenCommit(ctx, dir)
	if err != nil {
		return err
	}
	decoder := &Decoder{}
	for _, segment := range commit.Segments {
		docs, err := segment.Open(ctx, goldenFields...)
		if err != nil {
			return err
		}
		err = readSpans(ctx, decoder, docs, 0, func(doc *Doc) error { return visit(segment.Name, doc) })
		if closeErr := docs.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var goldenFields = []string{"int", "_id", "text", "long", "float", "_source", "double", "_routing", "empty"}

// valuesLine is a document as a line of expected.txt. The values by name must be the last ones of Fields.
func valuesLine(segment string, doc *Doc) (string, error) {
	line, last := fmt.Sprintf("%s %d", segment, doc.Number), map[string]string{}
	for field, value := range doc.Fields() {
		last[field.Name] = goldenValue(value)
		line += " " + field.Name + "=" + last[field.Name]
	}
	for i, name := range goldenFields {
		if got := goldenValue(doc.Values[i]); got != last[name] {
			return line, fmt.Errorf("document %d: %s is %s by name, %s in the walk", doc.Number, name, got, last[name])
		}
	}
	return line, nil
}

func goldenValue(v Value) string {
	switch v.Kind {
	case Int:
		return fmt.Sprintf("i%d", v.Int())
	case Long:
		return fmt.Sprintf("l%d", v.Int())
	case Float:
		return fmt.Sprintf("f%08x", math.Float32bits(float32(v.Float())))
	case Double:
		return fmt.Sprintf("d%016x", math.Float64bits(v.Float()))
	case String, Bytes:
		return fmt.Sprintf("%c%d:%08x", "sb"[v.Kind-String], len(v.Bytes), crc32.ChecksumIEEE(v.Bytes))
	default:
		return ""
	}
}

// TestManyWantedFields asks for more fields than a byte can count.
func TestManyWantedFields(t *testing.T) {
	var wanted []string
	for i := range 400 {
		wanted = append(wanted, strconv.Itoa(i))
	}
	wanted = append(wanted, "_id")
	dir := built{chunks: someChunks(3)}.index()
	commit, err := OpenCommit(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	docs, err := commit.Segments[0].Open(t.Context(), wanted...)
	if err != nil {
		t.Fatal(err)
	}
	defer docs.Close()
	n := 0
	err = readSpans(t.Context(), &Decoder{}, docs, 0, func(doc *Doc) error {
		if got := string(doc.Values[400].Bytes); got != strconv.Itoa(n) {
			t.Errorf("document %d is %q", n, got)
		}
		n++
		return nil
	})
	if err != nil || n != 3 {
		t.Errorf("%d documents, %v", n, err)
	}
}
