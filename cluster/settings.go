package cluster

import (
	"context"
	"encoding/json"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// IndexSettings returns what was set for those of the named indices that exist, by their names, flat:
// {"index.refresh_interval": "30s", ...}. What only has its default is not among it.
func (r *Reader) IndexSettings(ctx context.Context, names ...string) (map[string]map[string]json.RawMessage, error) {
	found := make(map[string]map[string]json.RawMessage, len(names))
	for _, some := range requests(names) {
		var answer map[string]struct {
			Settings map[string]json.RawMessage `json:"settings"`
		}
		err := r.get(ctx, esapi.IndicesGetSettingsRequest{
			Index: some, FlatSettings: new(true), IgnoreUnavailable: new(true), AllowNoIndices: new(true),
		}, &answer)
		if err != nil && !NotFound(err) {
			return nil, err
		}
		for name, index := range answer {
			found[name] = index.Settings
		}
	}
	return found, nil
}

// PutIndexSettings changes settings of indices that are open, all of which must be there: {"index.refresh_interval": "30s", ...}. Null
// gives one its default again. Nothing is changed where one of the settings is refused.
func (c *Client) PutIndexSettings(ctx context.Context, settings map[string]json.RawMessage, names ...string) error {
	body, err := json.Marshal(settings)
	if err != nil {
		return err
	}
	for _, some := range requests(names) {
		request := esapi.IndicesPutSettingsRequest{Index: some, Body: reader(body)}
		if err := c.acknowledged(ctx, c.repeat, request, "put settings"); err != nil {
			return err
		}
	}
	return nil
}
