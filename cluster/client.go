package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// Client reads and writes a cluster. It may be used by several goroutines at once. [Connect] makes it.
type Client struct {
	*Reader

	repeat  transport // for writes that leave the same behind however often they are sent
	careful transport // for writes that must not be acted upon twice
	bulk    *wire     // never repeats: what to send again is decided per item, by the caller
	gzip    compressor
}

// CreateIndex creates an index with a body of settings, mappings and aliases; nil creates it with the
// defaults. Exists tells that there is one.
func (c *Client) CreateIndex(ctx context.Context, name string, body json.RawMessage) error {
	return c.acknowledged(ctx, c.careful, esapi.IndicesCreateRequest{Index: url.PathEscape(name), Body: reader(body)}, "create index "+name)
}

// DeleteIndex deletes the indices called so, all of which must be there. Patterns are refused.
func (c *Client) DeleteIndex(ctx context.Context, names ...string) error {
	if len(names) == 0 {
		return nil
	}
	for _, name := range names {
		if name == "" || name == "_all" || strings.ContainsAny(name, "*,") || name[0] == '-' {
			return fmt.Errorf("delete index %q: only whole names are taken", name)
		}
	}
	return c.acknowledged(ctx, c.careful, esapi.IndicesDeleteRequest{Index: escape(names)}, "delete index")
}

// PutTemplate creates or replaces a legacy template.
func (c *Client) PutTemplate(ctx context.Context, name string, body json.RawMessage) error {
	return c.acknowledged(ctx, c.repeat, esapi.IndicesPutTemplateRequest{Name: url.PathEscape(name), Body: reader(body)}, "put template "+name)
}

// PutComponentTemplate creates or replaces a component template.
func (c *Client) PutComponentTemplate(ctx context.Context, name string, body json.RawMessage) error {
	request := esapi.ClusterPutComponentTemplateRequest{Name: url.PathEscape(name), Body: reader(body)}
	return c.acknowledged(ctx, c.repeat, request, "put component template "+name)
}

// PutIndexTemplate creates or replaces a composable index template.
func (c *Client) PutIndexTemplate(ctx context.Context, name string, body json.RawMessage) error {
	request := esapi.IndicesPutIndexTemplateRequest{Name: url.PathEscape(name), Body: reader(body)}
	return c.acknowledged(ctx, c.repeat, request, "put index template "+name)
}

// DeleteIndexTemplate deletes the composable index template called so. NotFound tells that there is none.
func (c *Client) DeleteIndexTemplate(ctx context.Context, name string) error {
	if name == "" || strings.ContainsAny(name, "*,") {
		return fmt.Errorf("delete index template %q: only whole names are taken", name)
	}
	request := esapi.IndicesDeleteIndexTemplateRequest{Name: url.PathEscape(name)}
	return c.acknowledged(ctx, c.repeat, request, "delete index template "+name)
}

// PutAlias makes alias point to index too; the body, which may be nil, holds its filter and routing.
func (c *Client) PutAlias(ctx context.Context, index, alias string, body json.RawMessage) error {
	request := esapi.IndicesPutAliasRequest{Index: escape([]string{index}), Name: url.PathEscape(alias), Body: reader(body)}
	return c.acknowledged(ctx, c.repeat, request, "put alias "+alias)
}

// UpdateAliases does several things to aliases at once or none of them: {"actions": [...]}.
func (c *Client) UpdateAliases(ctx context.Context, body json.RawMessage) error {
	return c.acknowledged(ctx, c.careful, esapi.IndicesUpdateAliasesRequest{Body: reader(body)}, "update aliases")
}

// Refresh makes what was written visible to searches, in the indices given or in all.
func (c *Client) Refresh(ctx context.Context, names ...string) error {
	var answer struct {
		Shards struct {
			Failed int `json:"failed"`
		} `json:"_shards"`
	}
	if err := send(ctx, c.repeat, esapi.IndicesRefreshRequest{Index: escape(names)}, &answer); err != nil {
		return err
	}
	if answer.Shards.Failed > 0 {
		return fmt.Errorf("refresh: %d shards did not", answer.Shards.Failed)
	}
	return nil
}

// acknowledged sends a change of the cluster's state and makes sure that it was taken up by all nodes.
func (c *Client) acknowledged(ctx context.Context, over transport, request esapi.Request, doing string) error {
	var answer struct {
		Acknowledged *bool `json:"acknowledged"`
	}
	if err := send(ctx, over, request, &answer); err != nil {
		return err
	}
	if answer.Acknowledged != nil && !*answer.Acknowledged {
		return fmt.Errorf("%s: %w", doing, ErrNotAcknowledged)
	}
	return nil
}

// reader is a body for esapi; an absent one is an empty object, which every version takes.
func reader(body json.RawMessage) *bytes.Reader {
	if len(body) == 0 {
		body = []byte("{}")
	}
	return bytes.NewReader(body)
}
