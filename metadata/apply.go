package metadata

import (
	"context"
	"errors"
	"fmt"

	"migassist/cluster"
	"migassist/metadata/rules"
)

// Apply sends the requests of the plan, in its order, and nothing else. What
// has come to exist since the plan was made is left alone and compared. A step
// that fails is reported with the server's reason and the others go on.
//
// The error is for what ends the work: the target out of reach, or ctx done. The
// report is complete in any case, with what was not tried named so.
func (p *Plan) Apply(ctx context.Context, target Target) (*Report, error) {
	if err := p.meant(target); err != nil {
		return nil, err
	}
	there, err := readTarget(ctx, target)
	if err != nil {
		return nil, err
	}
	if err := p.fresh(there); err != nil {
		return nil, err
	}
	a := &application{plan: p, target: target, present: there, report: p.newReport()}
	for i, step := range p.Steps {
		result, err := a.step(ctx, step)
		a.report.Results = append(a.report.Results, result)
		if err != nil {
			for _, rest := range p.Steps[i+1:] {
				a.report.Results = append(a.report.Results, a.untried(rest))
			}
			a.lower(ctx)
			a.finish()
			return a.report, fmt.Errorf("apply %s %s: %w", step.Kind, step.Name, err)
		}
	}
	a.lower(ctx)
	err = a.verify(ctx)
	a.finish()
	return a.report, err
}

// meant refuses a target other than the one the plan was made for.
func (p *Plan) meant(target Target) error {
	info := target.Info()
	switch {
	case info.Version != p.Target.Version:
		return fmt.Errorf("the plan was made for %s, the target is %s: make the plan anew", p.Target.Version, info.Version)
	case info.UUID != p.Target.UUID:
		return fmt.Errorf("the plan was made for the cluster %s, the target is %s: make the plan anew", p.Target.UUID, info.UUID)
	}
	return nil
}

// application is a plan being applied.
type application struct {
	plan    *Plan
	target  Target
	present *present
	report  *Report
	created []*Result // of indices, to be read back
	raised  bool      // the shield
	// unshielded is why the shield could not be put in its place.
	unshielded error
}

func (a *application) untried(step *Step) *Result {
	result := resultOf(step)
	if step.Action == Create {
		result.Fate, result.Reason = NotTried, ""
	}
	return result
}

func (a *application) step(ctx context.Context, step *Step) (*Result, error) {
	result := resultOf(step)
	switch step.Action {
	case Create:
		if a.present.has(step.Kind, step.Name) && step.Kind != rules.ClusterSettings {
			return result, a.came(ctx, step, result)
		}
		return result, a.create(ctx, step, result)
	case Exists:
		return result, a.came(ctx, step, result)
	case Left, Refused, Finish:
	}
	return result, nil
}

// came compares what exists with what the plan wants.
func (a *application) came(ctx context.Context, step *Step, result *Result) error {
	result.Fate = WasThere
	if !a.present.has(step.Kind, step.Name) {
		result.Fate, result.Reason = Failed, "it existed when the plan was made and is gone: make the plan anew"
		return nil
	}
	current, err := a.present.current(ctx, a.target, step.Kind, step.Name)
	if err != nil {
		return failed(ctx, result, err)
	}
	wanted, err := step.wanted()
	if err != nil {
		return err
	}
	result.Differences = a.plan.Target.differences(wanted, current)
	result.Match = matchOf(result.Kind, result.Differences)
	return nil
}

func (a *application) create(ctx context.Context, step *Step, result *Result) error {
	var err error
	body := step.Request.Body.sent()
	switch step.Kind {
	case rules.ClusterSettings:
		err = a.target.PutPersistentSettings(ctx, NewBody(step.Request.Body.Part("persistent")).sent())
	case rules.StoredScript, rules.IngestPipeline, rules.SearchPipeline, rules.Policy:
		err = a.target.PutNamed(ctx, families[step.Kind], step.Name, body)
	case rules.DataStream:
		err = a.target.PutNamed(ctx, cluster.DataStreams, step.Name, nil)
	case rules.ComponentTemplate:
		err = a.target.PutComponentTemplate(ctx, step.Name, body)
	case rules.IndexTemplate:
		err = a.target.PutIndexTemplate(ctx, step.Name, body)
	case rules.LegacyTemplate:
		err = a.target.PutTemplate(ctx, step.Name, body)
	case rules.Index:
		if err := a.raise(ctx, step); err != nil {
			return failed(ctx, result, err)
		}
		err = a.target.CreateIndex(ctx, step.Name, body)
	default:
		err = fmt.Errorf("the plan has an item of the kind %q, which is not known", step.Kind)
	}
	switch {
	case err == nil:
	case errors.Is(err, cluster.ErrNotAcknowledged):
		result.Reason = reasonOf(err)
	case cluster.Exists(err):
		if a.present, err = readTarget(ctx, a.target); err != nil {
			return failed(ctx, result, err)
		}
		return a.came(ctx, step, result)
	default:
		return failed(ctx, result, err)
	}
	result.Fate = Created
	if step.Kind == rules.Index {
		a.created = append(a.created, result)
		result.step = step
	}
	return nil
}

// failed keeps the reason, and ends the work where going on is of no use.
func failed(ctx context.Context, result *Result, err error) error {
	result.Fate, result.Reason = Failed, reasonOf(err)
	if ctx.Err() != nil {
		result.Fate, result.Reason = NotTried, "its request was under way when the work was stopped; the target may have carried it out"
		return context.Cause(ctx)
	}
	if _, gone := errors.AsType[*cluster.ConnectionError](err); gone {
		return err
	}
	return nil
}

// verify reads the created indices back: a template of the target may have added
// to them.
func (a *application) verify(ctx context.Context) error {
	const batch = 50
	for from := 0; from < len(a.created); from += batch {
		some := a.created[from:min(from+batch, len(a.created))]
		names := make([]string, len(some))
		for i, result := range some {
			names[i] = result.Name
		}
		indices, err := a.target.Indices(ctx, names...)
		if err != nil {
			return fmt.Errorf("read the created indices back: %w", err)
		}
		for _, result := range some {
			index, there := indices[result.Name]
			if !there {
				result.Fate, result.Reason = Failed, "the target created it and does not have it any more"
				continue
			}
			current, err := targetIndex(result.Name, index)
			if err != nil {
				return err
			}
			wanted, err := result.step.wanted()
			if err != nil {
				return err
			}
			result.Differences = a.plan.Target.differences(wanted, current)
		}
	}
	return nil
}

// settings are the flat ones of what a step makes.
func (s *Step) settings() map[string]any {
	switch s.Kind {
	case rules.Index, rules.LegacyTemplate:
		return rules.FlatSettings(s.After.Part("settings"))
	case rules.ComponentTemplate, rules.IndexTemplate:
		settings, _ := s.After.Part("template")["settings"].(map[string]any)
		return rules.FlatSettings(settings)
	case rules.ClusterSettings, rules.StoredScript, rules.IngestPipeline, rules.SearchPipeline, rules.Policy, rules.DataStream:
	}
	return nil
}

// wanted is the item whose body a step sends.
func (s *Step) wanted() (*rules.Item, error) {
	item := &rules.Item{Kind: s.Kind, Name: s.Name, Rest: map[string]any{}}
	after := s.After.Object()
	content := after
	switch s.Kind {
	case rules.ClusterSettings, rules.StoredScript, rules.IngestPipeline, rules.SearchPipeline, rules.Policy, rules.DataStream:
		item.Rest = after
		return item, nil
	case rules.ComponentTemplate, rules.IndexTemplate, rules.LegacyTemplate, rules.Index:
	}
	if s.Kind == rules.ComponentTemplate || s.Kind == rules.IndexTemplate {
		for key, value := range after {
			if key != "template" {
				item.Rest[key] = value
			}
		}
		content, _ = after["template"].(map[string]any)
	}
	for key, value := range content {
		object, isObject := value.(map[string]any)
		switch {
		case key == "settings" && isObject:
			item.Settings = rules.FlatSettings(object)
		case key == "mappings" && isObject:
			item.Mappings = object
		case key == "aliases" && isObject:
			item.Aliases = object
		case s.Kind == rules.LegacyTemplate:
			item.Rest[key] = value
		default:
			return nil, fmt.Errorf("the plan's %s %s has %q where it cannot be", s.Kind, s.Name, key)
		}
	}
	return item, nil
}

func (a *application) finish() { a.report.finish(a.plan) }
