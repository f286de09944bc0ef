package javascript

import (
	"math"
	"reflect"
	"strconv"
	"unsafe"

	"github.com/dop251/goja"

	"migassist/xcontent/tree"
)

// session is what a script sees of one tree: a message while it is transformed, or the context for ever.
type session struct {
	rt      *instance
	objects map[*tree.Value]*goja.Object // each value of the tree is one object, so that doc.a === doc.a
	numbers map[unsafe.Pointer]number
	dirty   []host
	closed  bool
}

// host is an object or array that a script changed.
type host interface {
	take(t *taker)
	commit()
}

// number is one that goja's Value does not say exactly, or not as it is written. It is known again by where the Value lies in memory,
// which it keeps while it is copied.
type number struct {
	value goja.Value // keeps the place taken
	node  *tree.Value
}

// check stops scripts that kept an object of an earlier message: its tree may be in other hands.
func (s *session) check() {
	if s.closed {
		panic(s.rt.vm.NewTypeError("this object belongs to an earlier message: keep a copy of what is needed later, made by structuredClone"))
	}
}

// value returns what scripts get for a value of the tree.
func (s *session) value(node *tree.Value) goja.Value {
	switch node.Kind() {
	case tree.Object, tree.Array:
		return s.object(node)
	case tree.String:
		return s.rt.vm.ToValue(node.Text())
	case tree.Bool:
		return s.rt.vm.ToValue(node.Bool())
	case tree.Number:
		return s.number(node)
	}
	return goja.Null()
}

func (s *session) object(node *tree.Value) *goja.Object {
	o := s.objects[node]
	if o != nil {
		return o
	}
	if node.Kind() == tree.Array {
		o = s.rt.vm.NewDynamicArray(&array{session: s, node: node})
	} else {
		o = s.rt.vm.NewDynamicObject(&object{session: s, node: node})
		_ = o.SetPrototype(s.rt.mapPrototype) // dynamic objects take every prototype
	}
	if s.objects == nil {
		s.objects = make(map[*tree.Value]*goja.Object, 8)
	}
	s.objects[node] = o
	return o
}

// maxSafe is the largest whole number that doubles tell from its neighbours.
const maxSafe = 1<<53 - 1

func (s *session) number(node *tree.Value) goja.Value {
	literal := node.Literal()
	if i, err := strconv.ParseInt(literal, 10, 64); err == nil && literal != "-0" {
		if i >= -maxSafe && i <= maxSafe {
			return s.rt.vm.ToValue(i)
		}
		return s.rt.bigInt(literal)
	}
	if isWhole(literal) && len(literal) > 2 && len(literal) <= maxDigits {
		return s.rt.bigInt(literal)
	}
	f, _ := strconv.ParseFloat(literal, 64) // what does not fit is infinite, or 0
	v := s.rt.double(f)
	if v.String() != literal {
		if s.numbers == nil {
			s.numbers = map[unsafe.Pointer]number{}
		}
		s.numbers[place(v)] = number{v, node}
	}
	return v
}

// maxDigits bounds the BigInts that are made of documents' numbers.
const maxDigits = 10_000

func isWhole(literal string) bool {
	for i := range len(literal) {
		if c := literal[i]; (c < '0' || c > '9') && (i > 0 || c != '-') {
			return false
		}
	}
	return true
}

// place returns where an interface's value lies.
func place(v goja.Value) unsafe.Pointer {
	return (*[2]unsafe.Pointer)(unsafe.Pointer(&v))[1] //nolint:gosec // it is compared, never followed
}

// double returns a number in a place of its own. goja has whole doubles as another type, and small ones of it in common places.
func (rt *instance) double(f float64) goja.Value {
	box := reflect.New(rt.floatType).Elem()
	if math.Trunc(f) == f && math.Abs(f) <= maxSafe {
		box = reflect.New(rt.intType).Elem()
		box.SetInt(int64(f))
	} else {
		box.SetFloat(f)
	}
	return box.Interface().(goja.Value)
}

// same tells whether a value of the tree is what a script sets.
func (s *session) same(node *tree.Value, v goja.Value) bool {
	if o, ok := v.(*goja.Object); ok {
		known := s.objects[node]
		return known != nil && known == o
	}
	if k := node.Kind(); k == tree.Object || k == tree.Array {
		return false
	}
	// a number that was copied from elsewhere is taken as it is written there
	if n, ok := s.numbers[place(v)]; ok {
		return n.node == node
	}
	return s.value(node).SameAs(v)
}

// commit brings the tree up to date with what the script did, all of it or, where something can't be taken, nothing.
func (s *session) commit(t *taker) {
	for i := 0; i < len(s.dirty); i++ { // taking may run the script's toJSON
		s.dirty[i].take(t)
	}
	for _, h := range s.dirty {
		h.commit()
	}
}

// checkCycles fails where a value came to lie in itself.
func (t *taker) checkCycles(v *tree.Value) {
	if t.placed && v != nil {
		if _, err := v.AppendJSON(nil); err != nil {
			t.fail("%w", err)
		}
	}
}
