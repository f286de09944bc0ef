package probe

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"migassist/cluster"
	"migassist/metadata"
	"migassist/metadata/rules"
)

// policiesIndex is made by a target with its first policy, and stays.
const policiesIndex = ".opendistro-ism-config"

// small tries what is no index.
func (p *probe) small(ctx context.Context, i int, step *metadata.Step) error {
	body := step.Request.Body.Object()
	var err error
	switch step.Kind {
	case rules.StoredScript:
		err = p.put(ctx, i, cluster.StoredScripts, body)
	case rules.IngestPipeline: // making the plan has asked the target already
	case rules.SearchPipeline:
		err = p.put(ctx, i, cluster.SearchPipelines, p.thrown(body))
	case rules.Policy:
		return p.policy(ctx, i, body)
	case rules.ComponentTemplate:
		err = p.component(ctx, i, body)
	case rules.IndexTemplate:
		return p.indexTemplate(ctx, i, body)
	case rules.LegacyTemplate:
		return p.legacy(ctx, i, body)
	case rules.ClusterSettings, rules.DataStream, rules.Index:
		p.note(step.Kind)
		return nil
	}
	p.tried++
	return p.found(ctx, i, err)
}

// note says once of a kind that it is not tried.
func (p *probe) note(kind rules.Kind) {
	text := map[rules.Kind]string{
		rules.ClusterSettings: "probe: settings of the cluster were not tried, as that would change them",
		rules.DataStream:      "probe: data streams were not tried, only the templates that they are made by",
		rules.Policy:          "probe: policies were not tried: the target has none yet, and would keep an index for the first",
	}[kind]
	if !slices.Contains(p.notes, text) {
		p.notes = append(p.notes, text)
	}
}

// put makes one of a family under its throw-away name, where it stays for those that use it.
func (p *probe) put(ctx context.Context, i int, family cluster.Family, body map[string]any) error {
	raw, err := encoded(body)
	if err != nil {
		return err
	}
	return p.target.PutNamed(ctx, family, p.name(i), raw)
}

func (p *probe) policy(ctx context.Context, i int, body map[string]any) error {
	indices, err := p.target.Aliases(ctx)
	if err != nil {
		return fmt.Errorf("list the indices of the target: %w", err)
	}
	if _, there := indices[policiesIndex]; !there {
		p.note(rules.Policy)
		return nil
	}
	if policy, ok := body["policy"].(map[string]any); ok {
		policy = maps.Clone(policy)
		delete(policy, "ism_template") // it would be given to indices
		body["policy"] = policy
	}
	p.tried++
	return p.found(ctx, i, p.put(ctx, i, cluster.Policies, body))
}

func (p *probe) component(ctx context.Context, i int, body map[string]any) error {
	raw, err := encoded(body)
	if err != nil {
		return err
	}
	return p.target.PutComponentTemplate(ctx, p.name(i), raw)
}

// indexTemplate is simulated for its own patterns, then put for those of no index.
func (p *probe) indexTemplate(ctx context.Context, i int, body map[string]any) error {
	p.tried++
	if names, ok := body["composed_of"].([]any); ok {
		thrown := make([]any, len(names))
		for at, name := range names {
			thrown[at] = p.other(rules.ComponentTemplate, name)
		}
		body["composed_of"] = thrown
	}
	raw, err := encoded(body)
	if err != nil {
		return err
	}
	resolved, err := p.target.SimulateIndexTemplate(ctx, raw)
	if err != nil {
		return p.found(ctx, i, err)
	}
	body["index_patterns"] = []any{p.name(i)}
	if raw, err = encoded(body); err != nil {
		return err
	}
	if err := p.target.PutIndexTemplate(ctx, p.name(i), raw); err != nil {
		return p.found(ctx, i, err)
	}
	if err := p.target.DeleteIndexTemplate(ctx, p.name(i)); err != nil && !cluster.NotFound(err) {
		return err // a component in use could not be removed
	}
	return p.analyzersOf(ctx, i, resolved)
}

func (p *probe) legacy(ctx context.Context, i int, body map[string]any) error {
	p.tried++
	resolved, err := encoded(map[string]any{"settings": body["settings"], "mappings": body["mappings"]})
	if err != nil {
		return err
	}
	body["index_patterns"] = []any{p.name(i)}
	raw, err := encoded(body)
	if err != nil {
		return err
	}
	if err := p.target.PutTemplate(ctx, p.name(i), raw); err != nil {
		return p.found(ctx, i, err)
	}
	return p.analyzersOf(ctx, i, resolved)
}

// analyzersOf makes an index of what a template gives, where that has analyzers: only these show more than the template itself.
func (p *probe) analyzersOf(ctx context.Context, i int, resolved json.RawMessage) error {
	var content struct{ Settings, Mappings map[string]any }
	if err := decode(resolved, &content); err != nil {
		return fmt.Errorf("read what the target makes of %s: %w", p.plan.Steps[i].Name, err)
	}
	settings := rules.FlatSettings(content.Settings)
	if len(used(settings)) == 0 {
		return nil
	}
	t := trial{name: p.indexOf(i), settings: settings, mappings: content.Mappings}
	for _, err := range p.try(ctx, t) {
		if err := p.found(ctx, i, err); err != nil {
			return err
		}
	}
	return nil
}

// other is the name under which the probe has another item, or its own where the plan does not create it.
func (p *probe) other(kind rules.Kind, name any) any {
	for i, step := range p.plan.Steps {
		if step.Kind == kind && step.Name == name && step.Action == metadata.Create {
			return p.name(i)
		}
	}
	return name
}

// thrown has the names of stored scripts as the probe has them.
func (p *probe) thrown(body map[string]any) map[string]any {
	changed, _ := p.scripts("", body).(map[string]any)
	return changed
}

func (p *probe) scripts(key string, value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, inner := range v {
			if out[name] = p.scripts(name, inner); key == "script" && name == "id" {
				out[name] = p.other(rules.StoredScript, inner)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = p.scripts(key, inner)
		}
		return out
	}
	return value
}
