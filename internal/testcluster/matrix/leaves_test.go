package matrix

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"migassist/metadata"
	"migassist/metadata/rules"
)

type object = map[string]any

// described is an item of a source in the form in which plans speak of items: settings flat, a mapping without the level of its
// only type, what composable templates have below "template" there.
type described struct {
	kind rules.Kind
	name string
	typ  string // where the item is of one type of several
	body object
}

func (d described) String() string {
	if d.typ != "" {
		return fmt.Sprintf("%s %s/%s", d.kind, d.name, d.typ)
	}
	return fmt.Sprintf("%s %s", d.kind, d.name)
}

// leaf is a value at a JSON pointer. A list is a leaf, but for dynamic templates.
type leaf struct {
	path  string
	value any
}

func leavesOf(body object) []leaf {
	var found []leaf
	var walk func(path string, value any)
	walk = func(path string, value any) {
		if list, isList := value.([]any); isList && strings.HasSuffix(path, "/mappings/dynamic_templates") {
			for i, entry := range list {
				walk(path+"/"+strconv.Itoa(i), entry)
			}
			return
		}
		inner, isObject := value.(object)
		if !isObject || len(inner) == 0 {
			found = append(found, leaf{path, value})
			return
		}
		for _, name := range slices.Sorted(maps.Keys(inner)) {
			walk(path+"/"+escaped(name), inner[name])
		}
	}
	walk("", body)
	return found
}

func escaped(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

// at finds the value at a pointer. Dynamic templates are found by their name, as one that was taken out moves the others.
func at(value any, path string) (any, bool) {
	if path == "" {
		return value, true
	}
	head, rest, deeper := strings.Cut(path[1:], "/")
	if deeper {
		rest = "/" + rest
	}
	head = strings.NewReplacer("~1", "/", "~0", "~").Replace(head)
	switch v := value.(type) {
	case object:
		inner, there := v[head]
		if !there {
			return nil, false
		}
		return at(inner, rest)
	case []any:
		for _, entry := range v {
			if found, there := at(entry, rest); there && rest != "" {
				return found, true
			}
		}
	}
	return nil, false
}

// same compares values by what they mean: servers write "2" and 2, true and "true", "a" and ["a"] as they like.
func same(a, b any) bool {
	if list, isList := a.([]any); isList && len(list) == 1 {
		a = list[0]
	}
	if list, isList := b.([]any); isList && len(list) == 1 {
		b = list[0]
	}
	la, aList := a.([]any)
	lb, bList := b.([]any)
	if aList && bList {
		return slices.EqualFunc(la, lb, same)
	}
	oa, aObject := a.(object)
	ob, bObject := b.(object)
	if aObject && bObject {
		return maps.EqualFunc(oa, ob, same)
	}
	return !aList && !bList && !aObject && !bObject && scalar(a) == scalar(b)
}

func scalar(value any) string {
	text := fmt.Sprint(value)
	if _, isText := value.(string); isText || value == nil {
		return text
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return text
}

// named tells whether the changes of a step speak of a path: of itself, of what it is in, or of a part of it.
func named(step *metadata.Step, path string) bool {
	return slices.ContainsFunc(step.Changes, func(c rules.Change) bool {
		return c.Path == path || strings.HasPrefix(path, c.Path+"/") || strings.HasPrefix(c.Path, path+"/")
	})
}

// lost are the leaves of an item that the target does not have and no change of the step names.
func lost(item described, step *metadata.Step, have object) []string {
	var missing []string
	for _, l := range leavesOf(item.body) {
		if got, there := at(have, l.path); there && same(l.value, got) || saysNothing(l) || named(step, l.path) {
			continue
		}
		got, _ := at(have, l.path)
		missing = append(missing, fmt.Sprintf("%s%s: the source has %s, the target %s, and no change says so", item, l.path, text(l.value), text(got)))
	}
	return missing
}

// invented are the leaves of the target that no item of the source has and no change of the step names.
func invented(items []described, step *metadata.Step, have object) []string {
	var extra []string
	for _, l := range leavesOf(have) {
		known := saysNothing(l) || named(step, l.path) || slices.ContainsFunc(items, func(item described) bool {
			_, there := at(item.body, l.path)
			return there
		})
		if step.Kind == rules.DataStream && l.path == "/template" {
			known = true // no cluster keeps it: it follows from the index templates
		}
		if !known {
			extra = append(extra, fmt.Sprintf("%s %s%s: the target has %s, the source nothing, and no change says so", step.Kind, step.Name, l.path, text(l.value)))
		}
	}
	return extra
}

// saysNothing are the leaves that are as good as absent: settings, mappings or aliases that are empty, a template's order of 0.
func saysNothing(l leaf) bool {
	if inner, isObject := l.value.(object); isObject && len(inner) == 0 {
		return slices.Contains([]string{"", "/settings", "/mappings", "/aliases", "/template", "/template/settings", "/template/mappings", "/template/aliases", "/mappings/properties", "/template/mappings/properties"}, l.path)
	}
	if list, isList := l.value.([]any); isList && len(list) == 0 {
		return l.path == "/composed_of"
	}
	return l.value == nil || l.path == "/order" && scalar(l.value) == "0"
}

func text(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(encoded)
}

// silent are all leaves of the source that a plan loses without a word, and all that it brings from nowhere.
func silent(plan *metadata.Plan, source []described) []string {
	var found []string
	items := map[*metadata.Step][]described{}
	for _, item := range source {
		steps := stepsOf(plan, item)
		if len(steps) == 0 && !spokenOf(plan, item) {
			found = append(found, fmt.Sprintf("%s is not in the plan", item))
		}
		for _, step := range steps {
			switch step.Action {
			case metadata.Create, metadata.Exists:
				found = append(found, lost(item, step, step.After.Object())...)
				items[step] = append(items[step], item)
			case metadata.Left, metadata.Refused:
				if step.Reason == "" {
					found = append(found, fmt.Sprintf("%s is %s without a reason", item, step.Action))
				}
			}
		}
	}
	for _, step := range plan.Steps {
		if step.After != nil && (step.Action == metadata.Create || step.Action == metadata.Exists) {
			found = append(found, invented(items[step], step, step.After.Object())...)
		}
	}
	return found
}

// stepsOf are the steps that an item of the source goes to.
func stepsOf(plan *metadata.Plan, item described) []*metadata.Step {
	var steps []*metadata.Step
	for _, step := range plan.Steps {
		if step.Kind != item.kind {
			continue
		}
		if len(step.From) == 0 && step.Name == item.name || slices.Contains(step.From, item.name) || item.typ != "" && slices.Contains(step.From, item.name+"/"+item.typ) {
			steps = append(steps, step)
		}
	}
	return steps
}

// spokenOf tells whether a finding of the plan names an item that is not one of its steps.
func spokenOf(plan *metadata.Plan, item described) bool {
	return slices.ContainsFunc(plan.Findings, func(f metadata.Finding) bool {
		return item.kind == rules.DataStream && strings.Contains(f.What, "the data stream "+item.name+";")
	})
}
