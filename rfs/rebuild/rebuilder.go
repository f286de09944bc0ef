package rebuild

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"migassist/lucene"
	"migassist/lucene/docvalues"
	"migassist/snapshot"
)

// Rebuilder puts the documents of one segment together. It belongs to one goroutine and wants its documents in
// ascending order.
type Rebuilder struct {
	// Limit bounds the uncompressed bytes of a chunk that is read once more for nested documents, as [lucene.Decoder]
	// has it.
	Limit int

	plan    *Plan
	ctx     context.Context // of Open: a block of nested documents may have to be read
	docs    *lucene.Documents
	targets []int32 // by number of the stored field: what to do with it
	layers  []layerState
	scopes  []scopeState
	marks   []uint32 // by node: the serial of the document in which it has a value
	serial  uint32
	touched []int // layers with stored values
	w       writer
	numbers []int64
	block   block

	source, recovery []byte // of the document at hand
	merged           []byte
}

// layerState is where one place of a field is in a segment.
type layerState struct {
	column, offsets *docvalues.Column // nil where the segment has none
	has, hasOffsets bool              // whether the document has a value
	values          []lucene.Value    // stored ones of the document
}

// scopeState is what a document of a scope has.
type scopeState struct {
	columns []int // layers that have a column in this segment
	at      int   // of the nested document at hand, in the block
	serial  uint32
	ignored []ignored
}

// What a stored field is for, other than a layer.
const (
	forNothing = -1 - iota
	forSource
	forRecovery
	forIgnored
)

// Open prepares to rebuild documents of a segment, from any document on.
func (p *Plan) Open(ctx context.Context, docs *lucene.Documents) (*Rebuilder, error) {
	r := &Rebuilder{plan: p, ctx: ctx, docs: docs, layers: make([]layerState, len(p.layers)), scopes: make([]scopeState, len(p.scopes)), marks: make([]uint32, p.objects)}
	r.w.r = r
	fields := docs.FieldInfos()
	r.aim(fields)
	columns := make(map[string]bool, len(fields))
	for _, f := range fields {
		if f.Name == "_doc_count" && p.exact() {
			return nil, fmt.Errorf("%w: documents have _doc_count, which only the index of terms has", ErrUnsupported)
		}
		columns[f.Name] = f.DocValues != lucene.NoDocValues
	}
	for number, s := range p.scopes {
		for _, l := range s.layers {
			if err := r.openLayer(l, columns); err != nil {
				return nil, err
			}
			if r.layers[l].column != nil || r.layers[l].offsets != nil {
				r.scopes[number].columns = append(r.scopes[number].columns, l)
			}
		}
	}
	return r, r.openBlock(columns)
}

// aim says for each stored field of the segment what it is for.
func (r *Rebuilder) aim(fields []lucene.Field) {
	names := map[string]int32{sourceField: forSource, recoveryField: forRecovery}
	if r.plan.mode == snapshot.SourceSynthetic {
		names[ignoredField] = forIgnored
	}
	for i, l := range r.plan.layers {
		if l.stored {
			names[l.name] = int32(i)
		}
	}
	for _, f := range fields {
		for len(r.targets) <= f.Number {
			r.targets = append(r.targets, forNothing)
		}
		if target, ok := names[f.Name]; ok {
			r.targets[f.Number] = target
		}
	}
}

// openLayer opens the columns of a layer that the segment has.
func (r *Rebuilder) openLayer(i int, columns map[string]bool) (err error) {
	l, state := r.plan.layers[i], &r.layers[i]
	if l.stored || !columns[l.name] && !columns[l.name+offsetsSuffix] {
		return nil
	}
	if columns[l.name] {
		if state.column, err = r.column(l.name); err != nil {
			return err
		}
		if state.column != nil && !l.codec.reads(state.column.Kind()) && l.field.whole == nil {
			return fmt.Errorf("%w: field %s of type %s has a column of kind %v", ErrUnsupported, l.field.path, l.field.kind, state.column.Kind())
		}
	}
	if r.plan.mode == snapshot.SourceSynthetic && columns[l.name+offsetsSuffix] && r.plan.byPath[l.name+offsetsSuffix] == nil {
		state.offsets, err = r.column(l.name + offsetsSuffix)
	}
	return err
}

// column opens a column; nil where the segment says it has one, but does not.
func (r *Rebuilder) column(name string) (*docvalues.Column, error) {
	column, err := r.docs.Column(r.ctx, name)
	if errors.Is(err, docvalues.ErrNoColumn) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("doc values of field %s: %w", name, err)
	}
	return column, nil
}

// reads tells whether values of a kind of column can be made of.
func (c codec) reads(kind docvalues.Kind) bool {
	switch kind {
	case docvalues.Numeric, docvalues.SortedNumeric:
		return c.number != nil
	case docvalues.Sorted, docvalues.SortedSet:
		return c.term != nil
	case docvalues.Binary:
		return c.binary != nil
	default:
		return false
	}
}

// Append appends the _source of a document that has an _id. Documents that nested objects made, which have none, go
// before it to [Rebuilder.Child].
func (r *Rebuilder) Append(dst []byte, doc *lucene.Doc) ([]byte, error) {
	if err := r.block.begin(r, doc.Number); err != nil {
		return dst, err
	}
	r.block.resolve(r.plan)
	defer r.block.end(doc.Number)
	state := &r.scopes[0]
	r.source, r.recovery = nil, nil
	r.start(state)
	for field, value := range doc.Fields() {
		if err := r.store(state, field.Number, value); err != nil {
			return dst, fmt.Errorf("field %s: %w", field.Name, err)
		}
	}
	if complete := r.complete(); complete != nil {
		return r.plan.Convert.AppendJSON(dst, complete)
	}
	if err := r.advance(0, doc.Number); err != nil {
		return dst, err
	}
	if r.plan.mode != snapshot.SourceFiltered || r.source == nil {
		return r.write(dst, state)
	}
	var err error
	if r.merged, err = r.write(r.merged[:0], state); err != nil {
		return dst, err
	}
	begin := len(dst)
	if dst, err = r.plan.Convert.AppendJSON(dst, r.source); err != nil {
		return dst[:begin], err
	}
	return mergeInto(dst, begin, r.merged)
}

// complete returns the document as it was sent, where it is still there.
func (r *Rebuilder) complete() []byte {
	switch {
	case r.plan.exact(), r.plan.bare:
		return nil
	case len(r.recovery) > 0:
		return r.recovery
	case r.plan.mode == snapshot.SourceDisabled && len(r.source) > 0:
		return r.source
	}
	return nil
}

// start forgets the document before.
func (r *Rebuilder) start(state *scopeState) {
	r.serial++
	state.serial = r.serial
	state.ignored = state.ignored[:0]
	kept := r.touched[:0]
	for _, l := range r.touched {
		if &r.scopes[r.plan.layers[l].field.node.scope] == state {
			r.layers[l].values = r.layers[l].values[:0]
		} else {
			kept = append(kept, l)
		}
	}
	r.touched = kept
}

// store takes a stored value of the document.
func (r *Rebuilder) store(state *scopeState, number int, value lucene.Value) (err error) {
	if number >= len(r.targets) {
		return nil
	}
	switch target := r.targets[number]; target {
	case forNothing:
	case forSource:
		r.source = value.Bytes
	case forRecovery:
		r.recovery = value.Bytes
	case forIgnored:
		before := len(state.ignored)
		if state.ignored, err = r.plan.readIgnored(state.ignored, value.Bytes); err != nil {
			return err
		}
		for _, entry := range state.ignored[before:] {
			r.mark(entry.parent, state.serial)
		}
	default:
		l := &r.layers[target]
		if len(l.values) == 0 {
			r.touched = append(r.touched, int(target))
		}
		l.values = append(l.values, value)
		r.mark(r.plan.layers[target].field.node, state.serial)
	}
	return nil
}

// mark says that a node, and so each object around it, has a value in the document.
func (r *Rebuilder) mark(n *node, serial uint32) {
	for ; n != nil && r.marks[n.id] != serial; n = n.parent {
		r.marks[n.id] = serial
		if n.nested > 0 && r.scopes[n.nested].serial == serial {
			return
		}
	}
}

// advance moves the columns of a scope to a document.
func (r *Rebuilder) advance(number, doc int) (err error) {
	state := &r.scopes[number]
	for _, i := range state.columns {
		l := &r.layers[i]
		l.has, l.hasOffsets = false, false
		if l.column != nil {
			l.has, err = l.column.Advance(doc)
		}
		if err == nil && l.offsets != nil {
			l.hasOffsets, err = l.offsets.Advance(doc)
		}
		if err != nil {
			return fmt.Errorf("doc values of field %s: %w", r.plan.layers[i].name, err)
		}
		if l.has || l.hasOffsets {
			r.mark(r.plan.layers[i].field.node, state.serial)
		}
	}
	for _, n := range r.plan.scopes[number].constants {
		r.mark(n, state.serial)
	}
	return nil
}

// write appends the document of the outermost scope.
func (r *Rebuilder) write(dst []byte, state *scopeState) (_ []byte, err error) {
	slices.SortStableFunc(state.ignored, ignored.order)
	r.w.buf = dst
	if r.plan.rootOff && len(state.ignored) == 1 {
		return appendEncoded(dst, state.ignored[0].value)
	}
	err = r.w.object(r.plan.scopes[0].node, state)
	dst, r.w.buf = r.w.buf, nil
	return dst, err
}
