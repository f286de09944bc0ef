package selection

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Candidate is an index or a template that may take part.
type Candidate struct {
	Name string
	// DataStream is the data stream an index backs, or "".
	DataStream string
	// Managed says that the product or one of its parts made it (_meta.managed).
	Managed bool
}

// Excluded is a candidate that does not take part.
type Excluded struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// Result says of every candidate, and of every entry of the allowlist, what
// became of it. All lists are sorted by name.
type Result struct {
	Chosen   []string
	Excluded []Excluded
	// Missing are the entries of the allowlist that no candidate answers to.
	Missing []string
}

// Indices chooses indices. A backing index takes part when its own name or that
// of its data stream does; its dot does not exclude it.
func Indices(candidates []Candidate, allow Allowlist) Result {
	return choose(candidates, allow, builtinIndex)
}

// Templates chooses templates of one kind.
func Templates(candidates []Candidate, allow Allowlist) Result {
	return choose(candidates, allow, builtinTemplate)
}

func choose(candidates []Candidate, allow Allowlist, builtin func(Candidate) string) Result {
	var result Result
	used := make([]bool, len(allow.entries))
	for _, c := range candidates {
		reason := ""
		if allow.Empty() {
			reason = builtin(c)
		} else if !allow.names(c, used) {
			reason = "not in the allowlist"
		}
		if reason == "" {
			result.Chosen = append(result.Chosen, c.Name)
		} else {
			result.Excluded = append(result.Excluded, Excluded{Name: c.Name, Reason: reason})
		}
	}
	for i, e := range allow.entries {
		if !used[i] {
			result.Missing = append(result.Missing, e.text)
		}
	}
	slices.Sort(result.Chosen)
	slices.Sort(result.Missing)
	slices.SortFunc(result.Excluded, func(a, b Excluded) int { return cmp.Compare(a.Name, b.Name) })
	return result
}

// names tells whether any entry asks for the candidate, and marks all that do.
func (a Allowlist) names(c Candidate, used []bool) bool {
	found := false
	for i, e := range a.entries {
		if e.matches(c.Name) || e.matches(c.DataStream) {
			used[i], found = true, true
		}
	}
	return found
}

// The built-in exclusions are those of the Java implementation, save that the
// plain words among its template names (logs, metrics, ...) are left to
// _meta.managed, as users have templates of these names too.
var (
	systemPrefixes = strings.Fields(". kibana searchguard sg7- apm- behavioral_analytics- elastic-connectors- elastic_agent. " +
		"ilm-history- logs-elastic_agent logs-endpoint. logs-index_pattern logs-system. metricbeat- metrics-elastic_agent " +
		"metrics-endpoint. metrics-index_pattern metrics-metadata- metrics-system. profiling- synthetics-")
	systemIndices = strings.Fields("triggered_watches watches watch_history_3")

	systemTemplatePrefixes = strings.Fields("data-streams- data-streams@ ecs@ apm@ @abc_template@")
	systemTemplateSuffixes = strings.Fields("@ilm @lifecycle @mappings @package @settings @template @tsdb-settings")
	systemTemplates        = strings.Fields("ilm-history slm-history watch-history logs-mappings logs-settings metrics-mappings metrics-settings " +
		"metrics-tsdb-settings synthetics-mappings synthetics-settings traces-mappings traces-settings search-acl-filter tenant_template")
)

const hint = "; name it in the allowlist to take it"

func builtinIndex(c Candidate) string {
	name, what := c.Name, ""
	if c.DataStream != "" {
		name, what = c.DataStream, "its data stream "+c.DataStream+": "
	}
	if reason := builtinName(name, systemIndices); reason != "" {
		return what + reason
	}
	return ""
}

func builtinTemplate(c Candidate) string {
	if c.Managed {
		return "the product manages it (_meta.managed)" + hint
	}
	if reason := builtinName(c.Name, systemTemplates); reason != "" {
		return reason
	}
	for _, prefix := range systemTemplatePrefixes {
		if strings.HasPrefix(c.Name, prefix) {
			return builtinReason("begins with " + prefix)
		}
	}
	for _, suffix := range systemTemplateSuffixes {
		if strings.HasSuffix(c.Name, suffix) {
			return builtinReason("ends with " + suffix)
		}
	}
	return ""
}

func builtinName(name string, exact []string) string {
	for _, prefix := range systemPrefixes {
		if strings.HasPrefix(name, prefix) {
			if prefix == "." {
				return "the name begins with a dot, as those of system and hidden indices do" + hint
			}
			return builtinReason("begins with " + prefix)
		}
	}
	if slices.Contains(exact, name) {
		return builtinReason("is " + name)
	}
	return ""
}

func builtinReason(what string) string {
	return fmt.Sprintf("the name %s, which belongs to the Elastic stack or one of its plugins%s", what, hint)
}
