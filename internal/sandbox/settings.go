package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// settings are an index's settings, flat, under their full names. A value is a string or a []any of
// strings, as the server keeps them.
type settings map[string]any

// parseSettings flattens what a request gives, nested or flat, with or without "index." in front.
func parseSettings(raw map[string]any) settings {
	flat := settings{}
	flatten("", raw, flat)
	full := make(settings, len(flat))
	for name, value := range flat {
		if !strings.HasPrefix(name, "index.") {
			name = "index." + name
		}
		full[name] = value
	}
	return full
}

func flatten(prefix string, raw map[string]any, into settings) {
	for name, value := range raw {
		switch v := value.(type) {
		case nil: // null is "not set"
		case map[string]any:
			flatten(prefix+name+".", v, into)
		case []any:
			list := make([]any, len(v))
			for i, element := range v {
				list[i] = text(element)
			}
			into[prefix+name] = list
		default:
			into[prefix+name] = text(v)
		}
	}
}

// text is a scalar as the server keeps it.
func text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case nil:
		return "null"
	}
	return fmt.Sprint(value)
}

func (s settings) text(name, otherwise string) string {
	if value, ok := s[name].(string); ok {
		return value
	}
	return otherwise
}

func (s settings) number(name string, otherwise int) int {
	n, err := strconv.Atoi(s.text(name, ""))
	if err != nil {
		return otherwise
	}
	return n
}

// check refuses what the server does, in the order of the names.
func (s settings) check() error {
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if err := checkSetting(name, s.text(name, "")); err != nil {
			return err
		}
	}
	for name := range privateSettings {
		if _, set := s[name]; set {
			return invalid("validation_exception", "Validation Failed: 1: private index setting [%s] can not be set explicitly;", name)
		}
	}
	shards, routing := s.number("index.number_of_shards", 1), s.number("index.number_of_routing_shards", 0)
	if routing > 0 && (routing < shards || routing%shards != 0) {
		return illegal("the number of source shards [%d] must be a factor of [%d]", shards, routing)
	}
	return nil
}

var (
	timeValue = regexp.MustCompile(`^(-1|0|-?[0-9]+(\.[0-9]+)?(nanos|micros|ms|s|m|h|d))$`)
	byteValue = regexp.MustCompile(`^(-1|0|[0-9]+(\.[0-9]+)?(b|k|kb|m|mb|g|gb|t|tb|p|pb))$`)
)

func checkSetting(name, value string) error {
	switch {
	case boolSettings[name]:
		if value != "true" && value != "false" {
			return illegal("Failed to parse value [%s] as only [true] or [false] are allowed.", value)
		}
	case intSettings[name]:
		return checkNumber(name, value)
	case timeSettings[name]:
		if !timeValue.MatchString(strings.ToLower(value)) {
			return illegal("failed to parse setting [%s] with value [%s] as a time value: unit is missing or unrecognized", name, value)
		}
	case byteSettings[name]:
		if !byteValue.MatchString(strings.ToLower(value)) {
			why := fmt.Sprintf("failed to parse setting [%s] with value [%s] as a size in bytes: unit is missing or unrecognized", name, value)
			return illegal("%s", why).because(invalid("parse_exception", "%s", why))
		}
	case name == "index.codec":
		if !slices.Contains([]string{"default", "lz4", "best_compression", "zlib"}, value) {
			return illegal("unknown value for [index.codec] must be one of [default, lz4, best_compression, zlib] but was: %s", value)
		}
	case textSettings[name], privateSettings[name]:
	case slices.ContainsFunc(settingGroups, func(group string) bool { return strings.HasPrefix(name, group) }):
	default:
		return illegal("unknown setting [%s] please check that any required plugins are installed, or check the breaking changes documentation for removed settings", name)
	}
	return nil
}

// leastValues are the smallest values of the settings that have one other than any number.
var leastValues = map[string]int{
	"index.number_of_shards": 1, "index.number_of_replicas": 0, "index.number_of_routing_shards": 1,
	"index.routing_partition_size": 1, "index.max_result_window": 1, "index.mapping.depth.limit": 1,
	"index.priority": 0,
}

func checkNumber(name, value string) error {
	n, err := strconv.Atoi(value)
	if err != nil {
		return illegal("Failed to parse value [%s] for setting [%s]", value, name).
			because(invalid("number_format_exception", "For input string: %q", value))
	}
	if least, bounded := leastValues[name]; bounded && n < least {
		return illegal("Failed to parse value [%s] for setting [%s] must be >= %d", value, name, least)
	}
	if name == "index.number_of_shards" && n > 1024 {
		return illegal("Failed to parse value [%s] for setting [%s] must be <= 1024", value, name)
	}
	return nil
}

// flat is the settings as flat_settings=true shows them.
func (s settings) flat() object {
	return byName(s, func(_ string, value any) any { return value })
}

// nested is the settings as a tree.
func (s settings) nested() object {
	tree := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		plant(tree, strings.Split(name, "."), s[name])
	}
	return inOrder(tree)
}

// plant puts a value into a tree; where a shorter name already has a value, the rest stays flat.
func plant(tree map[string]any, path []string, value any) {
	for i, step := range path[:len(path)-1] {
		branch, isBranch := tree[step].(map[string]any)
		if _, taken := tree[step]; taken && !isBranch {
			tree[strings.Join(path[i:], ".")] = value
			return
		}
		if !isBranch {
			branch = map[string]any{}
			tree[step] = branch
		}
		tree = branch
	}
	tree[path[len(path)-1]] = value
}

// inOrder turns maps into objects, all the way down.
func inOrder(tree map[string]any) object {
	return byName(tree, func(_ string, value any) any { return ordered(value) })
}

func ordered(value any) any {
	switch v := value.(type) {
	case map[string]any:
		return inOrder(v)
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = ordered(element)
		}
		return list
	}
	return value
}
