package selection

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// regexPrefix marks an entry that is a regular expression. It has to match the
// whole name.
const regexPrefix = "regex:"

// Allowlist is which names an operator asked for. The zero value asks for
// everything but the built-in exclusions; any entry switches those off.
type Allowlist struct {
	entries []entry
}

type entry struct {
	text    string
	pattern *regexp.Regexp // nil for a literal name
}

// ParseAllowlist reads entries: a literal name, or "regex:" and a regular
// expression (RE2) for the whole name. It names every bad entry at once.
func ParseAllowlist(entries []string) (Allowlist, error) {
	var list Allowlist
	var problems []error
	for _, text := range entries {
		text = strings.TrimSpace(text)
		expression, isRegex := strings.CutPrefix(text, regexPrefix)
		switch {
		case text == "":
			continue
		case isRegex:
			pattern, err := regexp.Compile("^(?:" + expression + ")$")
			if err != nil {
				problems = append(problems, fmt.Errorf("allowlist entry %q: %w", text, err))
				continue
			}
			list.entries = append(list.entries, entry{text, pattern})
		case strings.ContainsAny(text, "*?"):
			problems = append(problems, fmt.Errorf("allowlist entry %q: a name has no wildcards; write %q", text, asRegex(text)))
		default:
			list.entries = append(list.entries, entry{text, nil})
		}
	}
	return list, errors.Join(problems...)
}

func asRegex(wildcard string) string {
	quoted := regexp.QuoteMeta(wildcard)
	return regexPrefix + strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(quoted)
}

// Entries are the entries as they were given.
func (a Allowlist) Entries() []string {
	texts := make([]string, len(a.entries))
	for i, e := range a.entries {
		texts[i] = e.text
	}
	return texts
}

// Empty tells that nothing was asked for by name.
func (a Allowlist) Empty() bool { return len(a.entries) == 0 }

func (e entry) matches(name string) bool {
	if name == "" {
		return false
	}
	if e.pattern == nil {
		return e.text == name
	}
	return e.pattern.MatchString(name)
}
