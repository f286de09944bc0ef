package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// ErrNotStarted is wrapped by the error for an index that was created, and of which a shard had no place in time.
var ErrNotStarted = errors.New("it was created, and its shard had not started on any node in time (GET /_cluster/allocation/explain says why)")

// CreateIndexStarted creates an index as CreateIndex does, and makes sure that its shards work.
func (c *Client) CreateIndexStarted(ctx context.Context, name string, body json.RawMessage) error {
	var answer struct {
		Acknowledged bool `json:"acknowledged"`
		Started      bool `json:"shards_acknowledged"`
	}
	if err := send(ctx, c.careful, plain{method: http.MethodPut, path: "/" + segment(name), body: body}, &answer); err != nil {
		return err
	}
	switch {
	case !answer.Acknowledged:
		return fmt.Errorf("create index %s: %w", name, ErrNotAcknowledged)
	case !answer.Started:
		return fmt.Errorf("create index %s: %w", name, ErrNotStarted)
	}
	return nil
}

// Analyze cuts a text into terms as an index does: {"analyzer": "mine", "text": "..."}.
func (r *Reader) Analyze(ctx context.Context, index string, body json.RawMessage) error {
	return r.get(ctx, esapi.IndicesAnalyzeRequest{Index: segment(index), Body: reader(body)}, nil)
}

// SimulateIndexTemplate returns {"settings": ..., "mappings": ..., "aliases": ...} that an index template would give to a new index,
// or the reason why the cluster would not take it. Nothing is changed.
func (c *Client) SimulateIndexTemplate(ctx context.Context, body json.RawMessage) (json.RawMessage, error) {
	var answer struct {
		Template json.RawMessage `json:"template"`
	}
	err := send(ctx, c.repeat, plain{method: http.MethodPost, path: "/_index_template/_simulate", body: body}, &answer)
	return answer.Template, err
}

// DeleteTemplate deletes the legacy template called so. NotFound tells that there is none.
func (c *Client) DeleteTemplate(ctx context.Context, name string) error {
	return c.remove(ctx, "/_template/", name, "delete template "+name)
}

// DeleteComponentTemplate deletes the component template called so. NotFound tells that there is none.
func (c *Client) DeleteComponentTemplate(ctx context.Context, name string) error {
	return c.remove(ctx, "/_component_template/", name, "delete component template "+name)
}

// DeleteNamed deletes one of a family. NotFound tells that there is none.
func (c *Client) DeleteNamed(ctx context.Context, family Family, name string) error {
	at := families[family](c.info.Version)
	if at.put == "" {
		return fmt.Errorf("delete %q of the %s: %s has none", name, family, c.info.Version)
	}
	return c.remove(ctx, at.put, name, "delete "+name+" of the "+string(family))
}

// remove deletes by a whole name: some servers take patterns there.
func (c *Client) remove(ctx context.Context, path, name, doing string) error {
	if name == "" || strings.ContainsAny(name, "*,") {
		return fmt.Errorf("%s: only whole names are taken", doing)
	}
	return c.acknowledged(ctx, c.repeat, plain{method: http.MethodDelete, path: path + segment(name)}, doing)
}

// OpenShards is the number of shards of all indices that are not closed, with their copies: what cluster.max_shards_per_node is about.
func (r *Reader) OpenShards(ctx context.Context) (int, error) {
	request := esapi.CatIndicesRequest{Format: "json", H: []string{"status", "pri", "rep"}}
	if r.composes() {
		request.ExpandWildcards = "all"
	}
	var lines []struct{ Status, Pri, Rep string }
	if err := r.get(ctx, request, &lines); err != nil {
		return 0, fmt.Errorf("count the shards: %w", err)
	}
	open := 0
	for _, line := range lines {
		primaries, _ := strconv.Atoi(line.Pri) // empty of an index that is being made
		copies, _ := strconv.Atoi(line.Rep)
		if line.Status == "open" {
			open += primaries * (1 + copies)
		}
	}
	return open, nil
}
