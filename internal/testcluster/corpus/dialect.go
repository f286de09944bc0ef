package corpus

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"migassist/internal/testcluster"
)

// dialect turns requests as Elasticsearch 7 takes them into those of another version.
type dialect struct{ spec testcluster.Spec }

// before tells whether the server is an Elasticsearch older than the version.
func (d dialect) before(version ...int) bool {
	return d.spec.Product == testcluster.Elasticsearch && !d.spec.AtLeast(testcluster.Elasticsearch, version...)
}

// typeName is the type of documents for which a row names none.
func (d dialect) typeName() string {
	if d.before(6) {
		return "doc"
	}
	return "_doc"
}

// body turns what makes an index. A typed body has its mappings under the names of types already.
func (d dialect) body(body string, typed bool) string {
	if !d.before(7) {
		return body
	}
	var parts map[string]map[string]any
	if err := json.Unmarshal([]byte(body), &parts); err != nil {
		panic(fmt.Sprintf("the table has %s: %v", body, err)) // a row of ours
	}
	delete(parts["settings"], "index.merge.policy.deletes_pct_allowed")
	if mapping := parts["mappings"]; mapping != nil && !typed {
		parts["mappings"] = map[string]any{d.typeName(): mapping}
	}
	for _, mapping := range parts["mappings"] {
		d.fields(mapping)
	}
	out, err := json.Marshal(parts)
	if err != nil {
		panic(err) // it was JSON
	}
	return string(out)
}

// legacyTemplate turns a template, which has one pattern before Elasticsearch 6.
func (d dialect) legacyTemplate(body string) string {
	if !d.before(7) {
		return body
	}
	var parts map[string]any
	if err := json.Unmarshal([]byte(body), &parts); err != nil {
		panic(fmt.Sprintf("the table has %s: %v", body, err)) // a row of ours
	}
	if patterns, ok := parts["index_patterns"].([]any); ok && d.before(6) {
		parts["template"] = patterns[0]
		delete(parts, "index_patterns")
	}
	if d.before(5) {
		delete(parts, "version")
	}
	if mapping := parts["mappings"]; mapping != nil {
		d.fields(mapping)
		parts["mappings"] = map[string]any{d.typeName(): mapping}
	}
	out, err := json.Marshal(parts)
	if err != nil {
		panic(err) // it was JSON
	}
	return string(out)
}

// fields turns the definitions of fields below a mapping.
func (d dialect) fields(mapping any) {
	inner, ok := mapping.(map[string]any)
	if !ok || !d.before(5) {
		return
	}
	for _, below := range []string{"properties", "fields"} {
		if fields, ok := inner[below].(map[string]any); ok {
			for _, name := range slices.Sorted(maps.Keys(fields)) {
				if field, ok := fields[name].(map[string]any); ok {
					d.field(field)
					d.fields(field)
				}
			}
		}
	}
}

// withDocValues are the types that have doc values in Elasticsearch 1.x, where they are off unless asked for.
var withDocValues = []any{"long", "integer", "short", "byte", "double", "float", "boolean", "date", "ip", "geo_point"}

func (d dialect) field(field map[string]any) {
	kind := field["type"]
	switch kind {
	case "keyword":
		field["type"], field["index"] = "string", "not_analyzed"
	case "text":
		field["type"] = "string"
	}
	if d.before(2) && (kind == "keyword" || slices.Contains(withDocValues, kind)) {
		if field["doc_values"] == nil {
			field["doc_values"] = true
		}
	}
}

// meta is the metadata of an operation in a bulk request.
func (d dialect) meta(kind, id, routing, parent string) map[string]string {
	prefix := ""
	if d.before(6) {
		prefix = "_"
	}
	meta := map[string]string{}
	for name, value := range map[string]string{"_id": id, prefix + "routing": routing, prefix + "parent": parent} {
		if value != "" {
			meta[name] = value
		}
	}
	if d.before(7) {
		meta["_type"] = kind
	}
	return meta
}

func (d dialect) merge() string {
	if d.before(2, 1) {
		return "/_optimize?max_num_segments=1"
	}
	return "/_forcemerge?max_num_segments=1"
}

// withoutWaiting is the query that lets the making of an index return before its shards are there.
func (d dialect) withoutWaiting() string {
	if d.before(5) {
		return "" // it never waits
	}
	return "?wait_for_active_shards=0"
}
