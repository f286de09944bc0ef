package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"migassist/cluster/version"
)

// Index lifecycle management of Elasticsearch (ILM) has phases, which an index enters at an age; index state management of OpenSearch (ISM)
// has states with transitions between them. The forms are those of the public references of both.
//
//	phases: hot ─ min_age ─▶ warm ─ min_age ─▶ cold ─ min_age ─▶ delete      actions of a phase have an order of their own
//	states: hot ─ transition{min_rollover_age | min_index_age} ─▶ warm …     actions of a state are done as they are listed
//
// In ILM an index that was rolled over is as old as the time since then; so a policy that rolls over becomes transitions by
// min_rollover_age, and any other by min_index_age.

// ismModule is the plugin that has index state management.
const ismModule = "opensearch-index-management"

// policyRules rewrite policies.
var policyRules = []Rule{
	{
		Name: "ilm-to-ism", Fidelity: Equivalent, Applies: fromElasticsearch, On: []Kind{Policy},
		Why:     "OpenSearch manages indices by states and transitions (ISM) where Elasticsearch has phases (ILM)",
		rewrite: toStates,
	},
	{
		Name: "ism-server", Fidelity: Lossless, Applies: fromOpenSearch, On: []Kind{Policy},
		Why:     "the server writes this itself",
		rewrite: plainPolicy,
	},
}

func fromOpenSearch(p Pair) bool { return p.From.Flavor == version.OpenSearch }

// plainPolicy takes from a policy of ISM what the server has added.
func plainPolicy(d *draft) {
	policy, _ := d.Rest["policy"].(map[string]any)
	for _, key := range words("policy_id last_updated_time schema_version user") {
		d.remove(edit{in: policy, at: pointer("").at("policy"), key: key})
	}
	if value, there := policy["error_notification"]; there && value == nil {
		d.remove(edit{in: policy, at: pointer("").at("policy"), key: "error_notification"})
	}
	templates, _ := policy["ism_template"].([]any)
	for i, one := range templates {
		if template, ok := one.(map[string]any); ok {
			d.remove(edit{in: template, at: pointer("").at("policy", "ism_template", strconv.Itoa(i)), key: "last_updated_time"})
		}
	}
}

type phase struct {
	name    string
	actions []string
}

// phases of ILM, in their order, with the actions of each in the order in which they are done.
var phases = []phase{
	{"hot", words("set_priority unfollow rollover readonly downsample shrink forcemerge searchable_snapshot")},
	{"warm", words("set_priority unfollow readonly downsample allocate migrate shrink forcemerge")},
	{"cold", words("set_priority unfollow readonly downsample searchable_snapshot allocate migrate freeze")},
	{"frozen", words("unfollow searchable_snapshot")},
	{"delete", words("wait_for_snapshot delete")},
}

// actions are what ISM has for an action of ILM: one, several or none. What of it is lost the function tells the draft.
var actions = map[string]func(*conversion, map[string]any) []any{
	"set_priority": (*conversion).priority,
	"rollover":     (*conversion).rollover,
	"readonly":     one("read_only"),
	"shrink":       (*conversion).shrink,
	"forcemerge":   (*conversion).merge,
	"allocate":     (*conversion).allocate,
	"delete":       (*conversion).deletion,
	"migrate":      none("", Equivalent, "it moves an index to the nodes of a data tier, which OpenSearch does not have"),
	"freeze":       none("", Equivalent, "frozen indices are gone, and ordinary ones need no more memory"),
	"unfollow":     none("", Lossy, "the indices of the target follow none on another cluster"),
	"downsample":   none("", Lossy, "ISM does not downsample; make a rollup job"),
	"searchable_snapshot": none("", Lossy,
		"it is not mounted from a snapshot; the index stays whole, and needs its disk"),
	"wait_for_snapshot": none("", Lossy, "ISM does not wait for a snapshot before it deletes; take snapshots by a policy of snapshot management"),
}

// conversion is a policy of ILM on its way.
type conversion struct {
	*draft
	at pointer // of the action at work
}

func one(name string) func(*conversion, map[string]any) []any {
	return func(*conversion, map[string]any) []any { return []any{map[string]any{name: map[string]any{}}} }
}

func none(key string, fidelity Fidelity, why string) func(*conversion, map[string]any) []any {
	return func(c *conversion, body map[string]any) []any {
		c.lost(key, body, fidelity, why)
		return nil
	}
}

// lost records what the target does not do.
func (c *conversion) lost(key string, before any, fidelity Fidelity, why string) {
	at := c.at
	if key != "" {
		at = at.at(key)
	}
	c.changes = append(c.changes, Change{Path: string(at), Before: copyOf(before), Rule: c.rule.Name, Why: why, Fidelity: fidelity})
}

// rest records the keys of an action that nothing was made of.
func (c *conversion) rest(body map[string]any, taken ...string) {
	for _, key := range sorted(body) {
		if !slices.Contains(taken, key) {
			c.lost(key, body[key], Lossy, "ISM has nothing like it")
		}
	}
}

func (c *conversion) priority(body map[string]any) []any {
	c.rest(body, "priority")
	if body["priority"] == nil {
		return nil
	}
	return []any{map[string]any{"index_priority": map[string]any{"priority": body["priority"]}}}
}

// conditions of a rollover by their names in ISM.
var rolloverConditions = map[string]string{
	"max_age": "min_index_age", "max_docs": "min_doc_count", "max_size": "min_size", "max_primary_shard_size": "min_primary_shard_size",
}

func (c *conversion) rollover(body map[string]any) []any {
	made := map[string]any{}
	for _, key := range sorted(body) {
		if name := rolloverConditions[key]; name != "" {
			made[name] = body[key]
		} else {
			c.lost(key, body[key], Lossy, "a rollover of ISM has no such condition")
		}
	}
	return []any{map[string]any{"rollover": made}}
}

func (c *conversion) shrink(body map[string]any) []any {
	made := map[string]any{}
	for from, to := range map[string]string{"number_of_shards": "num_new_shards", "max_primary_shard_size": "max_shard_size"} {
		if value, there := body[from]; there {
			made[to] = value
		}
	}
	c.rest(body, "number_of_shards", "max_primary_shard_size")
	return []any{map[string]any{"shrink": made}}
}

func (c *conversion) merge(body map[string]any) []any {
	c.rest(body, "max_num_segments")
	return []any{map[string]any{"force_merge": map[string]any{"max_num_segments": body["max_num_segments"]}}}
}

func (c *conversion) allocate(body map[string]any) (made []any) {
	if replicas, there := body["number_of_replicas"]; there {
		made = append(made, map[string]any{"replica_count": map[string]any{"number_of_replicas": replicas}})
	}
	filters := map[string]any{}
	for _, key := range words("require include exclude") {
		if filter, _ := body[key].(map[string]any); len(filter) > 0 {
			filters[key] = filter
		}
	}
	if len(filters) > 0 {
		filters["wait_for"] = false
		made = append(made, map[string]any{"allocation": filters})
	}
	c.rest(body, "number_of_replicas", "require", "include", "exclude")
	return made
}

func (c *conversion) deletion(body map[string]any) []any {
	c.rest(body, "delete_searchable_snapshot")
	if value, there := body["delete_searchable_snapshot"]; there {
		c.lost("delete_searchable_snapshot", value, Equivalent, "there are no searchable snapshots to delete")
	}
	return []any{map[string]any{"delete": map[string]any{}}}
}

// state is a phase on its way to be one.
type state struct {
	name, age string
	actions   []any
}

// toStates makes a policy of ISM of one of ILM.
func toStates(d *draft) {
	before, _ := d.Rest["policy"].(map[string]any)
	given, ok := before["phases"].(map[string]any)
	if !ok {
		d.refuse(pointer("").at("policy"), "it has no phases, so it is no policy of ILM")
		return
	}
	original, _ := copyOf(d.Rest).(map[string]any)
	states, rolls := d.states(given)
	if d.refusal != nil {
		return
	}
	made := map[string]any{"description": "from the ILM policy " + d.Name, "default_state": states[0].name, "states": linked(states, rolls)}
	d.Rest = map[string]any{"policy": made}
	d.changes = append(d.changes, Change{Path: "/policy", Before: original["policy"], After: copyOf(made), Rule: d.rule.Name, Why: d.rule.Why, Fidelity: Equivalent})
	for _, key := range sorted(original) {
		if key != "policy" {
			const why = "the server of the source had written this itself"
			d.changes = append(d.changes, Change{Path: string(pointer("").at(key)), Before: original[key], Rule: d.rule.Name, Why: why, Fidelity: Lossless})
		}
	}
}

// states are those that the phases become, and whether an index is rolled over in one.
func (d *draft) states(given map[string]any) (states []state, rolls bool) {
	for _, name := range sorted(given) {
		if !slices.ContainsFunc(phases, func(p phase) bool { return p.name == name }) {
			d.refuse(pointer("").at("policy", "phases", name), "a phase of this name is not known")
			return nil, false
		}
	}
	for _, p := range phases {
		body, there := given[p.name].(map[string]any)
		if !there {
			continue
		}
		s := state{name: p.name, age: age(body["min_age"])}
		asked, _ := body["actions"].(map[string]any)
		at := pointer("").at("policy", "phases", p.name, "actions")
		for _, name := range p.actions {
			action, _ := asked[name].(map[string]any)
			if _, there := asked[name]; !there {
				continue
			}
			rolls = rolls || name == "rollover"
			s.actions = append(s.actions, actions[name](&conversion{draft: d, at: at.at(name)}, action)...)
		}
		for _, name := range sorted(asked) {
			if !slices.Contains(p.actions, name) {
				(&conversion{draft: d, at: at.at(name)}).lost("", asked[name], Lossy, "ISM has no such action")
			}
		}
		states = append(states, s)
	}
	if len(states) == 0 || states[0].age != "" {
		states = slices.Insert(states, 0, state{name: "new"})
	}
	return states, rolls
}

// age is a min_age, "" where it is at once.
func age(value any) string {
	text := fmt.Sprint(value)
	if value == nil || strings.Trim(strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz"), "0") == "" {
		return ""
	}
	return text
}

// linked are the states with their transitions.
func linked(states []state, rolls bool) []any {
	list := make([]any, len(states))
	for i, s := range states {
		transitions := []any{}
		if i+1 < len(states) {
			next := map[string]any{"state_name": states[i+1].name}
			if wait := states[i+1].age; wait != "" {
				condition := "min_index_age"
				if rolls {
					condition = "min_rollover_age"
				}
				next["conditions"] = map[string]any{condition: wait}
			}
			transitions = append(transitions, next)
		}
		made := s.actions
		if made == nil {
			made = []any{}
		}
		list[i] = map[string]any{"name": s.name, "actions": made, "transitions": transitions}
	}
	return list
}

// lifecycleSettings are what ISM has for the settings of ILM.
var lifecycleSettings = map[string]string{
	"index.lifecycle.rollover_alias":    "index.plugins.index_state_management.rollover_alias",
	"index.lifecycle.indexing_complete": "index.plugins.index_state_management.rollover_skip",
}

// attach gives an index to its policy, and ISM what it has to know about it, once the documents are there. A template has its policy
// by its patterns, which the policy is given.
func attach(d *draft) {
	if d.modules.lack(ismModule) {
		for _, name := range sorted(d.Settings) {
			if strings.HasPrefix(name, "index.lifecycle.") {
				d.removeSetting(name, "the target has no index state management: its plugin "+ismModule+" is not there", "")
			}
		}
		return
	}
	for _, name := range sorted(d.Settings) {
		value, to := d.Settings[name], lifecycleSettings[name]
		switch {
		case !strings.HasPrefix(name, "index.lifecycle."):
		case name == "index.lifecycle.name" && d.Kind == Index:
			d.later(LaterAttach, map[string]any{"policy_id": value}, "ILM has it by this policy; its age counts from now on")
			d.removeSetting(name, "", Equivalent)
		case name == "index.lifecycle.name":
			d.removeSetting(name, "the policy takes indices by the patterns of this template", Equivalent)
		case to != "" && d.Kind == Index:
			d.later(LaterSettings, map[string]any{to: value}, "index state management looks for it here")
			d.removeSetting(name, "metadata finish sets "+to, Equivalent)
		case to != "":
			d.removeSetting(name, "it is called "+to, Equivalent)
			d.setSetting(to, value, "it was called "+name)
		default:
			d.removeSetting(name, "index state management has nothing like it", Lossy)
		}
	}
}
