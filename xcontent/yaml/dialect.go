package yaml

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"migassist/xcontent/literal"
)

// Dialect is how a release of Jackson, the parser inside Elasticsearch and OpenSearch, reads scalars.
type Dialect int

// The dialects, oldest first; what one reads is also how the later ones do, unless they differ beside it.
const (
	Jackson25  Dialect = iota // Elasticsearch 1: rules of its own; tags are ignored
	Jackson28                 // Elasticsearch 2 to 6: SnakeYAML's rules; 010 is 10, 0x1F is text
	Jackson210                // Elasticsearch 7: +5 is 5, !!binary is bytes
	Jackson212                // Elasticsearch 7.17.9 and 8.2, OpenSearch: 010 is 8, 0x1F is 31, 1_000 is 1000
)

// scalar is a leaf of the text.
type scalar struct {
	text  string
	plain bool   // without quotes, and no block
	tag   string // "!!int"; empty: none
}

// patterns are the forms of plain scalars. Source: Resolver of SnakeYAML 1.17 and 2.2; float1 is PATTERN_FLOAT of
// Jackson 2.5.
type patterns struct{ integer, float, float1 *regexp.Regexp }

var compiled = sync.OnceValue(func() *patterns {
	return &patterns{
		integer: regexp.MustCompile(`^[-+]?(0b_*[01][01_]*|0[0-7_]+|0|[1-9][0-9_]*|0x_*[0-9a-fA-F][0-9a-fA-F_]*)$`),
		float:   regexp.MustCompile(`^[-+]?([0-9][0-9_]*\.[0-9_]*([eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+|\._*[0-9][0-9_]*([eE][-+]?[0-9]+)?)$`),
		float1:  regexp.MustCompile(`^[-+]?([0-9][0-9_]*\.[0-9]*|\.[0-9]+)([eE][-+][0-9]+)?$`),
	}
})

// longest is more than any number or word takes.
const longest = 1024

// append appends the JSON of s.
func (d Dialect) append(dst []byte, s scalar) ([]byte, error) {
	switch {
	case d == Jackson25:
		return d.appendFirst(dst, s), nil
	case s.tag != "":
		return d.appendTagged(dst, s)
	case !s.plain || len(s.text) > longest:
		return literal.AppendText(dst, s.text), nil
	}
	if word, ok := words[s.text]; ok {
		return append(dst, word...), nil
	}
	switch {
	case compiled().integer.MatchString(s.text):
		return d.appendInteger(dst, s.text), nil
	case d < Jackson212 && strings.HasPrefix(strings.TrimLeft(s.text, "+-"), "._"):
	case compiled().float.MatchString(s.text), d < Jackson212 && digits(s.text):
		return appendFloat(dst, s.text), nil
	}
	return literal.AppendText(dst, s.text), nil
}

// words are the plain scalars that mean something. The server can't return one that is no number in JSON; it becomes the
// text that other encodings have for it.
var words = map[string]string{
	"": "null", "~": "null", "null": "null", "Null": "null", "NULL": "null",
	"yes": "true", "Yes": "true", "YES": "true", "true": "true", "True": "true", "TRUE": "true", "on": "true", "On": "true", "ON": "true",
	"no": "false", "No": "false", "NO": "false", "false": "false", "False": "false", "FALSE": "false", "off": "false", "Off": "false", "OFF": "false",
	".inf": `"Infinity"`, ".Inf": `"Infinity"`, ".INF": `"Infinity"`, "+.inf": `"Infinity"`, "+.Inf": `"Infinity"`, "+.INF": `"Infinity"`,
	"-.inf": `"-Infinity"`, "-.Inf": `"-Infinity"`, "-.INF": `"-Infinity"`, ".nan": `"NaN"`, ".NaN": `"NaN"`, ".NAN": `"NaN"`,
}

// digits tells whether s is digits only; what begins with 0 and is not octal was a float to SnakeYAML.
func digits(s string) bool {
	return strings.TrimLeft(s, "0123456789") == ""
}

// appendTagged appends what an explicit tag makes of s.
func (d Dialect) appendTagged(dst []byte, s scalar) ([]byte, error) {
	switch s.tag {
	case "!!binary":
		if d < Jackson210 {
			break
		}
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(s.text))
		if err != nil {
			return dst, fmt.Errorf("!!binary: %w", err)
		}
		return literal.AppendBytes(dst, raw), nil
	case "!!bool":
		if b, ok := boolean(s.text); ok {
			return strconv.AppendBool(dst, b), nil
		}
	case "!!int":
		if compiled().integer.MatchString(s.text) {
			return d.appendInteger(dst, s.text), nil
		}
	case "!!float":
		v, err := strconv.ParseFloat(strings.ReplaceAll(s.text, "_", ""), 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return dst, fmt.Errorf("!!float: %q is no number", s.text)
		}
		return literal.AppendFloat(dst, v, 64), nil
	case "!!null":
		if s.text != "" || d < Jackson212 {
			return append(dst, "null"...), nil
		}
	}
	return literal.AppendText(dst, s.text), nil
}

// boolean is the truth of a word of either case, as a tag or Jackson 2.5 demands it.
func boolean(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "y", "on", "yes", "true":
		return true, true
	case "n", "no", "off", "false":
		return false, true
	}
	return false, false
}

// appendInteger appends an integer that the pattern matches, where the dialect has it as one.
func (d Dialect) appendInteger(dst []byte, s string) []byte {
	unsigned := strings.TrimLeft(s, "+-")
	switch {
	case d < Jackson210 && s[0] == '+',
		d < Jackson212 && strings.ContainsAny(unsigned, "bBxX"),
		d < Jackson210 && strings.Contains(s, "_"):
		return literal.AppendText(dst, s)
	}
	base := 10
	if d >= Jackson212 && len(unsigned) > 1 && unsigned[0] == '0' {
		base, unsigned = 8, unsigned[1:]
		switch unsigned[0] {
		case 'b':
			base, unsigned = 2, unsigned[1:]
		case 'x':
			base, unsigned = 16, unsigned[1:]
		}
	}
	v, ok := new(big.Int).SetString(strings.ReplaceAll(unsigned, "_", ""), base)
	if !ok { // 0_ has no octal digit
		return literal.AppendText(dst, s)
	}
	if s[0] == '-' {
		v.Neg(v)
	}
	return v.Append(dst, 10)
}

func appendFloat(dst []byte, s string) []byte {
	v, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	if err != nil && !math.IsInf(v, 0) { // no pattern lets it through
		return literal.AppendText(dst, s)
	}
	return literal.AppendFloat(dst, v, 64)
}

// appendFirst is Jackson 2.5, before it asked SnakeYAML.
func (d Dialect) appendFirst(dst []byte, s scalar) []byte {
	if s.tag != "" || !s.plain || s.text == "" || len(s.text) > longest {
		return literal.AppendText(dst, s.text)
	}
	if s.text == "null" {
		return append(dst, s.text...)
	}
	if b, ok := boolean(s.text); ok {
		return strconv.AppendBool(dst, b)
	}
	if number := strings.TrimPrefix(s.text, "-"); number != "" && digits(number) {
		return d.appendInteger(dst, s.text)
	}
	if compiled().float1.MatchString(s.text) {
		return appendFloat(dst, s.text)
	}
	return literal.AppendText(dst, s.text)
}
