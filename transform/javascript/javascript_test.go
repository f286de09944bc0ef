package javascript_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"migassist/transform"
	"migassist/transform/javascript"
	"migassist/xcontent/tree"
)

// limits leave time on a busy machine. The first program of the process has them, and so regular expressions have that time.
var limits = javascript.Limits{Time: time.Second, Memory: 64 << 20}

func parse(t testing.TB, script string) *javascript.Program {
	t.Helper()
	return parseLimited(t, script, limits)
}

var firstProgram = sync.OnceFunc(func() {
	_, _ = javascript.Parse(json.RawMessage(`{"initializationScript":"main = () => ops => ops"}`), javascript.Options{Limits: limits})
})

func parseLimited(t testing.TB, script string, limits javascript.Limits) *javascript.Program {
	t.Helper()
	firstProgram()
	config, err := json.Marshal(map[string]string{"initializationScript": script})
	if err != nil {
		t.Fatal(err)
	}
	p, err := javascript.Parse(config, javascript.Options{Limits: limits})
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return p
}

// each returns a script that runs statements on doc and op, and returns what it got.
func each(statements string) string {
	return `function main(context) { return (ops) => { for (const op of ops) { const doc = op.document; ` + statements + ` } return ops } }`
}

func document(source string) *transform.Message {
	return transform.NewDocument(transform.Write{Action: "index", Index: "i", ID: []byte("1"), Source: []byte(source)})
}

// run transforms one document, and returns the documents that come out of it, one per line.
func run(t testing.TB, x transform.Transformer, source string) (string, error) {
	t.Helper()
	out, err := x.Transform(t.Context(), nil, document(source))
	if err != nil {
		return "", err
	}
	var lines []string
	for _, m := range out {
		if err := m.Encode(); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(m.Write.Source))
	}
	return strings.Join(lines, "\n"), nil
}

func TestScripts(t *testing.T) {
	for _, test := range []struct{ name, script, document, want string }{
		{"nothing", each(``), `{ "a" : 1.0 , "b":[ 1e5 , "\u0061" ] }`, `{ "a" : 1.0 , "b":[ 1e5 , "\u0061" ] }`},
		{"set in place", each(`doc.a = 'x'`), `{ "a" : 1 , "b" : 2 }`, `{ "a" : "x" , "b" : 2 }`},
		{"set a new one", each(`doc.c = {d: [1, 'é', null, true, 0.5, undefined]}`), `{"a":1}`, `{"a":1,"c":{"d":[1,"é",null,true,0.5,null]}}`},
		{"set deep", each(`doc.a.b.c = doc.a.b.c + 1; doc.a.n = {}; doc.a.n.x = 1`), `{"a":{"b":{"c":41}}}`, `{"a":{"b":{"c":42},"n":{"x":1}}}`},
		{"what is set is the same object", each(`const x = {}; doc.x = x; x.later = 1; doc.y = doc.a; doc.a.z = 2`), `{"a":{}}`, `{"a":{"z":2},"x":{"later":1},"y":{"z":2}}`},
		{"identity", each(`doc.same = doc.a === doc.a && op.document === doc`), `{"a":{}}`, `{"a":{},"same":true}`},
		{"rename", each(`doc.b = doc.a; delete doc.a`), `{"a":1.0,"c":9007199254740993}`, `{"c":9007199254740993,"b":1.0}`},
		{"remove and add again", each(`const a = doc.a; delete doc.a; doc.a = a`), `{"a":1,"b":2}`, `{"b":2,"a":1}`},
		{"undefined goes", each(`doc.a = undefined`), `{"a":1,"b":2}`, `{"b":2}`},
		{"add and delete", each(`doc.x = 1; delete doc.x; doc.y = 1; doc.keys2 = Object.keys(doc)`), `{"a":1}`, `{"a":1,"y":1,"keys2":["a","y"]}`},
		{"the same value is not touched", each(`for (const k in doc) doc[k] = doc[k]; doc.a = 1`), `{"a":1.0,"s":"\u0061","o":{"x":1}}`, `{"a":1.0,"s":"\u0061","o":{"x":1}}`},
		{"arrays", each(`doc.a.push(4, {x: 1}); doc.a[0] = 'one'; doc.b = doc.a.map(x => x); doc.a.shift()`), `{"a":[1, 2.0, 3]}`, `{"a":[2.0, 3, 4,{"x":1}],"b":["one",2.0,3,4,{"x":1}]}`},
		{"array methods", each(`doc.n = [Array.isArray(doc.a), doc.a.length, doc.a.includes(2), doc.a.indexOf(3), doc.a.filter(x => x > 1).length, [...doc.a].length, doc.a.flat().length, doc.a.join('-'), doc.a.at(-1)]; doc.a.sort((x, y) => y - x)`), `{"a":[1,2,3]}`, `{"a":[3,2,1],"n":[true,3,true,2,2,3,3,"1-2-3",3]}`},
		{"arrays shrink and grow", each(`doc.a.length = 1; doc.b.length = 3; doc.a.splice(0, 0, 'x'); doc.c.reverse()`), `{"a":[1,2],"b":[1],"c":[1,[2]]}`, `{"a":["x",1],"b":[1,null,null],"c":[[2],1]}`},
		{"objects", each(`doc.n = {keys: Object.keys(doc), entries: Object.entries(doc.o), has: 'a' in doc, own: doc.hasOwnProperty('a'), not: 'z' in doc, type: typeof doc, json: JSON.stringify(doc.o)}`), `{"a":1,"o":{"x":[1.0]}}`, `{"a":1,"o":{"x":[1.0]},"n":{"keys":["a","o"],"entries":[["x",[1.0]]],"has":true,"own":true,"not":false,"type":"object","json":"{\"x\":[1.0]}"}}`},
		{"spread", each(`op.document = {...doc, b: 2}`), `{"a":1.0,"c":{"d":1e3}}`, `{"a":1.0,"c":{"d":1e3},"b":2}`},
		{"destructuring", each(`const {a, ...rest} = doc; op.document = {rest, a}`), `{"a":1.0,"c":9007199254740993}`, `{"rest":{"c":9007199254740993},"a":1.0}`},
		{"Map: get, set, has, delete", each(`doc.set('b', doc.get('a')); doc.set('h', doc.has('a')); doc.set('n', doc.get('z') === undefined); doc.delete('a')`), `{"a":1.0}`, `{"b":1.0,"h":true,"n":true}`},
		{"Map: iteration", each(`const n = []; doc.forEach((v, k, m) => n.push(k, v, m === doc)); for (const [k, v] of doc) n.push(k); for (const [k, v] of doc.entries()) n.push(v); n.push(doc.keys().next().value, [...doc.values()], doc.size, new Map(doc).size); doc.n = n`), `{"a":1,"b":"x"}`, `{"a":1,"b":"x","n":["a",1,true,"b","x",true,"a","b",1,"x","a",[1,"x"],2,2]}`},
		{"Map: instanceof", each(`doc.n = [doc instanceof Map, doc instanceof Object, doc.a instanceof Map, Object.fromEntries(doc.o)]`), `{"a":[],"o":{"x":1}}`, `{"a":[],"o":{"x":1},"n":[true,true,false,{"x":1}]}`},
		{"Maps come back", each(`doc.m = new Map([['x', new Map([['y', doc.a]])], ['z', 1]]); doc.m.set('w', new Set([1, 2]))`), `{"a":{"k":1.0}}`, `{"a":{"k":1.0},"m":{"x":{"y":{"k":1.0}},"z":1,"w":[1,2]}}`},
		{"fields called as methods", each(`doc.n = [doc.values.length, doc.get.x, doc.size, 'set' in doc, typeof doc.set]; const {values} = doc; doc.v = values; op.document = {...doc}`), `{"values":[1,2.0],"get":{"x":1},"size":7}`, `{"values":[1,2.0],"get":{"x":1},"size":7,"n":[2,1,7,true,"function"],"v":[1,2.0]}`},
		{"fields called as methods, set", each(`doc.values = 1; doc.n = doc.size; doc.size = 5; doc.c = Object.assign({}, doc); doc.s = JSON.stringify({doc})`), `{"keys":3}`, `{"keys":3,"values":1,"n":2,"size":5,"c":{"keys":3,"values":1,"n":2,"size":5},"s":"{\"doc\":{\"keys\":3,\"values\":1,\"n\":2,\"size\":5,\"c\":{\"keys\":3,\"values\":1,\"n\":2,\"size\":5}}}"}`},
		{"__proto__ is a field", each(`doc.n = Object.assign({}, doc); doc['__proto__'].y = 2`), `{"__proto__":{"x":1}}`, `{"__proto__":{"x":1,"y":2},"n":{"__proto__":{"x":1,"y":2}}}`},
		{"dates and boxes", each(`doc.d = new Date(0); doc.s = new String('x'); doc.n = new Number(5); doc.u = new Uint8Array([1, 2])`), `{}`, `{"d":"1970-01-01T00:00:00.000Z","s":"x","n":5,"u":[1,2]}`},
		{"toJSON", each(`class P { constructor() { this.x = 1 } toJSON() { return {p: this.x} } }; doc.p = new P()`), `{}`, `{"p":{"p":1}}`},
		{"structuredClone", each(`const c = structuredClone(doc); c.a.x = 2; doc.c = c`), `{"a":{"x":1.0,"y":1.0}}`, `{"a":{"x":1.0,"y":1.0},"c":{"a":{"x":2,"y":1.0}}}`},
		{"optional chaining, templates, default parameters", each("doc.x = `${doc.a?.b ?? 'none'}-${doc.c?.b}`"), `{"c":{"b":1}}`, `{"c":{"b":1},"x":"none-1"}`},
		{"duplicate keys", each(`doc.b = doc.a`), `{"a":1,"a":2}`, `{"a":1,"a":2,"b":2}`},
		{"regular expressions", each(`doc.y = doc.d.match(/^(\d{4})-(?=\d)/)[1]; doc.z = doc.d.replace(/-/g, '')`), `{"d":"2024-01-02"}`, `{"d":"2024-01-02","y":"2024","z":"20240102"}`},
		{"a promise", `const main = async () => async (ops) => { ops[0].document.x = await 1; return ops }`, `{}`, `{"x":1}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := parse(t, test.script).New()
			for range 2 { // the second finds what the first left
				got, err := run(t, x, test.document)
				if err != nil {
					t.Fatal(err)
				}
				if got != test.want {
					t.Errorf("got  %s\nwant %s", got, test.want)
				}
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	const source = `{"id":9007199254740993,"neg":-9223372036854775809,"pi":3.14159265358979323846,"one":1.0,"exp":1E+2,"huge":1e400,"tiny":1e-400,"safe":9007199254740991,"long":123456789012345678901234567890}`
	for _, test := range []struct{ name, script, want string }{
		{"copied", `const {id, neg, pi, one, exp, huge, tiny, safe, long} = doc; op.document = {id, neg, pi, one, exp, huge, tiny, safe, long}`, source},
		{"by way of arrays and functions", `op.document = Object.fromEntries(Object.entries(doc).map(([k, v]) => [k, v]))`, source},
		{"JSON there and back", `op.document = {id: JSON.parse(JSON.stringify(doc)).id, s: JSON.stringify({x: [doc.id]}), t: JSON.stringify(doc, null, 1).length > 0}`, `{"id":9007199254740993,"s":"{\"x\":[9007199254740993]}","t":true}`},
		{"text", `op.document = {s: 'x' + doc.id + doc.one + doc.pi + doc.long}`, `{"s":"x900719925474099313.141592653589793123456789012345678901234567890"}`},
		{"arithmetic", `op.document = {a: doc.id + 1n, b: Number(doc.id) + 1, c: doc.pi * 2, d: doc.one + 1, e: doc.exp / 4, f: doc.huge > 1e308, g: doc.tiny === 0, h: doc.id > 5, i: doc.safe - 1, j: typeof doc.id, k: typeof doc.one, l: doc.one === 1}`, `{"a":9007199254740994,"b":9007199254740992,"c":6.283185307179586,"d":2,"e":25,"f":true,"g":true,"h":true,"i":9007199254740990,"j":"bigint","k":"number","l":true}`},
		{"made by the script", `op.document = {a: 1.0, b: 1e21, c: -0, d: 0.1 + 0.2, e: 2 ** 60, f: 1e-7}`, `{"a":1,"b":1e+21,"c":0,"d":0.30000000000000004,"e":1152921504606847000,"f":1e-7}`},
		{"one that a script makes is not the document's", `doc.one; op.document = {a: 1, b: doc.one}`, `{"a":1,"b":1.0}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := run(t, parse(t, each(test.script)).New(), source)
			if err != nil || got != test.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

func TestWhatIsReturned(t *testing.T) {
	for _, test := range []struct{ name, script, want string }{
		{"the list", `ops => ops`, `{"a":1.0}`},
		{"one operation", `ops => ops[0]`, `{"a":1.0}`},
		{"null", `ops => null`, ``},
		{"nothing", `ops => {}`, ``},
		{"an empty list", `ops => []`, ``},
		{"a filtered list", `ops => ops.filter(op => op.document.a > 5)`, ``},
		{"several", `ops => ops.flatMap(op => [op, {schema: op.schema, operation: {_index: 'j', _id: op.operation._id}, document: {b: op.document.a}}])`, "{\"a\":1.0}\n{\"b\":1.0}"},
		{"Maps", `ops => [new Map([['operation', new Map([['_index', 'j']])], ['document', new Map([['x', 1]])]])]`, `{"x":1}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := run(t, parse(t, `module.exports = () => (`+test.script+`)`).New(), `{"a":1.0}`)
			if err != nil || got != test.want {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestAddressesChange(t *testing.T) {
	x := parse(t, each(`op.operation._index = 'logs-' + doc.year; op.operation.routing = doc.user; op.operation.op_type = 'create'; op.operation._id = doc.id; delete op.operation._type`)).New()
	out, err := x.Transform(t.Context(), nil, transform.NewDocument(transform.Write{Action: "index", Index: "i", Type: "t", ID: []byte("1"), Source: []byte(`{"year":2024,"user":"u","id":9007199254740993}`)}))
	if err != nil || len(out) != 1 {
		t.Fatalf("%v, %v", out, err)
	}
	if w := out[0].Write; w.Index != "logs-2024" || string(w.Routing) != "u" || w.Action != "create" || string(w.ID) != "9007199254740993" || w.Type != "" {
		t.Errorf("got %+v", w)
	}
}

func TestMetadataItem(t *testing.T) {
	v, err := tree.Parse([]byte(`{"type":"index","name":"i","body":{"mappings":{"properties":{"a":{"type":"string"}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	x := parse(t, `
		function walk(node) {
			for (const [key, child] of node instanceof Map ? node.entries() : Object.entries(node)) {
				if (child.type === 'string') node.set(key, {type: 'text'});
				else if (child instanceof Map) walk(child);
			}
		}
		function main() { return item => { walk(item.body.mappings); if (!item.body.settings) item.body.set('settings', new Map()); item.body.settings.set('index.knn', true); return item } }`).New()
	out, err := x.Transform(t.Context(), nil, transform.NewValue(transform.Metadata, v))
	if err != nil || len(out) != 1 {
		t.Fatalf("%v, %v", out, err)
	}
	got, _ := out[0].Value()
	if want := `{"type":"index","name":"i","body":{"mappings":{"properties":{"a":{"type":"text"}}},"settings":{"index.knn":true}}}`; got.String() != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// How scripts of the Java implementation are written: Maps where objects are Java's, objects where the script made them.
func TestIdioms(t *testing.T) {
	script := `
		const read = (o, key) => o instanceof Map ? o.get(key) : o?.[key];
		const write = (o, key, v) => { if (o instanceof Map) o.set(key, v); else o[key] = v };
		const drop = (o, key) => { if (o instanceof Map) o.delete(key); else if (o != null) delete o[key] };
		const flatten = (key, v) => v instanceof Map ? Object.fromEntries(v) : v;
		function equal(a, b) {
			if (a === b) return true;
			if (!(a instanceof Map && b instanceof Map) || a.size !== b.size) return false;
			for (const [k, v] of a) if (!b.has(k) || !equal(v, b.get(k))) return false;
			return true;
		}
		function clone(m) {
			const copy = new Map();
			for (const [k, v] of m.entries()) copy.set(k, v instanceof Map ? clone(v) : Array.isArray(v) ? v.map(x => x instanceof Map ? clone(x) : x) : v !== null && typeof v === 'object' ? structuredClone(v) : v);
			return copy;
		}
		function apply(node, rules) {
			if (Array.isArray(node)) { node.forEach(child => apply(child, rules)); return }
			if (!node || typeof node !== 'object') return;
			for (const { when, set, remove = [] } of rules) {
				if (Object.entries(when).every(([k, v]) => node[k] === v)) { Object.assign(node, set); remove.forEach(key => delete node[key]) }
			}
			Object.values(node).forEach(child => apply(child, rules));
		}
		function one(op, context) {
			const doc = read(op, 'document'), out = {};
			out.rules = context.rules.length; out.first = context.get('rules').at(0).when.type;
			out.equal = [equal(doc.a, doc.b), equal(doc.a, doc.c), doc.a === doc.a];
			out.command = doc.command.keys().next().value;
			out.merged = new Map([...doc.a, ...doc.c, ['extra', 1]]);
			out.text = JSON.stringify(doc.get('a'), flatten);
			out.nested = doc?.a?.nope?.nope ?? 'none';
			const { x, y: why = 'default' } = doc.a;
			out.parts = [x, why];
			out.joined = [...new Set(doc.list.map(e => e.k))].join();
			apply(doc, context.rules);
			write(doc, 'copy', clone(doc.get('a'))); drop(doc, 'command'); write(out, 'done', true);
			const lines = []; let i = 0;
			while (i < doc.list.length) lines.push(...[doc.list[i++]]);
			out.lines = lines;
			return new Map([['schema', op.schema], ['operation', { ...op.operation, _index: 'j' }], ['document', { ...doc, out }]]);
		}
		function main(context) {
			if (!context.rules) throw Error('rules wanted');
			return (doc) => Array.isArray(doc) ? doc.flat().map(item => one(item, context)) : one(doc, context);
		}
		if (typeof module !== 'undefined' && module.exports) module.exports = main;
		(() => main)();`
	config, err := json.Marshal(map[string]string{"initializationScript": script, "bindingsObject": `{"rules":[{"when":{"type":"string"},"set":{"type":"text","n":1.0},"remove":["old"]}]}`})
	if err != nil {
		t.Fatal(err)
	}
	p, err := javascript.Parse(config, javascript.Options{Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	x := p.New()
	const source = `{"a":{"x":1.0,"in":{"z":[1e2]}},"b":{"x":1.0,"in":{"z":1}},"c":{"x":9007199254740993},"command":{"index":{}},"list":[{"k":"p","type":"string","old":1},{"k":"q"}]}`
	const want = `{"a":{"x":1.0,"in":{"z":[1e2]}},"b":{"x":1.0,"in":{"z":1}},"c":{"x":9007199254740993},"list":[{"k":"p","type":"text","n":1.0},{"k":"q"}],"copy":{"x":1.0,"in":{"z":[1e2]}},` +
		`"out":{"rules":1,"first":"string","equal":[false,false,true],"command":"index","merged":{"x":9007199254740993,"in":{"z":[1e2]},"extra":1},"text":"{\"x\":1,\"in\":{\"z\":[100]}}","nested":"none","parts":[1.0,"default"],"joined":"p,q","done":true,"lines":[{"k":"p","type":"text","n":1.0},{"k":"q"}]}}`
	for range 2 {
		if got, err := run(t, x, source); err != nil || got != want {
			t.Errorf("got  %s, %v\nwant %s", got, err, want)
		}
	}
}

func TestMainIsFound(t *testing.T) {
	const main = `function entry(context) { return ops => { ops[0].document.x = 1; return ops } }; `
	for name, script := range map[string]string{
		"last value": main + `(() => entry)()`, "exports": main + `module.exports = entry`, "exports.main": main + `module.exports = { main: entry }`,
		"default": main + `exports.default = entry`, "const main": main + `const main = entry`, "with guard": main + `if (typeof module !== 'undefined' && module.exports) { module.exports = entry } (() => entry)();`,
	} {
		if got, err := run(t, parse(t, script).New(), `{}`); err != nil || got != `{"x":1}` {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestContext(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{"dir/a.txt": "from the directory", "dir/b.txt": "b\n", "c.txt": "c", "own.txt": "file", "script.js": `
		function main(context) {
			const lookup = new Map(Object.entries(context.cities));
			let n = 0;
			return ops => { const doc = ops[0].document; doc.city = lookup.get(doc.c); doc.n = ++n; doc.all = context; doc.x = context.get('a.txt') + context.c + context.own; doc.cities = context.cities; return ops };
		}`} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, bindings := range []string{`{"cities":{"B":"Berlin"},"own":"object"}`, `"{\"cities\":{\"B\":\"Berlin\"},\"own\":\"object\"}"`} {
		p, err := javascript.Parse([]byte(`{"initializationScriptFile":"script.js","bindingsObject":`+bindings+`,"bindingsObjectFiles":{"c":{"path":"c.txt"},"own":"own.txt"},"bindingsObjectDirs":[{"path":"dir"}]}`),
			javascript.Options{Folder: folder, Limits: limits})
		if err != nil {
			t.Fatal(err)
		}
		if p.String() != "JavaScript script.js" {
			t.Errorf("it is called %s", p)
		}
		x := p.New()
		for i := 1; i <= 2; i++ {
			got, err := run(t, x, `{"c":"B"}`)
			n := string(rune('0' + i))
			want := `{"c":"B","city":"Berlin","n":` + n + `,"all":{"a.txt":"from the directory","b.txt":"b\n","c":"c","own":"object","cities":{"B":"Berlin"}},"x":"from the directorycobject","cities":{"B":"Berlin"}}`
			if err != nil || got != want {
				t.Errorf("got  %s, %v\nwant %s", got, err, want)
			}
		}
	}
}

func TestContextThatTheScriptChanges(t *testing.T) {
	x := parse(t, `function main(context) { context.seen = {n: 0}; return ops => { context.seen.n++; ops[0].document.c = context; return ops } }`).New()
	for _, want := range []string{`{"c":{"seen":{"n":1}}}`, `{"c":{"seen":{"n":2}}}`} {
		if got, err := run(t, x, `{}`); err != nil || got != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
}

func TestFingerprintDiffers(t *testing.T) {
	a, b := parse(t, each(``)), parse(t, each(`;`))
	if a.Fingerprint() == b.Fingerprint() || a.Fingerprint() != parse(t, each(``)).Fingerprint() {
		t.Errorf("%s, %s", a.Fingerprint(), b.Fingerprint())
	}
}

func TestLog(t *testing.T) {
	var lines []string
	config, _ := json.Marshal(map[string]string{"initializationScript": each(`console.log('doc', doc, 1, null, [1.0], new Error('x')); console.error(doc.a.b)`)})
	p, err := javascript.Parse(config, javascript.Options{Limits: limits, Log: func(s string) { lines = append(lines, s) }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, p.New(), `{"a":{"b":1.0}}`); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(lines, "|"), `doc {"a":{"b":1.0}} 1 null [1] Error: x|1`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestHalfOfAPair: UTF-8 can't say it, and what stood for it in an id would be another document's. Whole pairs, and the mark itself, stand.
func TestHalfOfAPair(t *testing.T) {
	for name, script := range map[string]string{
		"id":       `op.operation._id = 'a\ud800'`,
		"routing":  `op.operation.routing = '\udc00b'`,
		"document": `doc.a = '\ud83d'.repeat(2)`,
	} {
		if out, err := run(t, parse(t, each(script)).New(), `{}`); err == nil || !strings.Contains(err.Error(), "surrogate pair") {
			t.Errorf("%s: %s, %v", name, out, err)
		}
	}
	if out, err := run(t, parse(t, each(`doc.a = '\ud83d\ude00 \ufffd'; op.operation._id = doc.a`)).New(), `{}`); err != nil || out != `{"a":"😀 �"}` {
		t.Errorf("%s, %v", out, err)
	}
}
