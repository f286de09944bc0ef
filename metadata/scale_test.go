package metadata

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"migassist/cluster/version"
	"migassist/metadata/rules"
)

// BenchmarkPlan plans ten thousand indices, one of them with five thousand fields.
func BenchmarkPlan(b *testing.B) {
	var wide strings.Builder
	wide.WriteString(`{"properties":{`)
	for i := range 5000 {
		fmt.Fprintf(&wide, `"f%d":{"type":"text","fields":{"raw":{"type":"keyword","ignore_above":256}}},`, i)
	}
	wide.WriteString(`"last":{"type":"version"}}}`)
	from := &Source{Origin: Origin{Version: version.Version{Flavor: version.Elasticsearch, Major: 7, Minor: 10, Patch: 2}}}
	for i := range 10_000 {
		from.Indices = append(from.Indices, IndexName{Name: fmt.Sprintf("index-%05d", i)})
	}
	from.Index = func(_ context.Context, name string) (*rules.Item, error) {
		item := &rules.Item{Kind: rules.Index, Name: name, RoutingShards: 1024, Settings: map[string]any{
			"index.number_of_shards": "1", "index.uuid": "x", "index.creation_date": "1", "index.version.created": "7100299", "index.provided_name": name,
		}}
		mapping := `{"properties":{"a":{"type":"keyword"},"b":{"type":"date"},"c":{"properties":{"d":{"type":"flattened"}}}}}`
		if name == "index-00000" {
			mapping = wide.String()
		}
		var err error
		item.Mappings, err = decodeObject([]byte(mapping))
		return item, err
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewPlan(b.Context(), Input{Source: from, Target: newTarget()}); err != nil {
			b.Fatal(err)
		}
	}
}
