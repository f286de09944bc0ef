package lucene

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"migassist/lucene/docvalues"
)

// TestColumnsOfDocuments reads the column that each document of the golden indices has: its number, or 77 where that was
// changed afterwards, in a generation.
func TestColumnsOfDocuments(t *testing.T) {
	for name, dir := range goldenIndices(t) {
		t.Run(name, func(t *testing.T) {
			commit, err := OpenCommit(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			decoder := &Decoder{}
			updated := 0
			for _, segment := range commit.Segments {
				docs, err := segment.Open(t.Context(), "_id")
				if err != nil {
					t.Fatal(err)
				}
				column, err := docs.Column(t.Context(), "dense")
				if _, unsupported := errors.AsType[*UnsupportedError](err); unsupported && strings.Contains(name, "-4.2.") {
					_ = docs.Close()
					return // what Elasticsearch 0.90 wrote
				}
				if err != nil {
					t.Fatal(err)
				}
				err = readSpans(t.Context(), decoder, docs, 0, func(doc *Doc) error {
					has, err := column.Advance(doc.Number)
					if id := string(doc.Values[0].Bytes); has {
						got := strconv.FormatInt(column.Ints()[0], 10)
						if got == "77" {
							updated++
						} else if got != id {
							t.Errorf("document %s has %s", id, got)
						}
					} else if id != "" {
						t.Errorf("document %s has no value", id)
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				for _, none := range []string{"_source", "no such field"} {
					if _, err := docs.Column(t.Context(), none); !errors.Is(err, docvalues.ErrNoColumn) {
						t.Errorf("the column of %s: %v", none, err)
					}
				}
				if err := docs.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if open := dir.open.Load(); updated < 2 || open != 0 {
				t.Errorf("%d updated values, %d files left open", updated, open)
			}
		})
	}
}

// TestDamagedColumnsAreRefused: the checksums of .dvm and .dvd are compared before a column is read. Those that newer ones
// have replaced are not read.
func TestDamagedColumnsAreRefused(t *testing.T) {
	for name, dir := range goldenIndices(t, "-9.0.0-fast-plain") {
		used, err := readColumns(t, dir)
		if err != nil || len(used) < 3 {
			t.Fatal(name, used, err)
		}
		for _, file := range used {
			data := slices.Clone(dir.files[file])
			data[len(data)/2] ^= 4
			if _, err := readColumns(t, dir.with(file, data)); err == nil {
				t.Errorf("%s: %s was read", name, file)
			}
		}
	}
}

// readColumns opens every column and returns the files that hold them.
func readColumns(t *testing.T, dir *memory) (used []string, err error) {
	commit, err := OpenCommit(t.Context(), dir)
	if err != nil {
		return nil, err
	}
	for _, segment := range commit.Segments {
		docs, err := segment.Open(t.Context())
		if err != nil {
			return nil, err
		}
		for _, field := range docs.FieldInfos() {
			switch _, err := docs.Column(t.Context(), field.Name); {
			case err == nil:
				used = append(used, field.docValuesFile(segment.Name)+".dvm", field.docValuesFile(segment.Name)+".dvd")
			case !errors.Is(err, docvalues.ErrNoColumn):
				return nil, errors.Join(err, docs.Close())
			}
		}
		if err := docs.Close(); err != nil {
			return nil, err
		}
	}
	return used, nil
}

// TestColumnsOfServers reads every column of the fixtures from front to back. What the values mean is the business of others;
// here each column can be read, and those that every document of a server has, have a value in each.
func TestColumnsOfServers(t *testing.T) {
	columns := 0
	for _, shard := range fixtureShards(t) {
		commit, err := OpenCommit(t.Context(), shard.dir)
		if err != nil {
			t.Fatal(shard.name, err)
		}
		for _, segment := range commit.Segments {
			docs, err := segment.Open(t.Context())
			if err != nil {
				t.Fatal(shard.name, err)
			}
			for _, field := range docs.FieldInfos() {
				if field.DocValues == NoDocValues {
					continue
				}
				n, err := countValues(t, docs, field.Name)
				if err != nil {
					t.Errorf("%s: %s: %v", shard.name, field.Name, err)
				}
				numbered := field.Name == "_seq_no" && !strings.HasPrefix(shard.name, "upgraded/") // Elasticsearch 5 numbers nothing
				if (field.Name == "_version" || numbered) && n != segment.MaxDoc {
					t.Errorf("%s: %d of %d documents have a %s", shard.name, n, segment.MaxDoc, field.Name)
				}
				columns++
			}
			if err := docs.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if columns < 100 {
		t.Errorf("there are %d columns", columns)
	}
}

// countValues is how many documents have a value.
func countValues(t *testing.T, docs *Documents, field string) (int, error) {
	column, err := docs.Column(t.Context(), field)
	if err != nil {
		return 0, err
	}
	n := 0
	for doc := range docs.segment.MaxDoc {
		has, err := column.Advance(doc)
		if err != nil {
			return n, err
		}
		if has {
			n++
		}
	}
	return n, nil
}

// TestManyColumnsHoldNoMoreThanFew opens a cursor over each of a thousand columns, which may not take a thousand times as much.
func TestManyColumnsHoldNoMoreThanFew(t *testing.T) {
	for columns, want := range map[int]int{1: 64 << 10, 20: 64 << 10, 99: 20971, 1000: 4 << 10} {
		fields := []Field{{Name: "no column"}}
		for range columns {
			fields = append(fields, Field{DocValues: SortedSet})
		}
		if got := windowOf(fields); got != want {
			t.Errorf("a window of %d bytes with %d columns, want %d", got, columns, want)
		}
	}
}
