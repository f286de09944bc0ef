package rebuild

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"migassist/snapshot"
)

// builder turns the mappings of an index into a plan. Where an index has several mapping types, they share
// their fields.
type builder struct {
	plan   *Plan
	index  *snapshot.Index
	copies map[string]bool // fields that others are copied to
}

func (b *builder) build() error {
	b.copies = map[string]bool{}
	root := &node{field: -1}
	b.plan.scopes = []*scope{{node: root}}
	b.plan.byPath[""] = root
	b.plan.objects = 1
	var roots []definition
	for _, name := range slices.Sorted(maps.Keys(b.index.Mappings)) {
		if name == "_default_" {
			continue
		}
		d, err := parseDefinition(b.index.Mappings[name])
		if err != nil {
			return fmt.Errorf("mapping of %s: %w", name, err)
		}
		b.findCopies(d)
		roots = append(roots, d)
	}
	for _, d := range roots {
		b.plan.rootOff = b.plan.rootOff || !d.flag("enabled", true)
		if err := b.object(root, d); err != nil {
			return err
		}
	}
	b.finish(root)
	return nil
}

// findCopies collects the targets of copy_to.
func (b *builder) findCopies(d definition) {
	for _, child := range d.children("properties") {
		for _, target := range child.list("copy_to") {
			b.copies[target] = true
		}
		b.findCopies(child)
	}
}

// object adds the children of an object, whose definition is d.
func (b *builder) object(n *node, d definition) error {
	if !b.plan.exact() {
		b.objectLosses(n, d)
	}
	children := d.children("properties")
	for _, name := range slices.Sorted(maps.Keys(children)) {
		if err := b.child(n, name, children[name]); err != nil {
			return err
		}
	}
	return nil
}

// objectLosses names what no field of the object can bring back.
func (b *builder) objectLosses(n *node, d definition) {
	all := strings.TrimPrefix(n.path+".*", ".")
	switch {
	case !d.flag("enabled", true):
		b.plan.loseAll(all, "the object is not indexed (enabled: false)")
		return
	case d.text("dynamic") == "false" || d.text("dynamic") == "runtime":
		b.plan.loseAll(all, "fields that the mapping does not have were not indexed (dynamic: "+d.text("dynamic")+")")
	}
	if n.path != "" && n.nested == 0 {
		b.plan.lose(n.path, "an array of objects comes back as one object with arrays; empty objects and nulls do not come back")
	}
}

func (b *builder) child(parent *node, name string, d definition) error {
	path := strings.TrimPrefix(parent.path+"."+name, ".")
	n := b.plan.byPath[path]
	if n == nil {
		n = &node{name: name, path: path, parent: parent, id: b.plan.objects, field: -1, scope: parent.scope}
		n.keys = append(appendString(nil, []byte(name)), ':')
		if n.parent.nested > 0 {
			n.scope = n.parent.nested
		}
		b.plan.objects++
		b.plan.byPath[path] = n
		parent.children = append(parent.children, n)
	}
	switch d.kind() {
	case "object", "passthrough":
		return b.object(n, d)
	case "nested":
		b.nested(n, d)
		return b.object(n, d)
	case "alias":
		return nil
	default:
		return b.leaf(n, d)
	}
}

// nested opens a scope. Of one that synthetic source keeps as it was sent nothing is made again.
func (b *builder) nested(n *node, d definition) {
	if n.nested > 0 || b.plan.mode == snapshot.SourceSynthetic && d.text("synthetic_source_keep") == "all" {
		return
	}
	n.nested = len(b.plan.scopes)
	b.plan.scopes = append(b.plan.scopes, &scope{node: n, parent: n.scope})
	for above := n.parent; above != nil && above.nested == 0; above = above.parent {
		above.holds = true
	}
	outer := b.plan.scopes[n.scope]
	outer.nested = append(outer.nested, n.nested)
}

// leaf adds a field, unless another mapping type has it already.
func (b *builder) leaf(n *node, d definition) error {
	if n.field >= 0 {
		return nil
	}
	f := &field{path: n.path, kind: d.kind(), node: n, first: len(b.plan.layers)}
	row, known := types[f.kind]
	if !known {
		b.unknown(f, d)
		return nil
	}
	f.codec = row.codec(d, b.plan.created)
	layers := b.layers(f, d, row)
	if len(layers) == 0 && f.whole == nil {
		return nil
	}
	n.field, f.count = len(b.plan.fields), len(layers)
	b.plan.fields = append(b.plan.fields, f)
	for _, l := range layers {
		l.field = f
		b.plan.layers = append(b.plan.layers, l)
	}
	s := b.plan.scopes[n.scope]
	for i := range layers {
		s.layers = append(s.layers, f.first+i)
	}
	if f.kind == "constant_keyword" {
		s.constants = append(s.constants, n)
	}
	return nil
}

// unknown is a field of a type that is not in the table, of a plugin for example.
func (b *builder) unknown(f *field, d definition) {
	switch {
	case b.plan.mode == snapshot.SourceDerived:
		b.plan.loseAll(f.path, "its type "+f.kind+" is not known")
	case b.plan.mode == snapshot.SourceSynthetic:
		b.plan.loseAll(f.path, "its type "+f.kind+" is not known; values that the server keeps as they were sent come back all the same")
	case d.flag("store", false):
		b.plan.loseAll(f.path, "its type "+f.kind+" is not known, and nothing is made of what is stored")
	default:
		b.plan.loseAll(f.path, "its type "+f.kind+" is not known")
	}
}

// layers says where the values of a field lie, and what does not come back of them.
func (b *builder) layers(f *field, d definition, row typeRow) []layer {
	switch b.plan.mode {
	case snapshot.SourceSynthetic:
		return b.syntheticLayers(f, d, row)
	case snapshot.SourceDerived:
		return b.derivedLayers(f, d, row)
	default:
		return b.foundLayers(f, d, row)
	}
}

// wholeLayers are the columns of a field that writes itself.
func (b *builder) wholeLayers(f *field, d definition, row typeRow) []layer {
	f.whole = row.whole
	var layers []layer
	for _, suffix := range row.layers {
		layers = append(layers, layer{name: f.path + suffix})
	}
	switch f.kind {
	case "flattened":
		layers = append(layers, layer{name: f.path + "._keyed._ignored", stored: true})
	case "constant_keyword":
		if value := d.text("value"); d["value"] != nil {
			f.constant = appendString(nil, []byte(value))
		}
	case "join":
		layers = b.joinLayers(f, d, layers)
	}
	return layers
}

// joinLayers adds the column of each relation that has children.
func (b *builder) joinLayers(f *field, d definition, layers []layer) []layer {
	var relations map[string]json.RawMessage
	if json.Unmarshal(d["relations"], &relations) != nil {
		return layers
	}
	f.parents = map[string]int{}
	for _, parent := range slices.Sorted(maps.Keys(relations)) {
		for _, child := range definition(relations).list(parent) {
			f.parents[child] = len(layers)
		}
		layers = append(layers, layer{name: f.path + "#" + parent})
	}
	return layers
}

// finish sorts the children of every object by path, as servers write them, and forgets objects without any.
func (b *builder) finish(n *node) {
	slices.SortFunc(n.children, func(x, y *node) int { return bytes.Compare([]byte(x.path), []byte(y.path)) })
	for _, child := range n.children {
		b.finish(child)
	}
}
