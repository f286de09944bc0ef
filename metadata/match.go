package metadata

import (
	"fmt"
	"slices"
	"strings"

	"migassist/metadata/rules"
)

// Match is how an item that exists on the target stands to the one that is wanted.
type Match string

// The matches.
const (
	Equal Match = "equal"
	// Compatible: documents are stored, found and routed as wanted; what differs is beside that.
	Compatible Match = "compatible"
	// Conflicting: something that documents or searches depend on differs.
	Conflicting Match = "conflicting"
)

// harmless are settings on which neither the documents depend nor what searches find; with a dot or a line at the end, all that begin so.
var harmless = []string{
	"index.number_of_shards", "index.number_of_routing_shards", "index.number_of_replicas", "index.auto_expand_replicas", "index.refresh_interval", "index.codec", "index.priority",
	"index.hidden", "index.gc_deletes", "index.max_", "index.merge.", "index.translog.", "index.routing.allocation.", "index.search.idle.", "index.search.slowlog.",
	"index.indexing.", "index.unassigned.", "index.write.", "index.warmer.", "index.shard.", "index.soft_deletes.", "index.store.", "index.queries.", "index.requests.",
}

func isHarmless(setting string) bool {
	return slices.ContainsFunc(harmless, func(entry string) bool {
		return entry == setting || strings.ContainsAny(entry[len(entry)-1:], "._") && strings.HasPrefix(setting, entry)
	})
}

// matchOf judges the differences of an index or a template. Of anything else each difference is a conflict.
func matchOf(kind rules.Kind, differences []Difference) Match {
	match := Equal
	for _, d := range differences {
		if kind != rules.Index || !compatible(d) {
			return Conflicting
		}
		match = Compatible
	}
	return match
}

// compatible tells whether documents and searches can do with a difference: another alias, a setting of operation, a field more.
func compatible(d Difference) bool {
	parts := strings.Split(strings.TrimPrefix(d.Path, "/"), "/")
	switch parts[0] {
	case "aliases":
		return d.Want == nil // one more is no harm, one less is
	case "settings":
		return isHarmless(parts[len(parts)-1])
	case "mappings":
		return d.Want == nil && isField(parts) || parts[len(parts)-1] == "_meta" || len(parts) > 1 && parts[1] == "_meta" ||
			len(parts) > 1 && parts[1] == "dynamic_templates" && d.Want == nil
	}
	return false
}

// isField tells whether a path ends at a whole field, or at the list of them.
func isField(parts []string) bool {
	last, before := parts[len(parts)-1], ""
	if len(parts) > 1 {
		before = parts[len(parts)-2]
	}
	return before == "properties" || before == "fields" || last == "properties" || last == "fields"
}

// existing is the finding of an item that exists, "" where there is none.
func existing(match Match, allowed bool, differences []Difference, left string) string {
	switch {
	case len(differences) == 0, match == Compatible && allowed:
		return ""
	case match == Compatible:
		return fmt.Sprintf("exists on the target and differs in %s, which is compatible: documents can go into it as it is (--allow-existing-indexes accepts that); %s", places(differences), left)
	}
	return fmt.Sprintf("exists on the target and differs in %s; %s", places(differences), left)
}
