package docvalues_test

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"migassist/lucene"
	"migassist/lucene/docvalues"
	"migassist/lucene/input"
)

// archive is all files of testdata/columns.tar.zst, by folder: a version of Lucene and the mode of its codec.
var archive = sync.OnceValues(func() (map[string]memory, error) {
	file, err := os.Open("testdata/columns.tar.zst")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	plain, err := zstd.NewReader(file, zstd.WithDecoderMaxWindow(1<<28))
	if err != nil {
		return nil, err
	}
	defer plain.Close()
	folders := map[string]memory{}
	for r := tar.NewReader(plain); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return folders, nil
		}
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		folder := path.Dir(header.Name)
		if folders[folder] == nil {
			folders[folder] = memory{}
		}
		folders[folder][path.Base(header.Name)] = data
	}
})

// memory is a lucene.Directory.
type memory map[string][]byte

// Names implements lucene.Directory.
func (m memory) Names() []string { return slices.Sorted(maps.Keys(m)) }

// Open implements lucene.Directory.
func (m memory) Open(_ context.Context, name string) (input.File, error) {
	data, ok := m[name]
	if !ok {
		return nil, fmt.Errorf("open %s: %w", name, fs.ErrNotExist)
	}
	return input.NewBytes(name, data), nil
}

// written returns the folders of the archive.
func written(t testing.TB) map[string]memory {
	t.Helper()
	folders, err := archive()
	if err != nil {
		t.Fatal(err)
	}
	return folders
}

// pair is .dvm and .dvd, and whom they belong to.
type pair struct {
	name    string // of the segment's files, without extension
	owner   docvalues.Owner
	meta    []byte
	data    []byte
	columns []docvalues.Field // those that lie in it
	docs    []docValues       // expected, per field of columns
}

// pairs finds all pairs of an index, with what is expected of them.
func pairs(t testing.TB, folder string) []pair {
	t.Helper()
	dir := written(t)[folder]
	commit, err := lucene.OpenCommit(t.Context(), dir)
	if err != nil {
		t.Fatal(folder, err)
	}
	want := expected(t)
	var all []pair
	for i, segment := range commit.Segments {
		docs, err := segment.Open(t.Context())
		if err != nil {
			t.Fatal(folder, err)
		}
		byName := map[string]*pair{}
		var fields []docvalues.Field
		for _, f := range docs.FieldInfos() {
			if f.DocValues == lucene.NoDocValues {
				continue
			}
			field := docvalues.Field{Number: f.Number, Name: f.Name, Kind: docvalues.Kind(f.DocValues), Skipper: f.Skipper, Attributes: f.Attributes}
			fields = append(fields, field)
			name := segment.Name
			if f.DocValueGen >= 0 {
				name += "_" + strconv.FormatInt(f.DocValueGen, 36)
			}
			name += "_" + f.Attributes["PerFieldDocValuesFormat.format"] + "_" + f.Attributes["PerFieldDocValuesFormat.suffix"]
			if byName[name] == nil {
				_, suffix, _ := strings.Cut(name[1:], "_")
				byName[name] = &pair{name: name, owner: docvalues.Owner{ID: segment.ID, Suffix: suffix, MaxDoc: segment.MaxDoc}, meta: dir[name+".dvm"], data: dir[name+".dvd"]}
			}
			byName[name].columns = append(byName[name].columns, field)
			values, ok := want[i].fields[f.Name]
			if !ok || values.kind != field.Kind || want[i].docs != segment.MaxDoc {
				t.Fatalf("%s: field %s of %d documents is not expected", folder, f.Name, segment.MaxDoc)
			}
			byName[name].docs = append(byName[name].docs, values.values)
		}
		if err := docs.Close(); err != nil {
			t.Fatal(err)
		}
		for _, name := range slices.Sorted(maps.Keys(byName)) {
			byName[name].owner.Fields = fields
			if strings.HasSuffix(folder, "-compression") && strings.Count(name, "_") == 3 {
				byName[name].owner.Fields = beforeUpdates(fields)
			}
			all = append(all, *byName[name])
		}
	}
	return all
}

// beforeUpdates is what the first .fnm says: updates are always written for speed, and change what the newest says.
func beforeUpdates(fields []docvalues.Field) []docvalues.Field {
	fields = slices.Clone(fields)
	for i, field := range fields {
		fields[i].Attributes = maps.Clone(field.Attributes)
		fields[i].Attributes["Lucene80DocValuesFormat.mode"] = "BEST_COMPRESSION"
	}
	return fields
}

// open reads the .dvm of a pair, and opens its .dvd.
func (p *pair) open() (*docvalues.Columns, error) {
	meta, err := docvalues.ParseMeta(input.NewCursor(p.name+".dvm", p.meta, 0), p.owner)
	if err != nil {
		return nil, err
	}
	return meta.Open(input.NewBytes(p.name+".dvd", p.data))
}

// docValues is the values of the documents that have some: of a number its decimal digits.
type docValues [][]string

type expectedField struct {
	kind   docvalues.Kind
	values docValues
}

type expectedSegment struct {
	docs   int
	fields map[string]expectedField
}

var kinds = map[string]docvalues.Kind{
	"numeric": docvalues.Numeric, "binary": docvalues.Binary, "sorted": docvalues.Sorted,
	"sorted_set": docvalues.SortedSet, "sorted_numeric": docvalues.SortedNumeric,
}

var parseExpected = sync.OnceValues(func() ([]expectedSegment, error) {
	folders, err := archive()
	if err != nil {
		return nil, err
	}
	var segments []expectedSegment
	var field expectedField
	in := bufio.NewScanner(bytes.NewReader(folders["."]["expected.txt"]))
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		words := strings.Fields(in.Text())
		switch words[0] {
		case "segment":
			docs, err := strconv.Atoi(words[1])
			if err != nil {
				return nil, err
			}
			segments = append(segments, expectedSegment{docs: docs, fields: map[string]expectedField{}})
		case "field":
			last := segments[len(segments)-1]
			field = expectedField{kind: kinds[words[2]], values: make(docValues, last.docs)}
			last.fields[words[1]] = field
		default:
			if err := field.run(words); err != nil {
				return nil, err
			}
		}
	}
	return segments, in.Err()
})

func (f expectedField) run(words []string) error {
	var run [3]int
	for i := range run {
		n, err := strconv.Atoi(words[i])
		if err != nil {
			return err
		}
		run[i] = n
	}
	values := words[3:]
	if f.kind != docvalues.Numeric && f.kind != docvalues.SortedNumeric {
		values = nil
		for _, word := range words[3:] {
			value, err := hex.DecodeString(strings.TrimPrefix(word, "-"))
			if err != nil {
				return err
			}
			values = append(values, string(value))
		}
	}
	for doc := run[0]; doc <= run[1]; doc += run[2] {
		f.values[doc] = values
	}
	return nil
}

func expected(t testing.TB) []expectedSegment {
	t.Helper()
	segments, err := parseExpected()
	if err != nil {
		t.Fatal(err)
	}
	return segments
}
