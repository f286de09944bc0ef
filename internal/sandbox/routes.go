package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// route is a method and a path, what it takes as parameters, and what it does.
type route struct {
	name     string // "PUT /{index}"
	method   string
	segments []string // "{index}" stands for any one segment
	params   []string
	bulk     bool
	handle   func(*request) (answer, error)
}

type routes []*route

// request is what a handler gets to see.
type request struct {
	route   *route
	vars    map[string]string // by the name between the braces
	query   url.Values
	body    []byte
	filters []string
	fault   Fault
}

// commonParams are taken everywhere.
var commonParams = []string{"pretty", "human", "error_trace", "filter_path", "source", "source_content_type"}

// table lists all routes. Several methods are separated by "|".
func (s *Server) table() routes {
	var table routes
	add := func(methods, path string, handle func(*request) (answer, error), params ...string) {
		for method := range strings.SplitSeq(methods, "|") {
			table = append(table, &route{
				name:     method + " " + path,
				method:   method,
				segments: strings.Split(strings.Trim(path, "/"), "/"),
				params:   params,
				bulk:     strings.HasSuffix(path, "_bulk"),
				handle:   handle,
			})
		}
	}
	const timeouts = "master_timeout cluster_manager_timeout timeout"
	const expand = "ignore_unavailable allow_no_indices expand_wildcards local " + timeouts
	words := strings.Fields

	add("GET|HEAD", "/", s.main)
	add("GET", "/_cluster/settings", s.clusterSettings, words("include_defaults flat_settings "+timeouts)...)
	add("PUT", "/_cluster/settings", s.putClusterSettings, words("flat_settings "+timeouts)...)
	add("GET", "/_cluster/health", s.health, words("wait_for_status wait_for_nodes "+timeouts)...)
	add("GET", "/_nodes/{node}", s.nodes, "timeout", "flat_settings")
	add("GET", "/_cat/indices", s.catIndices, words("format h bytes s v health pri expand_wildcards "+timeouts)...)
	add("GET", "/_cat/indices/{index}", s.catIndices, words("format h bytes s v health pri expand_wildcards "+timeouts)...)

	add("PUT", "/{index}", s.createIndex, words("wait_for_active_shards "+timeouts)...)
	add("GET|HEAD", "/{index}", s.getIndex, words("flat_settings include_defaults "+expand)...)
	add("DELETE", "/{index}", s.deleteIndex, words(expand)...)
	add("GET", "/{index}/_mapping", s.getMapping, words(expand)...)
	add("GET", "/_mapping", s.getMapping, words(expand)...)
	add("PUT|POST", "/{index}/_mapping", s.putMapping, words("write_index_only "+expand)...)
	add("GET", "/{index}/_settings", s.getSettings, words("flat_settings include_defaults "+expand)...)
	add("GET", "/_settings", s.getSettings, words("flat_settings include_defaults "+expand)...)
	add("PUT", "/{index}/_settings", s.putSettings, words("preserve_existing "+expand)...)
	add("GET|POST", "/{index}/_refresh", s.refresh, words(expand)...)
	add("GET|POST", "/_refresh", s.refresh, words(expand)...)
	s.addDocuments(add)
	s.addNames(add, expand)
	return table
}

// addDocuments lists the routes to documents.
func (s *Server) addDocuments(add func(string, string, func(*request) (answer, error), ...string)) {
	words := strings.Fields
	writes := words("routing refresh timeout wait_for_active_shards pipeline require_alias")
	single := slices.Concat(writes, words("version version_type op_type if_seq_no if_primary_term"))
	search := words("scroll size from q sort routing _source track_total_hits ignore_unavailable allow_no_indices expand_wildcards preference search_type rest_total_hits_as_int")

	add("POST|PUT", "/_bulk", s.bulk, writes...)
	add("POST|PUT", "/{index}/_bulk", s.bulk, writes...)
	add("GET|HEAD", "/{index}/_doc/{id}", s.getDocument, words("routing realtime refresh preference _source")...)
	add("GET|HEAD", "/{index}/_source/{id}", s.getSource, words("routing realtime refresh preference")...)
	add("PUT|POST", "/{index}/_doc/{id}", s.putDocument, single...)
	add("POST", "/{index}/_doc", s.putDocument, single...)
	add("PUT|POST", "/{index}/_create/{id}", s.createDocument, single...)
	add("DELETE", "/{index}/_doc/{id}", s.deleteDocument, single...)
	add("GET|POST", "/_mget", s.mget, words("realtime refresh routing preference _source")...)
	add("GET|POST", "/{index}/_mget", s.mget, words("realtime refresh routing preference _source")...)
	add("GET|POST", "/_count", s.count, search...)
	add("GET|POST", "/{index}/_count", s.count, search...)
	add("GET|POST", "/_search", s.search, search...)
	add("GET|POST", "/{index}/_search", s.search, search...)
	add("GET|POST", "/_search/scroll", s.scroll, "scroll", "scroll_id", "rest_total_hits_as_int")
	add("DELETE", "/_search/scroll", s.clearScroll)
}

// addNames lists the routes to aliases and templates.
func (s *Server) addNames(add func(string, string, func(*request) (answer, error), ...string), expand string) {
	words := strings.Fields
	add("GET", "/_alias", s.getAlias, words(expand)...)
	add("GET|HEAD", "/_alias/{alias}", s.getAlias, words(expand)...)
	add("GET", "/{index}/_alias", s.getAlias, words(expand)...)
	add("GET|HEAD", "/{index}/_alias/{alias}", s.getAlias, words(expand)...)
	for _, word := range []string{"_alias", "_aliases"} {
		add("PUT|POST", "/{index}/"+word+"/{alias}", s.putAlias, words(expand)...)
		add("DELETE", "/{index}/"+word+"/{alias}", s.deleteAlias, words(expand)...)
	}
	add("POST", "/_aliases", s.updateAliases, words(expand)...)
	for _, kind := range templateKinds {
		path := "/" + kind.word
		add("GET", path, s.getTemplates(kind), words("flat_settings "+expand)...)
		add("GET|HEAD", path+"/{name}", s.getTemplates(kind), words("flat_settings "+expand)...)
		add("PUT|POST", path+"/{name}", s.putTemplate(kind), words("create order cause "+expand)...)
		add("DELETE", path+"/{name}", s.deleteTemplate(kind), words(expand)...)
	}
	add("POST", "/_index_template/_simulate", s.simulateTemplate, words("create cause "+expand)...)
}

// find picks the route of a request, the one with the most literal segments, and checks its parameters.
func (table routes) find(r *http.Request, body []byte, prefix string) (*request, error) {
	uri := r.URL.RequestURI()
	path, below := strings.CutPrefix(r.URL.EscapedPath(), prefix)
	if !below {
		return nil, &problem{status: http.StatusBadRequest, reason: "no handler found for uri [" + uri + "] and method [" + r.Method + "]", bare: true}
	}
	segments := strings.Split(strings.Trim(path, "/"), "/")
	var best *route
	var allowed []string
	for _, candidate := range table {
		if !candidate.matches(segments) {
			continue
		}
		allowed = append(allowed, candidate.method)
		if candidate.method == r.Method && (best == nil || candidate.literals() > best.literals()) {
			best = candidate
		}
	}
	switch {
	case best == nil && len(allowed) > 0:
		return nil, plainly(http.StatusMethodNotAllowed, "Incorrect HTTP method for uri [%s] and method [%s], allowed: [%s]", uri, r.Method, strings.Join(allowed, ", "))
	case best == nil:
		return nil, &problem{status: http.StatusBadRequest, reason: "no handler found for uri [" + uri + "] and method [" + r.Method + "]", bare: true}
	}
	if len(body) > 0 && !takesContentType(r.Header.Get("Content-Type")) {
		return nil, plainly(http.StatusNotAcceptable, "Content-Type header [%s] is not supported", r.Header.Get("Content-Type"))
	}
	query := r.URL.Query()
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if !slices.Contains(best.params, name) && !slices.Contains(commonParams, name) {
			return nil, illegal("request [%s] contains unrecognized parameter: [%s]", r.URL.Path, name)
		}
	}
	vars, err := best.bind(segments)
	if err != nil {
		return nil, err
	}
	req := &request{route: best, vars: vars, query: query, body: body}
	if paths := query.Get("filter_path"); paths != "" {
		req.filters = strings.Split(paths, ",")
	}
	return req, nil
}

func takesContentType(header string) bool {
	kind, _, _ := strings.Cut(header, ";")
	switch strings.TrimSpace(strings.ToLower(kind)) {
	case "application/json", "application/x-ndjson", "application/vnd.elasticsearch+json", "application/vnd.opensearch+json":
		return true
	}
	return false
}

func (r *route) matches(segments []string) bool {
	if len(segments) != len(r.segments) {
		return false
	}
	for i, want := range r.segments {
		if !strings.HasPrefix(want, "{") && want != segments[i] {
			return false
		}
		if strings.HasPrefix(want, "{") && segments[i] == "" {
			return false
		}
	}
	return true
}

func (r *route) literals() int {
	n := 0
	for _, segment := range r.segments {
		if !strings.HasPrefix(segment, "{") {
			n++
		}
	}
	return n
}

func (r *route) bind(segments []string) (map[string]string, error) {
	vars := map[string]string{}
	for i, want := range r.segments {
		if strings.HasPrefix(want, "{") {
			value, err := url.PathUnescape(segments[i])
			if err != nil {
				return nil, illegal("path segment [%s]: %v", segments[i], err)
			}
			vars[strings.Trim(want, "{}")] = value
		}
	}
	return vars, nil
}

// flag is a boolean parameter.
func (r *request) flag(name string) bool {
	values, given := r.query[name]
	return given && (values[0] == "" || values[0] == "true")
}

// decode reads the body as JSON; an empty one is an empty object.
func (r *request) decode(into any) error {
	if len(r.body) == 0 {
		return nil
	}
	if err := json.Unmarshal(r.body, into); err != nil {
		return invalid("parse_exception", "Failed to parse content to map").because(invalid("json_parse_exception", "%v", err))
	}
	return nil
}
