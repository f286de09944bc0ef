package rfs

// originals are documents as they were before transforms, for the dead letters of operations that the target refuses.
type originals struct {
	text []byte
	at   []extentOf // by operation
}

// extentOf is where in the text an original is; empty: the operation has it as it was.
type extentOf struct{ from, to int }

// add notes the original of n operations more; nil: they have it.
func (o *originals) add(n int, source []byte) {
	at := extentOf{len(o.text), len(o.text) + len(source)}
	o.text = append(o.text, source...)
	for range n {
		o.at = append(o.at, at)
	}
}

// append adds the originals of operations that follow.
func (o *originals) append(more *originals) {
	base := len(o.text)
	o.text = append(o.text, more.text...)
	for _, at := range more.at {
		o.at = append(o.at, extentOf{base + at.from, base + at.to})
	}
}

// of returns the original of an operation; nil: it was sent so.
func (o *originals) of(operation int) []byte {
	if o == nil {
		return nil
	}
	at := o.at[operation]
	if at.from == at.to {
		return nil
	}
	return o.text[at.from:at.to]
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
