package rebuild

import (
	"fmt"
	"slices"

	"migassist/lucene"
	"migassist/lucene/docvalues"
)

// Nested objects are documents of their own, right before the one they belong to, an object's own nested objects
// before it:
//
//	offers[0].parts[0]  offers[0].parts[1]  offers[0]  offers[1]  root
//
// Indices created before Elasticsearch 6.5 have them the other way around: offers[1]  offers[0].parts[1]  offers[0].parts[0]
// offers[0]  root.
//
// What says in the index whose child a document is, is only in the index of terms. Here its path is told from
// what it holds; of an empty one, from where it lies: the objects of one path lie together, before what holds them.

// block gathers the nested documents before the next root.
type block struct {
	wanted  bool // the plan has nested objects
	started bool // nothing is missing before the next document
	seen    int  // the document after the last one that was given
	docs    []kept
	values  []keptValue
	bytes   []byte
	ends    []int // of the objects that are being written
	decoder lucene.Decoder
	probes  []probe // to tell paths by; none where there is one path
}

// kept is a nested document.
type kept struct {
	number      int
	first, last int // in block.values
	scope       int // 0: not known
}

// keptValue is a stored value, its bytes in block.bytes.
type keptValue struct {
	field, from, to int
	value           lucene.Value
}

// probe is a column of a nested object.
type probe struct {
	column *docvalues.Column
	scope  int
}

// openBlock opens what tells the paths of nested documents apart.
func (r *Rebuilder) openBlock(columns map[string]bool) error {
	r.block.wanted = len(r.plan.scopes) > 1
	if len(r.plan.scopes) <= 2 {
		return nil
	}
	for number, s := range r.plan.scopes[1:] {
		for _, l := range s.layers {
			if name := r.plan.layers[l].name; !r.plan.layers[l].stored && columns[name] {
				column, err := r.column(name)
				if err != nil {
					return err
				}
				if column != nil {
					r.block.probes = append(r.block.probes, probe{column, number + 1})
				}
			}
		}
	}
	return nil
}

// Child takes a live document without an _id: a nested object of the next document that has one.
func (r *Rebuilder) Child(doc *lucene.Doc) error {
	if !r.block.wanted {
		return nil
	}
	if err := r.block.begin(r, doc.Number); err != nil {
		return err
	}
	return r.block.add(r, doc)
}

// Leap says that documents before the next one may not have been given: those of a span that another Rebuilder has, for
// example. Nested ones among them are read where they are needed.
func (r *Rebuilder) Leap() { r.block.started = false }

// begin reads the nested documents that lie before the first one given, up to the root before them or the last one seen: a span
// may begin in the middle of a block.
func (b *block) begin(r *Rebuilder, first int) error {
	if b.started || !b.wanted {
		return nil
	}
	b.started = true
	b.decoder.Limit = r.Limit
	from, err := b.rootBefore(r, first)
	if err == nil {
		err = r.docs.Visit(r.ctx, &b.decoder, from, first, func(doc *lucene.Doc) error { return b.add(r, doc) })
	}
	if err != nil {
		return fmt.Errorf("nested documents before document %d: %w", first, err)
	}
	return nil
}

// rootBefore returns the document after the last root before first, and forgets what was kept for that root. It looks back
// further and further, but not beyond what was seen already.
func (b *block) rootBefore(r *Rebuilder, first int) (from int, err error) {
	for reach := 64; ; reach *= 8 {
		from = max(b.seen, first-reach)
		root := -1
		err := r.docs.Visit(r.ctx, &b.decoder, from, first, func(doc *lucene.Doc) error {
			if isRoot(doc) {
				root = doc.Number
			}
			return nil
		})
		switch {
		case err != nil:
			return 0, err
		case root >= 0:
			b.reset()
			return root + 1, nil
		case from == b.seen:
			return from, nil
		}
	}
}

// isRoot tells whether a document has an id, as nested ones do not.
func isRoot(doc *lucene.Doc) bool {
	for field := range doc.Fields() {
		if field.Name == "_id" || field.Name == "_uid" {
			return true
		}
	}
	return false
}

// end forgets the block of a root.
func (b *block) end(root int) {
	b.seen = root + 1
	b.reset()
}

func (b *block) reset() { b.docs, b.values, b.bytes = b.docs[:0], b.values[:0], b.bytes[:0] }

// add keeps a nested document's stored values, which do not outlive the next document.
func (b *block) add(r *Rebuilder, doc *lucene.Doc) error {
	b.seen = doc.Number + 1
	k := kept{number: doc.Number, first: len(b.values)}
	for field, value := range doc.Fields() {
		v := keptValue{field: field.Number, from: len(b.bytes), value: value}
		b.bytes = append(b.bytes, value.Bytes...)
		v.to = len(b.bytes)
		b.values = append(b.values, v)
	}
	k.last = len(b.values)
	var err error
	if k.scope, err = b.scopeOf(r, k); err != nil {
		return err
	}
	b.docs = append(b.docs, k)
	return nil
}

// scopeOf tells the scope of a nested document: the innermost that something in it belongs to.
func (b *block) scopeOf(r *Rebuilder, k kept) (int, error) {
	if len(r.plan.scopes) == 2 {
		return 1, nil
	}
	found := 0
	for _, p := range b.probes {
		has, err := p.column.Advance(k.number)
		if err != nil {
			return 0, err
		}
		if has {
			found = max(found, p.scope)
		}
	}
	for _, v := range b.values[k.first:k.last] {
		if v.field >= len(r.targets) {
			continue
		}
		switch target := r.targets[v.field]; {
		case target >= 0:
			found = max(found, r.plan.layers[target].field.node.scope)
		case target == forIgnored:
			entries, err := r.plan.readIgnored(nil, b.bytes[v.from:v.to])
			if err != nil {
				return 0, err
			}
			for _, entry := range entries {
				found = max(found, entry.parent.within())
			}
		}
	}
	return found, nil
}

// resolve tells the paths of nested documents that hold nothing, where but one is possible.
func (b *block) resolve(p *Plan) {
	for i := len(b.docs) - 1; i >= 0; i-- {
		if b.docs[i].scope != 0 {
			continue
		}
		found, possible := 0, 0
		for s := 1; s < len(p.scopes); s++ {
			if b.fits(p, i, s) {
				found, possible = s, possible+1
			}
		}
		if possible == 1 {
			b.docs[i].scope = found
		}
	}
}

// fits tells whether document i of the block may be of a scope: what comes between it and the object that holds it, and between
// it and the other objects of its path, is inside the one or the other.
func (b *block) fits(p *Plan, i, scope int) bool {
	outer := p.scopes[scope].parent
	held, apart := outer == 0, false
	for _, k := range b.docs[i+1:] {
		switch {
		case k.scope == 0:
			continue
		case k.scope == outer && outer != 0:
			return true
		case !p.inside(k.scope, outer):
			return false
		case k.scope == scope && apart:
			return false
		}
		apart = apart || !p.inside(k.scope, scope)
	}
	apart = false
	for j := i - 1; j >= 0 && b.docs[j].scope != outer; j-- {
		switch k := b.docs[j]; {
		case k.scope == 0:
			continue
		case k.scope == scope && apart:
			return false
		default:
			apart = apart || !p.inside(k.scope, scope)
		}
	}
	return held
}

// within is the scope in which the members of an object are.
func (n *node) within() int {
	if n.nested > 0 {
		return n.nested
	}
	return n.scope
}

// nested writes the nested objects of a path in the document at hand: one as it is, more as an array.
func (w *writer) nested(n *node) error {
	r := w.r
	b := &r.block
	from, to := r.window(n.scope)
	at, ends := len(w.buf), b.ends
	w.buf = append(w.buf, '[')
	for i := from; i < to; i++ {
		k := b.docs[i]
		if k.scope == 0 {
			return fmt.Errorf("%w: nested document %d has no value that tells whether it is of %s", ErrUnsupported, k.number, n.path)
		}
		if k.scope != n.nested {
			continue
		}
		if len(b.ends) > len(ends) {
			w.buf = append(w.buf, ',')
		}
		if err := w.nestedDoc(n, i); err != nil {
			return err
		}
		b.ends = append(b.ends, len(w.buf))
	}
	own := b.ends[len(ends):]
	switch len(own) {
	case 0:
		w.buf = w.buf[:at]
	case 1:
		w.buf = append(w.buf[:at], w.buf[at+1:]...)
	default:
		if !r.plan.created.since(6, 5) {
			w.turnAround(at+1, own)
		}
		w.buf = append(w.buf, ']')
	}
	b.ends = ends
	return nil
}

// turnAround puts the elements of an array that begins at a place, and where each ends, into the opposite order.
func (w *writer) turnAround(at int, ends []int) {
	written := append([]byte(nil), w.buf[at:]...)
	w.buf = w.buf[:at]
	for i, end := range slices.Backward(ends) {
		begin := at
		if i > 0 {
			begin = ends[i-1] + 1 // after the comma
		}
		w.buf = append(w.buf, written[begin-at:end-at]...)
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
	}
}

// window is the part of the block that can hold nested documents of the document that a scope is at.
func (r *Rebuilder) window(number int) (from, to int) {
	if number == 0 {
		return 0, len(r.block.docs)
	}
	to = r.scopes[number].at
	for from = to; from > 0 && r.block.docs[from-1].scope != number; from-- {
		if !r.plan.inside(r.block.docs[from-1].scope, number) {
			break
		}
	}
	return from, to
}

// inside tells whether a scope lies somewhere in another.
func (p *Plan) inside(scope, outer int) bool {
	for scope != 0 && scope != outer {
		scope = p.scopes[scope].parent
	}
	return scope == outer
}

// nestedDoc writes one document of the block.
func (w *writer) nestedDoc(n *node, i int) error {
	r, k := w.r, w.r.block.docs[i]
	state := &r.scopes[n.nested]
	r.start(state)
	state.at = i
	for _, v := range r.block.values[k.first:k.last] {
		if v.value.Bytes != nil {
			v.value.Bytes = r.block.bytes[v.from:v.to:v.to]
		}
		if err := r.store(state, v.field, v.value); err != nil {
			return err
		}
	}
	if err := r.advance(n.nested, k.number); err != nil {
		return err
	}
	slices.SortStableFunc(state.ignored, ignored.order)
	return w.object(n, state)
}
