package view

import (
	"io"
	"maps"
	"slices"

	"migassist/internal/jsonlist"
	"migassist/metadata"
	"migassist/metadata/rules"
)

// PlanJSON writes a plan with all it has, and beside it what scripts made for the Java implementation read.
// metadata.ReadPlan reads it.
func PlanJSON(w io.Writer, p *metadata.Plan) error {
	all := struct {
		*metadata.Plan
		GapRegister []gap `json:"gap_register"`
		summed
	}{p, registerOf(p), summed{Clusters: clustersOf(p.Source, p.Target), Transformations: transformations(p)}}
	all.Items = listed{DryRun: true}
	for _, step := range p.Steps {
		aliases := step.After.Part("aliases")
		all.add(step.Kind, planEntry(step), slices.Sorted(maps.Keys(aliases)))
	}
	all.finish()
	return jsonlist.Write(w, all)
}

// ReportJSON writes a report with all it has, and beside it what scripts made for the Java implementation read.
// The plan says which aliases came with the indices and what was rewritten.
func ReportJSON(w io.Writer, p *metadata.Plan, r *metadata.Report) error {
	all := struct {
		*metadata.Report
		GapRegister []gap `json:"gap_register"`
		summed
	}{r, registerOf(p), summed{Clusters: clustersOf(r.Source, r.Target), Transformations: transformations(p)}}
	steps := map[item]*metadata.Step{}
	for _, step := range p.Steps {
		steps[item{step.Kind, step.Name}] = step
	}
	for _, result := range r.Results {
		var names []string
		if step := steps[item{result.Kind, result.Name}]; step != nil {
			aliases := step.After.Part("aliases")
			names = slices.Sorted(maps.Keys(aliases))
		}
		all.add(result.Kind, reportEntry(result), names)
	}
	all.finish()
	return jsonlist.Write(w, all)
}

// item names one.
type item struct {
	kind rules.Kind
	name string
}

// summed has the keys of the Java implementation's output.
type summed struct {
	Clusters        clusters       `json:"clusters"`
	Items           listed         `json:"items"`
	Transformations transformation `json:"transformations"`
	Errors          []string       `json:"errors"`
	ErrorCount      int            `json:"errorCount"`
}

type clusters struct {
	Source side `json:"source"`
	Target side `json:"target"`
}

type side struct {
	Type     string `json:"type"`
	Version  string `json:"version"`
	URI      string `json:"uri,omitempty"`
	Snapshot string `json:"snapshot,omitempty"`
}

type listed struct {
	DryRun             bool     `json:"dryRun"`
	IndexTemplates     []entry  `json:"indexTemplates"`
	ComponentTemplates []entry  `json:"componentTemplates"`
	Indexes            []entry  `json:"indexes"`
	Aliases            []entry  `json:"aliases"`
	Errors             []string `json:"errors"`
}

type entry struct {
	Name       string   `json:"name"`
	Successful bool     `json:"successful"`
	Failure    *failure `json:"failure,omitempty"`
}

type failure struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Fatal   bool   `json:"fatal"`
}

type transformation struct {
	Transformers []transformer `json:"transformers"`
}

// transformer is a rule that changed something.
type transformer struct {
	Name        string   `json:"name"`
	Description []string `json:"description"`
}

// The kinds of failures.
const (
	indexExists    = "INDEX_ALREADY_EXISTS"
	metadataExists = "METADATA_ALREADY_EXISTS"
	notTransformed = "UNABLE_TO_TRANSFORM_FAILURE"
	targetFailure  = "TARGET_CLUSTER_FAILURE"
	skipped        = "SKIPPED_DUE_TO_FILTER"
)

func clustersOf(source metadata.Origin, target metadata.Destination) clusters {
	from := side{Type: "Snapshot", Version: source.Version.String(), URI: source.URI, Snapshot: source.Snapshot}
	if source.Snapshot == "" {
		from.Type = "Remote Cluster"
	}
	return clusters{Source: from, Target: side{Type: "Remote Cluster", Version: target.Version.String(), URI: target.URL}}
}

func transformations(p *metadata.Plan) transformation {
	out := transformation{Transformers: []transformer{}}
	for _, r := range reasonsOf(p) {
		last := len(out.Transformers) - 1
		if last < 0 || out.Transformers[last].Name != r.rule {
			out.Transformers = append(out.Transformers, transformer{Name: r.rule})
			last++
		}
		out.Transformers[last].Description = append(out.Transformers[last].Description, string(r.fidelity)+": "+r.why)
	}
	return out
}

func planEntry(step *metadata.Step) entry {
	e := entry{Name: step.Name}
	switch step.Action {
	case metadata.Create, metadata.Finish:
		e.Successful = true
	case metadata.Exists:
		e.Failure = existing(step.Kind, step.Differences)
	case metadata.Refused:
		e.Failure = &failure{notTransformed, step.Reason, true}
	case metadata.Left:
		e.Failure = &failure{Type: skipped, Message: step.Reason}
	}
	return e
}

func reportEntry(result *metadata.Result) entry {
	e := entry{Name: result.Name}
	switch result.Fate {
	case metadata.Created, metadata.Finished, metadata.Waits:
		e.Successful = true
	case metadata.WasThere:
		e.Failure = existing(result.Kind, result.Differences)
	case metadata.Failed, metadata.NotTried:
		e.Failure = &failure{targetFailure, or(result.Reason, "not tried, as the work ended before"), true}
	case metadata.NotTaken:
		e.Failure = &failure{notTransformed, result.Reason, true}
	case metadata.LeftOut:
		e.Failure = &failure{Type: skipped, Message: result.Reason}
	}
	return e
}

// existing is fatal where what the target has is not what was wanted.
func existing(kind rules.Kind, differences []metadata.Difference) *failure {
	f := &failure{Type: metadataExists, Message: "exists on the target, " + equality(differences), Fatal: len(differences) > 0}
	if kind == rules.Index {
		f.Type = indexExists
	}
	return f
}

// add puts an item into the list of its kind, and its aliases into theirs: each alias once, successful if an index was.
func (s *summed) add(kind rules.Kind, e entry, aliases []string) {
	switch kind {
	case rules.IndexTemplate, rules.LegacyTemplate:
		s.Items.IndexTemplates = append(s.Items.IndexTemplates, e)
	case rules.ComponentTemplate:
		s.Items.ComponentTemplates = append(s.Items.ComponentTemplates, e)
	case rules.Index:
		s.Items.Indexes = append(s.Items.Indexes, e)
		for _, alias := range aliases {
			s.Items.Aliases = append(s.Items.Aliases, entry{Name: alias, Successful: e.Successful, Failure: e.Failure})
		}
	}
	if e.Failure != nil && e.Failure.Fatal {
		s.Errors = append(s.Errors, words(string(kind))+" "+e.Name+": "+e.Failure.Message)
	}
}

// finish joins what several indices say of one alias, and counts.
func (s *summed) finish() {
	if s.Errors == nil {
		s.Errors = []string{}
	}
	s.ErrorCount, s.Items.Errors = len(s.Errors), s.Errors
	at := map[string]int{}
	aliases := []entry{}
	for _, e := range s.Items.Aliases {
		i, known := at[e.Name]
		if !known {
			at[e.Name] = len(aliases)
			aliases = append(aliases, e)
		} else if e.Successful {
			aliases[i] = e
		}
	}
	s.Items.Aliases = aliases
	for _, list := range []*[]entry{&s.Items.IndexTemplates, &s.Items.ComponentTemplates, &s.Items.Indexes} {
		if *list == nil {
			*list = []entry{}
		}
	}
}
