package rfs

import "migassist/rfs/deadletter"

// originals are documents as they were before transforms, for the dead letters of operations that the target refuses.
type originals struct {
	text []byte
	at   []extentOf // by operation
}

// extentOf is where in the text an original is; empty: the operation has it as it was.
type extentOf struct {
	from, to          int // id, type, routing, and source
	id, typed, routed int // bytes of the first three
}

// add notes the original of n operations more; nil: they have it.
func (o *originals) add(n int, d *Document, typed string) {
	at := extentOf{from: len(o.text)}
	if d != nil {
		o.text = append(append(append(append(o.text, d.ID...), typed...), d.Routing...), d.Source...)
		at.id, at.typed, at.routed = len(d.ID), len(typed), len(d.Routing)
	}
	at.to = len(o.text)
	for range n {
		o.at = append(o.at, at)
	}
}

// append adds the originals of operations that follow.
func (o *originals) append(more *originals) {
	base := len(o.text)
	o.text = append(o.text, more.text...)
	for _, at := range more.at {
		o.at = append(o.at, at.after(base))
	}
}

// after is the extent behind a text of so many bytes.
func (e extentOf) after(base int) extentOf {
	e.from += base
	e.to += base
	return e
}

// of returns the original of an operation and its source; nil: it was sent so.
func (o *originals) of(operation int) (*deadletter.Original, []byte) {
	if o == nil {
		return nil, nil
	}
	at := o.at[operation]
	if at.from == at.to {
		return nil, nil
	}
	take := func(n int) string {
		from := at.from
		at.from += n
		return string(o.text[from:at.from])
	}
	is := &deadletter.Original{ID: take(at.id), Type: take(at.typed), Routing: take(at.routed)}
	return is, o.text[at.from:at.to]
}

// size is in bytes.
func (o *originals) size() int {
	if o == nil {
		return 0
	}
	return len(o.text)
}

// remember returns memory for originals.
func (p *batchPool) remember() *originals {
	select {
	case o := <-p.freeText:
		return o
	default:
		return &originals{}
	}
}

// forget keeps the memory of originals, unless a giant document has blown it up. Nil is none.
func (p *batchPool) forget(o *originals) {
	if o == nil || cap(o.text) > 4*pieceBytes {
		return
	}
	o.text, o.at = o.text[:0], o.at[:0]
	select {
	case p.freeText <- o:
	default:
	}
}
