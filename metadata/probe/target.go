package probe

import (
	"context"
	"encoding/json"

	"migassist/cluster"
	"migassist/metadata/lock"
)

// Target is what is probed.
type Target interface {
	lock.Target
	reader
	writer
}

// reader is what is asked.
type reader interface {
	Aliases(ctx context.Context) (map[string][]string, error)
	Templates(ctx context.Context, names ...string) (map[string]json.RawMessage, error)
	ComponentTemplates(ctx context.Context, names ...string) (map[string]json.RawMessage, error)
	Named(ctx context.Context, family cluster.Family) (map[string]json.RawMessage, error)
	Analyze(ctx context.Context, index string, body json.RawMessage) error
	SimulateIndexTemplate(ctx context.Context, body json.RawMessage) (json.RawMessage, error)
	ClusterSettings(ctx context.Context) (map[string]string, error)
	OpenShards(ctx context.Context) (int, error)
	Nodes(ctx context.Context) (cluster.Nodes, error)
}

// writer is what is made and removed.
type writer interface {
	CreateIndexStarted(ctx context.Context, name string, body json.RawMessage) error
	DeleteIndex(ctx context.Context, names ...string) error
	PutTemplate(ctx context.Context, name string, body json.RawMessage) error
	DeleteTemplate(ctx context.Context, name string) error
	PutComponentTemplate(ctx context.Context, name string, body json.RawMessage) error
	DeleteComponentTemplate(ctx context.Context, name string) error
	PutNamed(ctx context.Context, family cluster.Family, name string, body json.RawMessage) error
	DeleteNamed(ctx context.Context, family cluster.Family, name string) error
}

var _ Target = (*cluster.Client)(nil)
