package edit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// node is a JSON value of the model: decoded whole, edited, and encoded again. It keeps the bytes it was decoded from, which hold until it, or
// something in it, is changed.
type node struct {
	raw     string // "" for what was made
	list    bool
	object  bool
	changed bool
	in      []part
}

// part is an element, or a member, of which key is what it says and quoted how it was written, "" where it was not.
type part struct {
	key, quoted string
	value       *node
}

// decode reads a text with encoding/json.
func decode(text string) (*node, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	n, err := decodeNext(d, text)
	if err != nil {
		return nil, err
	}
	if d.More() {
		return nil, errors.New("more follows")
	}
	return n, nil
}

func decodeNext(d *json.Decoder, text string) (*node, error) {
	begin := d.InputOffset()
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	delim, opens := token.(json.Delim)
	n := &node{list: opens && delim == '[', object: opens && delim == '{'}
	for opens && d.More() {
		var p part
		if n.object {
			from := d.InputOffset()
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			p.key, _ = key.(string)
			p.quoted = strings.TrimLeft(text[from:d.InputOffset()], " \t\r\n,")
		}
		if p.value, err = decodeNext(d, text); err != nil {
			return nil, err
		}
		n.in = append(n.in, p)
	}
	if opens {
		if _, err := d.Token(); err != nil {
			return nil, err
		}
	}
	n.raw = strings.TrimLeft(text[begin:d.InputOffset()], " \t\r\n,:")
	return n, nil
}

// touched tells whether anything in a value was changed.
func (n *node) touched() bool {
	return n.changed || n.raw == "" || slices.ContainsFunc(n.in, func(p part) bool { return p.value.touched() })
}

// encode writes a value: what was not touched as it was.
func (n *node) encode() string {
	if !n.touched() {
		return n.raw
	}
	var parts []string
	for _, p := range n.in {
		key := p.quoted
		if n.object && key == "" {
			quoted, _ := json.Marshal(p.key)
			key = string(quoted)
		}
		if n.object {
			key += ":"
		}
		parts = append(parts, key+p.value.encode())
	}
	if n.list {
		return "[" + strings.Join(parts, ",") + "]"
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func (n *node) null() bool { return n == nil || n.raw == "null" }

func (n *node) copied() *node {
	c := *n
	c.in = slices.Clone(n.in)
	for i := range c.in {
		c.in[i].value = c.in[i].value.copied()
	}
	return &c
}

func (n *node) last(key string) int {
	for i, p := range slices.Backward(n.in) {
		if n.object && p.key == key {
			return i
		}
	}
	return -1
}

func (n *node) get(key string) *node {
	if n == nil || n.last(key) < 0 {
		return nil
	}
	return n.in[n.last(key)].value
}

// only removes the members of a name but number keep.
func (n *node) only(key string, keep int) {
	var kept []part
	for i, p := range n.in {
		if i == keep || p.key != key {
			kept = append(kept, p)
		}
	}
	n.changed = n.changed || len(kept) != len(n.in)
	n.in = kept
}

func (n *node) set(key string, value *node) {
	n.changed = true
	if i := n.last(key); i >= 0 {
		n.in[i].value = value
		n.only(key, i)
		return
	}
	n.in = append(n.in, part{key: key, value: value})
}

func (n *node) rename(from, to string) {
	n.changed = true
	n.only(from, n.last(from))
	n.only(to, -1)
	n.in[n.last(from)] = part{key: to, value: n.get(from)}
}

// operation is one edit as the model does it.
type operation struct {
	kind     string
	from, to []string // from alone for remove and set
	value    string
	exists   string // "": not said
}

var errModel = errors.New("the model refuses it")

// holders returns the objects that names lead to through lists, made where they may be.
func holders(n *node, names []string, makes bool) ([]*node, error) {
	switch {
	case n.null():
		return nil, nil
	case n.list:
		var all []*node
		for _, p := range n.in {
			some, err := holders(p.value, names, makes)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
		return all, nil
	case !n.object:
		return nil, errModel
	case len(names) == 0:
		return []*node{n}, nil
	}
	if makes && n.get(names[0]).null() {
		n.set(names[0], &node{object: true})
	}
	return holders(n.get(names[0]), names[1:], makes)
}

// direct returns the one object that names lead to; nil: there is none.
func direct(n *node, names []string, makes bool) (*node, error) {
	for _, name := range names {
		if makes && n.get(name).null() {
			n.set(name, &node{object: true})
		}
		n = n.get(name)
		switch {
		case n.null(), n.list && len(n.in) == 0 && !makes:
			return nil, nil
		case !n.object:
			return nil, errModel
		}
	}
	return n, nil
}

func (o operation) apply(root *node) error {
	if o.kind == "remove" || o.kind == "set" {
		parent, key := o.from[:len(o.from)-1], o.from[len(o.from)-1]
		all, err := holders(root, parent, o.kind == "set")
		for _, holder := range all {
			switch there := holder.get(key) != nil; {
			case o.kind == "remove":
				holder.only(key, -1)
			case there && o.exists == "fail":
				return errModel
			case !there || o.exists != "keep":
				value, err := decode(o.value)
				if err != nil {
					return err
				}
				holder.set(key, value)
			}
		}
		return err
	}
	shared := 0
	for shared+1 < len(o.from) && shared+1 < len(o.to) && o.from[shared] == o.to[shared] {
		shared++
	}
	all, err := holders(root, o.from[:shared], false)
	if err != nil {
		return err
	}
	for _, common := range all {
		if err := o.move(common, o.from[shared:], o.to[shared:]); err != nil {
			return err
		}
	}
	return nil
}

func (o operation) move(common *node, from, to []string) error {
	source, key, name := from[:len(from)-1], from[len(from)-1], to[len(to)-1]
	holder, err := direct(common, source, false)
	if err != nil || holder.get(key) == nil {
		return err
	}
	value := holder.get(key)
	if o.kind == "rename" && len(from) == 1 && to[0] == key && len(to) > 1 {
		made := &node{object: true}
		common.set(key, made)
		for _, between := range to[1 : len(to)-1] {
			next := &node{object: true}
			made.set(between, next)
			made = next
		}
		made.set(name, value)
		return nil
	}
	there, err := direct(common, to[:len(to)-1], false)
	if err != nil {
		return err
	}
	if there.get(name) != nil && o.exists != "replace" && (o.kind == "copy" || !onlyWayTo(common, from, to)) {
		if o.exists == "keep" {
			return nil
		}
		return errModel
	}
	switch {
	case o.kind == "copy":
		value = value.copied()
	case len(from) == 1 && len(to) == 1:
		common.rename(key, name)
		return nil
	default:
		holder.only(key, -1)
	}
	if there, err = direct(common, to[:len(to)-1], true); err != nil {
		return err
	}
	there.set(name, value)
	return nil
}

// onlyWayTo tells whether a field comes to the place of an object that holds nothing else.
func onlyWayTo(n *node, from, to []string) bool {
	if len(to) != 1 || len(from) < 2 || from[0] != to[0] {
		return false
	}
	for _, name := range from[:len(from)-1] {
		n = n.get(name)
		for _, p := range n.in {
			if p.key != n.in[0].key {
				return false
			}
		}
	}
	return true
}

// held compares what came with the model: what is untouched to the byte, what was written anew by what it says, members in their order.
func held(want, got *node, at string) error {
	if !want.touched() {
		if got.raw != want.raw {
			return fmt.Errorf("%s is %s, and was not touched as %s", at, got.raw, want.raw)
		}
		return nil
	}
	if got.list != want.list || got.object != want.object || len(got.in) != len(want.in) {
		return fmt.Errorf("%s is %s, want %s", at, got.raw, want.encode())
	}
	for i, w := range want.in {
		g := got.in[i]
		if g.key != w.key || w.quoted != "" && g.quoted != w.quoted {
			return fmt.Errorf("%s has the member %s, want %s %q", at, g.quoted, w.quoted, w.key)
		}
		if err := held(w.value, g.value, fmt.Sprintf("%s/%d", at, i)); err != nil {
			return err
		}
	}
	return nil
}

// values decodes a text as programs do.
func values(text string) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}
