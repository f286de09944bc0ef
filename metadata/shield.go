package metadata

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"migassist/cluster"
	"migassist/metadata/rules"
)

// A server merges every template whose patterns match the name of a new index
// into it: aliases, settings and fields that the source's index never had, made
// before the template was or changed since. The source's templates are brought
// first, and the target may have its own.
//
//	create index "logs-7" {...}   ◀── template "logs-*" adds its aliases, settings, fields
//	                              ◀── shield "logs-7", of the highest priority and empty: adds nothing
//
// Only the one matching index template of the highest priority counts, and where
// there is one the legacy templates do not. So while the indices are made, an
// empty index template stands before the others, for exactly the names that
// would be touched, and is removed again.

// shieldName is the name of the temporary index template.
const shieldName = "migassist-shield"

// shieldPriority is above what people choose, and below the largest, so that it
// does not tie with a template that takes that one.
const shieldPriority = 1<<31 - 2

// Shield is a temporary index template.
type Shield struct {
	Indices []string `json:"indices"`
	Put     *Request `json:"put"`
	Delete  *Request `json:"delete"`
}

// Name is what the temporary index template is called.
func (s *Shield) Name() string { return shieldName }

// pattern is one pattern of a template.
type pattern struct {
	template string
	kind     rules.Kind
	glob     string
}

// shield finds the indices whose names match a template.
func (b *builder) shield() {
	patterns := b.patterns()
	var names []string
	for _, step := range b.plan.Steps {
		if step.Kind != rules.Index || step.Action != Create {
			continue
		}
		var matching []string
		for _, p := range patterns {
			if glob(p.glob, step.Name) {
				matching = append(matching, fmt.Sprintf("%s %s", words(p.kind), p.template))
			}
		}
		if len(matching) == 0 {
			continue
		}
		slices.Sort(matching)
		matching = slices.Compact(matching)
		names = append(names, step.Name)
		step.Notes = append(step.Notes, "its name matches the "+strings.Join(matching, " and the ")+"; the shield keeps that from adding to it")
	}
	if len(names) > 0 {
		b.plan.Shield = newShield(names)
	}
}

func newShield(names []string) *Shield {
	list := make([]any, len(names))
	for i, name := range names {
		list[i] = name
	}
	put := request(rules.IndexTemplate, shieldName, NewBody(map[string]any{
		"index_patterns": list,
		"priority":       shieldPriority,
		"_meta":          map[string]any{"made by": "migassist, while it makes these indices; to be removed if found later"},
	}))
	return &Shield{Indices: names, Put: put, Delete: &Request{Method: "DELETE", Path: "/_index_template/" + url.PathEscape(shieldName)}}
}

// patterns are those of the templates the target has, and of those it is given
// before the indices.
func (b *builder) patterns() []pattern {
	var all []pattern
	add := func(kind rules.Kind, name string, rest map[string]any) {
		if name == shieldName {
			return
		}
		globs, isList := rest["index_patterns"].([]any)
		if !isList {
			globs = []any{rest["index_patterns"]}
		}
		for _, one := range globs {
			if text, ok := one.(string); ok {
				all = append(all, pattern{template: name, kind: kind, glob: text})
			}
		}
	}
	for _, kind := range []rules.Kind{rules.IndexTemplate, rules.LegacyTemplate} {
		for name, raw := range b.present.templates[kind] {
			if item, err := templateItem(kind, name, raw); err == nil { // what cannot be read here was reported where it is compared
				add(kind, name, item.Rest)
			}
		}
	}
	for _, step := range b.plan.Steps {
		if step.Action == Create && (step.Kind == rules.IndexTemplate || step.Kind == rules.LegacyTemplate) {
			add(step.Kind, step.Name, step.After.Object())
		}
	}
	return all
}

// glob matches a name with a pattern whose stars stand for any text.
func glob(pattern, name string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == name
	}
	name, ok := strings.CutPrefix(name, first)
	if !ok {
		return false
	}
	parts := strings.Split(rest, "*")
	last := parts[len(parts)-1]
	for _, part := range parts[:len(parts)-1] {
		at := strings.Index(name, part)
		if at < 0 {
			return false
		}
		name = name[at+len(part):]
	}
	return strings.HasSuffix(name, last)
}

func words(kind rules.Kind) string { return strings.ReplaceAll(string(kind), "_", " ") }

// raise puts the shield in its place, before the first index that needs it.
func (a *application) raise(ctx context.Context, step *Step) error {
	if !a.covered[step.Name] {
		return nil
	}
	a.mu.Lock() // the others wait until it is there
	defer a.mu.Unlock()
	if a.raised {
		return a.unshielded
	}
	a.raised = true // even where the answer is lost: it is removed in any case
	if err := a.target.PutIndexTemplate(ctx, shieldName, a.plan.Shield.Put.Body.sent()); err != nil {
		a.unshielded = fmt.Errorf("put the temporary index template %s: %w", shieldName, err)
	}
	return a.unshielded
}

// lower takes the shield away, also when the work was stopped, and one that a killed run has left.
func (a *application) lower(ctx context.Context) {
	if !a.raised && !a.present.has(rules.IndexTemplate, shieldName) {
		return
	}
	const patience = 30 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := a.target.DeleteIndexTemplate(ctx, shieldName); err != nil && !cluster.NotFound(err) {
		a.report.Findings = append(a.report.Findings, Finding{
			Kind: rules.IndexTemplate, Name: shieldName,
			What: "this temporary template could not be removed, remove it: " + reasonOf(err),
		})
	}
}
