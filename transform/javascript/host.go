package javascript

import (
	"slices"

	"github.com/dop251/goja"

	"migassist/xcontent/tree"
)

// object shows an object of a tree to scripts. The tree stays as it is until [session.commit].
type object struct {
	session *session
	node    *tree.Value
	changes map[string]change
	added   []string // names of changes that the tree does not have, or that went to the end, in their order
	taken   map[string]*tree.Value
}

// change is what a script made of a member.
type change struct {
	value goja.Value // nil: removed
	added bool       // it stands in object.added
}

// Get implements [goja.DynamicObject]: the member of a name, nil where there is none.
func (o *object) Get(name string) goja.Value {
	o.session.check()
	if c, ok := o.changes[name]; ok {
		return c.value
	}
	if node := o.node.Get(name); node != nil {
		return o.session.value(node)
	}
	return nil
}

// Has implements [goja.DynamicObject].
func (o *object) Has(name string) bool {
	o.session.check()
	if c, ok := o.changes[name]; ok {
		return c.value != nil
	}
	return o.node.Get(name) != nil
}

// Set implements [goja.DynamicObject]. What has the value already is not touched: 1.0 stays 1.0.
func (o *object) Set(name string, v goja.Value) bool {
	o.session.check()
	c, changed := o.changes[name]
	if !changed {
		node := o.node.Get(name)
		if node != nil && o.session.same(node, v) {
			return true
		}
		c.added = node == nil
		if c.added {
			o.added = append(o.added, name)
		}
	} else if c.value == nil {
		c.added = true
		o.added = append(o.added, name)
	}
	c.value = v
	o.change(name, c)
	return true
}

// Delete implements [goja.DynamicObject].
func (o *object) Delete(name string) bool {
	if !o.Has(name) {
		return true
	}
	if c := o.changes[name]; c.added {
		o.added = slices.DeleteFunc(o.added, func(s string) bool { return s == name })
	}
	o.change(name, change{})
	return true
}

func (o *object) change(name string, c change) {
	if o.changes == nil {
		o.changes = map[string]change{}
		o.session.dirty = append(o.session.dirty, o)
	}
	o.changes[name] = c
}

// Keys implements [goja.DynamicObject]: names in the document's order, then those that the script added.
func (o *object) Keys() []string {
	o.session.check()
	var keys []string
	for name := range o.node.Members() {
		if c, ok := o.changes[name]; ok && (c.value == nil || c.added) {
			continue
		}
		keys = append(keys, name)
	}
	return append(keys, o.added...)
}

func (o *object) take(t *taker) {
	o.taken = make(map[string]*tree.Value, len(o.changes))
	for name, c := range o.changes {
		if c.value != nil {
			o.taken[name] = t.member(name, c.value)
		}
	}
}

// commit makes the tree what the script made of it.
func (o *object) commit() {
	for name, c := range o.changes {
		if o.taken[name] == nil || c.added {
			o.node.Remove(name)
		}
		if v := o.taken[name]; v != nil && !c.added {
			o.node.Set(name, v)
		}
	}
	for _, name := range o.added {
		if v := o.taken[name]; v != nil {
			o.node.Set(name, v)
		}
	}
}

// array shows an array of a tree to scripts.
type array struct {
	session *session
	node    *tree.Value
	changed bool
	items   []item // of one that changed
	taken   []*tree.Value
}

// item is an element: the script's value, or where that is nil, the tree's.
type item struct {
	value goja.Value
	node  *tree.Value
}

// Len implements [goja.DynamicArray].
func (a *array) Len() int {
	a.session.check()
	if a.changed {
		return len(a.items)
	}
	return a.node.Len()
}

// Get implements [goja.DynamicArray].
func (a *array) Get(i int) goja.Value {
	if i < 0 || i >= a.Len() {
		return nil
	}
	if !a.changed {
		return a.session.value(a.node.At(i))
	}
	if item := a.items[i]; item.value == nil {
		return a.session.value(item.node)
	}
	return a.items[i].value
}

// Set implements [goja.DynamicArray].
func (a *array) Set(i int, v goja.Value) bool {
	if i < 0 || !a.session.rt.lengthAllowed(int64(i)) {
		panic(a.session.rt.vm.NewTypeError("element %d of an array of the document can't be set", i))
	}
	if !a.changed {
		if node := a.node.At(i); node != nil && a.session.same(node, v) {
			return true
		}
		a.change()
	}
	for len(a.items) <= i {
		a.items = append(a.items, item{value: goja.Undefined()})
	}
	a.items[i] = item{value: v}
	return true
}

// SetLen implements [goja.DynamicArray].
func (a *array) SetLen(n int) bool {
	switch length := a.Len(); {
	case n == length:
		return true
	case n > length:
		return a.Set(n-1, goja.Undefined())
	}
	a.change()
	clear(a.items[n:])
	a.items = a.items[:n]
	return true
}

func (a *array) change() {
	if a.changed {
		return
	}
	a.items = make([]item, 0, a.node.Len()+1)
	for _, node := range a.node.Elements() {
		a.items = append(a.items, item{node: node})
	}
	a.changed = true
	a.session.dirty = append(a.session.dirty, a)
}

func (a *array) take(t *taker) {
	a.taken = make([]*tree.Value, 0, len(a.items))
	for i, item := range a.items {
		if item.value != nil {
			item.node = t.element(i, item.value)
		}
		a.taken = append(a.taken, item.node)
	}
}

func (a *array) commit() {
	a.node.Resize(len(a.taken))
	for i, node := range a.taken {
		if a.node.At(i) != node {
			a.node.SetAt(i, node)
		}
	}
}
