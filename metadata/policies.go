package metadata

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"migassist/metadata/rules"
)

// In Elasticsearch a template names the policy of the indices that it is for; in OpenSearch a policy names the indices. So a policy that
// templates of the source name is given their patterns.

const lifecycleName = "index.lifecycle.name"

// givePatterns adds to a policy what the templates of the source say of it.
func (b *builder) givePatterns(step *Step, item *rules.Item) {
	policy, _ := item.Rest["policy"].(map[string]any)
	if item.Kind != rules.Policy || policy == nil || policy["ism_template"] != nil {
		return
	}
	var list []any
	for _, template := range b.source.Items {
		if template.Kind != rules.IndexTemplate && template.Kind != rules.LegacyTemplate || b.policyOf(template) != step.source() {
			continue
		}
		patterns := patternsOf(template.Rest)
		if len(patterns) == 0 || managed(template) {
			continue
		}
		globs := make([]any, len(patterns))
		for i, pattern := range patterns {
			globs[i] = pattern
		}
		list = append(list, map[string]any{"index_patterns": globs, "priority": priorityOf(template)})
	}
	if len(list) == 0 {
		return
	}
	policy["ism_template"] = list
	step.Changes = append(step.Changes, rules.Change{
		Path: "/policy/ism_template", After: list, Rule: "policy-patterns", Fidelity: rules.Equivalent,
		Why: "templates of the source name this policy, and in OpenSearch the policy names the indices",
	})
}

// policyOf is the policy that a template gives to its indices, by itself or by what it is composed of: what comes later counts.
func (b *builder) policyOf(template *rules.Item) string {
	policy, _ := template.Settings[lifecycleName].(string)
	if policy != "" {
		return policy
	}
	composed, _ := template.Rest["composed_of"].([]any)
	for _, name := range slices.Backward(composed) {
		for _, item := range b.source.Items {
			if item.Kind == rules.ComponentTemplate && item.Name == name {
				if policy, _ := item.Settings[lifecycleName].(string); policy != "" {
					return policy
				}
			}
		}
	}
	return ""
}

// priorityOf is the priority of an index template, or the order of a legacy one, which is 0 where it is not said. ISM wants none below.
func priorityOf(template *rules.Item) json.Number {
	for _, key := range []string{"priority", "order"} {
		if value := fmt.Sprint(template.Rest[key]); template.Rest[key] != nil && !strings.HasPrefix(value, "-") {
			return json.Number(value)
		}
	}
	return "0"
}

// attached takes out what would give an index to a policy that the target will not have.
func (b *builder) attached() {
	have := map[string]bool{}
	for name := range b.present.templates[rules.Policy] {
		have[name] = true
	}
	for _, step := range b.plan.Steps {
		if step.Kind == rules.Policy && (step.Action == Create || step.Action == Finish || step.Action == Exists) {
			have[step.source()] = true
		}
	}
	b.plan.Finish = slices.DeleteFunc(b.plan.Finish, func(step *FinishStep) bool {
		if step.Do != rules.LaterAttach || have[fmt.Sprint(step.Request.Body.Object()["policy_id"])] {
			return false
		}
		b.plan.find(rules.Index, step.Name, "lossy (lifecycle): on the source it has the policy %v, which is not on the target, nor does it come there", step.Request.Body.Object()["policy_id"])
		return true
	})
}
