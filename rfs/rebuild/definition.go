package rebuild

import (
	"encoding/json"
	"strconv"
	"strings"
)

// definition is the mapping of one object or field: its parameters as written.
type definition map[string]json.RawMessage

func parseDefinition(raw json.RawMessage) (definition, error) {
	var d definition
	err := json.Unmarshal(raw, &d)
	return d, err
}

// text returns a parameter as a string, whatever scalar it is; "" where it is not given.
func (d definition) text(name string) string {
	raw := d[name]
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return strings.Trim(string(raw), " ")
}

// flag returns a boolean parameter, in the spellings of all versions, or what holds where it is not given.
func (d definition) flag(name string, otherwise bool) bool {
	switch d.text(name) {
	case "true", "yes", "on", "1":
		return true
	case "false", "no", "off", "0":
		return false
	default:
		return otherwise
	}
}

// number returns a numeric parameter, or what holds where it is not given.
func (d definition) number(name string, otherwise float64) float64 {
	if n, err := strconv.ParseFloat(d.text(name), 64); err == nil {
		return n
	}
	return otherwise
}

// list returns a parameter that is a list of strings, or one.
func (d definition) list(name string) []string {
	var many []string
	if json.Unmarshal(d[name], &many) == nil {
		return many
	}
	if one := d.text(name); one != "" && one != "null" {
		return []string{one}
	}
	return nil
}

// children returns a parameter that holds definitions by name: properties, fields.
func (d definition) children(name string) map[string]definition {
	var children map[string]definition
	if json.Unmarshal(d[name], &children) != nil {
		return nil
	}
	return children
}

// kind returns the type, "object" where properties stand alone.
func (d definition) kind() string {
	if t := d.text("type"); t != "" && d["type"] != nil {
		return t
	}
	return "object"
}

// release is the version that created an index, which decides how its values are coded.
type release struct {
	openSearch bool
	id         int64 // MMmmrr99; from Elasticsearch 8.11 on an index version of the same size
	exact      bool  // values are to be written as the server does
}

// openSearchBit marks ids of OpenSearch (org.opensearch.Version.MASK).
const openSearchBit = 0x08000000

func releaseOf(created int64) release {
	if created&openSearchBit != 0 {
		return release{openSearch: true, id: created ^ openSearchBit}
	}
	return release{id: created}
}

// since tells whether the index was created by Elasticsearch of a version or later, or by OpenSearch, which began
// as 7.10.
func (r release) since(major, minor int) bool {
	return r.openSearch && major <= 7 || !r.openSearch && r.id >= int64(major)*1_000_000+int64(minor)*10_000
}

// joda tells whether patterns of dates are Joda's.
func (r release) joda() bool { return !r.since(7, 0) }

// hasDocValues tells whether a field has a column.
func (d definition) hasDocValues(r release) bool {
	if d["doc_values"] != nil {
		return d.flag("doc_values", false)
	}
	var data struct{ Format string }
	if json.Unmarshal(d["fielddata"], &data) == nil && data.Format == "doc_values" {
		return true // Elasticsearch 1.x
	}
	switch d.kind() {
	case "text", "binary", "annotated_text", "match_only_text", "search_as_you_type", "completion", "percolator":
		return false
	case "integer_range", "long_range", "float_range", "double_range", "date_range", "ip_range":
		return r.since(6, 0)
	case "string":
		return r.since(2, 0) && d.text("index") == "not_analyzed"
	}
	// Fields that are not indexed had none either, until 5.0 set the two apart.
	if !r.since(5, 0) && d.text("index") == "no" {
		return false
	}
	return r.since(2, 0)
}
