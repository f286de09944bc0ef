package javascript_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"migassist/transform"
	"migassist/transform/javascript"
)

// twoKB is a document of about 2 KB, with fields, objects and lists as logs have them.
func twoKB() string {
	var b strings.Builder
	b.WriteString(`{"@timestamp":"2024-01-02T03:04:05.678Z","message":"GET /index.html HTTP/1.1","status":200,"bytes":5120.0,"user":{"name":"anna","id":9007199254740993,"roles":["admin","dev"]},"tags":["a","b","c"]`)
	for i := 0; b.Len() < 2000; i++ {
		fmt.Fprintf(&b, `,"field_%d":{"value":%d.5,"text":"some words of field %d"}`, i, i, i)
	}
	b.WriteString("}")
	return b.String()
}

func BenchmarkTransform(b *testing.B) {
	source := twoKB()
	for _, bench := range []struct{ name, script string }{
		{"nothing", each(``)},
		{"three fields", each(`doc.host = doc.user.name + '-1'; delete doc.status; doc.user.id2 = doc.user.id; doc.tags.push('new')`)},
		{"as a Map", each(`doc.set('host', doc.get('user').get('name') + '-1'); doc.delete('status'); doc.get('user').set('id2', doc.get('user').get('id')); doc.get('tags').push('new')`)},
		{"spread", each(`op.document = {...doc, host: 'x'}`)},
		{"every value", each(`(function walk(n) { for (const k in n) { const v = n[k]; if (typeof v === 'object') walk(v); else if (typeof v === 'string') n[k] = v.toUpperCase() } })(doc)`)},
		{"JSON there and back", each(`op.document = JSON.parse(JSON.stringify(doc))`)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			config, err := json.Marshal(map[string]string{"initializationScript": bench.script})
			if err != nil {
				b.Fatal(err)
			}
			p, err := javascript.Parse(config, javascript.Options{Limits: limits})
			if err != nil {
				b.Fatal(err)
			}
			x := p.New()
			b.SetBytes(int64(len(source)))
			b.ReportAllocs()
			var out []*transform.Message
			for b.Loop() {
				if out, err = x.Transform(b.Context(), out[:0], document(source)); err != nil {
					b.Fatal(err)
				}
				for _, m := range out {
					if err := m.Encode(); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func BenchmarkStart(b *testing.B) {
	p := parse(b, each(``))
	for b.Loop() {
		if _, err := run(b, p.New(), `{}`); err != nil {
			b.Fatal(err)
		}
	}
}

// The bound. It is wide here: the time is of the whole machine.
func TestCost(t *testing.T) {
	x := parse(t, each(`doc.host = doc.user.name + '-1'; delete doc.status; doc.user.id2 = doc.user.id; doc.tags.push('new')`)).New()
	source := twoKB()
	best := time.Hour
	for range 200 {
		began := time.Now()
		if _, err := run(t, x, source); err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(began))
	}
	if best > 100*time.Microsecond {
		t.Errorf("the best of 200 documents took %s", best)
	}
}
