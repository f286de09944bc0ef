package javascript

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"

	"github.com/dop251/goja"

	"migassist/xcontent/tree"
)

// instance is one run of the script: its main was called, and its state lives here.
type instance struct {
	program *Program
	vm      *goja.Runtime
	context *session // of main's argument
	message *session // of the message that is transformed; nil: none is

	watch        *watch // over the calls; nil: none
	transform    goja.Callable
	mapPrototype *goja.Object
	arrayValues  func(goja.FunctionCall) goja.Value
	stringify    func(goja.FunctionCall) goja.Value
	parse        func(goja.FunctionCall) goja.Value
	joins        int // calls of join within each other

	intType, floatType reflect.Type
}

// maxCalls is how deep calls may lie in each other. To leave them all costs goja the square of it: a tenth of a second and more.
const maxCalls = 3000

func newInstance(p *Program, vm *goja.Runtime) *instance {
	rt := &instance{program: p, vm: vm, intType: reflect.TypeOf(vm.ToValue(1)), floatType: reflect.TypeOf(vm.ToValue(1.5))}
	vm.SetMaxCallStackSize(maxCalls)
	rt.context = &session{rt: rt}
	rt.arrayValues = native(prototype(vm, "Array"), "values")
	rt.mapPrototype = rt.newMapPrototype()
	rt.guard()
	rt.globals()
	return rt
}

func prototype(vm *goja.Runtime, class string) *goja.Object {
	return vm.Get(class).ToObject(vm).Get("prototype").ToObject(vm)
}

// native returns a built-in function.
func native(o *goja.Object, name string) func(goja.FunctionCall) goja.Value {
	f, _ := o.Get(name).Export().(func(goja.FunctionCall) goja.Value)
	return f
}

// start runs the script, and its main.
func (rt *instance) start() (err error) {
	defer func() { err = rt.describe(err) }()
	context, err := tree.Parse(rt.program.context)
	if err != nil {
		return fmt.Errorf("the context: %w", err)
	}
	last, err := rt.vm.RunProgram(rt.program.code)
	if err != nil {
		return err
	}
	main := rt.findMain(last)
	if main == nil {
		return errors.New("the script has no function main(context), and gives none as module.exports or as its last value")
	}
	v, err := main(goja.Undefined(), rt.context.value(context))
	if err != nil {
		return err
	}
	if v, err = rt.settle(v); err != nil {
		return err
	}
	transform, ok := goja.AssertFunction(v)
	if !ok {
		return fmt.Errorf("main(context) returned %s, and must return the function that gets each message", rt.show(v))
	}
	rt.transform = transform
	rt.seal()
	return nil
}

func (rt *instance) findMain(last goja.Value) goja.Callable {
	exports := rt.vm.Get("module").ToObject(rt.vm).Get("exports")
	candidates := []goja.Value{last, exports}
	if o, ok := exports.(*goja.Object); ok {
		candidates = append(candidates, o.Get("main"), o.Get("default"))
	}
	for _, v := range append(candidates, rt.vm.Get("main")) {
		if call, ok := goja.AssertFunction(v); ok {
			return call
		}
	}
	return nil
}

// seal lets documents add nothing to what all objects have in common; what they have can still be shadowed.
func (rt *instance) seal() {
	prevent := native(rt.vm.Get("Object").ToObject(rt.vm), "preventExtensions")
	for _, class := range []string{"Object", "Function", "Array", "Map", "Set", "String", "Number", "Boolean", "Date", "RegExp"} {
		prevent(goja.FunctionCall{Arguments: []goja.Value{rt.vm.Get(class)}})
		prevent(goja.FunctionCall{Arguments: []goja.Value{prototype(rt.vm, class)}})
	}
	prevent(goja.FunctionCall{Arguments: []goja.Value{rt.mapPrototype}})
}

// settle returns what a promise came to.
func (rt *instance) settle(v goja.Value) (goja.Value, error) {
	o, ok := v.(*goja.Object)
	if !ok || o.ExportType() != typePromise {
		return v, nil
	}
	promise, _ := o.Export().(*goja.Promise)
	switch promise.State() {
	case goja.PromiseStateFulfilled:
		return promise.Result(), nil
	case goja.PromiseStateRejected:
		return nil, fmt.Errorf("the promise it returned was rejected: %s", rt.show(promise.Result()))
	}
	return nil, errors.New("it returned a promise that waits for something, and nothing here can come later")
}

// call transforms a message; changed says whether the result is another value than the one given, or this with changes.
func (rt *instance) call(message *tree.Value) (result *tree.Value, changed bool, err error) {
	s := &session{rt: rt}
	rt.message = s
	defer func() {
		err = rt.describe(err) // while what was thrown can be read
		rt.message, s.closed = nil, true
	}()
	v, err := rt.transform(goja.Undefined(), s.value(message))
	if err != nil {
		return nil, false, err
	}
	if v, err = rt.settle(v); err != nil {
		return nil, false, err
	}
	t := &taker{session: s, left: rt.program.options.Limits.Memory}
	thrown := rt.vm.Try(func() {
		err = t.run(func() {
			result = t.value(v)
			s.commit(t)
			t.checkCycles(result)
		})
	})
	switch {
	case thrown != nil:
		return nil, false, thrown
	case err != nil:
		return nil, false, fmt.Errorf("what it returned: %w", err)
	case result == nil:
		result = tree.NewNull()
	}
	return result, result != message || len(s.dirty) > 0, nil
}

// describe says what a script threw, and where; other errors stay.
func (rt *instance) describe(err error) error {
	if thrown := new(goja.Exception); errors.As(err, &thrown) {
		return fmt.Errorf("%s: %s", where(rt.program.name, thrown.Stack()), rt.show(thrown.Value()))
	}
	if err == nil || ended(err) {
		return err
	}
	return fmt.Errorf("%s: %w", rt.program.name, err)
}

// current is the session that new host objects belong to.
func (rt *instance) current() *session {
	if rt.message != nil {
		return rt.message
	}
	return rt.context
}

// copied returns a tree of any value as it is now, which shares nothing.
func (rt *instance) copied(v goja.Value) (taken *tree.Value, err error) {
	t := &taker{session: rt.current(), copies: true, left: rt.program.options.Limits.Memory}
	err = t.run(func() { taken = t.value(v) })
	return taken, err
}

// globals adds what scripts expect around them.
func (rt *instance) globals() {
	vm := rt.vm
	module := vm.NewObject()
	exports := vm.NewObject()
	hidden(module, "exports", exports)
	_ = vm.Set("module", module)
	_ = vm.Set("exports", exports)
	console := vm.NewObject()
	for _, level := range []string{"log", "info", "warn", "error", "debug", "trace"} {
		hidden(console, level, vm.ToValue(rt.log))
	}
	_ = vm.Set("console", console)
	_ = vm.Set("structuredClone", func(c goja.FunctionCall) goja.Value {
		taken, err := rt.copied(c.Argument(0))
		switch {
		case err != nil:
			panic(vm.NewTypeError("structuredClone: %v", err))
		case taken == nil:
			return goja.Undefined()
		}
		return rt.current().value(taken)
	})
	text := vm.Get("JSON").ToObject(vm)
	rt.stringify, rt.parse = native(text, "stringify"), native(text, "parse")
	hidden(text, "stringify", vm.ToValue(rt.toText))
	hidden(text, "parse", vm.ToValue(rt.fromText))
	raw := native(text, "rawJSON")
	hidden(prototype(vm, "BigInt"), "toJSON", vm.ToValue(func(c goja.FunctionCall) goja.Value {
		return raw(goja.FunctionCall{Arguments: []goja.Value{vm.ToValue(c.This.String())}})
	}))
}

// toText is JSON.stringify, exact for what comes from messages.
func (rt *instance) toText(c goja.FunctionCall) goja.Value {
	_, replaces := c.Argument(1).(*goja.Object)
	v, ok := c.Argument(0).(*goja.Object)
	if !ok {
		return rt.stringify(c)
	}
	taken, err := rt.copied(v)
	switch {
	case errors.Is(err, errLarge), rt.watch.stopped() != nil:
		rt.throw("RangeError", "JSON.stringify: "+err.Error())
	case replaces || err != nil || taken == nil:
		rt.walk(v)
		return rt.stringify(c)
	}
	text, err := taken.AppendJSON(nil)
	if err != nil {
		panic(rt.vm.NewTypeError("JSON.stringify: %v", err))
	}
	indent := ""
	switch space := c.Argument(2).Export().(type) {
	case int64:
		indent = strings.Repeat(" ", int(min(max(space, 0), 10)))
	case string:
		indent = space[:min(len(space), 10)]
	}
	if indent != "" {
		var b bytes.Buffer
		_ = json.Indent(&b, text, "", indent) // it was made as JSON
		text = b.Bytes()
	}
	return rt.vm.ToValue(string(text))
}

// walk goes through what JSON.stringify would, which in goja nothing stops, and throws where it is too much or takes too long.
func (rt *instance) walk(v goja.Value) {
	left := rt.program.options.Limits.Memory
	rt.stringify(goja.FunctionCall{Arguments: []goja.Value{v, rt.vm.ToValue(func(c goja.FunctionCall) goja.Value {
		if left -= 160; left < 0 {
			rt.throw("RangeError", "JSON.stringify: "+errLarge.Error())
		}
		if err := rt.watch.stopped(); err != nil {
			rt.throw("RangeError", "JSON.stringify: "+err.Error())
		}
		return c.Argument(1)
	})}})
}

// fromText is JSON.parse; without a reviver whole numbers beyond doubles become BigInts, as those of messages.
func (rt *instance) fromText(c goja.FunctionCall) goja.Value {
	text := c.Argument(0).String()
	if depth(text) > tree.MaxDepth {
		panic(rt.vm.NewTypeError("JSON.parse: values lie more than %d deep in each other", tree.MaxDepth))
	}
	if _, revives := c.Argument(1).(*goja.Object); revives || !longNumber(text) {
		return rt.parse(c)
	}
	v, err := tree.Parse([]byte(text))
	if err != nil {
		return rt.parse(c) // throws what scripts expect
	}
	return rt.plain(v)
}

// depth bounds from above how deep values lie in each other.
func depth(text string) (deepest int) {
	now := 0
	for i := range len(text) {
		switch text[i] {
		case '[', '{':
			now++
			deepest = max(deepest, now)
		case ']', '}':
			now--
		}
	}
	return deepest
}

// longNumber tells whether there may be a number of 16 digits or more.
func longNumber(text string) bool {
	digits := 0
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			digits = 0
			continue
		}
		if digits++; digits == 16 {
			return true
		}
	}
	return false
}

// plain returns objects and arrays of JavaScript's own.
func (rt *instance) plain(v *tree.Value) goja.Value {
	switch v.Kind() {
	case tree.Array:
		var items []any
		for _, e := range v.Elements() {
			items = append(items, rt.plain(e))
		}
		return rt.vm.NewArray(items...)
	case tree.Object:
		o := rt.vm.NewObject()
		for name, m := range v.Members() {
			_ = o.DefineDataProperty(name, rt.plain(m), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
		}
		return o
	}
	return rt.current().value(v)
}

func (rt *instance) bigInt(literal string) goja.Value {
	n, _ := new(big.Int).SetString(literal, 10) // digits
	return rt.vm.ToValue(n)
}

// log is console.log and its like.
func (rt *instance) log(c goja.FunctionCall) goja.Value {
	if rt.program.options.Log == nil {
		return goja.Undefined()
	}
	words := make([]string, 0, len(c.Arguments))
	for _, v := range c.Arguments {
		words = append(words, rt.show(v))
	}
	rt.program.options.Log(strings.Join(words, " "))
	return goja.Undefined()
}

// show describes a value, in 1000 bytes and a little more.
func (rt *instance) show(v goja.Value) (text string) {
	o, ok := v.(*goja.Object)
	if !ok {
		text = fmt.Sprint(v)
	} else {
		text = describe(o)
		_ = rt.vm.Try(func() { // what it can't say of itself is said above
			if o.ClassName() == "Error" {
				text = o.String()
			} else if taken, err := rt.copied(o); err == nil && taken != nil {
				text = taken.String()
			}
		})
	}
	if len(text) > 1000 {
		text = strings.ToValidUTF8(text[:1000], "") + "…"
	}
	return text
}
