package rebuild

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"migassist/lucene/docvalues"
	"migassist/snapshot"
)

// writer writes JSON of the document that the Rebuilder is at.
type writer struct {
	r       *Rebuilder
	buf     []byte
	n       int  // values of the field at hand
	list    bool // it is an array whatever their number
	entries [][]byte
}

// next begins one more value of the field.
func (w *writer) next() {
	if w.n > 0 {
		w.buf = append(w.buf, ',')
	}
	w.n++
}

// object writes an object: its fields, objects and ignored values, by name. An ignored value takes the place of
// the field that has its name.
func (w *writer) object(n *node, state *scopeState) error {
	w.buf = append(w.buf, '{')
	entries := entriesOf(state.ignored, n)
	for _, child := range n.children {
		for len(entries) > 0 && bytes.Compare(entries[0].name, []byte(child.path)) < 0 {
			var err error
			if entries, err = w.writeIgnored(entries); err != nil {
				return err
			}
		}
		if len(entries) > 0 && string(entries[0].name) == child.path {
			continue
		}
		if err := w.child(child, state); err != nil {
			return err
		}
	}
	for len(entries) > 0 {
		var err error
		if entries, err = w.writeIgnored(entries); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, '}')
	return nil
}

// entriesOf returns the ignored values of one object, of sorted ones.
func entriesOf(all []ignored, n *node) []ignored {
	first, _ := slices.BinarySearchFunc(all, n.id, func(e ignored, id int) int { return e.parent.id - id })
	end := first
	for end < len(all) && all[end].parent == n {
		end++
	}
	return all[first:end]
}

// child writes a member, or nothing where the document has none.
func (w *writer) child(n *node, state *scopeState) error {
	derived := w.r.plan.mode == snapshot.SourceDerived
	if w.r.marks[n.id] != state.serial && (!derived || n.field >= 0) && n.nested == 0 && !n.holds {
		return nil
	}
	begin := len(w.buf)
	w.separate()
	w.buf = append(w.buf, n.keys...)
	at := len(w.buf)
	switch {
	case n.nested > 0:
		if err := w.nested(n); err != nil {
			return err
		}
		if len(w.buf) == at {
			w.buf = w.buf[:begin]
		}
	case n.field >= 0:
		if err := w.field(w.r.plan.fields[n.field]); err != nil {
			return fmt.Errorf("field %s: %w", n.path, err)
		}
		if len(w.buf) == at {
			w.buf = w.buf[:begin]
		}
	default:
		if err := w.object(n, state); err != nil {
			return err
		}
		if len(w.buf) == at+2 && !derived {
			w.buf = w.buf[:begin]
		}
	}
	return nil
}

// separate writes a comma, unless the object has just begun.
func (w *writer) separate() {
	if w.buf[len(w.buf)-1] != '{' {
		w.buf = append(w.buf, ',')
	}
}

// field writes the values of a field: one as it is, more as an array, nothing of none.
func (w *writer) field(f *field) error {
	at := w.begin()
	if f.whole != nil {
		if err := f.whole(w, f); err != nil {
			return err
		}
		w.end(at)
		return nil
	}
	group, found := 0, 0
	for i := range f.count {
		l := &w.r.plan.layers[f.first+i]
		if l.group != group {
			group, found = l.group, w.n
		}
		if found > 0 {
			break
		}
		if err := w.layerValues(l, &w.r.layers[f.first+i]); err != nil {
			return err
		}
	}
	w.end(at)
	return nil
}

// begin starts the values of a field; end closes them.
func (w *writer) begin() (at int) {
	w.n, w.list = 0, false
	w.buf = append(w.buf, '[')
	return len(w.buf) - 1
}

func (w *writer) end(at int) {
	switch {
	case w.n == 0 && !w.list:
		w.buf = w.buf[:at]
	case w.n == 1 && !w.list:
		w.buf = append(w.buf[:at], w.buf[at+1:]...)
	default:
		w.buf = append(w.buf, ']')
	}
}

// layerValues writes the values of one layer.
func (w *writer) layerValues(l *layer, state *layerState) (err error) {
	for _, value := range state.values {
		w.next()
		if w.buf, err = l.codec.stored(w.buf, value); err != nil {
			return err
		}
	}
	if state.hasOffsets {
		return w.inOrder(l, state)
	}
	if !state.has {
		return nil
	}
	switch state.column.Kind() {
	case docvalues.Numeric, docvalues.SortedNumeric:
		for _, number := range state.column.Ints() {
			w.next()
			w.buf = l.codec.number(w.buf, number)
		}
	case docvalues.Sorted, docvalues.SortedSet:
		for _, term := range state.column.Terms() {
			w.next()
			if w.buf, err = l.codec.term(w.buf, term); err != nil {
				return err
			}
		}
	default:
		for _, value := range state.column.Terms() {
			if err := l.codec.binary(w, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// inOrder writes an array as it was sent. Its order is a term of another column: zigzag VInts, their number first, each
// the place of a value among the different ones, sorted, or -1 for null. Source: FieldArrayContext.
func (w *writer) inOrder(l *layer, state *layerState) error {
	w.list = true
	terms := state.offsets.Terms()
	if len(terms) == 0 {
		return fmt.Errorf("%w: no order of an array", errCoding)
	}
	raw := terms[0]
	count, n := binary.Uvarint(raw)
	raw = raw[max(n, 0):]
	if n <= 0 || count&1 != 0 || count>>1 > uint64(len(raw)) {
		return fmt.Errorf("%w: the order of an array", errCoding)
	}
	different := w.different(state)
	for range count >> 1 {
		u, n := binary.Uvarint(raw)
		place := int64(u>>1) ^ -int64(u&1)
		if n <= 0 || place < -1 || place >= int64(different.len()) {
			return fmt.Errorf("%w: a place of %d in an array of %d different values", errCoding, place, different.len())
		}
		raw = raw[n:]
		w.next()
		if place < 0 {
			w.buf = append(w.buf, "null"...)
			continue
		}
		if err := different.write(w, l, int(place)); err != nil {
			return err
		}
	}
	return nil
}

// distinct are the different values of a column in one document.
type distinct struct {
	numbers []int64
	terms   [][]byte
}

func (w *writer) different(state *layerState) distinct {
	switch {
	case !state.has:
		return distinct{}
	case state.column.Kind() == docvalues.Numeric, state.column.Kind() == docvalues.SortedNumeric:
		w.r.numbers = append(w.r.numbers[:0], state.column.Ints()...)
		return distinct{numbers: slices.Compact(w.r.numbers)}
	default:
		return distinct{terms: state.column.Terms()}
	}
}

func (d distinct) len() int { return len(d.numbers) + len(d.terms) }

func (d distinct) write(w *writer, l *layer, place int) (err error) {
	if len(d.numbers) > 0 {
		w.buf = l.codec.number(w.buf, d.numbers[place])
		return nil
	}
	w.buf, err = l.codec.term(w.buf, d.terms[place])
	return err
}

// writeIgnored writes the first member of sorted ignored values: all that have its name, arrays among them taken apart,
// and returns the others.
func (w *writer) writeIgnored(entries []ignored) ([]ignored, error) {
	end := 1
	for end < len(entries) && bytes.Equal(entries[end].name, entries[0].name) {
		end++
	}
	parts := 0
	for _, entry := range entries[:end] {
		if !isVoid(entry.value) {
			parts++
		}
	}
	if parts == 0 {
		return entries[end:], nil
	}
	w.separate()
	w.buf = append(appendString(w.buf, entries[0].leaf), ':')
	at := w.begin()
	w.list = parts > 1
	for _, entry := range entries[:end] {
		if err := w.ignoredValue(entry); err != nil {
			return nil, fmt.Errorf("field %s: %w", entry.name, err)
		}
	}
	w.end(at)
	return entries[end:], nil
}

func (w *writer) ignoredValue(entry ignored) (err error) {
	if isVoid(entry.value) {
		return nil
	}
	before := len(w.buf)
	w.next()
	begin := len(w.buf)
	if w.buf, err = appendEncoded(w.buf, entry.value); err != nil {
		return err
	}
	if !w.list || !isStructure(entry.value) {
		return nil
	}
	inside, isArray := insideArray(w.buf[begin:])
	switch {
	case !isArray:
	case len(inside) == 0:
		w.buf, w.n = w.buf[:before], w.n-1
	default:
		w.buf = append(w.buf[:begin], inside...)
	}
	return nil
}

// insideArray returns what stands between the brackets of an array.
func insideArray(json []byte) ([]byte, bool) {
	json = bytes.TrimSpace(json)
	if len(json) < 2 || json[0] != '[' {
		return nil, false
	}
	return bytes.TrimSpace(json[1 : len(json)-1]), true
}

// layer returns the state of one of a field's layers.
func (w *writer) layer(f *field, i int) *layerState {
	if i >= f.count {
		return &layerState{}
	}
	return &w.r.layers[f.first+i]
}

// terms are those of the document.
func (l *layerState) terms() ([][]byte, error) {
	if !l.has {
		return nil, nil
	}
	if kind := l.column.Kind(); kind == docvalues.Numeric || kind == docvalues.SortedNumeric {
		return nil, fmt.Errorf("%w: numbers where terms are expected", ErrUnsupported)
	}
	return l.column.Terms(), nil
}

// numbers are those of the document.
func (l *layerState) numbers() ([]int64, error) {
	if !l.has {
		return nil, nil
	}
	if kind := l.column.Kind(); kind != docvalues.Numeric && kind != docvalues.SortedNumeric {
		return nil, fmt.Errorf("%w: terms where numbers are expected", ErrUnsupported)
	}
	return l.column.Ints(), nil
}
