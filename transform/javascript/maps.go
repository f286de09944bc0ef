package javascript

import (
	"github.com/dop251/goja"
)

// newMapPrototype returns the prototype of host objects: Map.prototype with methods that work on them.
func (rt *instance) newMapPrototype() *goja.Object {
	vm := rt.vm
	prototype := vm.CreateObject(vm.Get("Map").ToObject(vm).Get("prototype").ToObject(vm))
	methods := map[string]func(goja.FunctionCall) goja.Value{
		"get": func(c goja.FunctionCall) goja.Value {
			if v := rt.this(c).Get(c.Argument(0).String()); v != nil {
				return v
			}
			return goja.Undefined()
		},
		"set": func(c goja.FunctionCall) goja.Value {
			rt.this(c).Set(c.Argument(0).String(), c.Argument(1))
			return c.This
		},
		"has": func(c goja.FunctionCall) goja.Value { return vm.ToValue(rt.this(c).Has(c.Argument(0).String())) },
		"delete": func(c goja.FunctionCall) goja.Value {
			o, name := rt.this(c), c.Argument(0).String()
			had := o.Has(name)
			o.Delete(name)
			return vm.ToValue(had)
		},
		"keys": func(c goja.FunctionCall) goja.Value {
			return rt.iterate(c, func(_ *object, name string) any { return name })
		},
		"values": func(c goja.FunctionCall) goja.Value {
			return rt.iterate(c, func(o *object, name string) any { return o.Get(name) })
		},
		"entries": func(c goja.FunctionCall) goja.Value {
			return rt.iterate(c, func(o *object, name string) any { return vm.NewArray(name, o.Get(name)) })
		},
		"forEach": rt.forEach,
	}
	for name, method := range methods {
		hidden(prototype, name, vm.ToValue(method))
	}
	hidden(prototype, "clear", vm.ToValue(func(c goja.FunctionCall) goja.Value {
		o := rt.this(c)
		for _, name := range o.Keys() {
			o.Delete(name)
		}
		return goja.Undefined()
	}))
	size := vm.ToValue(func(c goja.FunctionCall) goja.Value { return vm.ToValue(len(rt.this(c).Keys())) })
	// where there is no field yet, doc.size = 1 makes one
	setSize := vm.ToValue(func(c goja.FunctionCall) goja.Value { return vm.ToValue(rt.this(c).Set("size", c.Argument(0))) })
	_ = prototype.DefineAccessorProperty("size", size, setSize, goja.FLAG_TRUE, goja.FLAG_FALSE)
	_ = prototype.DefineDataPropertySymbol(goja.SymIterator, prototype.Get("entries"), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	return prototype
}

// hidden defines a member that for…in does not show.
func hidden(o *goja.Object, name string, v goja.Value) {
	_ = o.DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
}

// this returns the host object that a Map's method was called on.
func (rt *instance) this(c goja.FunctionCall) *object {
	if o, ok := c.This.(*goja.Object); ok && o.ExportType() == typeObject {
		h, _ := o.Export().(*object)
		return h
	}
	panic(rt.vm.NewTypeError("a Map's method was called on what is no object of a message"))
}

// iterate returns an iterator over something of each member.
func (rt *instance) iterate(c goja.FunctionCall, of func(*object, string) any) goja.Value {
	o := rt.this(c)
	keys := o.Keys()
	items := make([]any, 0, len(keys))
	for _, name := range keys {
		items = append(items, of(o, name))
	}
	return rt.arrayValues(goja.FunctionCall{This: rt.vm.NewArray(items...)})
}

func (rt *instance) forEach(c goja.FunctionCall) goja.Value {
	o := rt.this(c)
	call, ok := goja.AssertFunction(c.Argument(0))
	if !ok {
		panic(rt.vm.NewTypeError("forEach wants a function"))
	}
	for _, name := range o.Keys() {
		v := o.Get(name)
		if v == nil {
			continue // removed meanwhile
		}
		if _, err := call(c.Argument(1), v, rt.vm.ToValue(name), c.This); err != nil {
			panic(err)
		}
	}
	return goja.Undefined()
}
