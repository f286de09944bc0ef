package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"migassist/cluster/version"
)

// Family is a kind of small documents that a cluster keeps by name, beside indices and templates.
type Family string

// The families.
const (
	StoredScripts   Family = "stored scripts"
	IngestPipelines Family = "ingest pipelines"
	SearchPipelines Family = "search pipelines"
	// Policies are of ILM on Elasticsearch, of ISM on OpenSearch.
	Policies    Family = "policies"
	DataStreams Family = "data streams"
)

// routes are where a family is listed and put, and how its list is taken apart. None are of a version that does not know it.
type routes struct {
	list, put string
	unpack    func(json.RawMessage) (map[string]json.RawMessage, error)
}

// families are their routes by version.
var families = map[Family]func(version.Version) routes{
	StoredScripts: func(v version.Version) routes {
		if v.Flavor == version.Elasticsearch && v.Major < 5 {
			return routes{} // in files, or in an index of their own
		}
		return routes{"/_cluster/state/metadata?filter_path=metadata.stored_scripts", "/_scripts/", storedScripts}
	},
	IngestPipelines: func(v version.Version) routes {
		if v.Flavor == version.Elasticsearch && v.Major < 5 {
			return routes{}
		}
		return routes{"/_ingest/pipeline", "/_ingest/pipeline/", byName}
	},
	SearchPipelines: func(v version.Version) routes {
		if v.Flavor != version.OpenSearch || !v.AtLeast(2, 7) {
			return routes{}
		}
		return routes{"/_search/pipeline", "/_search/pipeline/", byName}
	},
	Policies: func(v version.Version) routes {
		switch {
		case v.Flavor == version.OpenSearch:
			return routes{"/_plugins/_ism/policies?size=1000", "/_plugins/_ism/policies/", ismPolicies}
		case v.AtLeast(6, 6):
			return routes{"/_ilm/policy", "/_ilm/policy/", byName}
		}
		return routes{}
	},
	DataStreams: func(v version.Version) routes {
		if v.Flavor == version.Elasticsearch && !v.AtLeast(7, 9) {
			return routes{}
		}
		return routes{"/_data_stream", "/_data_stream/", dataStreams}
	},
}

// Named returns all of a family by name, each as the cluster's API has it. The map is nil where this cluster has nothing of the
// kind: its version is older, or a plugin is not there.
func (r *Reader) Named(ctx context.Context, family Family) (map[string]json.RawMessage, error) {
	at := families[family](r.info.Version)
	if at.list == "" || r.serverless {
		return nil, nil
	}
	var answer json.RawMessage
	switch err := r.get(ctx, plain{method: http.MethodGet, path: at.list}, &answer); {
	case absent(err):
		return nil, nil
	case NotFound(err): // none is there
		return map[string]json.RawMessage{}, nil
	case err != nil:
		return nil, fmt.Errorf("list the %s: %w", family, err)
	}
	named, err := at.unpack(answer)
	if err != nil {
		return nil, fmt.Errorf("read the list of %s: %w", family, err)
	}
	return named, nil
}

// absent tells whether a server has no such route: a plugin is missing, or the build. Some take the route for the name of an index.
func absent(err error) bool {
	answer, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	return answer.Status == http.StatusMethodNotAllowed || answer.Type == "invalid_index_name_exception" ||
		answer.Status == http.StatusBadRequest && (strings.Contains(answer.Reason, "no handler found") || strings.Contains(answer.Reason, "unrecognized parameter"))
}

func byName(answer json.RawMessage) (named map[string]json.RawMessage, err error) {
	named = map[string]json.RawMessage{}
	return named, json.Unmarshal(answer, &named)
}

func storedScripts(answer json.RawMessage) (map[string]json.RawMessage, error) {
	var state struct {
		Metadata struct {
			Scripts map[string]json.RawMessage `json:"stored_scripts"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(answer, &state); err != nil {
		return nil, err
	}
	named := make(map[string]json.RawMessage, len(state.Metadata.Scripts))
	for name, script := range state.Metadata.Scripts {
		body, err := json.Marshal(map[string]json.RawMessage{"script": script})
		if err != nil {
			return nil, err
		}
		named[name] = body
	}
	return named, nil
}

func ismPolicies(answer json.RawMessage) (map[string]json.RawMessage, error) {
	var list struct {
		Policies []struct {
			ID     string          `json:"_id"`
			Policy json.RawMessage `json:"policy"`
		} `json:"policies"`
		Total int `json:"total_policies"`
	}
	if err := json.Unmarshal(answer, &list); err != nil {
		return nil, err
	}
	if list.Total > len(list.Policies) {
		return nil, fmt.Errorf("it has %d, and only %d of them are told at once", list.Total, len(list.Policies))
	}
	named := make(map[string]json.RawMessage, len(list.Policies))
	for _, one := range list.Policies {
		body, err := json.Marshal(map[string]json.RawMessage{"policy": one.Policy})
		if err != nil {
			return nil, err
		}
		named[one.ID] = body
	}
	return named, nil
}

func dataStreams(answer json.RawMessage) (map[string]json.RawMessage, error) {
	var list struct {
		Streams []json.RawMessage `json:"data_streams"`
	}
	if err := json.Unmarshal(answer, &list); err != nil {
		return nil, err
	}
	named := make(map[string]json.RawMessage, len(list.Streams))
	for _, one := range list.Streams {
		var head struct {
			Name string `json:"name"`
		}
		if err := json.Unmarshal(one, &head); err != nil {
			return nil, err
		}
		named[head.Name] = one
	}
	return named, nil
}

// PersistentSettings are those of the cluster, flat.
func (r *Reader) PersistentSettings(ctx context.Context) (map[string]json.RawMessage, error) {
	var answer struct {
		Persistent map[string]json.RawMessage `json:"persistent"`
	}
	if err := r.get(ctx, esapi.ClusterGetSettingsRequest{FlatSettings: new(true)}, &answer); err != nil {
		return nil, err
	}
	if answer.Persistent == nil {
		answer.Persistent = map[string]json.RawMessage{}
	}
	return answer.Persistent, nil
}

// PutNamed creates or replaces one of a family. A data stream takes no body: pass nil.
func (c *Client) PutNamed(ctx context.Context, family Family, name string, body json.RawMessage) error {
	at := families[family](c.info.Version)
	if at.put == "" || name == "" {
		return fmt.Errorf("put %q among the %s: %s has none", name, family, c.info.Version)
	}
	over := c.repeat
	if family == DataStreams {
		over = c.careful // a second one is refused
	}
	return c.acknowledged(ctx, over, plain{method: http.MethodPut, path: at.put + segment(name), body: body}, "put "+name+" among the "+string(family))
}

// PutPersistentSettings changes settings of the cluster: {"cluster.max_shards_per_node": "2000", ...}.
func (c *Client) PutPersistentSettings(ctx context.Context, settings json.RawMessage) error {
	body, err := json.Marshal(map[string]json.RawMessage{"persistent": settings})
	if err != nil {
		return err
	}
	return c.acknowledged(ctx, c.repeat, plain{method: http.MethodPut, path: "/_cluster/settings", body: body}, "put settings of the cluster")
}

// CloseIndex closes an index. Closing a closed one changes nothing.
func (c *Client) CloseIndex(ctx context.Context, name string) error {
	return c.acknowledged(ctx, c.repeat, plain{method: http.MethodPost, path: "/" + segment(name) + "/_close"}, "close index "+name)
}

// AttachPolicy gives an index to a policy of ISM. That it has one already is an error that says so.
func (c *Client) AttachPolicy(ctx context.Context, index, policy string) error {
	body, err := json.Marshal(map[string]string{"policy_id": policy})
	if err != nil {
		return err
	}
	var answer struct {
		Failures bool `json:"failures"`
		Failed   []struct {
			Reason string `json:"reason"`
		} `json:"failed_indices"`
	}
	if err := send(ctx, c.careful, plain{method: http.MethodPost, path: "/_plugins/_ism/add/" + segment(index), body: body}, &answer); err != nil {
		return err
	}
	if len(answer.Failed) > 0 {
		return fmt.Errorf("attach policy %s to %s: %s", policy, index, answer.Failed[0].Reason)
	}
	return nil
}

// AttachedPolicy is the policy of ISM that an index has, "" for none.
func (r *Reader) AttachedPolicy(ctx context.Context, index string) (string, error) {
	var answer map[string]json.RawMessage
	if err := r.get(ctx, plain{method: http.MethodGet, path: "/_plugins/_ism/explain/" + segment(index)}, &answer); err != nil {
		return "", err
	}
	var told struct {
		Policy *string `json:"index.plugins.index_state_management.policy_id"`
		Older  *string `json:"index.opendistro.index_state_management.policy_id"`
	}
	if answer[index] == nil {
		return "", nil
	}
	if err := json.Unmarshal(answer[index], &told); err != nil {
		return "", fmt.Errorf("read what policy %s has: %w", index, err)
	}
	for _, policy := range []*string{told.Policy, told.Older} {
		if policy != nil {
			return *policy, nil
		}
	}
	return "", nil
}

// plain is a request that esapi has no type for.
type plain struct {
	method, path string // the path escaped, with its query
	body         json.RawMessage
}

// Do sends it.
func (p plain) Do(ctx context.Context, over esapi.Transport) (*esapi.Response, error) {
	at, err := url.Parse(p.path)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, p.method, at.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	if p.body != nil {
		request, err = http.NewRequestWithContext(ctx, p.method, at.String(), bytes.NewReader(p.body))
		if err != nil {
			return nil, err
		}
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := over.Perform(request) //nolint:bodyclose // whoever reads the response closes it
	if err != nil {
		return nil, err
	}
	return &esapi.Response{StatusCode: answer.StatusCode, Body: answer.Body, Header: answer.Header}, nil
}
