package metadata

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"migassist/metadata/rules"
)

// toldOfStreams is what the API of data streams adds to what a cluster keeps of them: it follows from templates and policies.
var toldOfStreams = []string{
	"name", "status", "ilm_policy", "prefer_ilm", "next_generation_managed_by", "store_size", "maximum_timestamp", "rollover_on_write", "failure_rollover_on_write",
}

// stream brings a data stream, as a cluster keeps it or as its API shows it, into one form:
//
//	kept     {"name": …, "timestamp_field": {"name": …}, "indices": [{"index_name": …, "index_uuid": …}], "generation": 2, "failure_indices": […], …}
//	shown    the same, and "status", "template", "ilm_policy", "failure_store": {"enabled": …, "indices": […]}, …
//	here     {"timestamp_field": {"name": …}, "indices": [names, oldest first], "generation": 2, …}
func stream(rest map[string]any) error {
	failureStore(rest)
	for _, key := range toldOfStreams {
		delete(rest, key)
	}
	for _, key := range []string{"indices", "failure_indices"} {
		list, _ := rest[key].([]any)
		for i, entry := range list {
			if index, told := entry.(map[string]any); told {
				list[i] = index["index_name"]
			}
			if _, named := list[i].(string); !named {
				return fmt.Errorf("one of its %s has no name", strings.ReplaceAll(key, "_", " "))
			}
		}
	}
	maps.DeleteFunc(rest, func(_ string, value any) bool { return unsaid(value) })
	return nil
}

// completeStream adds what the cluster keeps elsewhere.
func (c content) completeStream(source *Source, item *rules.Item) {
	if _, said := item.Rest["template"]; !said {
		if template := streamTemplate(source, item.Name); template != "" {
			item.Rest["template"] = template
		}
	}
	if aliases := c.aliasesOf(item.Name); len(aliases) > 0 {
		item.Rest["aliases"] = aliases
	}
}

// failureStore brings the two ways of writing down a store of failures into one: "failure_store": true, and "failure_indices".
func failureStore(rest map[string]any) {
	store := rest["failure_store"]
	if options, ok := rest["data_stream_options"].(map[string]any); ok && store == nil {
		store = options["failure_store"]
	}
	object, ok := store.(map[string]any)
	if !ok {
		return
	}
	if indices, there := object["indices"]; there {
		rest["failure_indices"] = indices
	}
	rest["failure_store"] = object["enabled"]
}

// unsaid tells whether a value is what is there without anybody having said anything.
func unsaid(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case bool:
		return !v
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// streamTemplate is the index template that a data stream is made by: of those that match, the one of the highest priority.
func streamTemplate(source *Source, stream string) string {
	best, highest := "", -1.0
	for _, item := range source.Items {
		if _, streams := item.Rest["data_stream"]; item.Kind != rules.IndexTemplate || !streams {
			continue
		}
		matches := slices.ContainsFunc(patternsOf(item.Rest), func(one string) bool { return glob(one, stream) })
		priority := 0.0
		if given, there := item.Rest["priority"]; there {
			priority, _ = strconv.ParseFloat(fmt.Sprint(given), 64) // what is no number is none
		}
		if matches && priority > highest {
			best, highest = item.Name, priority
		}
	}
	return best
}

// aliasesOf are the aliases of a data stream, as aliases of an index are written.
func (c content) aliasesOf(stream string) map[string]any {
	aliases := map[string]any{}
	for name, raw := range c.streamAliases {
		kept, err := decodeObject(raw)
		streams, _ := kept["data_streams"].([]any)
		if err != nil || !slices.Contains(streams, any(stream)) {
			continue
		}
		alias := map[string]any{}
		for _, key := range []string{"filter", "filters"} {
			filter, there := kept[key].(map[string]any)
			if perStream, is := filter[stream].(map[string]any); there && key == "filters" && is {
				filter = perStream
			}
			if there {
				alias["filter"] = filter
			}
		}
		if kept["write_data_stream"] == stream {
			alias["is_write_index"] = true
		}
		aliases[name] = alias
	}
	return aliases
}
