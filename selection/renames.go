package selection

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Renames gives indices other names on the target. Nil leaves all as they are.
type Renames struct{ rules []renaming }

// renaming is one entry: of a literal name, or of all that match an expression.
type renaming struct {
	from    string
	pattern *regexp.Regexp // nil: literal
	to      string
}

// ParseRenames reads entries OLD=NEW and regex:EXPRESSION=REPLACEMENT. An expression must match the whole name; $1 in the
// replacement is what its first group took, ${name} what that group did. The last equals sign divides. All problems are
// returned at once.
func ParseRenames(entries []string) (*Renames, error) {
	m := &Renames{}
	var problems []error
	for _, entry := range entries {
		rule, err := parseRenaming(entry)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		m.rules = append(m.rules, rule)
	}
	return m, errors.Join(problems...)
}

// group is a reference by number, which regexp would read together with letters that follow.
var group = regexp.MustCompile(`\$(\d+)`)

func parseRenaming(entry string) (renaming, error) {
	at := strings.LastIndexByte(entry, '=')
	if at < 0 {
		return renaming{}, fmt.Errorf("%q is no OLD=NEW", entry)
	}
	rule := renaming{from: entry[:at], to: entry[at+1:]}
	expression, is := strings.CutPrefix(rule.from, regexPrefix)
	switch {
	case is && expression == "" || rule.from == "" || rule.to == "":
		return rule, fmt.Errorf("%q has nothing on one side of its =", entry)
	case is:
		var err error
		if rule.pattern, err = regexp.Compile(`\A(?:` + expression + `)\z`); err != nil {
			return rule, fmt.Errorf("%q: %w", entry, err)
		}
		rule.to = group.ReplaceAllString(rule.to, `$${$1}`)
	default:
		if bad := IndexNameProblem(rule.to); bad != "" {
			return rule, fmt.Errorf("%q: %s is no name of an index: %s", entry, rule.to, bad)
		}
	}
	return rule, nil
}

// Apply returns the name that the first entry for it gives an index, and whether there is one.
func (m *Renames) Apply(name string) (string, bool) {
	if m == nil {
		return name, false
	}
	for _, rule := range m.rules {
		switch {
		case rule.pattern == nil && rule.from == name:
			return rule.to, true
		case rule.pattern != nil && rule.pattern.MatchString(name):
			return rule.pattern.ReplaceAllString(name, rule.to), true
		}
	}
	return name, false
}

// maxIndexName is the bytes that the name of an index may have.
const maxIndexName = 255

// IndexNameProblem says what is wrong with the name of an index; "": nothing.
func IndexNameProblem(name string) string {
	switch {
	case name == "" || name == "." || name == "..":
		return "it is empty"
	case len(name) > maxIndexName:
		return fmt.Sprintf("it has %d bytes, more than %d", len(name), maxIndexName)
	case strings.ToLower(name) != name:
		return "it has capital letters"
	case strings.ContainsAny(name, ` "*\<|,>/?:#`):
		return `it has one of: space " * \ < | , > / ? : #`
	case strings.ContainsAny(name[:1], "-_+"):
		return "it begins with one of: - _ +"
	}
	return ""
}
