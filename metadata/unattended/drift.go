package unattended

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"migassist/metadata"
	"migassist/metadata/rules"
)

// Drift is something that is not as it was when the last run ended.
type Drift struct {
	Kind rules.Kind `json:"kind"`
	Name string     `json:"name"`
	What Drifted    `json:"what"`
	// Paths are where it differs, as JSON pointers.
	Paths []string `json:"paths,omitempty"`
}

// Drifted is how.
type Drifted string

// The ways.
const (
	Appeared      Drifted = "new on the source"
	Disappeared   Drifted = "gone from the source"
	SourceChanged Drifted = "changed on the source"
	TargetLost    Drifted = "gone from the target"
	TargetChanged Drifted = "changed on the target"
	Redecided     Drifted = "is decided otherwise"
)

type item struct {
	kind rules.Kind
	name string
}

// driftOf lists what differs between two plans, in the order of the newer one, then what it does not have any more.
func driftOf(last, now *metadata.Plan) []Drift {
	before := map[item]*metadata.Step{}
	for _, step := range last.Steps {
		before[item{step.Kind, step.Name}] = step
	}
	drift := []Drift{}
	for _, step := range now.Steps {
		at := item{step.Kind, step.Name}
		was, known := before[at]
		delete(before, at)
		if !known {
			drift = append(drift, Drift{Kind: step.Kind, Name: step.Name, What: Appeared})
			continue
		}
		drift = append(drift, stepDrift(was, step)...)
	}
	gone := slices.SortedFunc(maps.Keys(before), func(a, b item) int {
		return strings.Compare(string(a.kind)+" "+a.name, string(b.kind)+" "+b.name)
	})
	for _, one := range gone {
		drift = append(drift, Drift{Kind: one.kind, Name: one.name, What: Disappeared})
	}
	return drift
}

func stepDrift(was, step *metadata.Step) (drift []Drift) {
	add := func(what Drifted, paths ...string) {
		drift = append(drift, Drift{Kind: step.Kind, Name: step.Name, What: what, Paths: paths})
	}
	if paths := differing(was.Before, step.Before); len(paths) > 0 {
		add(SourceChanged, paths...)
	}
	switch {
	case was.Action == metadata.Exists && step.Action == metadata.Create:
		add(TargetLost)
	case was.Action == metadata.Exists && step.Action == metadata.Exists:
		if paths := changed(was.Differences, step.Differences); len(paths) > 0 {
			add(TargetChanged, paths...)
		}
	case was.Action == metadata.Create && step.Action == metadata.Exists: // a person has brought it
	case was.Action != step.Action:
		add(Redecided)
	}
	return drift
}

// differing are the places in which two JSON values are not the same.
func differing(a, b metadata.Body) (paths []string) {
	if !bytes.Equal(a, b) {
		walk("", a.Object(), b.Object(), &paths)
	}
	return paths
}

// plain brings a value into one form, whether it was read from a file or made by rules.
func plain(value any) any {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var same any
	if decoder.Decode(&same) != nil {
		return nil
	}
	return same
}

func walk(at string, a, b any, paths *[]string) {
	one, isObject := a.(map[string]any)
	other, bothObjects := b.(map[string]any)
	if !isObject || !bothObjects {
		if !bytes.Equal(text(a), text(b)) {
			*paths = append(*paths, at)
		}
		return
	}
	keys := slices.Collect(maps.Keys(one))
	for key := range other {
		if _, both := one[key]; !both {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		walk(at+rules.Pointer(key), one[key], other[key], paths)
	}
}

// text is a value that came out of plain.
func text(value any) []byte {
	raw, _ := json.Marshal(value)
	return raw
}

// changed are the places where the target has moved since.
func changed(was, is []metadata.Difference) (paths []string) {
	got := func(all []metadata.Difference) map[string]string {
		by := map[string]string{}
		for _, d := range all {
			by[d.Path] = string(text(plain(d.Got)))
		}
		return by
	}
	before, now := got(was), got(is)
	for path, value := range now {
		if earlier, there := before[path]; !there || earlier != value {
			paths = append(paths, path)
		}
	}
	for path := range before {
		if _, there := now[path]; !there {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}
