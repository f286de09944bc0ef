package metadata

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"migassist/metadata/rules"
	"migassist/selection"
)

// first are the kinds that come before templates, which may name them.
var first = []rules.Kind{rules.ClusterSettings, rules.StoredScript, rules.IngestPipeline, rules.SearchPipeline, rules.Policy}

// named plans the items of the kinds that templates and indices may name.
func (b *builder) named(ctx context.Context) {
	for _, kind := range first {
		items := map[string]*rules.Item{}
		var candidates []selection.Candidate
		for _, item := range b.source.Items {
			if item.Kind == kind {
				items[item.Name] = item
				candidates = append(candidates, selection.Candidate{Name: item.Name, Managed: managed(item)})
			}
		}
		b.add(ctx, kind, selection.Templates(candidates, selection.Allowlist{}), func(name string) (*rules.Item, error) { return items[name], nil })
	}
}

// lacking says why the target can have no items of a kind, "" where it can.
func (p *present) lacking(kind rules.Kind) string {
	if _, asked := families[kind]; !asked || p.templates[kind] != nil {
		return ""
	}
	switch kind {
	case rules.Policy:
		return "the target has no index state management: its plugin opensearch-index-management is not there"
	case rules.SearchPipeline:
		return "the target has no search pipelines, which came with OpenSearch 2.7"
	default:
		return "the target has no " + words(kind) + "s"
	}
}

// settleSettings decides about the settings of the cluster: those that the target has not set are added.
func (b *builder) settleSettings(step *Step, item *rules.Item) {
	if !b.in.ClusterSettings {
		step.Action, step.Reason = Left, "settings of the cluster are brought with --cluster-settings alone, for they are of its size and its nodes as much as of what it holds"
		return
	}
	b.able.keepKnown(step, item)
	step.After = NewBody(item.Body())
	there, err := itemFrom(step.Kind, step.Name, b.present.templates[step.Kind][step.Name])
	if err != nil {
		b.refuse(step, reasonOf(err))
		return
	}
	body := maps.Clone(item.Rest)
	maps.DeleteFunc(body, func(name string, _ any) bool { _, set := there.Rest[name]; return set })
	if len(item.Rest) == 0 {
		step.Action, step.Reason = Left, "none of them is brought"
		return
	}
	if len(body) == 0 {
		step.Action = Exists
		return
	}
	step.Action, step.Request = Create, request(step.Kind, step.Name, NewBody(body))
	for _, name := range slices.Sorted(maps.Keys(item.Rest)) {
		if set, has := there.Rest[name]; has && !same(set, item.Rest[name]) {
			b.plan.find(step.Kind, name, "it is %v on the target, and %v on the source; the target's stays", set, item.Rest[name])
		}
	}
}

// templated tells whether a policy takes the indices that are made under certain names: then it waits, or the indices would be its
// before their documents are there.
func templated(item *rules.Item) bool {
	policy, _ := item.Rest["policy"].(map[string]any)
	switch templates := policy["ism_template"].(type) {
	case []any:
		return len(templates) > 0
	case map[string]any:
		return len(templates) > 0
	}
	return false
}

// streams plans the data streams of which an index is chosen. What backs one that the target has or gets is not made: rfs sends
// documents into the stream, which makes its own indices.
func (b *builder) streams(ctx context.Context, chosen []string) {
	used := map[string]bool{}
	for _, index := range chosen {
		used[b.streamOf[index]] = true
	}
	items := map[string]*rules.Item{}
	var result selection.Result
	for _, item := range b.source.Items {
		if item.Kind != rules.DataStream {
			continue
		}
		if items[item.Name] = item; used[item.Name] {
			result.Chosen = append(result.Chosen, item.Name)
		} else {
			result.Excluded = append(result.Excluded, selection.Excluded{Name: item.Name, Reason: "none of its indices takes part"})
		}
	}
	b.add(ctx, rules.DataStream, result, func(name string) (*rules.Item, error) { return items[name], nil })
	for _, step := range b.plan.Steps {
		if step.Kind != rules.DataStream || step.Action == Left {
			continue
		}
		if step.Action == Create && !b.hasTemplate(step.Name) {
			b.refuse(step, "no index template for data streams matches its name, on the target or in this plan; its indices become ordinary ones")
		}
		if step.Action == Create || step.Action == Exists {
			b.fed[step.source()] = step.Name
		}
	}
}

// hasTemplate tells whether the target will have an index template that makes a data stream of this name: the matching one of the
// highest priority has to say so.
func (b *builder) hasTemplate(name string) bool {
	best, streams := -1.0, false
	look := func(item *rules.Item) {
		_, makes := item.Rest["data_stream"].(map[string]any)
		var priority float64
		if _, err := fmt.Sscan(fmt.Sprint(item.Rest["priority"]), &priority); err != nil {
			priority = 0
		}
		if priority > best && slices.ContainsFunc(patternsOf(item.Rest), func(p string) bool { return glob(p, name) }) {
			best, streams = priority, makes
		}
	}
	for name, raw := range b.present.templates[rules.IndexTemplate] {
		if item, err := templateItem(rules.IndexTemplate, name, raw); err == nil { // what can't be read is reported where it is compared
			look(item)
		}
	}
	for _, step := range b.plan.Steps {
		if step.Kind == rules.IndexTemplate && step.Action == Create {
			look(&rules.Item{Rest: step.After.Object()})
		}
	}
	return streams
}

// pipelines finds what names a pipeline that the target will not have: clients can't write there.
func (b *builder) pipelines() {
	have := map[string]bool{"_none": true}
	for name := range b.present.templates[rules.IngestPipeline] {
		have[name] = true
	}
	for _, step := range b.plan.Steps {
		have[step.Name] = have[step.Name] || step.Kind == rules.IngestPipeline && step.Action == Create
	}
	for _, step := range b.plan.Steps {
		if step.Action != Create {
			continue
		}
		if pipeline, named := step.settings()["index.default_pipeline"].(string); named && !have[pipeline] {
			b.plan.find(step.Kind, step.Name, "its default pipeline %s is not on the target, nor does it come there: make it, or clients can't write to the index (migrated documents pass it by)", pipeline)
		}
	}
	for _, step := range b.plan.Finish {
		if pipeline, named := step.Request.Body.Object()["index.final_pipeline"].(string); named && !have[pipeline] {
			b.plan.find(rules.Index, step.Name, "its final pipeline %s is not on the target, nor does it come there: make it before metadata finish, or clients can't write to the index", pipeline)
		}
	}
}

// wait keeps what the rules put off until the documents of an index are there.
func (b *builder) wait(step *Step, later []rules.Later) {
	if step.Kind == rules.Index {
		b.waiting[step] = append(b.waiting[step], later...)
	}
}

// finishing lists what waits of all that the target has or gets, in the order in which it is done.
func (b *builder) finishing() {
	for _, kind := range rules.LaterKinds {
		for _, step := range b.plan.Steps {
			switch {
			case step.Action == Finish && kind == rules.LaterPolicy:
				b.plan.Finish = append(b.plan.Finish, &FinishStep{
					Name: step.Name, Do: kind, Rule: "policy-template", Request: request(step.Kind, step.Name, step.After),
					Why: "it takes indices by their names as soon as they are made: it would take those that are being filled",
				})
			case step.Action == Create || step.Action == Exists:
				b.finish(step, kind)
			}
		}
	}
}

// finish joins what of one kind waits for an index.
func (b *builder) finish(step *Step, kind rules.LaterKind) {
	var joined *FinishStep
	var why []string
	body := map[string]any{}
	for _, later := range b.waiting[step] {
		if later.Do != kind {
			continue
		}
		if joined == nil {
			joined = &FinishStep{Name: step.Name, Do: kind, Rule: later.Rule, Request: finishRequest(kind, step.Name, nil)}
			b.plan.Finish = append(b.plan.Finish, joined)
		}
		if !slices.Contains(why, later.Why) {
			why = append(why, later.Why)
		}
		maps.Copy(body, later.Body)
	}
	if joined != nil {
		joined.Why = strings.Join(why, "; ")
		joined.Request.Body = NewBody(body)
	}
}
