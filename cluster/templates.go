package cluster

import (
	"context"
	"encoding/json"
	"net/url"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"migassist/cluster/version"
)

// Templates returns the legacy templates called so, or all without a name; none is not an error.
func (r *Reader) Templates(ctx context.Context, names ...string) (map[string]json.RawMessage, error) {
	templates := map[string]json.RawMessage{}
	err := r.get(ctx, esapi.IndicesGetTemplateRequest{Name: escape(names), FlatSettings: new(true)}, &templates)
	if err != nil && !NotFound(err) {
		return nil, err
	}
	return templates, nil
}

// ComponentTemplates returns the component templates called so, or all without a name; none is not an
// error, nor is a cluster too old to know them.
func (r *Reader) ComponentTemplates(ctx context.Context, names ...string) (map[string]json.RawMessage, error) {
	if !r.composes() {
		return map[string]json.RawMessage{}, nil
	}
	var answer struct {
		Templates []struct {
			Name string          `json:"name"`
			Body json.RawMessage `json:"component_template"`
		} `json:"component_templates"`
	}
	err := r.get(ctx, esapi.ClusterGetComponentTemplateRequest{Name: escape(names)}, &answer)
	if err != nil && !NotFound(err) {
		return nil, err
	}
	templates := make(map[string]json.RawMessage, len(answer.Templates))
	for _, template := range answer.Templates {
		templates[template.Name] = template.Body
	}
	return templates, nil
}

// IndexTemplates returns the composable index templates called so, or all for "", in the same manner.
func (r *Reader) IndexTemplates(ctx context.Context, name string) (map[string]json.RawMessage, error) {
	if !r.composes() {
		return map[string]json.RawMessage{}, nil
	}
	var answer struct {
		Templates []struct {
			Name string          `json:"name"`
			Body json.RawMessage `json:"index_template"`
		} `json:"index_templates"`
	}
	err := r.get(ctx, esapi.IndicesGetIndexTemplateRequest{Name: url.PathEscape(name)}, &answer)
	if err != nil && !NotFound(err) {
		return nil, err
	}
	templates := make(map[string]json.RawMessage, len(answer.Templates))
	for _, template := range answer.Templates {
		templates[template.Name] = template.Body
	}
	return templates, nil
}

// composes reports whether the cluster knows component and index templates.
func (r *Reader) composes() bool {
	return r.info.Version.Flavor == version.OpenSearch || r.info.Version.AtLeast(7, 8)
}
