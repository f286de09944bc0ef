package metadata

import (
	"fmt"
	"strconv"

	"migassist/metadata/rules"
)

// spread gives an item as many replicas as fill all values of an awareness attribute (--cluster-awareness-attributes N): a target with
// cluster.routing.allocation.awareness.balance refuses indices whose copies are no multiple of N.
func (b *builder) spread(step *Step, item *rules.Item) {
	const name = "index.number_of_replicas"
	zones := b.in.AwarenessAttributes
	before, said := item.Settings[name]
	if zones < 2 || !said && step.Kind != rules.Index {
		return
	}
	if expand := item.Settings["index.auto_expand_replicas"]; expand != nil && fmt.Sprint(expand) != "false" {
		return
	}
	replicas := 1
	if said {
		var err error
		if replicas, err = strconv.Atoi(fmt.Sprint(before)); err != nil || replicas < 0 {
			return // the target says what it thinks of that
		}
	}
	copies := (replicas + zones) / zones * zones
	if copies == replicas+1 {
		return
	}
	if item.Settings == nil {
		item.Settings = map[string]any{}
	}
	after := strconv.Itoa(copies - 1)
	item.Settings[name] = after
	path := "/settings/" + name
	if step.Kind != rules.Index && step.Kind != rules.LegacyTemplate {
		path = "/template" + path
	}
	step.Changes = append(step.Changes, rules.Change{
		Path: path, Before: before, After: after, Rule: "awareness", Fidelity: rules.Equivalent,
		Why: fmt.Sprintf("copies of a shard are to be a multiple of %d, so that each value of the awareness attribute has as many", zones),
	})
}
