//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"migassist/internal/testcluster"
	"migassist/internal/testcluster/corpus"
)

// transformDocuments is how many documents go through transforms; make e2e-verify has a hundred thousand.
var transformDocuments = flag.Int("transform.documents", 5_000, "documents that go through transforms")

// transforms are of a chain, whose results transformed computes again, in another language and by other means: type mappings say where documents go,
// fields are edited as bytes, JavaScript rewrites documents, and jq drops some, makes several of others, and sends some elsewhere.
const transforms = `
- TypeMappingSanitizationTransformerProvider: {staticMappings: {many: {_doc: most}}}
- EditTransformerProvider:
  - rename: {client: client.ip, host: server.name, '@timestamp': at}
  - remove: [tags, nowhere.to.be.found]
  - set: {edited.numbers: [9007199254740993, 1.0, 12345678901234567890.125], edited.list: [{a: 1}, {}, {a: 1.50}]}
  - {set: {bytes: never}, copy: {took: server.name}, ifExists: keep}
  - copy: {took: server.took}
  - {rename: {edited.list.a: edited.list.b}, index: mo*}
  - {remove: [path, method], index: many}
- JsonJSTransformerProvider:
    initializationScript: |
      (function main(context) {
        return (messages) => messages.map((message) => {
          const doc = message.document;
          const status = doc.get('status');
          doc.delete('status');
          doc.set('http', {status: String(status), class: Math.floor(status / 100)});
          doc.precise = context.precise;
          message.operation._routing = 'r' + message.operation._id % 3;
          return message;
        });
      })
    bindingsObject: '{"precise": [9007199254740993, 1.0, 12345678901234567890.125]}'
- JsonJqTransformerProvider: |
    (.operation._id | tonumber) as $n
    | if $n % 10 == 3 then empty
      elif $n % 10 == 7 then ., (.operation |= (._id += "-copy" | ._index = "copies" | .op_type = "create") | .document = {of: $n, http: .document.http})
      else . end
`

// transformed is what the chain makes of document n, by "index/id routing".
func transformed(n int, source []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(source))
	decoder.UseNumber()
	var doc map[string]any
	if err := decoder.Decode(&doc); err != nil {
		return nil, err
	}
	if n%10 == 3 {
		return nil, nil
	}
	status, err := strconv.Atoi(fmt.Sprint(doc["status"]))
	if err != nil {
		return nil, err
	}
	edited(doc)
	delete(doc, "status")
	http := map[string]any{"status": strconv.Itoa(status), "class": json.Number(strconv.Itoa(status / 100))}
	doc["http"] = http
	doc["precise"] = []any{json.Number("9007199254740993"), json.Number("1.0"), json.Number("12345678901234567890.125")}
	all := map[string]any{fmt.Sprintf("most/%d r%d", n, n%3): doc}
	if n%10 == 7 {
		all[fmt.Sprintf("copies/%d-copy r%d", n, n%3)] = map[string]any{"of": json.Number(strconv.Itoa(n)), "http": http}
	}
	return all, nil
}

// edited does to a document what the edits of the chain do.
func edited(doc map[string]any) {
	doc["client"] = map[string]any{"ip": doc["client"]}
	doc["server"] = map[string]any{"name": doc["host"], "took": doc["took"]}
	doc["at"] = doc["@timestamp"]
	delete(doc, "host")
	delete(doc, "@timestamp")
	delete(doc, "tags")
	doc["edited"] = map[string]any{
		"numbers": []any{json.Number("9007199254740993"), json.Number("1.0"), json.Number("12345678901234567890.125")},
		"list":    []any{map[string]any{"b": json.Number("1")}, map[string]any{}, map[string]any{"b": json.Number("1.50")}},
	}
}

// TestVerifyOfTransformed moves documents through a chain of four transforms, computes what must come of them a second time, and finds just that on
// the target; verify comes to the same.
func TestVerifyOfTransformed(t *testing.T) {
	wipe(t, source)
	wipe(t, target)
	dir := t.TempDir()
	load := corpus.Load{Index: "many", Shards: 3, Docs: *transformDocuments, Size: 2048}
	if err := load.Run(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	if err := source.Snapshot(t.Context(), "transformed", "transformed", "many"); err != nil {
		t.Fatal(err)
	}
	must(t, target, "PUT", "/most", `{"mappings":{"dynamic":false},"settings":{"number_of_shards":2,"number_of_replicas":0}}`)
	must(t, target, "PUT", "/copies-000001", `{"mappings":{"dynamic":false},"aliases":{"copies":{"is_write_index":true}},"settings":{"number_of_replicas":0}}`)
	config := filepath.Join(dir, "transforms.yaml")
	if err := os.WriteFile(config, []byte(transforms), 0o600); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	moved := migassist(t, dir, rfsArgs(dir, "transformed", "transformed", "--doc-transformer-config-file", config)...).want(t, findings).summary(t) // that copies is an alias
	t.Logf("%d documents moved in %s: %+v", load.Docs, time.Since(began).Round(10*time.Millisecond), moved.Total)
	if tenth := load.Docs / 10; moved.Total.Read != load.Docs || moved.Total.Dropped != tenth || moved.Total.Made != tenth || moved.Total.Skipped+moved.Total.Refused > 0 {
		t.Errorf("%+v", moved.Total)
	}
	if there := moved.OnTarget; there["most"]+there["copies-000001"] != moved.Total.Written {
		t.Errorf("%d written, and on the target %v", moved.Total.Written, there)
	}
	sameTransformed(t, load.Docs)
	v := migassist(t, dir, verifyArgs("transformed", "transformed", "--doc-transformer-config-file", config)...).want(t, done).verdict(t)
	if v.Total.Equal != moved.Total.Written {
		t.Errorf("%+v", v)
	}
	must(t, target, "DELETE", "/most/_doc/5?routing=r2&refresh=true", "")
	must(t, target, "PUT", "/copies/_doc/17-copy?routing=r2&refresh=true", `{"of":18}`)
	v = migassist(t, dir, verifyArgs("transformed", "transformed", "--doc-transformer-config-file", config)...).want(t, findings).verdict(t)
	if diff := cmp.Diff([]string{"different", "missing"}, kinds(v)); diff != "" {
		t.Error(diff, v.found())
	}
}

// kinds are those of the differences, as found sorts them.
func kinds(v verdict) (all []string) {
	for _, line := range v.found() {
		all = append(all, line[:strings.Index(line, " ")])
	}
	return all
}

// sameTransformed compares the target with the second computation, value by value, numbers as they are written.
func sameTransformed(t *testing.T, documents int) {
	t.Helper()
	must(t, source, "POST", "/_refresh", "")
	must(t, target, "POST", "/_refresh", "")
	got := map[string]any{}
	for _, index := range []string{"most", "copies-000001"} {
		err := target.Scan(t.Context(), index, 0, 1, func(hit testcluster.Hit) error {
			decoder := json.NewDecoder(bytes.NewReader(hit.Source))
			decoder.UseNumber()
			var doc map[string]any
			err := decoder.Decode(&doc)
			got[fmt.Sprintf("%s/%s %s", strings.TrimSuffix(index, "-000001"), hit.ID, hit.Routing)] = doc
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	seen, different := 0, 0
	err := source.Scan(t.Context(), "many", 0, 1, func(hit testcluster.Hit) error {
		n, err := strconv.Atoi(hit.ID)
		if err != nil {
			return err
		}
		want, err := transformed(n, hit.Source)
		seen++
		for key, doc := range want {
			if diff := cmp.Diff(doc, got[key]); diff != "" {
				if different++; different < 4 {
					t.Errorf("%s: %.1000s", key, diff)
				}
			}
			delete(got, key)
		}
		return err
	})
	if err != nil || seen != documents || len(got) > 0 || different > 0 {
		t.Errorf("%d documents, %d differ, %d too many, %v", seen, different, len(got), err)
	}
}
