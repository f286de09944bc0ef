package edit

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"migassist/config"
	"migassist/transform"
	"migassist/xcontent/tree"
)

const form = `edits are an object, or a list of objects, like {"rename": {"old.name": "new.name"}}, {"remove": ["x", "y.z"]}, {"set": {"a.b": 1}}, {"copy": {"a": "b"}}`

// keys are what an object of the configuration may have, what is done first.
func keys() []string {
	return []string{"rename", "remove", "set", "copy", "ifExists", "index", "types"}
}

// Parse reads a configuration. All that is wrong with it is reported at once.
func Parse(config json.RawMessage) (*Program, error) {
	if len(config) == 0 {
		return nil, errors.New("it does nothing: " + form)
	}
	v, err := tree.Parse(config)
	if err != nil {
		return nil, err
	}
	if v.Kind() != tree.Array {
		e, wrong := parseEdit(v)
		return &Program{[]edit{e}}, errors.Join(wrong...)
	}
	if v.Len() == 0 {
		return nil, errors.New("it does nothing: " + form)
	}
	p := &Program{}
	var problems []error
	for i, element := range v.Elements() {
		e, wrong := parseEdit(element)
		e.place = fmt.Sprintf("edit %d: ", i+1)
		for _, err := range wrong {
			problems = append(problems, fmt.Errorf("%s%w", e.place, err))
		}
		p.edits = append(p.edits, e)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return p, nil
}

// parseEdit reads one object.
func parseEdit(v *tree.Value) (e edit, problems []error) {
	if v.Kind() != tree.Object {
		return e, []error{fmt.Errorf("it is %s: %s", v, form)}
	}
	for key, value := range v.Members() {
		var err error
		switch key {
		case "rename", "remove", "set", "copy":
			var wrong []error
			e.changes, wrong = appendChanges(e.changes, key, value)
			problems = append(problems, wrong...)
		case "ifExists":
			e.exists, err = parsePolicy(value)
		case "index":
			e.indices, err = parseNames(key, value)
		case "types":
			e.types, err = parseNames(key, value)
		default:
			err = unknownKey(key)
		}
		if err != nil {
			problems = append(problems, err)
		}
	}
	if len(e.changes) == 0 && len(problems) == 0 {
		problems = append(problems, errors.New("it does nothing: "+form))
	}
	return e, problems
}

func unknownKey(key string) error {
	if meant := config.Closest(key, keys()); meant != "" {
		return fmt.Errorf("key %q is not known; did you mean %s?", key, meant)
	}
	return fmt.Errorf("key %q is not known; there are %s", key, strings.Join(keys(), ", "))
}

// appendChanges reads what one key says is to be done, in its order.
func appendChanges(changes []change, key string, v *tree.Value) (_ []change, problems []error) {
	note := func(c change, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", key, err))
			return
		}
		changes = append(changes, c)
	}
	if key == "remove" {
		names, err := texts(v)
		if err != nil {
			return changes, []error{fmt.Errorf(`remove wants a path, or a list of them, like ["x", "y.z"]: %w`, err)}
		}
		for _, name := range names {
			at, err := parsePath(name)
			note(removal{at}, err)
		}
		return changes, problems
	}
	if v.Kind() != tree.Object || v.Len() == 0 {
		example := map[string]string{"rename": `{"old.name": "new.name"}`, "copy": `{"a": "b"}`, "set": `{"a.b": 1}`}[key]
		return changes, []error{fmt.Errorf("%s wants an object like %s, and is %s", key, example, v)}
	}
	for name, value := range v.Members() {
		if key == "set" {
			at, err := parsePath(name)
			note(setting{at, value}, err)
			continue
		}
		if value.Kind() != tree.String {
			note(nil, fmt.Errorf("%q is to come to %s, where a path is wanted", name, value))
			continue
		}
		moved, err := parsePair(name, value.Text())
		note(moving{moved, key == "copy"}, err)
	}
	return changes, problems
}

// texts reads a string, or a list of strings, that is not empty.
func texts(v *tree.Value) ([]string, error) {
	if v.Kind() == tree.String {
		return []string{v.Text()}, nil
	}
	var all []string
	for _, element := range v.Elements() {
		if element.Kind() != tree.String {
			return nil, fmt.Errorf("%s is no string", element)
		}
		all = append(all, element.Text())
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("it is %s", v)
	}
	return all, nil
}

func parsePolicy(v *tree.Value) (policy, error) {
	p, known := policies()[v.Text()]
	if !known {
		return p, fmt.Errorf(`ifExists is %s, and can be "fail", "replace" or "keep"`, v)
	}
	return p, nil
}

// parseNames reads names, in which * stands for any characters, into an expression.
func parseNames(key string, v *tree.Value) (*regexp.Regexp, error) {
	names, err := texts(v)
	if err != nil {
		return nil, fmt.Errorf(`%s wants a name, or a list of them, in which * stands for any characters: %w`, key, err)
	}
	if slices.Contains(names, "") {
		return nil, fmt.Errorf("%s has a name that is empty", key)
	}
	for i, name := range names {
		names[i] = strings.ReplaceAll(regexp.QuoteMeta(name), `\*`, ".*")
	}
	return regexp.Compile(`(?s)\A(?:` + strings.Join(names, "|") + `)\z`)
}

var _ transform.Transformer = transformer{}
