package main

import (
	"bytes"
	"fmt"
	"io"
)

// tally counts the operations of a bulk by the index they go to. It reads the body once, as it comes, and keeps none of it.
type tally struct {
	index   string // of actions that name none
	counts  map[string]int
	all     int
	last    *int   // in counts, of the index before
	name    []byte // of that index
	partial []byte // an action line that the next bytes complete
	source  bool   // a source line is next
}

// read reads the body by way of a buffer, and fails on an action that is none.
func (t *tally) read(body io.Reader, buffer []byte) error {
	for {
		n, err := body.Read(buffer)
		if taken := t.take(buffer[:n]); taken != nil {
			return taken
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if len(t.partial) > 0 || t.source {
		return fmt.Errorf("the body ends within an operation, after %d", t.all)
	}
	return nil
}

func (t *tally) take(data []byte) error {
	for len(data) > 0 {
		end := bytes.IndexByte(data, '\n')
		switch {
		case end < 0 && !t.source:
			t.partial = append(t.partial, data...)
			return nil
		case end < 0:
			return nil
		case t.source:
			t.source = false
		default:
			line := data[:end]
			if len(t.partial) > 0 {
				line = append(t.partial, line...)
				t.partial = line[:0]
			}
			if err := t.action(line); err != nil {
				return err
			}
		}
		data = data[end+1:]
	}
	return nil
}

// The kinds of actions, and the member that names an index, as migassist and Elasticsearch's own clients write them.
var (
	withSource    = [][]byte{[]byte(`{"index":{`), []byte(`{"create":{`)}
	withoutSource = []byte(`{"delete":{`)
	indexMember   = []byte(`"_index":"`)
)

func (t *tally) action(line []byte) error {
	switch {
	case bytes.HasPrefix(line, withSource[0]), bytes.HasPrefix(line, withSource[1]):
		t.source = true
	case bytes.HasPrefix(line, withoutSource):
	default:
		return fmt.Errorf("operation %d has no action line, but %.60q", t.all, line)
	}
	t.all++
	name := []byte(t.index)
	if _, rest, ok := bytes.Cut(line, indexMember); ok {
		if name, _, ok = bytes.Cut(rest, []byte(`"`)); !ok {
			return fmt.Errorf("operation %d: its index does not end: %.60q", t.all, line)
		}
	}
	if t.last == nil || !bytes.Equal(name, t.name) {
		t.note()
		t.name, t.last = append(t.name[:0], name...), new(int)
	}
	*t.last++
	return nil
}

// note adds what was counted for one index to the counts of all.
func (t *tally) note() {
	if t.last != nil {
		t.counts[string(t.name)] += *t.last
		t.last = nil
	}
}
