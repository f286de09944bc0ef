package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// assign parses text, as environment and flags give it, into a field of the
// tree. Its error says what would be right.
func assign(field any, text string, enum []string) error {
	if len(enum) > 0 && !slices.Contains(enum, text) {
		return wrongChoice(text, enum)
	}
	var err error
	switch field := field.(type) {
	case *string:
		*field = text
	case *Output:
		*field = Output(text)
	case *Structure:
		*field = Structure(text)
	case *bool:
		*field, err = parseBool(text)
	case *int:
		*field, err = parseNumber(text)
	case *Bytes:
		*field, err = ParseBytes(text)
	case *time.Duration:
		*field, err = parseDuration(text)
	case *[]string:
		*field, err = parseList(text)
	case *map[string]string:
		*field, err = parseMap(text)
	case *Secret:
		*field = Literal(text)
	default:
		err = fmt.Errorf("no text form for a %T", field)
	}
	return err
}

func wrongChoice(text string, enum []string) error {
	said := fmt.Sprintf("%q is none of %s", text, strings.Join(enum, ", "))
	if meant := Closest(text, enum); meant != "" {
		said += "; did you mean " + meant + "?"
	}
	return errors.New(said)
}

func parseBool(text string) (bool, error) {
	switch text {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", text)
}

func parseNumber(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number", text)
	}
	return n, nil
}

func parseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no duration: want a number with its unit, like 500ms, 65s or 10m", text)
	}
	return d, nil
}

// parseList reads a list: a JSON array if it begins with a bracket, otherwise
// items between commas. An item with a comma in it needs the JSON form.
func parseList(text string) ([]string, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		var items []string
		if err := json.Unmarshal([]byte(text), &items); err != nil {
			return nil, fmt.Errorf("%q begins like a JSON array but is none of strings: want [\"a\",\"b\"] or a,b", text)
		}
		return items, nil
	}
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items, nil
}

// parseMap reads a map: a JSON object if it begins with a brace, otherwise
// key=value between commas. A value with a comma in it needs the JSON form.
func parseMap(text string) (map[string]string, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		var entries map[string]string
		if err := json.Unmarshal([]byte(text), &entries); err != nil {
			return nil, fmt.Errorf("%q begins like a JSON object but is none of strings: want {\"key\":\"value\"} or key=value,…", text)
		}
		return entries, nil
	}
	pairs, err := parseList(text)
	if err != nil {
		return nil, err
	}
	entries := make(map[string]string, len(pairs))
	for _, pair := range pairs {
		name, value, found := strings.Cut(pair, "=")
		if !found || name == "" {
			return nil, fmt.Errorf("%q is not key=value", pair)
		}
		if _, twice := entries[name]; twice {
			return nil, fmt.Errorf("%q is given twice", name)
		}
		entries[name] = value
	}
	return entries, nil
}

// format gives a field's value as the text that assign would read, secrets hidden.
func format(field any) string {
	switch field := field.(type) {
	case *string:
		return *field
	case *Output:
		return string(*field)
	case *Structure:
		return string(*field)
	case *bool:
		return strconv.FormatBool(*field)
	case *int:
		return strconv.Itoa(*field)
	case *Bytes:
		return field.String()
	case *time.Duration:
		return shortDuration(*field)
	case *[]string:
		return formatList(*field)
	case *map[string]string:
		var pairs []string
		for _, name := range slices.Sorted(maps.Keys(*field)) {
			pairs = append(pairs, name+"="+(*field)[name])
		}
		return formatList(pairs)
	case *Secret:
		return field.String()
	}
	return fmt.Sprint(field)
}

// formatList puts commas between items, unless an item has one itself.
func formatList(items []string) string {
	plain := strings.Join(items, ",")
	if again, err := parseList(plain); err == nil && slices.Equal(again, items) {
		return plain
	}
	quoted, err := json.Marshal(items)
	if err != nil { // strings always marshal
		return plain
	}
	return string(quoted)
}

// shortDuration leaves out the zero parts that time.Duration prints: 1m, not 1m0s.
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
