package javascript_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"migassist/transform"
	"migassist/transform/javascript"
)

func TestErrorsNameScriptLineAndMessage(t *testing.T) {
	for _, test := range []struct{ name, statement, want string }{
		{"Error", `throw new Error('no city')`, "line 3: Error: no city"},
		{"TypeError", `ops[0].document.missing.x`, "line 3: TypeError: Cannot read property 'x' of undefined"},
		{"ReferenceError", `nowhere()`, "line 3: ReferenceError: nowhere is not defined"},
		{"text", `throw 'a text'`, "line 3: a text"},
		{"object", `throw {code: 7, doc: ops[0].document}`, `line 3: {"code":7,"doc":{"a":1.0}}`},
		{"null", `throw null`, "line 3: null"},
		{"undefined", `throw undefined`, "line 3: undefined"},
		{"an object of the message", `throw ops[0].document`, `{"a":1.0}`},
		{"class of its own", `throw new (class Mine extends Error { get name() { return 'Mine' } })('x')`, "line 3: Mine: x"},
		{"hostile toString", `const e = new Error('x'); e.toString = () => { throw 1 }; throw e`, "line 3: an object of class Error"},
		{"endless toString", `const e = new Error('x'); e.toString = () => { for (;;); }; throw e`, "it took longer than"},
		{"BigInt in arithmetic", `9007199254740993n + 1`, "TypeError: Cannot mix BigInt"},
		{"function", `ops[0].document.f = {g: [() => 1]}; return ops`, "f.g[0]: an object of class Function can't stand in JSON"},
		{"NaN", `ops[0].document.f = 0 / 0; return ops`, "f: NaN can't stand in JSON"},
		{"symbol", `ops[0].document.f = Symbol('x'); return ops`, "f: a symbol can't stand in JSON"},
		{"an iterator", `ops[0].document.f = ops[0].document.keys(); return ops`, "f: an object of class Array Iterator can't stand in JSON"},
		{"a generator", `ops[0].document.f = (function*() {})(); return ops`, "f: an object of class Generator can't stand in JSON"},
		{"an expression", `ops[0].document.f = /x/; return ops`, "f: an object of class RegExp can't stand in JSON"},
		{"an error", `ops[0].document.f = new Error('x'); return ops`, "f: an object of class Error can't stand in JSON"},
		{"cycle", `const a = {}; a.a = [a]; ops[0].document.a = a; return ops`, "lies in itself"},
		{"the document in itself", `ops[0].document.x = [ops[0].document]; return ops`, "lies in itself"},
		{"getter that throws", `ops[0].document.a = {get x() { throw new Error('got') }}; return ops`, "Error: got"},
		{"a function as result", `return () => ops`, "can't stand in JSON"},
		{"a number as result", `return 7`, "of kind number"},
		{"operations without an index", `return [{document: {}}]`, `no object "operation"`},
		{"an array in an array", `return [ops]`, `where an object with "operation" and "document" is wanted`},
		{"a promise for ever", `return new Promise(() => {})`, "waits for something"},
		{"a promise that is rejected", `return Promise.reject(new Error('late'))`, "rejected: Error: late"},
		{"a field where the Map's method is meant", `ops[0].operation.keys = 1; ops[0].operation.keys()`, "line 3: TypeError: Value is not an object: 1"},
		{"eval", `eval('1')`, "EvalError"},
		{"Function", `new Function('return 1')`, "EvalError"},
		{"constructor", `(function*() {}).constructor('1')`, "EvalError"},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := parse(t, "function main() {\n return (ops) => { if (ops[0].document.a !== 1) return ops;\n"+test.statement+"\n} }").New()
			_, err := run(t, x, `{"a":1.0}`)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "initializationScript") {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if got, err := run(t, x, `{"b":1.0}`); err != nil || got != `{"b":1.0}` {
				t.Errorf("the next message: %s, %v", got, err)
			}
		})
	}
}

func TestConfigurationErrors(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "bad.js"), []byte("function main() {\n return ops => {\n  let x = ;\n }\n}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for config, want := range map[string]string{
		`7`:                       "wants an object",
		`null`:                    "wants an object",
		`{"script":"x"}`:          `key "script" is not known`,
		`{"bindingsObject":"{}"}`: "one of initializationScript and initializationScriptFile",
		`{"initializationScript":"","initializationScriptFile":"x"}`:                           "one of initializationScript and initializationScriptFile",
		`{"initializationScript":7}`:                                                           "initializationScript: it is no string",
		`{"initializationScriptFile":"none.js"}`:                                               "none.js",
		`{"initializationScriptFile":"s3://b/x.js"}`:                                           "copy it",
		`{"initializationResourcePath":"js/x.js"}`:                                             "jar of the Java implementation",
		`{"initializationScriptFile":"bad.js"}`:                                                "bad.js line 3",
		`{"initializationScript":"function main() { return 7 }"}`:                              "main(context) returned 7",
		`{"initializationScript":"7"}`:                                                         "no function main(context)",
		`{"initializationScript":"\n\nthrow new Error('at the start')"}`:                       "line 3: Error: at the start",
		`{"initializationScript":"function main(c) {\n if (!c.x) throw Error('x wanted')}"}`:   "line 2: Error: x wanted",
		`{"initializationScript":"for (;;);"}`:                                                 "it took longer than",
		`{"initializationScript":"","bindingsObject":"{"}`:                                     "bindingsObject is a string that is not JSON",
		`{"initializationScript":"","bindingsObject":[],"bindingsObjectFiles":{"a":"bad.js"}}`: "has to be an object",
		`{"initializationScript":"","bindingsObjectFiles":{"a":{}}}`:                           "bindingsObjectFiles.a",
		`{"initializationScript":"","bindingsObjectFiles":{"a":"none"}}`:                       "bindingsObjectFiles.a",
		`{"initializationScript":"","bindingsObjectDirs":["none"]}`:                            "bindingsObjectDirs[0]",
		`{"initializationScript":"","bindingsObjectDirs":"none"}`:                              "a list of paths",
	} {
		if _, err := javascript.Parse(json.RawMessage(config), javascript.Options{Folder: folder, Limits: limits}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", config, err, want)
		}
	}
	_, err := javascript.Parse(json.RawMessage(`{"a":1,"bindingsObject":"{"}`), javascript.Options{Limits: limits})
	for _, want := range []string{`"a"`, "one of", "not JSON"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("all problems at once: %v, want %s", err, want)
		}
	}
	long := limits
	long.Time = time.Hour
	if _, err := javascript.Parse(json.RawMessage(`{"initializationScript":"main = () => () => 1"}`), javascript.Options{Limits: long}); err == nil || !strings.Contains(err.Error(), "one limit for all") {
		t.Errorf("more time than regular expressions have: %v", err)
	}
}

// What never ends is stopped, and the next message finds a script that begins anew.
func TestTimeLimit(t *testing.T) {
	for name, statement := range map[string]string{
		"loop":                 `for (;;);`,
		"loop that catches":    `for (;;) try { throw 1 } catch (e) {} finally { continue }`,
		"regular expression":   `/^(?=(a+)+$)(a+)+$/.test('a'.repeat(40) + 'b')`,
		"regular expressions":  `for (;;) /^(a|a)*$/.test('a'.repeat(1000) + 'b')`,
		"back-reference":       `'a'.repeat(40).replace(/^(a+)*\1b/, '')`,
		"array methods":        `const a = [1]; a.forEach(() => { for (;;); })`,
		"getter in the result": `doc.a = {get x() { for (;;); }}`,
		"toJSON":               `doc.a = {toJSON() { for (;;); }}`,
		"promises":             `const f = () => Promise.resolve().then(f); f()`,
		"generator":            `doc.a = [...(function*() { for (;;) yield; })()].length`,
		"sort":                 `[1, 2].sort(() => { for (;;); })`,
		"proxy":                `new Proxy({}, {get() { for (;;); }}).x`,
		"deep promise":         `(async () => { for (;;) await 1 })()`,
	} {
		t.Run(name, func(t *testing.T) {
			x := parseLimited(t, `let n = 0; function main() { return ops => { const doc = ops[0].document; if (doc.n) { doc.n = ++n; return ops }; n = 100; `+statement+`; return ops } }`, javascript.Limits{Time: 100 * time.Millisecond, Memory: 256 << 20}).New()
			began := time.Now()
			_, err := run(t, x, `{"a":1}`)
			if err == nil || !strings.Contains(err.Error(), "it took longer than 100ms") && !strings.Contains(err.Error(), "memory") {
				t.Errorf("got %v", err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
			nextWorks(t, x)
		})
	}
}

// nextWorks sends a message that all scripts here let through, more than once where a busy machine needs the time of a message for it.
func nextWorks(t *testing.T, x transform.Transformer) {
	t.Helper()
	got, err := run(t, x, `{"n":1.0}`)
	for i := 0; i < 5 && err != nil && strings.Contains(err.Error(), "it took longer"); i++ {
		got, err = run(t, x, `{"n":1.0}`)
	}
	if err != nil || got != `{"n":1.0}` {
		t.Errorf("the next message: %s, %v", got, err)
	}
}

// What a script returned is taken outside of the interpreter, and the time counts there too.
func TestTimeLimitCountsForWhatIsTaken(t *testing.T) {
	x := parseLimited(t, each(`const o = {a: 1, b: 2, c: 3}, l = Array(1000).fill(o); doc.a = Array(10000).fill(l)`), javascript.Limits{Time: 200 * time.Millisecond, Memory: 8 << 30}).New()
	began := time.Now()
	_, err := run(t, x, `{}`)
	if took := time.Since(began); err == nil || !strings.Contains(err.Error(), "stopped: it took longer than 200ms") || took > 3*time.Second {
		t.Errorf("%v after %s", err, took)
	}
}

var bounded = regexp.MustCompile(`needs more than 64 MiB|too large|can't be set|took longer`)

func TestMemoryLimit(t *testing.T) {
	for name, statement := range map[string]string{
		"push":              `const a = []; for (;;) a.push({x: 1});`,
		"doubling":          `let s = 'x'; for (;;) s += s;`,
		"doubling wide":     `let s = 'é'; for (;;) s += s;`,
		"repeat":            `'x'.repeat(1e9)`,
		"repeat overflow":   `'xxxxxxxx'.repeat(2 ** 61)`,
		"padStart":          `'x'.padStart(1e10)`,
		"padEnd":            `'x'.padEnd(1e10, 'abc')`,
		"join":              `Array(1e8).join('x')`,
		"join of one text":  `const s = 'x'.repeat(1e6); Array(1e5).fill(s).join('')`,
		"fill":              `Array(1e9).fill(0)`,
		"spread":            `[...Array(1e9)]`,
		"from":              `Array.from({length: 1e9})`,
		"apply":             `Math.max.apply(null, {length: 1e9})`,
		"typed array":       `new Float64Array(1e9)`,
		"buffer":            `new ArrayBuffer(1e10)`,
		"replaceAll":        `'a'.repeat(1e5).replaceAll('a', 'b'.repeat(1e5))`,
		"replace":           `'a'.repeat(1e5).replace(/a/g, 'b'.repeat(1e5))`,
		"replace by before": "'a'.repeat(1e5).replace(/a/g, '$`')",
		"sparse array":      `const a = []; a[4e9] = 1; a.indexOf(2)`,
		"sparse stringify":  `const a = []; a[4e9] = 1; doc.s = JSON.stringify(a)`,
		"sparse result":     `const a = []; a[4e9] = 1; doc.a = a`,
		"concat":            `let a = [1]; for (;;) a = a.concat(a);`,
		"map":               `const m = new Map(); for (let i = 0; ; i++) m.set(i, {});`,
		"set in the tree":   `for (let i = 0; ; i++) doc['k' + i] = 'v' + i;`,
		"elements":          `doc.a = []; ops[0].document.b[1e9] = 1`,
		"closures":          `let f = () => 1; for (;;) { const g = f; f = () => g; }`,
		"shared result":     `let a = ['xxxxxxxxxxxxxxxx']; for (let i = 0; i < 40; i++) a = [a, a]; doc.a = a`,
		"shared text":       `const s = 'x'.repeat(1e6); doc.a = Array(1e5).fill(s)`,
		"shared stringify":  `let a = ['x']; for (let i = 0; i < 40; i++) a = [a, a]; JSON.stringify(a)`,
		"shared join":       `let a = ['x']; for (let i = 0; i < 40; i++) a = [a, a]; '' + a`,
		"shared functions":  `let a = [() => 1]; for (let i = 0; i < 40; i++) a = [a, a]; JSON.stringify(a)`,
		"shared, by names":  `let a = {}; for (let i = 0; i < 40; i++) a = {a, b: a}; JSON.stringify(a, ['a', 'b'])`,
		"shared flat":       `let a = ['x']; for (let i = 0; i < 40; i++) a = [a, a]; a.flat(Infinity)`,
		"shared in words":   `let a = ['x']; for (let i = 0; i < 40; i++) a = [a, a]; a.toLocaleString()`,
		"shift left":        `let n = 1n; for (;;) n <<= 100000n;`,
		"split":             `let s = 'ab'; for (;;) { s += s; s.split('') }`,
	} {
		t.Run(name, func(t *testing.T) {
			x := parseLimited(t, `function main() { return ops => { const doc = ops[0].document; if (doc.n) return ops; `+statement+`; return ops } }`, javascript.Limits{Time: 300 * time.Millisecond, Memory: limits.Memory}).New()
			runtime.GC()
			before := resident()
			began := time.Now()
			got, err := run(t, x, `{"a":1,"b":[1]}`)
			if err == nil || !bounded.MatchString(err.Error()) {
				t.Errorf("got %.100s, %v", got, err)
			}
			// text that doubles is the worst: the step that passes the limit makes as much again, and a busy machine looks late
			if grown := resident() - before; grown > 24*limits.Memory {
				t.Errorf("memory grew by %d MiB (%v)", grown>>20, err)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
			nextWorks(t, x)
		})
	}
}

// resident returns what the process has of the system.
func resident() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64() - s[1].Value.Uint64())
}

func TestRecursion(t *testing.T) {
	for name, statement := range map[string]string{
		"functions":       `const f = () => f(); f()`,
		"callbacks":       `const f = () => [1].map(f); f()`,
		"getters":         `const o = {get x() { return this.x }}; o.x`,
		"toString":        `const o = {toString() { return '' + this }}; '' + o`,
		"toJSON":          `const o = {toJSON() { return JSON.stringify(this) }}; JSON.stringify(o)`,
		"arrays as text":  `let a = []; for (let i = 0; i < 1e5; i++) a = [a]; '' + a`,
		"flat":            `let a = [1]; for (let i = 0; i < 1e5; i++) a = [a]; a.flat(Infinity).x.y`,
		"JSON.stringify":  `let a = []; for (let i = 0; i < 1e5; i++) a = [a]; doc.a = a`,
		"JSON.parse":      `JSON.parse('['.repeat(1e6))`,
		"a parser":        `eval('('.repeat(1e6))`,
		"structuredClone": `let a = []; for (let i = 0; i < 1e5; i++) a = [a]; structuredClone(a)`,
	} {
		t.Run(name, func(t *testing.T) {
			x := parse(t, `function main() { return ops => { const doc = ops[0].document; if (doc.n) return ops; `+statement+`; return ops } }`).New()
			_, err := run(t, x, `{"a":1}`)
			if err == nil {
				t.Error("no error")
			}
			nextWorks(t, x)
		})
	}
}

// Nested as deep as documents are, ordinary recursion works.
func TestDeepDocuments(t *testing.T) {
	x := parse(t, `function walk(n) { if (Array.isArray(n)) n.forEach(walk); else if (n && typeof n === 'object') Object.values(n).forEach(walk) } `+
		`function main() { return ops => { walk(ops); return ops } }`).New()
	source := strings.Repeat(`{"a":[`, 450) + strings.Repeat(`]}`, 450)
	if got, err := run(t, x, source); err != nil || got != source {
		t.Errorf("got %.50s, %v", got, err)
	}
}

func TestStateBetweenMessages(t *testing.T) {
	p := parse(t, `let n = 0; const kept = []; function main() { return ops => {
		const doc = ops[0].document; doc.n = ++n;
		if (doc.keep) kept.push(doc);
		if (doc.clone) kept.push(structuredClone(doc));
		if (doc.read) doc.read = kept[0].name;
		if (doc.put) doc.put = kept[0];
		return ops } }`)
	x, other := p.New(), p.New()
	for _, test := range []struct{ document, want string }{
		{`{"name":"a"}`, `{"name":"a","n":1}`},
		{`{"keep":true,"name":"b"}`, `{"keep":true,"name":"b","n":2}`},
		{`{"read":true}`, "earlier message"},
		{`{"put":true}`, "earlier message"},
		{`{}`, `{"n":5}`},
	} {
		got, err := run(t, x, test.document)
		if got != test.want && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: got %s, %v, want %s", test.document, got, err, test.want)
		}
	}
	if got, err := run(t, other, `{}`); err != nil || got != `{"n":1}` {
		t.Errorf("another transformer has a state of its own: %s, %v", got, err)
	}
}

func TestPrototypesAreNotPolluted(t *testing.T) {
	x := parse(t, `function merge(to, from) { for (const k in from) { if (from[k] && typeof from[k] === 'object') { if (!to[k]) to[k] = {}; merge(to[k], from[k]) } else to[k] = from[k] } return to }
		function main() { return ops => { const doc = ops[0].document; op = ops[0]; op.document = merge({}, doc); op.document.seen = [({}).polluted, [].polluted, ''.polluted].map(String).join(); return ops } }`).New()
	for _, document := range []string{
		`{"__proto__":{"polluted":"yes"}}`, `{"constructor":{"prototype":{"polluted":"yes"}}}`, `{"a":{"__proto__":{"__proto__":{"polluted":"yes"}}}}`, `{"toString":1,"valueOf":{"x":1},"hasOwnProperty":2}`,
	} {
		got, err := run(t, x, document)
		if err != nil || !strings.Contains(got, `"seen":"undefined,undefined,undefined"`) {
			t.Errorf("%s: %s, %v", document, got, err)
		}
	}
	for _, name := range []string{"__proto__", "toString", "valueOf", "hasOwnProperty", "isPrototypeOf"} {
		source := fmt.Sprintf(`{"%s":1,"a":{"%s":{"%s":"x"}}}`, name, name, name)
		y := parse(t, `module.exports = () => ops => { const copy = v => v !== null && typeof v === 'object' ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, copy(x)])) : v; ops[0].document = copy(ops[0].document); return ops }`).New()
		if got, err := run(t, y, source); err != nil || got != source {
			t.Errorf("%s became %s, %v", source, got, err)
		}
	}
}

func TestContextEnds(t *testing.T) {
	x := parse(t, each(`for (;;);`)).New()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := x.Transform(ctx, nil, document(`{}`)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// A failed call leaves the message as it was: it goes to the dead letters with its original.
func TestFailedCallChangesNothing(t *testing.T) {
	for _, statement := range []string{`doc.a = 2; delete doc.b; doc.c.push(1); throw 1`, `doc.a = 2; doc.c.push(1); doc.f = () => 1`, `doc.a = 2; for (;;);`} {
		m := document(`{"a":1.0,"b":2,"c":[]}`)
		if _, err := parse(t, each(statement)).New().Transform(t.Context(), nil, m); err == nil {
			t.Fatal("no error")
		}
		if err := m.Encode(); err != nil || string(m.Write.Source) != `{"a":1.0,"b":2,"c":[]}` {
			t.Errorf("%s: it became %s, %v", statement, m.Write.Source, err)
		}
	}
}
