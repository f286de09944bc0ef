package route

import (
	"net/url"
	"strings"
	"sync"
)

// Route is what a request is for.
type Route struct {
	Changes bool   // documents, metadata or settings may be different afterwards
	Kind    Kind   // the family of the route
	Name    string // the row of the table, as "/{index}/_doc/{id}"; empty where the route is not known
	Index   string // the index, or the expression of several, as in the path, decoded; empty where there is none
	Type    string
	ID      string
}

// node is a segment of the paths in the table.
type node struct {
	literal map[string]*node
	param   *node  // any segment
	name    string // of what leads here, where that is a parameter
	row     *row   // ends here
	tree    *row   // holds for all below
}

// root is the table as a tree, made when it is needed first.
var root = sync.OnceValue(func() *node {
	top := &node{}
	for i := range rows {
		top.add(rows[i].path).row = &rows[i]
	}
	for i := range trees {
		top.add(trees[i].path).tree = &trees[i]
	}
	return top
})

func (n *node) add(path string) *node {
	for segment := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if segment == "" {
			continue
		}
		if name, isParam := strings.CutPrefix(segment, "{"); isParam {
			if n.param == nil {
				n.param = &node{}
			}
			n = n.param
			n.name = name[:len(name)-1]
			continue
		}
		if n.literal == nil {
			n.literal = map[string]*node{}
		}
		if n.literal[segment] == nil {
			n.literal[segment] = &node{}
		}
		n = n.literal[segment]
	}
	return n
}

// mostSegments are more than any route has.
const mostSegments = 10

// found is a walk through the tree.
type found struct {
	row    *row
	values [mostSegments]string // of the segments
	count  int
	tree   *row
}

// Classify tells what a request is for. target is that of the request line: a path, maybe with a query, or a whole URL.
func Classify(method, target string) Route {
	var f found
	f.split(Path(target))
	safe := method == "GET" || method == "HEAD" || method == "OPTIONS"
	if f.count <= mostSegments {
		f.match(root(), 0)
	}
	if f.row == nil {
		f.row = f.tree
		if f.row == nil {
			return Route{Changes: !safe, Kind: Other}
		}
		return Route{Changes: !safe && f.row.changes, Kind: f.row.kind, Name: f.row.path + "/…"}
	}
	r := Route{Changes: !safe && f.row.changes, Kind: f.row.kind, Name: f.row.path}
	f.names(&r)
	return r.corrected(method)
}

// corrected settles what path alone does not tell.
func (r Route) corrected(method string) Route {
	switch {
	case r.Name == "/{index}/{type}" && method != "POST" && method != "PUT": // a type itself; before 2.0 it could be removed
		r.Kind = Mapping
	case r.Name == "/_search/template/{name}" && (method == "GET" || method == "HEAD"):
		r.Changes = false
	}
	return r
}

// split cuts the path into segments; empty ones do not count, as for the servers.
func (f *found) split(path string) {
	for len(path) > 0 {
		segment, rest, _ := strings.Cut(path, "/")
		path = rest
		if segment == "" {
			continue
		}
		if f.count < mostSegments {
			f.values[f.count] = segment
		}
		f.count++
	}
}

// match looks for the row of the segments from at on: names before parameters.
func (f *found) match(n *node, at int) bool {
	if n.tree != nil {
		f.tree = n.tree
	}
	if at == f.count {
		f.row = n.row
		return n.row != nil
	}
	segment := f.values[at]
	if f.isType(n, at) {
		return f.match(n.param, at+1)
	}
	if next := n.literal[segment]; next != nil && f.match(next, at+1) {
		return true
	}
	// Names of indices and types do not begin with an underscore.
	if n.param != nil && (segment[0] != '_' || segment == "_all" || n.param.name != "index" && n.param.name != "type") {
		return f.match(n.param, at+1)
	}
	return false
}

// isType tells whether segment at is the type _doc of Elasticsearch 6 and 7, in a route that has a type before something else:
// /{index}/_doc/_search, /{index}/_doc/{id}/_update, /{index}/_mapping/_doc.
func (f *found) isType(n *node, at int) bool {
	if f.values[at] != "_doc" || n.param == nil || n.param.name != "type" {
		return false
	}
	rest := n.param
	for i := at + 1; i < f.count; i++ {
		next := rest.literal[f.values[i]]
		if next == nil {
			next = rest.param
		}
		if next == nil {
			return false
		}
		rest = next
	}
	return rest.row != nil && (n.literal["_doc"] == nil || rest.row.path != "/{index}/{type}" && rest.row.path != "/{index}/{type}/{id}")
}

// names fills in what the parameters of the row stand for.
func (f *found) names(r *Route) {
	path := f.row.path
	for at := 0; at < f.count; at++ {
		segment, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		path = rest
		switch segment {
		case "{index}":
			r.Index = Decoded(f.values[at])
		case "{type}":
			r.Type = Decoded(f.values[at])
		case "{id}":
			r.ID = Decoded(f.values[at])
		}
	}
}

// Decoded is a segment of a path as what it stands for.
func Decoded(segment string) string {
	if !strings.Contains(segment, "%") && !strings.Contains(segment, "+") {
		return segment
	}
	if plain, err := url.PathUnescape(segment); err == nil {
		return plain
	}
	return segment
}

// Path is the path of a request's target, without its query.
func Path(target string) string {
	if !strings.HasPrefix(target, "/") {
		if at := strings.Index(target, "://"); at >= 0 {
			target = target[at+3:]
			if at = strings.IndexByte(target, '/'); at < 0 {
				return "/"
			}
			target = target[at:]
		}
	}
	path, _, _ := strings.Cut(target, "?")
	return path
}

// Query is the value of a parameter of a request's target, decoded; ok says that it is there. Of several the last counts.
func Query(target, name string) (value string, ok bool) {
	_, query, _ := strings.Cut(target, "?")
	for len(query) > 0 {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		key, text, _ := strings.Cut(pair, "=")
		if key != name {
			if !strings.Contains(key, "%") {
				continue
			}
			if plain, err := url.QueryUnescape(key); err != nil || plain != name {
				continue
			}
		}
		if plain, err := url.QueryUnescape(text); err == nil {
			text = plain
		}
		value, ok = text, true
	}
	return value, ok
}
