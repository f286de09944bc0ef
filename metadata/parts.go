package metadata

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"migassist/metadata/rules"
	"migassist/selection"
)

// The target has one mapping per index, and the source may have one per type. Where the documents of each type go, their mapping goes:
//
//	index I of types a, b    split:          I_a, I_b    ◀── as rfs names them
//	                         union:          I           ◀── both mappings united
//	                         type mappings:  what they say of (I, a) and (I, b); several indices may come to one; or nothing
//
// A legacy template follows the indices that its patterns are for: the pattern P becomes P_a and P_b.

// MultiType says what becomes of an item with several mapping types.
type MultiType string

// What becomes of an item with several mapping types, where no type mapping says it.
const (
	MultiTypeNone  MultiType = "none"  // it is refused; the zero value too
	MultiTypeSplit MultiType = "split" // type T of index INDEX goes to INDEX_T
	MultiTypeUnion MultiType = "union" // all go to INDEX
)

// TypeMappings say where the documents of an index's types go, as rfs has it: those of a type that is not in targets are dropped. Mapped is
// false where there are none.
type TypeMappings interface {
	TypeTargets(index string, types []string) (targets map[string]string, mapped bool)
}

// untyped is the type of items without types.
const untyped = "_doc"

// part is what one item of the source gives to one item of the target.
type part struct {
	target  string      // name on the target
	source  string      // name on the source
	typ     string      // mapping type, "" where all are one
	item    *rules.Item // has the name of the target
	content [4]Body     // of the item, while others are read
	before  Body
	changes []rules.Change
	notes   []string
}

// pack keeps what stands in the item as text, until its turn comes: all indices are read before the first is rewritten.
func (p *part) pack() {
	item := *p.item
	p.content = [4]Body{NewBody(item.Settings), NewBody(item.Mappings), NewBody(item.Aliases), NewBody(item.Rest)}
	item.Settings, item.Mappings, item.Aliases, item.Rest = nil, nil, nil, nil
	p.item = &item
}

// unpack gives the item to the caller: the part has it no more.
func (p *part) unpack() *rules.Item {
	item := *p.item
	for i, to := range []*map[string]any{&item.Settings, &item.Mappings, &item.Aliases, &item.Rest} {
		if *to = p.content[i].Object(); *to == nil {
			*to = map[string]any{}
		}
	}
	p.content = [4]Body{}
	return &item
}

// name is what reports call the part.
func (p *part) name() string {
	if p.typ == "" {
		return p.source
	}
	return p.source + "/" + p.typ
}

// asked are the types that type mappings are asked about.
func asked(types []string) []string {
	if len(types) == 0 {
		return []string{untyped}
	}
	return types
}

// whole is the part that an item is for itself.
func whole(item *rules.Item) *part {
	return &part{target: item.Name, source: item.Name, item: item, before: NewBody(item.Described())}
}

// targets say where the documents of each type go, and whether it is known at all: of an item with several types it may be nowhere.
func (b *builder) targets(name string, types []string) (targets map[string]string, known bool) {
	if b.in.TypeMappings != nil {
		if targets, mapped := b.in.TypeMappings.TypeTargets(name, asked(types)); mapped {
			return b.renamed(name, targets), true
		}
	}
	if len(types) < 2 || b.in.MultiType != MultiTypeSplit && b.in.MultiType != MultiTypeUnion {
		return nil, false
	}
	targets = map[string]string{}
	for _, typ := range types {
		if targets[typ] = name; b.in.MultiType == MultiTypeSplit {
			targets[typ] = strings.ToLower(name + "_" + typ)
		}
	}
	return b.renamed(name, targets), true
}

// indexParts are the parts of an index. Of a type that goes nowhere there is a finding.
func (b *builder) indexParts(item *rules.Item) (parts []*part, refusal string) {
	types := item.Types()
	targets, known := b.targets(item.Name, types)
	if !known {
		return b.wholeIndex(item)
	}
	for _, typ := range asked(types) {
		target, sent := targets[typ]
		if !sent {
			b.plan.find(rules.Index, item.Name, "no type mapping takes its type %s: neither its mapping nor its documents are brought", typ)
			continue
		}
		if bad := selection.IndexNameProblem(target); bad != "" {
			return nil, fmt.Sprintf("its type %s would go to %q, which is no name of an index: %s", typ, target, bad)
		}
		one := &part{target: target, source: item.Name, before: NewBody(item.Described())}
		with := slices.DeleteFunc(slices.Clone(types), func(other string) bool { return targets[other] != target })
		if b.in.MultiType == MultiTypeSplit && len(with) > 1 && target == strings.ToLower(item.Name+"_"+typ) {
			return nil, fmt.Sprintf("its types %s would all go to index %s; reindex one of them on the source, or send them elsewhere by type mappings", strings.Join(with, ", "), target)
		}
		one.of(item, types, typ, with)
		parts = append(parts, one)
	}
	tellApart(item, parts)
	return parts, ""
}

// tellApart notes what becomes of the names under which an index was searched that goes to several.
func tellApart(item *rules.Item, parts []*part) {
	groups := together(parts)
	if len(groups) < 2 {
		return
	}
	names := make([]string, len(groups))
	for i, group := range groups {
		names[i] = group[0].target
	}
	note := fmt.Sprintf("%s goes to %s; its aliases lead to all of them", item.Name, few(names))
	if !slices.Contains(names, item.Name) {
		note += fmt.Sprintf(", and nothing is called %s any more: make an alias of that name where it is searched", item.Name)
	}
	for _, p := range parts {
		p.notes = append(p.notes, note)
	}
}

// origins say what an item of the target is made of, and what to know about that.
func (b *builder) origins(step *Step, group []*part) {
	if len(group) == 1 && group[0].name() == step.Name {
		return
	}
	sources := map[string]any{}
	for _, p := range group {
		step.From = append(step.From, p.name())
		sources[p.source] = p.before
		for _, note := range p.notes {
			if !slices.Contains(step.Notes, note) {
				step.Notes = append(step.Notes, note)
			}
		}
	}
	if len(sources) > 1 {
		step.Before = NewBody(sources)
	}
	if len(group) > 1 && step.Kind == rules.Index {
		step.Notes = append(step.Notes, "documents under the same id may come together here, of which one would be left: rfs --id-collision says what then")
	}
}

// of takes from an item what is of one of its types.
func (p *part) of(item *rules.Item, types []string, typ string, with []string) {
	if len(types) > 1 {
		outcome := item.OfType(typ, with)
		p.typ, p.item, p.changes = typ, outcome.Item, outcome.Changes
	} else {
		same := *item
		p.item = &same
	}
	p.item.Name = p.target
}

// templateParts are the parts of a legacy template, by the patterns of which its types' indices come to have names.
func (b *builder) templateParts(item *rules.Item) []*part {
	types := item.Types()
	patterns := patternsOf(item.Rest)
	groups := map[string][]string{} // patterns by the types that come together, joined
	var unmapped []string
	for _, pattern := range patterns {
		targets, known := b.targets(pattern, types)
		if !known {
			return []*part{whole(item)}
		}
		if len(targets) == 0 {
			unmapped = append(unmapped, pattern)
		}
		for _, target := range slices.Compact(slices.Sorted(maps.Values(targets))) {
			with := slices.DeleteFunc(slices.Clone(asked(types)), func(typ string) bool { return targets[typ] != target })
			key := strings.Join(with, "\n")
			if !slices.Contains(groups[key], target) {
				groups[key] = append(groups[key], target)
			}
		}
	}
	if len(unmapped) > 0 {
		b.plan.find(item.Kind, item.Name, "no type mapping takes the documents of indices of its pattern %s; for these it is not brought", few(unmapped))
	}
	var parts []*part
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		with := strings.Split(key, "\n")
		target := item.Name
		if len(groups) > 1 {
			target += "_" + strings.Join(with, "_")
		}
		for _, typ := range with {
			one := &part{target: target, source: item.Name, before: NewBody(item.Described())}
			one.of(item, types, typ, with)
			one.matching(patterns, groups[key])
			parts = append(parts, one)
		}
	}
	return parts
}

// matching gives the part of a template other patterns.
func (p *part) matching(before, after []string) {
	if slices.Equal(before, after) {
		return
	}
	rest := maps.Clone(p.item.Rest)
	delete(rest, "template")
	list := make([]any, len(after))
	for i, pattern := range after {
		list[i] = pattern
	}
	rest["index_patterns"] = list
	p.item.Rest = rest
	p.changes = append(p.changes, rules.Change{
		Path: "/index_patterns", Before: before, After: after, Rule: "part", Fidelity: rules.Equivalent,
		Why: "documents of the indices that it is for go to indices of these names",
	})
}

// patternsOf are the patterns of a template of any version.
func patternsOf(rest map[string]any) []string {
	list, isList := rest["index_patterns"].([]any)
	if !isList {
		list = []any{rest["index_patterns"]}
		if rest["index_patterns"] == nil {
			list = []any{rest["template"]}
		}
	}
	var patterns []string
	for _, one := range list {
		if text, ok := one.(string); ok {
			patterns = append(patterns, text)
		}
	}
	return patterns
}

// together are the parts by the items of the target that they make, in the order in which those come first.
func together(parts []*part) [][]*part {
	var groups [][]*part
	at := map[string]int{}
	for _, p := range parts {
		i, there := at[p.target]
		if !there {
			i = len(groups)
			at[p.target], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], p)
	}
	return groups
}
