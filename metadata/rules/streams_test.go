package rules

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDataStreams: of what they are, and what makes them, only what OpenSearch has is left, and the rest is named. Written from the public
// reference of Elasticsearch 8 and 9.
func TestDataStreams(t *testing.T) {
	set, err := For(pair(t, "elasticsearch 8.17.0", "opensearch 2.19.1"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kind       Kind
		body, want string
		lost       map[string]Fidelity
	}{
		{
			DataStream, `{"timestamp_field":{"name":"@timestamp"},"indices":["a"],"generation":3,"hidden":false,"lifecycle":{"enabled":true,"data_retention":"7d"},"failure_store":true,"failure_indices":["f"],"aliases":{"x":{}},"index_mode":"standard","allow_custom_routing":true,"unheard":1}`,
			`{"timestamp_field":{"name":"@timestamp"}}`,
			map[string]Fidelity{
				"/indices": Equivalent, "/generation": Lossless, "/hidden": Lossless, "/lifecycle": Lossy, "/failure_store": Lossy, "/failure_indices": Lossy,
				"/aliases": Lossy, "/index_mode": Lossless, "/allow_custom_routing": Lossy, "/unheard": Lossy,
			},
		},
		{
			IndexTemplate, `{"index_patterns":["a*"],"data_stream":{"hidden":true,"allow_custom_routing":false},"template.lifecycle":{"data_retention":"7d"},"template.data_stream_options":{"failure_store":{"enabled":true}}}`,
			`{"data_stream":{},"index_patterns":["a*"]}`,
			map[string]Fidelity{"/data_stream/hidden": Lossy, "/data_stream/allow_custom_routing": Lossless, "/template.lifecycle": Lossy, "/template.data_stream_options": Lossy},
		},
	} {
		item := &Item{Kind: c.kind, Name: "s"}
		if err := json.Unmarshal([]byte(c.body), &item.Rest); err != nil {
			t.Fatal(err)
		}
		outcome := set.Rewrite(item)
		lost := map[string]Fidelity{}
		for _, change := range outcome.Changes {
			lost[change.Path] = change.Fidelity
		}
		if diff := cmp.Diff(c.lost, lost); diff != "" {
			t.Errorf("%s: %s", c.kind, diff)
		}
		got, err := json.Marshal(outcome.Item.Rest)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, string(got)); diff != "" {
			t.Errorf("%s: %s", c.kind, diff)
		}
	}
}
