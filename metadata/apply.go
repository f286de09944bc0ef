package metadata

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"migassist/cluster"
	"migassist/metadata/rules"
)

// ApplyOptions are how a plan is applied.
type ApplyOptions struct {
	// AtOnce is how many indices are made at the same time; 0 is 1. All else is made one after the other, before them.
	AtOnce int
	// StopOnError ends the work at the first item that the target does not take.
	StopOnError bool
	// Progress, if it is there, is told how many steps are done, from one goroutine at a time.
	Progress func(done, of int)
}

// Apply sends the requests of the plan, in its order, and nothing else. What
// has come to exist since the plan was made is left alone and compared. A step
// that fails is reported with the server's reason and the others go on, unless
// the options say otherwise.
//
// The error is for what ends the work: the target out of reach, or ctx done. The
// report is complete in any case, with what was not tried named so.
func (p *Plan) Apply(ctx context.Context, target Target, options ApplyOptions) (*Report, error) {
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
	a := &application{plan: p, target: target, options: options, present: there, covered: map[string]bool{}, report: p.newReport()}
	a.report.Results = make([]*Result, len(p.Steps))
	if p.Shield != nil {
		for _, name := range p.Shield.Indices {
			a.covered[name] = true
		}
	}
	err = a.all(ctx)
	for i, step := range p.Steps {
		if a.report.Results[i] == nil {
			a.report.Results[i] = a.untried(step)
		}
	}
	a.lower(ctx)
	if err == nil {
		err = a.verify(ctx)
	}
	a.report.finish(a.plan)
	return a.report, err
}

// all applies the steps: indices several at a time, what comes before them one after the other. The first error ends it.
func (a *application) all(ctx context.Context) error {
	apart := slices.IndexFunc(a.plan.Steps, func(s *Step) bool { return s.Kind == rules.Index }) // they are last, and a plan from a file is in its own order
	if apart < 0 || slices.ContainsFunc(a.plan.Steps[apart:], func(s *Step) bool { return s.Kind != rules.Index }) {
		apart = len(a.plan.Steps)
	}
	for i := range apart {
		if err := a.one(ctx, i); err != nil {
			return err
		}
	}
	work, working := errgroup.WithContext(ctx)
	work.SetLimit(max(1, a.options.AtOnce))
	for i := apart; i < len(a.plan.Steps) && working.Err() == nil; i++ {
		work.Go(func() error {
			if working.Err() == nil { // it may have waited for its turn
				return a.one(working, i)
			}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// one applies a step. The error ends the work.
func (a *application) one(ctx context.Context, i int) error {
	step := a.plan.Steps[i]
	result, err := a.step(ctx, step)
	if err == nil && a.options.StopOnError && result.Fate == Failed {
		err = fmt.Errorf("%s (--stop-on-error: nothing more was tried)", result.Reason)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.report.Results[i] = result
	if a.done++; a.options.Progress != nil {
		a.options.Progress(a.done, len(a.plan.Steps))
	}
	if err != nil {
		return fmt.Errorf("apply %s %s: %w", step.Kind, step.Name, err)
	}
	return nil
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
	options ApplyOptions
	present *present        // before anything was done
	covered map[string]bool // indices that the shield is for

	mu      sync.Mutex // for what follows
	report  *Report
	done    int
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
			return result, a.came(ctx, a.present, step, result)
		}
		return result, a.create(ctx, step, result)
	case Exists:
		return result, a.came(ctx, a.present, step, result)
	case Left, Refused, Finish:
	}
	return result, nil
}

// came compares what exists with what the plan wants.
func (a *application) came(ctx context.Context, there *present, step *Step, result *Result) error {
	result.Fate = WasThere
	if !there.has(step.Kind, step.Name) {
		result.Fate, result.Reason = Failed, "it existed when the plan was made and is gone: make the plan anew"
		return nil
	}
	current, err := there.current(ctx, a.target, step.Kind, step.Name)
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
		there, err := readTarget(ctx, a.target)
		if err != nil {
			return failed(ctx, result, err)
		}
		return a.came(ctx, there, step, result)
	default:
		return failed(ctx, result, err)
	}
	result.Fate = Created
	if step.Kind == rules.Index {
		result.step = step
		a.mu.Lock()
		a.created = append(a.created, result)
		a.mu.Unlock()
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
	slices.SortFunc(a.created, func(x, y *Result) int { return strings.Compare(x.Name, y.Name) })
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
