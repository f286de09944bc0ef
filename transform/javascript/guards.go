package javascript

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dlclark/regexp2/v2"
	"github.com/dop251/goja"
)

// A script is stopped between its steps. What follows bounds single steps: built-in functions that work long, or make much, in one call.

var regexps struct {
	sync.Mutex
	limit time.Duration
}

// limitRegexps bounds regular expressions that try all ways (look-around, back-references; others take linear time). The library has one limit
// for the whole process, and goja takes a match that ran into it for none; a call's own limit, which began earlier, has stopped it by then. So the
// first program of a process sets it, and later ones can't have more time.
func limitRegexps(limit time.Duration) error {
	regexps.Lock()
	defer regexps.Unlock()
	if regexps.limit == 0 {
		regexps.limit = limit
		regexp2.DefaultMatchTimeout = limit
	}
	if limit > regexps.limit {
		return fmt.Errorf("a time limit of %s: the process has scripts with %s already, and regular expressions have one limit for all", limit, regexps.limit)
	}
	return nil
}

// largest is how many bytes one call of a built-in function may make.
func (rt *instance) largest() int64 { return rt.program.options.Limits.Memory / 4 }

// lengthAllowed tells whether built-in functions go through an array of n elements.
func (rt *instance) lengthAllowed(n int64) bool { return n <= rt.largest()/16 }

func (rt *instance) checkLength(n int64) {
	if !rt.lengthAllowed(n) {
		rt.throw("RangeError", fmt.Sprintf("an array of %d elements is too large: %d are allowed", n, rt.largest()/16))
	}
}

func (rt *instance) checkBytes(n int64) {
	if n < 0 || n > rt.largest() {
		rt.throw("RangeError", fmt.Sprintf("a string of %d bytes is too large: %d are allowed", n, rt.largest()))
	}
}

func (rt *instance) throw(class, message string) {
	e, err := rt.vm.New(rt.vm.Get(class), rt.vm.ToValue(message))
	if err != nil {
		panic(err)
	}
	panic(e)
}

// before replaces a built-in function by one that checks the call first.
func (rt *instance) before(o *goja.Object, name string, check func(goja.FunctionCall)) {
	f := native(o, name)
	if f == nil {
		return
	}
	rt.replace(o, name, func(c goja.FunctionCall) goja.Value {
		check(c)
		return f(c)
	})
}

func (rt *instance) replace(o *goja.Object, name string, f func(goja.FunctionCall) goja.Value) {
	was := o.Get(name).ToObject(rt.vm)
	v := rt.vm.ToValue(f).(*goja.Object)
	for _, property := range []string{"name", "length"} {
		_ = v.DefineDataProperty(property, was.Get(property), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	}
	hidden(o, name, v)
}

func (rt *instance) guard() {
	rt.guardStrings()
	rt.guardArrays()
	rt.guardBuffers()
	rt.guardCode()
	// with it documents that have a field of that name could change what all objects have in common; without it, it is a field
	_ = prototype(rt.vm, "Object").Delete("__proto__")
}

func (rt *instance) guardStrings() {
	strings := prototype(rt.vm, "String")
	rt.before(strings, "repeat", func(c goja.FunctionCall) {
		if n := c.Argument(0).ToInteger(); n > 0 {
			rt.checkBytes(rt.product(rt.length(c.This), n))
		}
	})
	for _, name := range []string{"padStart", "padEnd"} {
		rt.before(strings, name, func(c goja.FunctionCall) { rt.checkBytes(max(0, c.Argument(0).ToInteger())) })
	}
	matches := native(strings, "match")
	for _, name := range []string{"replace", "replaceAll"} {
		rt.before(strings, name, func(c goja.FunctionCall) { rt.checkReplacement(c, name, matches) })
	}
}

// checkReplacement bounds what a replacement makes. Only where it could be too much are the matches counted.
func (rt *instance) checkReplacement(c goja.FunctionCall, name string, matches func(goja.FunctionCall) goja.Value) {
	replacement, ok := c.Argument(1).(goja.String)
	if !ok {
		return
	}
	text, each := rt.length(c.This), rt.length(replacement)
	if s := replacement.String(); len(s) < 1000 && (strings.Contains(s, "$`") || strings.Contains(s, "$'") || strings.Contains(s, "$&")) {
		each = rt.product(each, text)
	}
	if rt.product(text+1, each) <= rt.largest() {
		return
	}
	n := int64(1)
	if pattern, ok := c.Argument(0).(*goja.Object); ok {
		if found, ok := matches(goja.FunctionCall{This: c.This, Arguments: []goja.Value{pattern}}).(*goja.Object); ok {
			n = found.Get("length").ToInteger()
		}
	} else if name == "replaceAll" {
		n = int64(strings.Count(c.This.String(), c.Argument(0).String()))
	}
	rt.checkBytes(rt.product(n, each))
}

// length returns how long the text of a primitive is; 0 for others, whose text is not asked for twice.
func (rt *instance) length(v goja.Value) int64 {
	if s, ok := v.(goja.String); ok {
		return int64(s.Length())
	}
	return 0
}

func (rt *instance) product(a, b int64) int64 {
	if a > 0 && b > (1<<62)/a {
		return -1
	}
	return a * b
}

// steps of arrays that do not go through them, or let the script go on at each element.
var quick = []string{"constructor", "push", "pop", "at", "keys", "values", "entries", "toString", "toLocaleString", "join"}

func (rt *instance) guardArrays() {
	arrays := prototype(rt.vm, "Array")
	for _, name := range arrays.GetOwnPropertyNames() {
		if native(arrays, name) == nil || slices.Contains(quick, name) {
			continue
		}
		rt.before(arrays, name, func(c goja.FunctionCall) { rt.checkLength(rt.lengthOf(c.This)) })
	}
	rt.before(arrays, "values", func(c goja.FunctionCall) { rt.checkLength(rt.lengthOf(c.This)) }) // spread goes through arrays with it
	_ = arrays.DefineDataPropertySymbol(goja.SymIterator, arrays.Get("values"), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	rt.replace(arrays, "flat", rt.flat)
	rt.guardTexts(arrays)
	array := rt.vm.Get("Array").ToObject(rt.vm)
	rt.before(array, "from", func(c goja.FunctionCall) { rt.checkLength(rt.lengthOf(c.Argument(0))) })
	rt.before(prototype(rt.vm, "Function"), "apply", func(c goja.FunctionCall) { rt.checkLength(rt.lengthOf(c.Argument(1))) })
	reflect := rt.vm.Get("Reflect").ToObject(rt.vm)
	rt.before(reflect, "apply", func(c goja.FunctionCall) { rt.checkLength(rt.lengthOf(c.Argument(2))) })
	rt.before(reflect, "construct", func(c goja.FunctionCall) { rt.checkLength(rt.lengthOf(c.Argument(1))) })
}

func (rt *instance) lengthOf(v goja.Value) int64 {
	if o, ok := v.(*goja.Object); ok {
		if n := o.Get("length"); n != nil {
			return n.ToInteger()
		}
	}
	return 0
}

// deepest is how deep arrays may lie in each other for what goes through all of them in one step.
const deepest = 1000

// flat is Array.prototype.flat: arrays in arrays may be the same one over and over.
func (rt *instance) flat(c goja.FunctionCall) goja.Value {
	depth := int64(1)
	if given := c.Argument(0); !goja.IsUndefined(given) {
		depth = min(given.ToInteger(), deepest)
	}
	var elements []any
	var collect func(of *goja.Object, depth int64)
	collect = func(of *goja.Object, depth int64) {
		if err := rt.watch.stopped(); err != nil {
			rt.throw("RangeError", err.Error())
		}
		n := rt.lengthOf(of)
		rt.checkLength(n + int64(len(elements)))
		for i := range n {
			element := of.Get(strconv.FormatInt(i, 10))
			if element == nil { // a hole
				continue
			}
			if inner, ok := element.(*goja.Object); ok && depth > 0 && inner.ClassName() == "Array" {
				collect(inner, depth-1)
				continue
			}
			elements = append(elements, element)
		}
	}
	collect(c.This.ToObject(rt.vm), depth)
	rt.checkLength(int64(len(elements)))
	return rt.vm.NewArray(elements...)
}

// guardTexts bounds the text of arrays, and how deep they lie in each other.
func (rt *instance) guardTexts(arrays *goja.Object) {
	for _, name := range []string{"join", "toLocaleString"} {
		become := native(arrays, name)
		rt.replace(arrays, name, func(c goja.FunctionCall) goja.Value {
			n := rt.lengthOf(c.This)
			rt.checkLength(n)
			rt.checkBytes(rt.product(n, max(1, rt.length(c.Argument(0)))))
			if o, ok := c.This.(*goja.Object); ok && n > 1000 {
				sum := int64(0)
				for i := range n {
					sum += rt.length(o.Get(strconv.FormatInt(i, 10)))
				}
				rt.checkBytes(sum)
			}
			if err := rt.watch.stopped(); err != nil { // arrays in arrays come by here, all within one step
				rt.throw("RangeError", err.Error())
			}
			if rt.joins++; rt.joins > deepest {
				rt.joins = 0
				rt.throw("RangeError", "arrays lie too deep in each other to become text")
			}
			text := become(c)
			rt.joins = max(0, rt.joins-1)
			return text
		})
	}
}

// guardBuffers bounds typed arrays.
func (rt *instance) guardBuffers() {
	for _, name := range []string{
		"ArrayBuffer", "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array",
		"Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array",
	} {
		v := rt.vm.Get(name)
		if v == nil {
			continue
		}
		was := v.ToObject(rt.vm)
		guarded := rt.vm.ToValue(func(c goja.ConstructorCall) *goja.Object {
			n := rt.lengthOf(c.Argument(0))
			if _, ok := c.Argument(0).(*goja.Object); !ok {
				n = c.Argument(0).ToInteger()
			}
			rt.checkLength(n)
			made, err := rt.vm.New(was, c.Arguments...)
			if err != nil {
				panic(err)
			}
			return made
		}).(*goja.Object)
		_ = guarded.SetPrototype(was)
		shared := was.Get("prototype").ToObject(rt.vm)
		hidden(guarded, "prototype", shared)
		hidden(shared, "constructor", guarded)
		_ = rt.vm.GlobalObject().DefineDataProperty(name, guarded, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	}
}

// guardCode takes away what makes code of text: the parser has no limits.
func (rt *instance) guardCode() {
	refuse := func(goja.FunctionCall) goja.Value {
		rt.throw("EvalError", "scripts can't make code of text")
		return nil
	}
	vm := rt.vm
	function := vm.Get("Function").ToObject(vm)
	stand := vm.ToValue(func(goja.ConstructorCall) *goja.Object {
		refuse(goja.FunctionCall{})
		return nil
	}).(*goja.Object)
	shared := function.Get("prototype").ToObject(vm)
	hidden(stand, "prototype", shared)
	hidden(shared, "constructor", stand)
	_ = vm.GlobalObject().DefineDataProperty("Function", stand, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	_ = vm.GlobalObject().DefineDataProperty("eval", vm.ToValue(refuse), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	for _, source := range []string{"(function*(){})", "(async()=>{})"} {
		if f, err := vm.RunString(source); err == nil {
			hidden(f.ToObject(vm).Prototype(), "constructor", stand)
		}
	}
}
