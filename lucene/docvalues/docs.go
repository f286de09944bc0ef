package docvalues

import "migassist/lucene/input"

// docSet tells which documents have a value. It is asked with rising numbers.
type docSet interface {
	// find returns the place of a document among those that have a value, or in formats that keep one for each, its
	// number; false: it has none.
	find(doc int) (int64, bool, error)
}

// docsSpec is what .dvm says of a docSet.
type docsSpec interface {
	open(f *source) docSet
}

// everyDoc has a value.
type everyDoc struct{}

func (everyDoc) open(*source) docSet { return everyDoc{} }

func (everyDoc) find(doc int) (int64, bool, error) { return int64(doc), true, nil }

// noDoc has one.
type noDoc struct{}

func (noDoc) open(*source) docSet { return noDoc{} }

func (noDoc) find(int) (int64, bool, error) { return 0, false, nil }

// source is what sequences and sets read from.
type source struct {
	data   input.File
	maxDoc int
	most   int // bytes of a window
}

func (f *source) window(within extent) *window { return newWindow(f.data, within, f.most) }
