package docvalues

import (
	"fmt"

	"migassist/lucene/input"
)

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

// bitmap has a bit for each document, lowest first.
type bitmap struct{ extent }

func (b bitmap) open(f *source) docSet { return &bitmapReader{win: f.window(b.extent)} }

type bitmapReader struct{ win *window }

func (b *bitmapReader) find(doc int) (int64, bool, error) {
	byte8, err := b.win.bytes(b.win.within.offset+int64(doc)>>3, 1)
	if err != nil {
		return 0, false, err
	}
	return int64(doc), byte8[0]>>(doc&7)&1 != 0, nil
}

// listed is a list of documents.
type listed struct{ *rising }

func (l listed) open(f *source) docSet {
	return &list{numbers: l.rising.open(f), n: l.n, current: -1, next: -1}
}

type list struct {
	numbers sequence
	n       int64
	next    int64 // place of the first document that is not before the last one asked for; -1: not known
	current int64 // that document
}

func (l *list) find(doc int) (int64, bool, error) {
	if l.next < 0 {
		if err := l.search(int64(doc)); err != nil {
			return 0, false, err
		}
	}
	for l.next < l.n && l.current < int64(doc) {
		if err := l.to(l.next + 1); err != nil {
			return 0, false, err
		}
	}
	return l.next, l.next < l.n && l.current == int64(doc), nil
}

// search finds the first document to stand at.
func (l *list) search(doc int64) error {
	from, to := int64(0), l.n
	for from < to {
		middle := from + (to-from)/2
		at, err := l.numbers.at(middle)
		if err != nil {
			return err
		}
		if at < doc {
			from = middle + 1
		} else {
			to = middle
		}
	}
	return l.to(from)
}

func (l *list) to(place int64) (err error) {
	last := l.current
	if l.next = place; place < l.n {
		if l.current, err = l.numbers.at(place); err == nil && l.current <= last {
			r := l.numbers.(*risingNumbers)
			return &input.CorruptError{File: r.win.file.Name(), Offset: r.within.offset, Want: fmt.Sprintf("a document after %d", last), Got: fmt.Sprint(l.current)}
		}
	}
	return err
}

// source is what sequences and sets read from.
type source struct {
	data   input.File
	maxDoc int
	most   int // bytes of a window
	random bool
}

// inAnyOrder is f for what is read in any order.
func (f *source) inAnyOrder() *source {
	r := *f
	r.random = true
	return &r
}

func (f *source) window(within extent) *window {
	w := newWindow(f.data, within, f.most)
	w.random = f.random
	return w
}
