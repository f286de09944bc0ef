package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"migassist/cluster"
)

// kept is a kind of things that a probe makes.
type kept struct {
	what   string
	list   func(context.Context) ([]string, error)
	remove func(context.Context, string) error
}

// kinds are in the order in which they can be removed: who uses another comes before it.
func (p *probe) kinds() []kept {
	t := p.target
	kinds := []kept{
		{"index", func(ctx context.Context) ([]string, error) {
			indices, err := t.Aliases(ctx)
			return slices.Collect(maps.Keys(indices)), err
		}, func(ctx context.Context, name string) error { return t.DeleteIndex(ctx, name) }},
		{"index template", names(func(ctx context.Context) (map[string]json.RawMessage, error) { return t.IndexTemplates(ctx, "") }), t.DeleteIndexTemplate},
		{"legacy template", names(func(ctx context.Context) (map[string]json.RawMessage, error) { return t.Templates(ctx) }), t.DeleteTemplate},
		{"component template", names(func(ctx context.Context) (map[string]json.RawMessage, error) { return t.ComponentTemplates(ctx) }), t.DeleteComponentTemplate},
	}
	for _, family := range []cluster.Family{cluster.SearchPipelines, cluster.Policies, cluster.StoredScripts} {
		kinds = append(kinds, kept{
			string(family),
			names(func(ctx context.Context) (map[string]json.RawMessage, error) { return t.Named(ctx, family) }),
			func(ctx context.Context, name string) error { return t.DeleteNamed(ctx, family, name) },
		})
	}
	return kinds
}

func names(list func(context.Context) (map[string]json.RawMessage, error)) func(context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) {
		all, err := list(ctx)
		return slices.Collect(maps.Keys(all)), err
	}
}

// sweep removes everything whose name begins so. It goes on where one can't be removed.
func (p *probe) sweep(ctx context.Context, prefix string) (removed []string, err error) {
	for _, kind := range p.kinds() {
		all, listed := kind.list(ctx)
		if cluster.Unauthorized(listed) {
			continue // who may not see them has not made any
		}
		if listed != nil {
			err = errors.Join(err, fmt.Errorf("list each %s of the target: %w", kind.what, listed))
			continue
		}
		slices.Sort(all)
		for _, name := range all {
			if !strings.HasPrefix(name, prefix) {
				continue
			}
			if failed := kind.remove(ctx, name); failed != nil && !cluster.NotFound(failed) {
				err = errors.Join(err, fmt.Errorf("remove %s %s: %w", kind.what, name, failed))
				continue
			}
			removed = append(removed, name)
		}
	}
	return removed, err
}
