package typemap

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"migassist/transform"
)

// Program is a set of mappings that was understood. It may be used by any number of goroutines.
type Program struct {
	static map[string]map[string]string // index, type, target
	regex  []rule

	known sync.Map // of key: string
}

type key struct{ index, typ string }

type rule struct {
	index, typ *regexp.Regexp
	target     string
	groups     int // of index
}

// settings are the configuration's keys, as in the Java implementation.
type settings struct {
	SourceProperties json.RawMessage              `json:"sourceProperties"` // is taken and not needed: a message says what its types are
	StaticMappings   map[string]map[string]string `json:"staticMappings"`
	RegexMappings    []pattern                    `json:"regexMappings"`
	FeatureFlags     json.RawMessage              `json:"featureFlags"` // of requests that are replayed
}

type pattern struct {
	Index  string `json:"sourceIndexPattern"`
	Type   string `json:"sourceTypePattern"`
	Target string `json:"targetIndexPattern"`
}

// UnmarshalJSON takes the form of earlier versions too: [index, type, target].
func (p *pattern) UnmarshalJSON(text []byte) error {
	if text = bytes.TrimSpace(text); len(text) > 0 && text[0] == '[' {
		var three []string
		if err := json.Unmarshal(text, &three); err != nil || len(three) != 3 {
			return errors.New("an element of regexMappings that is a list must have the patterns of index, type and target")
		}
		*p = pattern{three[0], three[1], three[2]}
		return nil
	}
	type plain pattern
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode((*plain)(p))
}

// Parse reads a configuration; nothing, null and {} unite the types of each index. All that is wrong with it is reported at once.
func Parse(config json.RawMessage) (*Program, error) {
	var s settings
	if len(config) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(config))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&s); err != nil {
			return nil, fmt.Errorf("%w; known are sourceProperties, staticMappings, regexMappings and featureFlags", err)
		}
	}
	p := &Program{static: s.StaticMappings}
	if s.RegexMappings == nil {
		s.RegexMappings = []pattern{{"(.+)", "(.+)", "$1"}}
	}
	var problems []error
	for _, index := range slices.Sorted(maps.Keys(p.static)) {
		for _, typ := range slices.Sorted(maps.Keys(p.static[index])) {
			if p.static[index][typ] == "" {
				problems = append(problems, fmt.Errorf("staticMappings.%s.%s names no index; leave the type out to drop its documents", index, typ))
			}
		}
	}
	for i, pattern := range s.RegexMappings {
		rule, err := pattern.compile()
		if err != nil {
			problems = append(problems, fmt.Errorf("regexMappings[%d]: %w", i, err))
		}
		p.regex = append(p.regex, rule)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return p, nil
}

func (p pattern) compile() (r rule, err error) {
	if p.Index == "" || p.Type == "" || p.Target == "" {
		return r, errors.New("sourceIndexPattern, sourceTypePattern and targetIndexPattern are needed")
	}
	if r.index, err = whole(p.Index); err != nil {
		return r, fmt.Errorf("sourceIndexPattern: %w", err)
	}
	if r.typ, err = whole(p.Type); err != nil {
		return r, fmt.Errorf("sourceTypePattern: %w", err)
	}
	r.target, r.groups = p.Target, r.index.NumSubexp()
	if _, err = expand(p.Target, make([]string, 1+r.groups+r.typ.NumSubexp())); err != nil {
		return r, fmt.Errorf("targetIndexPattern: %w", err)
	}
	return r, nil
}

func whole(expression string) (*regexp.Regexp, error) {
	compiled, err := regexp.Compile("^(?:" + expression + ")$")
	if err != nil && (strings.Contains(expression, "(?=") || strings.Contains(expression, "(?!") || strings.Contains(expression, "(?<")) {
		err = fmt.Errorf("%w: expressions that look ahead or behind are not to be had here (RE2); list the names in staticMappings", err)
	}
	return compiled, err
}

// expand replaces $1 and \1 by groups; groups[0] is not used.
func expand(target string, groups []string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(target); i++ {
		if c := target[i]; c != '$' && c != '\\' {
			out.WriteByte(c)
			continue
		}
		n, digits := 0, 0
		for i+1 < len(target) && target[i+1] >= '0' && target[i+1] <= '9' && digits < 2 {
			i++
			digits++
			n = n*10 + int(target[i]-'0')
		}
		if n == 0 || n >= len(groups) {
			return "", fmt.Errorf("%s refers to group %d, and the patterns of index and type have %d; $1 is the first", target, n, len(groups)-1)
		}
		out.WriteString(groups[n])
	}
	return out.String(), nil
}

// Target returns the index that documents of an index's type go to; "": they are dropped. Documents without a type are of type _doc.
func (p *Program) Target(index, typ string) string {
	if typ == "" {
		typ = untyped
	}
	if target, ok := p.known.Load(key{index, typ}); ok {
		return target.(string)
	}
	target := p.find(index, typ)
	p.known.Store(key{index, typ}, target)
	return target
}

func (p *Program) find(index, typ string) string {
	if types, ok := p.static[index]; ok {
		return types[typ]
	}
	for _, rule := range p.regex {
		ofIndex, ofType := rule.index.FindStringSubmatch(index), rule.typ.FindStringSubmatch(typ)
		if ofIndex == nil || ofType == nil {
			continue
		}
		target, err := expand(rule.target, append(ofIndex, ofType[1:]...))
		if err != nil { // was tried when it was compiled
			return ""
		}
		return target
	}
	return ""
}

// New returns a transformer of documents and of requests. Metadata items pass as they are: who makes them asks for [Program.Target].
func (p *Program) New() transform.Transformer { return &transformer{program: p} }

// transformer keeps the last answer: the next document is mostly of the same index and type.
type transformer struct {
	program *Program
	last    key
	target  string
}

func (t *transformer) Transform(_ context.Context, dst []*transform.Message, m *transform.Message) ([]*transform.Message, error) {
	switch m.Kind {
	case transform.Document:
	case transform.Request:
		return t.request(dst, m)
	case transform.Metadata:
		return append(dst, m), nil
	}
	if at := (key{m.Write.Index, m.Write.Type}); at != t.last {
		t.last, t.target = at, t.program.Target(at.index, at.typ)
	}
	if t.target == "" {
		return dst, nil
	}
	m.Write.Index, m.Write.Type = t.target, ""
	return append(dst, m), nil
}
