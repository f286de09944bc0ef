package metadata

import (
	"fmt"
	"maps"
	"slices"

	"migassist/metadata/rules"
)

// Postpone is the plan without some of its steps, and without those that need what these would create. They are left out with the reason.
func (p *Plan) Postpone(waits map[*Step]string) *Plan {
	waits = maps.Clone(waits)
	for _, step := range p.Steps { // what is needed comes before what needs it
		if waits[step] != "" || step.Action != Create {
			continue
		}
		if needed := step.needs(waits); needed != nil {
			waits[step] = fmt.Sprintf("it needs the %s %s, which waits", words(needed.Kind), needed.Name)
		}
	}
	rest := *p
	rest.Steps = make([]*Step, len(p.Steps))
	for i, step := range p.Steps {
		if rest.Steps[i] = step; waits[step] != "" && step.Action == Create {
			left := *step
			left.Action, left.Reason, left.Request = Left, "waits: "+waits[step], nil
			rest.Steps[i] = &left
		}
	}
	rest.Findings = slices.Clone(p.Findings)
	rest.count()
	return &rest
}

// needs is one of the steps that this one can't do without.
func (s *Step) needs(some map[*Step]string) *Step {
	for other := range some {
		if other.Action != Create {
			continue
		}
		switch other.Kind {
		case rules.ComponentTemplate:
			if names, _ := s.After.Object()["composed_of"].([]any); s.Kind == rules.IndexTemplate && slices.Contains(names, any(other.Name)) {
				return other
			}
		case rules.IndexTemplate:
			if s.Kind != rules.DataStream {
				continue
			}
			template := other.After.Object()
			if _, makes := template["data_stream"]; makes && slices.ContainsFunc(patternsOf(template), func(p string) bool { return glob(p, s.Name) }) {
				return other
			}
		case rules.IngestPipeline, rules.SearchPipeline:
			if s.runs(other) {
				return other
			}
		case rules.ClusterSettings, rules.StoredScript, rules.Policy, rules.LegacyTemplate, rules.DataStream, rules.Index:
		}
	}
	return nil
}

// runs tells whether the settings of an item name a pipeline: without it clients could not write, or search.
func (s *Step) runs(pipeline *Step) bool {
	settings := s.settings()
	names := []string{"index.default_pipeline", "index.final_pipeline"}
	if pipeline.Kind == rules.SearchPipeline {
		names = []string{"index.search.default_pipeline"}
	}
	return slices.ContainsFunc(names, func(name string) bool { return settings[name] == pipeline.Name })
}
