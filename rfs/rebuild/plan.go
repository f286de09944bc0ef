package rebuild

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"migassist/snapshot"
	"migassist/xcontent"
)

// ErrUnsupported says that documents of an index can't be rebuilt; the text says what stands against it.
var ErrUnsupported = errors.New("can't be rebuilt")

// Loss is a field that does not come back as it was sent.
type Loss struct {
	Field  string `json:"field"` // dotted path
	Reason string `json:"reason"`
	// Gone says that no value of the field comes back. Otherwise values do, and what may differ is in Reason: the
	// order, duplicates, the way a number or date is written.
	Gone bool `json:"gone,omitempty"`
}

// String is "field: reason".
func (l Loss) String() string { return l.Field + ": " + l.Reason }

// Plan says how documents of one index are put together again. It is read only, and shared by all segments.
type Plan struct {
	// Convert turns what is stored of a source into JSON, as the release that wrote it does; [xcontent.Latest] at first.
	Convert xcontent.Converter

	mode     snapshot.SourceMode
	created  release
	scopes   []*scope // the root, then one for each nested object
	fields   []*field
	layers   []layer // of all fields
	objects  int     // nodes of the tree
	byPath   map[string]*node
	rootOff  bool // the whole document is one ignored value
	losses   []Loss
	filter   filter
	bare     bool // what is still there of the whole document is not looked at: tests see what remains without it
	keepsNew bool // _ignored_source is written in the layout of Elasticsearch 9.2
}

// NewPlan looks at what an index keeps of its documents. Errors: [ErrUnsupported], wrapped.
func NewPlan(index *snapshot.Index) (*Plan, error) {
	source := index.Source()
	p := &Plan{Convert: xcontent.Latest, mode: source.Mode, created: releaseOf(index.CreatedID), byPath: map[string]*node{}}
	if p.mode == snapshot.SourceStored {
		return nil, fmt.Errorf("%w: index %s keeps _source, there is nothing to rebuild", ErrUnsupported, index.Name)
	}
	p.created.exact = p.exact()
	p.filter = newFilter(source.Includes, source.Excludes)
	p.keepsNew = !p.created.openSearch && p.created.id >= coalescedSince
	b := builder{plan: p, index: index}
	if err := b.build(); err != nil {
		return nil, fmt.Errorf("index %s: %w", index.Name, err)
	}
	p.losses = joined(p.losses)
	return p, nil
}

// joined makes one loss of all of a field, and sorts them by field. Where nothing comes back, that is all there is to say.
func joined(losses []Loss) []Loss {
	slices.SortStableFunc(losses, func(a, b Loss) int { return cmp.Compare(a.Field, b.Field) })
	var all []Loss
	for _, l := range losses {
		n := len(all)
		switch {
		case n == 0 || all[n-1].Field != l.Field:
			all = append(all, l)
		case l.Gone && !all[n-1].Gone:
			all[n-1] = l
		case l.Gone == all[n-1].Gone:
			all[n-1].Reason += "; " + l.Reason
		}
	}
	return all
}

// coalescedSince is the index version from which all ignored values of a name share one stored value.
const coalescedSince = 9_039_000

// Losses returns what does not come back as it was sent, sorted by field, each field once. Of synthetic and
// derived source these are deviations from what the server would return, not from what was once sent.
func (p *Plan) Losses() []Loss { return p.losses }

// StoredFields returns the names of the stored fields that [Rebuilder.Append] looks at, besides those of every document.
func (p *Plan) StoredFields() []string {
	names := []string{sourceField, recoveryField, ignoredField}
	for _, l := range p.layers {
		if l.stored {
			names = append(names, l.name)
		}
	}
	return names
}

// Names of stored fields with a meaning of their own.
const (
	sourceField   = "_source"
	recoveryField = "_recovery_source"
	ignoredField  = "_ignored_source"
)

func (p *Plan) lose(path, reason string) {
	p.losses = append(p.losses, Loss{Field: path, Reason: reason})
}

func (p *Plan) loseAll(path, reason string) {
	p.losses = append(p.losses, Loss{Field: path, Reason: reason, Gone: true})
}

// exact tells whether documents have to come back as the server makes them, rather than as well as they can.
func (p *Plan) exact() bool {
	return p.mode == snapshot.SourceSynthetic || p.mode == snapshot.SourceDerived
}

// node is an object or field of the mapping. Nodes of an object are sorted by path.
type node struct {
	name, path string
	parent     *node
	children   []*node
	id         int    // place among all nodes
	field      int    // place in Plan.fields; -1 for objects
	scope      int    // the scope whose documents hold it
	nested     int    // the scope that a nested object opens; 0 for others
	holds      bool   // a nested object lies below it in the same scope
	keys       []byte // `"name":`
}

// scope is what one Lucene document holds: the root's fields, or those of one nested object.
type scope struct {
	node      *node
	parent    int
	layers    []int   // places in Plan.layers
	nested    []int   // scopes of nested objects directly in it
	constants []*node // fields whose value is in the mapping
}

// field is a leaf of the mapping.
type field struct {
	path     string
	kind     string
	node     *node
	first    int // the first of its layers
	count    int
	codec    codec
	constant []byte         // the value of a constant_keyword, as JSON
	parents  map[string]int // of a join: by relation, the layer with the id of the parent
	// whole writes all values at once, of types that are not a list of values.
	whole func(w *writer, f *field) error
}

// layer is one place where Lucene keeps values of a field. Layers of a later group count only where the earlier groups
// have nothing.
type layer struct {
	field  *field
	name   string // of the Lucene field
	stored bool   // rather than a column
	group  int
	codec  codec
}
