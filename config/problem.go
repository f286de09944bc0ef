package config

import (
	"fmt"
	"strings"
)

// Problem is one thing wrong with the configuration.
type Problem struct {
	Key   string // path in the tree, "target.host"
	Place string // "migassist.yaml:7", "MIGASSIST_TARGET_HOST", "--target-host"; empty when no source has spoken
	What  string // what is wrong and what would be right
}

// String puts the place first, as compilers do.
func (p Problem) String() string {
	var parts []string
	for _, part := range []string{p.Place, p.Key, p.What} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ": ")
}

// Problems is the error of a configuration: all that is wrong with it, in the
// order of the sources.
type Problems []Problem

// Error is one line for one problem, otherwise a count and a line for each.
func (p Problems) Error() string {
	if len(p) == 1 {
		return "configuration: " + p[0].String()
	}
	var text strings.Builder
	fmt.Fprintf(&text, "configuration: %d problems", len(p))
	for _, problem := range p {
		fmt.Fprintf(&text, "\n  %s", problem)
	}
	return text.String()
}

func (p *Problems) add(key, place, format string, args ...any) {
	*p = append(*p, Problem{Key: key, Place: place, What: fmt.Sprintf(format, args...)})
}
