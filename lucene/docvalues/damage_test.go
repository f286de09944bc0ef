package docvalues_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"migassist/lucene/docvalues"
	"migassist/lucene/input"
)

// damaged are the folders whose files are damaged: one of each format.
var damaged = []string{
	"4.8.1-speed", "4.9.1-speed", "4.10.4-speed", "5.0.0-speed", "5.5.5-speed", "7.7.3-speed", "8.7.0-speed", "8.11.4-compression", "10.3.1-speed",
}

// eachPair runs a test for the pair with most columns of each format.
func eachPair(t *testing.T, test func(*testing.T, pair)) {
	for _, folder := range damaged {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			all := pairs(t, folder)
			test(t, slices.MaxFunc(all, func(a, b pair) int { return len(a.columns) - len(b.columns) }))
		})
	}
}

// TestTruncatedDataIsNoticed cuts .dvd at every hundredth: without a footer it is not opened, and where it is believed each
// value is right or an error says what is wrong.
func TestTruncatedDataIsNoticed(t *testing.T) {
	eachPair(t, func(t *testing.T, p pair) {
		meta, err := docvalues.ParseMeta(input.NewCursor(p.name+".dvm", p.meta, 0), p.owner)
		if err != nil {
			t.Fatal(err)
		}
		failed := 0
		for percent := range 100 {
			data := input.NewBytes(p.name+".dvd", p.data[:len(p.data)*percent/100])
			if _, err := meta.Open(data); !named(err) {
				t.Errorf("opened at %d %%: %v", percent, err)
			}
			err := readSome(meta.Believe(data), p, 13, true)
			if err != nil {
				failed++
			}
			if err != nil && !named(err) {
				t.Errorf("at %d %%: %v", percent, err)
			}
		}
		if failed < 90 {
			t.Errorf("%d of 100 were noticed", failed)
		}
	})
}

// TestTruncatedMetaIsNoticed cuts .dvm.
func TestTruncatedMetaIsNoticed(t *testing.T) {
	eachPair(t, func(t *testing.T, p pair) {
		for at := range len(p.meta) {
			if at%7 != 0 {
				continue
			}
			if _, err := docvalues.ParseMeta(input.NewCursor(p.name+".dvm", p.meta[:at], 0), p.owner); !named(err) {
				t.Fatalf("at byte %d: %v", at, err)
			}
		}
	})
}

// TestFlippedBits: where checksums are not looked at, damage gives errors or other values, never a panic, never much
// memory.
func TestFlippedBits(t *testing.T) {
	eachPair(t, func(t *testing.T, p pair) {
		r := rand.New(rand.NewPCG(3, 4))
		for i := range 160 {
			q := p
			if i%2 == 0 {
				q.data = flip(r, p.data)
			} else {
				q.meta = flip(r, p.meta)
			}
			columns, err := q.open()
			if err == nil {
				err = readSome(columns, q, 13, false)
			}
			if err != nil && !named(err) {
				t.Errorf("%v", err)
			}
		}
	})
}

func flip(r *rand.Rand, data []byte) []byte {
	data = slices.Clone(data)
	data[r.IntN(len(data))] ^= 1 << r.IntN(8)
	return data
}

// named tells whether an error says which file is wrong, and how.
func named(err error) bool {
	_, corrupt := errors.AsType[*input.CorruptError](err)
	_, large := errors.AsType[*docvalues.TooLargeError](err)
	_, unsupported := errors.AsType[*input.UnsupportedError](err)
	return corrupt || large || unsupported
}

// readSome reads every step-th document of each column of a pair, and compares where that is wanted. An error of one
// column does not keep others from being read.
func readSome(columns *docvalues.Columns, p pair, step int, compare bool) error {
	var first error
	for i, field := range p.columns {
		column, err := columns.Column(field.Number)
		if err != nil {
			first = errors.Join(first, err)
			continue
		}
		for doc := i % step; doc < p.owner.MaxDoc; doc += step {
			has, err := column.Advance(doc)
			if err != nil {
				if first == nil {
					first = err
				}
				break
			}
			if got := read(column); compare && (has != (len(p.docs[i][doc]) > 0) || !slices.Equal(got, p.docs[i][doc])) {
				return fmt.Errorf("field %s of document %d: %.100q", field.Name, doc, got)
			}
		}
	}
	return first
}

// TestForeignFormatsAreNamed: those for time series and logs are not read.
func TestForeignFormatsAreNamed(t *testing.T) {
	p := pairs(t, "9.0.0-speed")[0]
	for _, codec := range []string{"ES87TSDBDocValuesMetadata", "ES819TSDBDocValuesMetadata", "Lucene42DocValuesMetadata"} {
		header := append([]byte{0x3f, 0xd7, 0x6c, 0x17, byte(len(codec))}, codec...)
		_, err := docvalues.ParseMeta(input.NewCursor("_0.dvm", slices.Concat(header, make([]byte, 40)), 0), p.owner)
		unsupported, ok := errors.AsType[*input.UnsupportedError](err)
		if !ok || unsupported.Codec != codec || !strings.Contains(err.Error(), "_0.dvm") {
			t.Errorf("%s: %v", codec, err)
		}
	}
}

// TestFilesOfOthersAreRefused: of another segment, of another generation, of another .dvm.
func TestFilesOfOthersAreRefused(t *testing.T) {
	all := pairs(t, "9.0.0-speed")
	p := all[0]
	for name, change := range map[string]func(*pair){
		"another id":     func(q *pair) { q.owner.ID[3]++ },
		"another suffix": func(q *pair) { q.owner.Suffix = "1_" + q.owner.Suffix },
		"another .dvd":   func(q *pair) { q.data = all[len(all)-1].data },
		".dvm for .dvd":  func(q *pair) { q.data = q.meta },
		"another kind": func(q *pair) {
			q.owner.Fields = slices.Clone(q.owner.Fields)
			for i := range q.owner.Fields {
				q.owner.Fields[i].Kind = docvalues.SortedSet
			}
		},
		"fields that are not": func(q *pair) { q.owner.Fields = q.owner.Fields[:1] },
	} {
		q := p
		change(&q)
		if _, err := q.open(); !named(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDocumentsGoForward: a cursor that is asked to go back says so, and goes on where it was.
func TestDocumentsGoForward(t *testing.T) {
	p := pairs(t, "9.0.0-speed")[0]
	columns, err := p.open()
	if err != nil {
		t.Fatal(err)
	}
	column, err := columns.Column(p.columns[0].Number)
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range []int{5, 5, 9} {
		if err := check(column, doc, p.docs[0][doc]); err != nil {
			t.Error(err)
		}
	}
	for _, doc := range []int{8, -1, p.owner.MaxDoc} {
		if _, err := column.Advance(doc); err == nil {
			t.Errorf("went from document 9 to %d", doc)
		}
	}
	if err := check(column, 10, p.docs[0][10]); err != nil {
		t.Error(err)
	}
}

// TestLargeValuesAreRefused: the values of one document take no more than they are allowed.
func TestLargeValuesAreRefused(t *testing.T) {
	for _, folder := range []string{"5.5.5-speed", "8.11.4-compression", "9.0.0-speed"} {
		for _, p := range pairs(t, folder) {
			columns, err := p.open()
			if err != nil {
				t.Fatal(err)
			}
			columns.Limit, columns.Window = 60_000, 1
			for i, field := range p.columns {
				if field.Name != "b_long" {
					continue
				}
				column, err := columns.Column(field.Number)
				if err != nil {
					t.Fatal(err)
				}
				doc := slices.IndexFunc(p.docs[i], func(values []string) bool { return len(values) > 0 })
				if _, err := column.Advance(doc); !named(err) {
					t.Errorf("%s: %v", folder, err)
				}
			}
		}
	}
}

// TestColumnsHoldLittle reads columns of 140,000 documents in windows of 4 KiB: what is allocated does not grow with them.
func TestColumnsHoldLittle(t *testing.T) {
	for _, folder := range []string{"4.10.4-speed", "5.5.5-speed", "9.0.0-speed"} {
		for _, p := range pairs(t, folder) {
			columns, err := p.open()
			if err != nil {
				t.Fatal(err)
			}
			columns.Window = 1
			for _, field := range p.columns {
				if strings.HasPrefix(field.Name, "l_") {
					if got := allocated(t, columns, p, field); got > 200<<10 {
						t.Errorf("%s: %d bytes were allocated for %s", folder, got, field.Name)
					}
				}
			}
		}
	}
}

func allocated(t *testing.T, columns *docvalues.Columns, p pair, field docvalues.Field) uint64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	column, err := columns.Column(field.Number)
	if err != nil {
		t.Fatal(err)
	}
	for doc := range p.owner.MaxDoc {
		if _, err := column.Advance(doc); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
