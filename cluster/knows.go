package cluster

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// SettingNames are the settings of the cluster that it knows, set or not; those whose last part is the user's own are not among them.
// None is said where the cluster does not tell.
func (r *Reader) SettingNames(ctx context.Context) (map[string]bool, error) {
	if r.serverless {
		return nil, nil
	}
	var answer struct {
		Persistent map[string]json.RawMessage `json:"persistent"`
		Transient  map[string]json.RawMessage `json:"transient"`
		Defaults   map[string]json.RawMessage `json:"defaults"`
	}
	err := r.get(ctx, esapi.ClusterGetSettingsRequest{FlatSettings: new(true), IncludeDefaults: new(true)}, &answer)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, some := range []map[string]json.RawMessage{answer.Persistent, answer.Transient, answer.Defaults} {
		for name := range some {
			names[name] = true
		}
	}
	return names, nil
}

// Processors are the kinds of processors that every node has for ingest pipelines and, beside, for search pipelines.
func (r *Reader) Processors(ctx context.Context) (ingest, search []string, err error) {
	type processor struct {
		Type string `json:"type"`
	}
	type node struct {
		Ingest struct {
			Processors []processor `json:"processors"`
		} `json:"ingest"`
		Search struct {
			Request  []processor `json:"request_processors"`
			Response []processor `json:"response_processors"`
			Phase    []processor `json:"phase_results_processors"`
		} `json:"search_pipelines"`
	}
	var answer struct {
		Nodes map[string]node `json:"nodes"`
	}
	err = r.get(ctx, plain{method: http.MethodGet, path: "/_nodes/ingest,search_pipelines"}, &answer)
	if absent(err) || Unauthorized(err) || NotFound(err) {
		return nil, nil, nil
	}
	for _, n := range answer.Nodes {
		for _, p := range n.Ingest.Processors {
			ingest = append(ingest, p.Type)
		}
		for _, p := range slices.Concat(n.Search.Request, n.Search.Response, n.Search.Phase) {
			search = append(search, p.Type)
		}
	}
	return everyNodes(ingest, len(answer.Nodes)), everyNodes(search, len(answer.Nodes)), err
}

// everyNodes are the names that are there once for each node at least.
func everyNodes(names []string, nodes int) []string {
	counts := map[string]int{}
	var all []string
	for _, name := range names {
		if counts[name]++; counts[name] == nodes {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// ScriptLanguages are those in which the cluster takes stored scripts; none is said by versions that do not tell.
func (r *Reader) ScriptLanguages(ctx context.Context) ([]string, error) {
	var answer struct {
		Contexts []struct {
			Language string `json:"language"`
		} `json:"language_contexts"`
	}
	err := r.get(ctx, plain{method: http.MethodGet, path: "/_script_language"}, &answer)
	if absent(err) || Unauthorized(err) || NotFound(err) {
		return nil, nil
	}
	languages := make([]string, len(answer.Contexts)) // not nil: none is an answer
	for i, one := range answer.Contexts {
		languages[i] = one.Language
	}
	return languages, err
}

// TryPipeline has the cluster build an ingest pipeline and run it on nothing; the error is the reason why it takes it not.
func (r *Reader) TryPipeline(ctx context.Context, body json.RawMessage) error {
	request, err := json.Marshal(map[string]json.RawMessage{"pipeline": body, "docs": json.RawMessage(`[{"_source":{}}]`)})
	if err != nil {
		return err
	}
	err = r.get(ctx, plain{method: http.MethodPost, path: "/_ingest/pipeline/_simulate", body: request}, nil)
	if Unauthorized(err) || absent(err) {
		return nil
	}
	return err
}
