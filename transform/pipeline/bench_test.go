package pipeline_test

import (
	"os"
	"runtime"
	"testing"

	"migassist/transform"
)

// BenchmarkDocument is what a document of 2 KB costs on one core, garbage collection included, from its bytes to its bytes. Wanted are
// less than 10 µs of type mappings and field edits, and less than 100 µs of JavaScript.
func BenchmarkDocument(b *testing.B) {
	source, err := os.ReadFile("testdata/order.json")
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct{ name, config string }{
		{"type mapping", `[{"typeMappings":{"staticMappings":{"shop":{"order":"orders"}}}}]`},
		{"edit: one field", `[{"edit":{"rename":{"status":"state"}}}]`},
		{"edit: rename, remove, set and copy", `[{"edit":[{"rename":{"customer.name":"customer.full_name"}},{"remove":["client.session","notes"]},{"set":{"migrated.from":"6.8"}},{"copy":{"payment.total":"total"}}]}]`},
		{"edit: in lists", `[{"edit":[{"rename":{"items.unit_price":"items.price"}},{"remove":"items.tax.code"},{"set":{"shipping.events.seen":true}}]}]`},
		{"JavaScript: the same four", `[{"javascript":{"initializationScript":"(function main() { return (all) => all.map((one) => { const doc = one.document; doc.customer.full_name = doc.customer.name; delete doc.customer.name; delete doc.client.session; delete doc.notes; doc.migrated = {from: '6.8'}; doc.total = doc.payment.total; return one }) })"}}]`},
		{"jq: the same four", `[{"jq":".document |= (.customer.full_name = .customer.name | del(.customer.name, .client.session, .notes) | .migrated.from = \"6.8\" | .total = .payment.total)"}]`},
		{"JMESPath: an object of its parts", `[{"jmespath":{"script":"[].{operation: operation, document: {customer: document.customer, items: document.items, total: document.payment.total, state: document.status}}"}}]`},
	} {
		b.Run(c.name, func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			transformer := program(b, c.config).New()
			b.SetBytes(int64(len(source)))
			b.ReportAllocs()
			var out []*transform.Message
			for b.Loop() {
				m := transform.NewDocument(transform.Write{Action: "index", Index: "shop", Type: "order", ID: []byte("1"), Source: source})
				if out, err = transformer.Transform(b.Context(), out[:0], m); err != nil || len(out) != 1 {
					b.Fatal(out, err)
				}
				if err := out[0].Encode(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
