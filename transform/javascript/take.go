package javascript

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"

	"migassist/xcontent/tree"
)

// taker makes trees of what a script made.
type taker struct {
	session *session // whose tree takes it
	copies  bool     // nothing is committed: what the script changed in the session's tree is copied with its changes
	left    int64    // bytes that may still be made
	placed  bool     // a value of the tree was put into another place, and may lie in itself now
	path    []string
}

// takeError ends a [taker.run].
type takeError struct{ error }

// errLarge is why a value can't be taken whose kinds are right.
var errLarge = errors.New("it is too large")

// run calls f, and returns why it could not take something.
func (t *taker) run(f func()) (err error) {
	defer func() {
		if x := recover(); x != nil {
			failed, ok := x.(takeError)
			if !ok {
				panic(x) // goja's
			}
			err = failed.error
		}
	}()
	f()
	return nil
}

func (t *taker) fail(format string, args ...any) {
	at := ""
	for i, step := range t.path {
		if i > 0 && step[0] != '[' {
			at += "."
		}
		at += step
		if len(at) > 200 {
			at += "…"
			break
		}
	}
	if at != "" {
		at += ": "
	}
	panic(takeError{fmt.Errorf("%s"+format, append([]any{at}, args...)...)})
}

func (t *taker) spend(n int) {
	if w := t.session.rt.watch; w != nil {
		if err := w.stopped(); err != nil {
			t.fail("%w", err)
		}
	}
	if t.left -= int64(n) + 160; t.left < 0 {
		t.fail("%w: what a message becomes may have %d bytes", errLarge, t.session.rt.program.options.Limits.Memory)
	}
}

// member takes a value that gets a name; nil: none, it is undefined.
func (t *taker) member(name string, v goja.Value) *tree.Value {
	return t.under(name, v)
}

// element takes a value of an array, where undefined is null.
func (t *taker) element(i int, v goja.Value) *tree.Value {
	if taken := t.under("["+strconv.Itoa(i)+"]", v); taken != nil {
		return taken
	}
	return tree.NewNull()
}

func (t *taker) under(step string, v goja.Value) *tree.Value {
	if step == "" {
		step = `""`
	}
	t.path = append(t.path, step)
	if len(t.path) > tree.MaxDepth {
		t.fail("%w: it lies in itself, or values lie more than %d deep in each other", errLarge, tree.MaxDepth)
	}
	taken := t.value(v)
	t.path = t.path[:len(t.path)-1]
	return taken
}

// value takes any value; nil: it is undefined.
func (t *taker) value(v goja.Value) *tree.Value {
	t.spend(0)
	if v == nil || goja.IsUndefined(v) {
		return nil
	}
	if goja.IsNull(v) {
		return tree.NewNull()
	}
	switch v := v.(type) {
	case *goja.Object:
		return t.object(v)
	case goja.String:
		text := v.String()
		if t.spend(len(text)); strings.ContainsRune(text, utf8.RuneError) && halved(v) {
			t.fail("a text with half of a surrogate pair can't stand in a document")
		}
		return tree.NewString(text)
	case *goja.Symbol:
		t.fail("a symbol can't stand in JSON")
	}
	return t.primitive(v)
}

// halved tells whether a text has half of a surrogate pair alone.
func halved(s goja.String) bool {
	for i := 0; i < s.Length(); i++ {
		c := rune(s.CharAt(i))
		if !utf16.IsSurrogate(c) {
			continue
		}
		if i+1 == s.Length() || utf16.DecodeRune(c, rune(s.CharAt(i+1))) == utf8.RuneError {
			return true
		}
		i++
	}
	return false
}

func (t *taker) primitive(v goja.Value) *tree.Value {
	if n, ok := t.session.numbers[place(v)]; ok {
		return n.node
	}
	if n, ok := t.session.rt.context.numbers[place(v)]; ok {
		return tree.NewNumber(n.node.Literal())
	}
	switch x := v.Export().(type) {
	case bool:
		return tree.NewBool(x)
	case int64:
		return tree.NewNumber(strconv.FormatInt(x, 10))
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			t.fail("%v can't stand in JSON", v)
		}
		return tree.NewNumber(v.String())
	case *big.Int:
		if x.BitLen() > 4*maxDigits {
			t.fail("a whole number of %d bits is too large", x.BitLen())
		}
		return tree.NewNumber(x.String())
	}
	t.fail("%s can't stand in JSON", v.ExportType())
	return nil
}

var (
	typeObject = reflect.TypeFor[*object]()
	typeArray  = reflect.TypeFor[*array]()
)

func (t *taker) object(o *goja.Object) *tree.Value {
	switch o.ExportType() {
	case typeObject:
		h, _ := o.Export().(*object)
		return t.host(o, h.session, h.node)
	case typeArray:
		h, _ := o.Export().(*array)
		return t.host(o, h.session, h.node)
	}
	if toJSON, ok := goja.AssertFunction(o.Get("toJSON")); ok {
		v, err := toJSON(o)
		if err != nil {
			panic(err)
		}
		if again, ok := v.(*goja.Object); !ok || again != o {
			return t.value(v)
		}
	}
	return t.byType(o)
}

var (
	typeMap     = reflect.TypeFor[[][2]any]()
	typeList    = reflect.TypeFor[[]any]()
	typePlain   = reflect.TypeFor[map[string]any]()
	typePromise = reflect.TypeFor[*goja.Promise]()
)

// byType takes what JavaScript has: goja tells its kinds apart by what they export to.
func (t *taker) byType(o *goja.Object) *tree.Value {
	class, kind := o.ClassName(), o.ExportType()
	switch {
	case class == "Array":
		return t.array(o)
	case class == "String":
		return t.value(t.session.rt.vm.ToValue(o.String()))
	case class == "RawJSON":
		raw, err := tree.Parse([]byte(o.Get("rawJSON").String()))
		if err != nil {
			t.fail("%v", err)
		}
		return raw
	case kind == typeMap:
		return t.mapped(o)
	case kind == typeList:
		list := tree.NewArray()
		t.session.rt.vm.ForOf(o, func(v goja.Value) bool {
			list.Append(t.element(list.Len(), v))
			return true
		})
		return list
	case kind.Kind() == reflect.Int64, kind.Kind() == reflect.Float64, kind.Kind() == reflect.Bool:
		return t.value(t.session.rt.vm.ToValue(o.Export()))
	case kind.Kind() == reflect.Slice: // a typed array
		return t.array(o)
	case class == "Object" && kind == typePlain && tag(o) == "":
		return t.plain(o)
	}
	t.fail("%s can't stand in JSON", describe(o))
	return nil
}

// describe says what an object is.
func describe(o *goja.Object) string {
	if kind := o.ExportType(); o.ClassName() == "Object" && kind != typePlain {
		return "a " + kind.String()
	} else if name := tag(o); name != "" {
		return "an object of class " + name
	}
	return "an object of class " + o.ClassName()
}

// tag returns what iterators, weak maps and the like call themselves, which have no members to be taken; "" for plain objects.
func tag(o *goja.Object) string {
	if v, ok := o.GetSymbol(goja.SymToStringTag).(goja.String); ok {
		return v.String()
	}
	return ""
}

// plain takes an object by its own members.
func (t *taker) plain(o *goja.Object) *tree.Value {
	taken := tree.NewObject()
	for _, name := range o.Keys() {
		if v := t.member(name, o.Get(name)); v != nil {
			t.spend(len(name))
			taken.Set(name, v)
		}
	}
	return taken
}

func (t *taker) array(o *goja.Object) *tree.Value {
	n := int(t.session.rt.lengthOf(o))
	if !t.session.rt.lengthAllowed(int64(n)) {
		t.fail("%w: an array of %d elements", errLarge, n)
	}
	taken := tree.NewArray()
	for i := range n {
		taken.Append(t.element(i, o.Get(strconv.Itoa(i))))
	}
	return taken
}

func (t *taker) mapped(o *goja.Object) *tree.Value {
	taken := tree.NewObject()
	t.session.rt.vm.ForOf(o, func(v goja.Value) bool {
		entry := v.ToObject(t.session.rt.vm)
		key := entry.Get("0")
		if _, ok := key.(*goja.Object); ok {
			t.fail("a Map with a key that is an object can't stand in JSON")
		}
		name := key.String()
		if v := t.member(name, entry.Get("1")); v != nil {
			t.spend(len(name))
			taken.Set(name, v)
		}
		return true
	})
	return taken
}

// host takes an object or array of a tree: itself, where it is the session's own, and a copy otherwise.
func (t *taker) host(o *goja.Object, s *session, node *tree.Value) *tree.Value {
	s.check()
	switch {
	case s == t.session && !t.copies:
		t.placed = t.placed || len(t.path) > 0
		return node
	case len(s.dirty) == 0:
		return node.Clone()
	case node.Kind() == tree.Array:
		return t.array(o)
	}
	h, _ := o.Export().(*object)
	taken := tree.NewObject()
	for _, name := range h.Keys() {
		if v := t.member(name, h.Get(name)); v != nil {
			taken.Set(name, v)
		}
	}
	return taken
}
