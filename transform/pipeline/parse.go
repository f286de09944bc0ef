package pipeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"migassist/config"
)

// plainName is the name of a provider without quotes, as people give it on a command line.
var plainName = regexp.MustCompile(`^[A-Za-z]+$`)

// Parse reads a configuration. All that is wrong with it is reported at once, each with its place.
func Parse(text []byte, o Options) (*Program, error) {
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\ufeff"))) // as editors and shells of Windows begin files
	if plainName.Match(text) {
		text = fmt.Appendf(nil, "%q", text)
	}
	elements, err := list(text)
	if err != nil {
		return nil, err
	}
	o.Limits = o.Limits.WithDefaults()
	p := &Program{}
	sum := sha256.New()
	var problems []error
	for i, element := range elements {
		s, err := parseStep(i, element, o)
		if err != nil {
			problems = append(problems, each("transform "+s.name, err)...)
			continue
		}
		p.steps = append(p.steps, s)
		sum.Write(compact(element))
		if files, ok := s.made.(fingerprinted); ok {
			sum.Write([]byte(files.Fingerprint()))
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	sum.Sum(p.sum[:0])
	return p, nil
}

// each gives every one of joined errors its place, so that they can be listed.
func each(place string, err error) []error {
	joined, ok := err.(interface{ Unwrap() []error }) // what lies in it is one sentence
	if !ok {
		return []error{fmt.Errorf("%s: %w", place, err)}
	}
	var all []error
	for _, one := range joined.Unwrap() {
		all = append(all, fmt.Errorf("%s: %w", place, one))
	}
	return all
}

// list returns the elements of a configuration, of which each is a name, or an object of one member.
func list(config []byte) ([]json.RawMessage, error) {
	const form = `a transform's configuration is the name of a provider, or a list like [{"EditTransformerProvider": [{"remove": ["secret"]}]}]`
	if len(config) == 0 {
		return nil, errors.New("it is empty: " + form)
	}
	if !json.Valid(config) {
		var ignored any
		return nil, fmt.Errorf("it is no JSON: %w; %s", json.Unmarshal(config, &ignored), form)
	}
	if twice := repeated(json.NewDecoder(bytes.NewReader(config))); twice != "" {
		return nil, fmt.Errorf("the key %q stands twice in one object, and only one of the two would count; transforms that follow each other are elements of a list", twice)
	}
	if config[0] != '[' {
		return []json.RawMessage{config}, nil
	}
	var elements []json.RawMessage
	if err := json.Unmarshal(config, &elements); err != nil {
		return nil, err
	}
	if len(elements) == 0 {
		return nil, errors.New("it lists no transform: " + form)
	}
	return elements, nil
}

// repeated returns a key that an object has twice in the next value of a text that is JSON; "": there is none.
func repeated(in *json.Decoder) string {
	open, _ := in.Token() // it is JSON
	if open != json.Delim('[') && open != json.Delim('{') {
		return ""
	}
	seen := map[string]bool{}
	for in.More() {
		if open == json.Delim('{') {
			key, _ := in.Token()
			name, _ := key.(string)
			if seen[name] {
				return name
			}
			seen[name] = true
		}
		if twice := repeated(in); twice != "" {
			return twice
		}
	}
	_, _ = in.Token()
	return ""
}

// parseStep reads one element of the list.
func parseStep(i int, element json.RawMessage, o Options) (step, error) {
	var name string
	var config json.RawMessage
	switch element[0] {
	case '"':
		if err := json.Unmarshal(element, &name); err != nil {
			return step{name: place(i, "?")}, err
		}
	case '{':
		var one map[string]json.RawMessage
		if err := json.Unmarshal(element, &one); err != nil {
			return step{name: place(i, "?")}, err
		}
		if len(one) != 1 {
			return step{name: place(i, "?")}, fmt.Errorf("it has %d names, and must have one: each transform is an element of its own, in their order", len(one))
		}
		for name, config = range one {
		}
	default:
		return step{name: place(i, "?")}, fmt.Errorf("it is %s, where a name or an object is wanted", element)
	}
	s := step{name: place(i, name)}
	if s.kind = kindOf(name); s.kind == nil {
		return s, unknown(name)
	}
	if s.kind.refused != "" {
		return s, errors.New(s.kind.refused)
	}
	if bytes.Equal(config, []byte("null")) {
		config = nil
	}
	var err error
	s.made, err = s.kind.parse(config, o)
	return s, err
}

func kindOf(name string) *kind {
	all := kinds()
	i := slices.IndexFunc(all, func(k kind) bool {
		return strings.EqualFold(name, k.name) || slices.ContainsFunc(k.short, func(short string) bool { return strings.EqualFold(name, short) })
	})
	if i < 0 {
		return nil
	}
	return &all[i]
}

func unknown(name string) error {
	var names, known []string
	for _, k := range kinds() {
		if known = append(append(known, k.name), k.short...); k.refused == "" {
			names = append(names, fmt.Sprintf("%s (%s)", k.name, strings.Join(k.short, ", ")))
		}
	}
	if meant := config.Closest(name, known); meant != "" {
		return fmt.Errorf("there is no provider %q; did you mean %s?", name, meant)
	}
	return fmt.Errorf("there is no provider %q; there are %s", name, strings.Join(names, ", "))
}

// compact leaves white space out, so that it does not tell configurations apart.
func compact(text json.RawMessage) []byte {
	var out bytes.Buffer
	if err := json.Compact(&out, text); err != nil {
		return text
	}
	return out.Bytes()
}
