package docvalues_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"migassist/lucene/docvalues"
)

// check reads a column at a document and compares.
func check(column *docvalues.Column, doc int, want []string) error {
	has, err := column.Advance(doc)
	if err != nil {
		return fmt.Errorf("document %d: %w", doc, err)
	}
	got := read(column)
	if has != (len(want) > 0) || !slices.Equal(got, want) {
		return fmt.Errorf("document %d: %v, %.200q, want %.200q", doc, has, got, want)
	}
	return nil
}

// read is the values of the current document.
func read(column *docvalues.Column) []string {
	var values []string
	for _, v := range column.Ints() {
		values = append(values, strconv.FormatInt(v, 10))
	}
	for _, v := range column.Terms() {
		values = append(values, string(v))
	}
	return values
}

// forEach runs a test for every column that Lucene wrote.
func forEach(t *testing.T, test func(*testing.T, *docvalues.Columns, docvalues.Field, docValues)) {
	for _, folder := range slices.Sorted(maps.Keys(written(t))) {
		if folder == "." {
			continue
		}
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			for _, p := range pairs(t, folder) {
				columns, err := p.open()
				if err != nil {
					t.Fatal(p.name, err)
				}
				for i, field := range p.columns {
					t.Run(p.name+"/"+field.Name, func(t *testing.T) { test(t, columns, field, p.docs[i]) })
				}
			}
		})
	}
}

// TestEveryValue reads each column from front to back.
func TestEveryValue(t *testing.T) {
	forEach(t, func(t *testing.T, columns *docvalues.Columns, field docvalues.Field, want docValues) {
		column, err := columns.Column(field.Number)
		if err != nil {
			t.Fatal(err)
		}
		if column.Kind() != field.Kind {
			t.Errorf("a %s column, want %s", column.Kind(), field.Kind)
		}
		for doc, values := range want {
			if err := check(column, doc, values); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestFromAnywhere begins at any document, and goes on in steps of any size.
func TestFromAnywhere(t *testing.T) {
	forEach(t, func(t *testing.T, columns *docvalues.Columns, field docvalues.Field, want docValues) {
		r := rand.New(rand.NewPCG(1, 2))
		for range 4 {
			column, err := columns.Column(field.Number)
			if err != nil {
				t.Fatal(err)
			}
			most := 1 << r.IntN(17)
			for doc := r.IntN(len(want)); doc < len(want); doc += 1 + r.IntN(most) {
				if err := check(column, doc, want[doc]); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// TestPresent compares the sets of documents that have a value.
func TestPresent(t *testing.T) {
	forEach(t, func(t *testing.T, columns *docvalues.Columns, field docvalues.Field, want docValues) {
		set := make([]uint64, (len(want)+63)/64)
		if err := columns.Present(field.Number, set); err != nil {
			t.Fatal(err)
		}
		for doc, values := range want {
			if got := set[doc/64]>>(doc%64)&1 == 1; got != (len(values) > 0) {
				t.Fatalf("document %d has a value: %v", doc, got)
			}
		}
	})
}
