package rebuild

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"migassist/lucene"
)

// Types that are not a list of values write themselves.

// writeConstant is constant_keyword: the value stands in the mapping.
func writeConstant(w *writer, f *field) error {
	if len(f.constant) > 0 {
		w.next()
		w.buf = append(w.buf, f.constant...)
	}
	return nil
}

// writeJoin is a join: the name of the relation in one column, the id of the parent in one for each parent.
// Source: ParentJoinFieldMapper, ParentIdFieldMapper.
func writeJoin(w *writer, f *field) error {
	names, err := w.layer(f, 0).terms()
	if err != nil || len(names) == 0 {
		return err
	}
	w.next()
	parent, ok := f.parents[string(names[0])]
	if !ok {
		w.buf = appendString(w.buf, names[0])
		return nil
	}
	ids, err := w.layer(f, parent).terms()
	if err != nil {
		return err
	}
	w.buf = append(w.buf, `{"name":`...)
	w.buf = appendString(w.buf, names[0])
	if len(ids) > 0 {
		w.buf = append(w.buf, `,"parent":`...)
		w.buf = appendString(w.buf, ids[0])
	}
	w.buf = append(w.buf, '}')
	return nil
}

// metrics are the suffixes of the columns of aggregate_metric_double.
var metrics = []string{".min", ".max", ".sum", ".value_count"}

// writeMetrics is aggregate_metric_double: a column for each metric; counts are whole numbers.
func writeMetrics(w *writer, f *field) error {
	separator := byte('{')
	for i, suffix := range metrics {
		numbers, err := w.layer(f, i).numbers()
		if err != nil {
			return err
		}
		if len(numbers) == 0 {
			continue
		}
		if separator == '{' {
			w.next()
		}
		w.buf = append(w.buf, separator)
		separator = ','
		w.buf = appendString(w.buf, []byte(suffix[1:]))
		w.buf = append(w.buf, ':')
		if suffix == ".value_count" {
			w.buf = appendInteger(w.buf, numbers[0])
		} else {
			w.buf = appendDouble(w.buf, sortableDouble(numbers[0]))
		}
	}
	if separator == ',' {
		w.buf = append(w.buf, '}')
	}
	return nil
}

// histograms are one object: VInt or VLong count and value, eight bytes, one after the other.
func histograms(definition, release) codec {
	return codec{binary: func(w *writer, value []byte) error {
		w.next()
		w.buf = append(w.buf, `{"values":[`...)
		counts := []byte(`],"counts":[`)
		for i := 0; len(value) > 0; i++ {
			count, n := binary.Uvarint(value)
			if n <= 0 || len(value) < n+8 {
				return fmt.Errorf("%w: a histogram cut short", errCoding)
			}
			if i > 0 {
				w.buf, counts = append(w.buf, ','), append(counts, ',')
			}
			counts = appendInteger(counts, int64(count))
			w.buf = appendDouble(w.buf, math.Float64frombits(binary.BigEndian.Uint64(value[n:])))
			value = value[n+8:]
		}
		w.buf = append(append(w.buf, counts...), "]}"...)
		return nil
	}, stored: func(dst []byte, v lucene.Value) ([]byte, error) { return appendStored(dst, v) }}
}

// writeFlattened is a flattened: terms of path, 0 and value, those that are too long for a term stored.
func writeFlattened(w *writer, f *field) error {
	column, err := w.layer(f, 0).terms()
	if err != nil {
		return err
	}
	entries := append(w.entries[:0], column...)
	for _, v := range w.layer(f, 1).values {
		entries = append(entries, v.Bytes)
	}
	if len(entries) > len(column) {
		slices.SortFunc(entries, bytes.Compare)
		entries = slices.CompactFunc(entries, bytes.Equal) // stored as often as sent
	}
	w.entries = entries
	return w.writeTree(entries, []byte{0}, nil)
}

// writeFlatObject is OpenSearch's flat_object: terms of field, path, "=" and value.
func writeFlatObject(w *writer, f *field) error {
	column, err := w.layer(f, 0).terms()
	if err != nil {
		return err
	}
	return w.writeTree(column, []byte{'='}, []byte(f.path+"."))
}

// writeTree makes an object of sorted terms of a dotted path, a separator and a value. A path below one that has a value
// keeps its dots. Source: FlattenedFieldSyntheticWriterHelper of Elasticsearch.
//
//	a 0 1, b.c 0 2, b.c 0 3, b.c.d 0 4   →   {"a":"1","b":{"c":["2","3"],"c.d":"4"}}
func (w *writer) writeTree(terms [][]byte, separator, prefix []byte) error {
	if len(terms) == 0 {
		return nil
	}
	w.next()
	w.buf = append(w.buf, '{')
	var open [][]byte
	var last []byte
	for i := 0; i < len(terms); {
		path, _, ok := bytes.Cut(bytes.TrimPrefix(terms[i], prefix), separator)
		if !ok {
			return fmt.Errorf("%w: %q has no value", errCoding, terms[i])
		}
		end := i + 1
		for end < len(terms) && samePath(terms[end], prefix, path, separator) {
			end++
		}
		parts := bytes.Split(path, []byte{'.'})
		objects, leaf := parts[:len(parts)-1], parts[len(parts)-1]
		keep := common(open, objects)
		for range open[keep:] {
			w.buf = append(w.buf, '}')
		}
		open = open[:keep]
		if rest := objects[keep:]; len(rest) > 0 && bytes.Equal(rest[0], last) {
			leaf = bytes.Join(parts[keep:], []byte{'.'})
		} else {
			for _, object := range rest {
				w.member(object)
				w.buf = append(w.buf, '{')
			}
			open, last = append(open, rest...), leaf
		}
		w.member(leaf)
		w.writeStrings(terms[i:end], separator)
		i = end
	}
	for range len(open) + 1 {
		w.buf = append(w.buf, '}')
	}
	return nil
}

func samePath(term, prefix, path, separator []byte) bool {
	rest, ok := bytes.CutPrefix(bytes.TrimPrefix(term, prefix), path)
	return ok && bytes.HasPrefix(rest, separator)
}

// common is how many names two paths have in common at their beginning.
func common(a, b [][]byte) int {
	n := 0
	for n < len(a) && n < len(b) && bytes.Equal(a[n], b[n]) {
		n++
	}
	return n
}

// member begins a member of the object that is open.
func (w *writer) member(name []byte) {
	if w.buf[len(w.buf)-1] != '{' {
		w.buf = append(w.buf, ',')
	}
	w.buf = append(appendString(w.buf, name), ':')
}

// writeStrings writes what follows the separator: one string, or an array.
func (w *writer) writeStrings(terms [][]byte, separator []byte) {
	if len(terms) > 1 {
		w.buf = append(w.buf, '[')
	}
	for i, term := range terms {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		_, value, _ := bytes.Cut(term, separator)
		w.buf = appendString(w.buf, value)
	}
	if len(terms) > 1 {
		w.buf = append(w.buf, ']')
	}
}
