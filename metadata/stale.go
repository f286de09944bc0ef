package metadata

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"migassist/metadata/rules"
)

// A plan that was kept is applied as it was shown, or not at all. So it has sums of what it was made from:
//
//	Source.State   of all that was read of the source
//	Target.Seen    of each item of the target that says what is done: those of the plan that are there, and all templates, since these add
//	               to the indices that are made

// sum is a short sum of JSON; object keys are in order.
func sum(values ...any) string {
	h := sha256.New()
	for _, value := range values {
		encoded, err := json.Marshal(value)
		if err != nil { // what was read as JSON can be written as JSON
			encoded = []byte(err.Error())
		}
		h.Write(encoded)
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// seen are the sums of what the target has of the items of a plan, and of all its templates. Of an index only that it is there: its
// mapping grows with what is written to it.
func (p *present) seen(steps []*Step) map[string]string {
	seen := map[string]string{}
	add := func(kind rules.Kind, name string) {
		key := string(kind) + " " + name
		switch {
		case !p.has(kind, name):
		case kind == rules.Index || kind == rules.DataStream:
			seen[key] = "there"
		default:
			item, err := itemFrom(kind, name, p.templates[kind][name])
			if err != nil {
				seen[key] = sum(string(p.templates[kind][name]))
				return
			}
			seen[key] = sum(item.Rest, item.Settings, item.Mappings, item.Aliases)
		}
	}
	for _, kind := range []rules.Kind{rules.ComponentTemplate, rules.IndexTemplate, rules.LegacyTemplate} {
		for name := range p.templates[kind] {
			if name != shieldName {
				add(kind, name)
			}
		}
	}
	for _, step := range steps {
		if step.Action != Left {
			add(step.Kind, step.Name)
		}
	}
	return seen
}

// fresh refuses a plan whose target is not as it was. What the plan itself makes may have come since: then it was applied before.
func (p *Plan) fresh(there *present) error {
	if p.Target.Seen == nil {
		return nil
	}
	ours := map[string]bool{}
	for _, step := range p.Steps {
		if step.Action == Create || step.Action == Finish {
			ours[string(step.Kind)+" "+step.Name] = true
		}
	}
	now := there.seen(p.Steps)
	var changed []string
	for _, key := range slices.Sorted(maps.Keys(now)) {
		if before, had := p.Target.Seen[key]; ours[key] || had && before == now[key] {
			continue
		} else if had {
			changed = append(changed, strings.Replace(key, " ", " (changed) ", 1))
		} else {
			changed = append(changed, strings.Replace(key, " ", " (new) ", 1))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(p.Target.Seen)) {
		if _, has := now[key]; !has && !ours[key] {
			changed = append(changed, strings.Replace(key, " ", " (gone) ", 1))
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return fmt.Errorf("the target has changed since the plan was made: %s. Nothing was done; make the plan anew with metadata evaluate", few(changed))
}

// SameSource refuses a plan whose source is not as it was, given one that was made now.
func (p *Plan) SameSource(now *Plan) error {
	if p.Source.State == now.Source.State {
		return nil
	}
	before := map[item]string{}
	for _, step := range p.Steps {
		before[item{step.Kind, step.Name}] = sum(step.Before)
	}
	var changed []string
	for _, step := range now.Steps {
		key := item{step.Kind, step.Name}
		switch was, had := before[key]; {
		case had && was == sum(step.Before):
		case had && step.Action == Left && step.Before == nil:
			changed = append(changed, words(step.Kind)+" "+step.Name+" (left out now: choose the same items as when the plan was made)")
		default:
			changed = append(changed, words(step.Kind)+" "+step.Name)
		}
		delete(before, key)
	}
	for _, gone := range slices.SortedFunc(maps.Keys(before), func(a, b item) int { return strings.Compare(string(a.kind)+a.name, string(b.kind)+b.name) }) {
		changed = append(changed, words(gone.kind)+" "+gone.name+" (gone)")
	}
	return fmt.Errorf("the source has changed since the plan was made: %s. Nothing was done; make the plan anew with metadata evaluate", few(changed))
}
