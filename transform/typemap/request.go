package typemap

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"migassist/transform"
	"migassist/xcontent/tree"
)

// Requests of servers with mapping types, and what they become:
//
//	/INDEX/TYPE/ID  …/_source  …/_update  …/_create     /TARGET/_doc/ID  _source/ID  _update/ID  _create/ID
//	/INDEX/TYPE/_search, _count, …                      /TARGETS/_search, …  (united types: those of others are found too)
//	/INDEX/_mapping/TYPE, /INDEX/TYPE/_mapping          /TARGETS/_mapping
//	/_bulk  /_mget  /_msearch, also of INDEX and TYPE   each line or document with its target
//	PUT /INDEX with the mappings of types               PUT /TARGET of each, united where several come together
//
// What is for a type that goes nowhere is dropped: a whole request, or its part of one. What has no type is of type _doc.

// request is one that is being rewritten.
type request struct {
	program *Program
	value   *tree.Value
	method  string
	path    []string // segments, as they are written
	query   string
	made    []*tree.Value // where it becomes several: these
}

// request rewrites the address, and where it has addresses the body.
func (t *transformer) request(dst []*transform.Message, m *transform.Message) ([]*transform.Message, error) {
	v, err := m.Value()
	if err != nil || v.Get("URI").Kind() != tree.String {
		return append(dst, m), err
	}
	path, query, _ := strings.Cut(v.Get("URI").Text(), "?")
	r := &request{program: t.program, value: v, method: v.Get("method").Text(), query: query}
	for segment := range strings.SplitSeq(path, "/") {
		if segment != "" {
			r.path = append(r.path, segment)
		}
	}
	before := strings.Join(r.path, "/")
	sent, err := r.route()
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s %s: %w", r.method, path, err)
	case !sent:
		return dst, nil
	case r.made != nil:
		for _, made := range r.made {
			dst = append(dst, transform.NewValue(transform.Request, made))
		}
		return dst, nil
	}
	if after := strings.Join(r.path, "/"); after != before || r.query != query {
		v.Set("URI", tree.NewString(r.uri(after)))
	}
	return append(dst, m), nil
}

func (r *request) uri(path string) string {
	if r.query == "" {
		return "/" + path
	}
	return "/" + path + "?" + r.query
}

// withBodies have addresses in their bodies.
var withBodies = map[string]func(r *request, index, typ string, rest []string) (sent bool, err error){
	"_bulk": (*request).bulk, "_mget": (*request).mget, "_msearch": (*request).msearch,
}

// onIndices are the endpoints that take a list of indices, and took types after them; onDocuments those of one document.
var (
	onIndices = strings.Fields("_search _count _validate _delete_by_query _update_by_query _mtermvectors _query _percolate _mpercolate _suggest " +
		"_search_shards _field_caps _field_stats _search_exists")
	onDocuments = strings.Fields("_doc _create _update _source _explain _termvectors _termvector")
)

// route tells whether something of the request is to be sent.
func (r *request) route() (sent bool, err error) {
	p := r.path
	if len(p) == 0 {
		return true, nil
	}
	if strings.HasPrefix(p[0], "_") && p[0] != "_all" {
		if rewrite := withBodies[p[0]]; rewrite != nil {
			return rewrite(r, "", "", p[1:])
		}
		return true, nil
	}
	index := plain(p[0])
	if len(p) == 1 {
		if r.method == "PUT" || r.method == "POST" {
			return r.create(index)
		}
		return true, nil
	}
	return r.below(index, p[1], p[2:])
}

// below is what follows the index.
func (r *request) below(index, second string, rest []string) (sent bool, err error) {
	switch {
	case withBodies[second] != nil:
		return withBodies[second](r, index, "", rest)
	case second == "_mapping" || second == "_mappings":
		if len(rest) > 0 && rest[0] != "field" {
			return r.mapping(index, plain(rest[0]), rest[1:])
		}
		return r.mapping(index, "", rest)
	case slices.Contains(onDocuments, second):
		return r.document(index, "", second, rest)
	case slices.Contains(onIndices, second):
		return r.search(index, "", second, rest)
	case strings.HasPrefix(second, "_"):
		return true, nil
	}
	return r.typed(index, plain(second), rest)
}

// typed is what follows the type.
func (r *request) typed(index, typ string, rest []string) (sent bool, err error) {
	if r.withoutTypes(); len(rest) == 0 {
		switch r.method {
		case "POST":
			return r.document(index, typ, "_doc", nil)
		case "GET", "HEAD":
			return r.search(index, typ, "", nil)
		}
		return false, fmt.Errorf("it is about the mapping type %s as a whole, which the target does not have", typ)
	}
	switch third := rest[0]; {
	case withBodies[third] != nil:
		return withBodies[third](r, index, typ, rest[1:])
	case third == "_mapping" || third == "_mappings":
		return r.mapping(index, typ, rest[1:])
	case slices.Contains(onIndices, third):
		return r.search(index, typ, third, rest[1:])
	case len(rest) > 1 && strings.HasPrefix(rest[1], "_"):
		return r.document(index, typ, rest[1], append([]string{third}, rest[2:]...))
	}
	return r.document(index, typ, "_doc", rest)
}

// document addresses one document.
func (r *request) document(index, typ, endpoint string, rest []string) (sent bool, err error) {
	r.withoutTypes()
	target := r.program.Target(index, typ)
	if target == "" {
		return false, nil
	}
	r.path = append([]string{escaped(target), endpoint}, rest...)
	return true, nil
}

// search addresses the indices that the documents of types are in; without a type, all that an index's go to, where that is known.
func (r *request) search(index, typ, endpoint string, rest []string) (sent bool, err error) {
	targets := r.targets(index, typ)
	if len(targets) == 0 {
		return false, nil
	}
	for i, target := range targets {
		targets[i] = escaped(target)
	}
	r.path = []string{strings.Join(targets, ",")}
	if endpoint != "" {
		r.path = append(append(r.path, endpoint), rest...)
	}
	return true, nil
}

// targets are the indices of the target for lists of indices and types.
func (r *request) targets(indices, types string) (targets []string) {
	for index := range strings.SplitSeq(indices, ",") {
		mapped, static := r.program.static[index]
		switch {
		case types == "" && static:
			targets = append(targets, slices.Sorted(maps.Values(mapped))...)
		case types == "":
			targets = append(targets, index)
		default:
			for typ := range strings.SplitSeq(types, ",") {
				if target := r.program.Target(index, typ); target != "" {
					targets = append(targets, target)
				}
			}
		}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(targets, func(name string) bool {
		twice := seen[name]
		seen[name] = true
		return twice
	})
}

// withoutTypes takes out of the query what only servers with types know: a parent decides where its children are, as a routing does.
func (r *request) withoutTypes() {
	var kept []string
	routed := strings.HasPrefix(r.query, "routing=") || strings.Contains(r.query, "&routing=")
	for parameter := range strings.SplitSeq(r.query, "&") {
		name, value, _ := strings.Cut(parameter, "=")
		switch {
		case name == "include_type_name":
		case name == "parent" && routed:
		case name == "parent":
			kept = append(kept, "routing="+value)
		default:
			kept = append(kept, parameter)
		}
	}
	r.query = strings.Join(kept, "&")
}

// plain is a segment without escapes.
func plain(segment string) string {
	if text, err := url.PathUnescape(segment); err == nil {
		return text
	}
	return segment
}

// escaped is the name of an index, or a pattern of such, as a segment.
func escaped(name string) string { return strings.ReplaceAll(url.PathEscape(name), "%2A", "*") }
