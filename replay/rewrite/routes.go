package rewrite

import (
	"slices"
	"strings"

	"migassist/cluster/route"
	"migassist/replay/effect"
)

// typeless are the routes with a type whose counterpart is not the same route without it.
var typeless = map[string]string{
	"/{index}/{type}":                   "/{index}/_doc",
	"/{index}/{type}/{id}":              "/{index}/_doc/{id}",
	"/{index}/{type}/{id}/_create":      "/{index}/_create/{id}",
	"/{index}/{type}/{id}/_update":      "/{index}/_update/{id}",
	"/{index}/{type}/{id}/_source":      "/{index}/_source/{id}",
	"/{index}/{type}/{id}/_explain":     "/{index}/_explain/{id}",
	"/{index}/{type}/{id}/_termvectors": "/{index}/_termvectors/{id}",
	"/{index}/{type}/{id}/_termvector":  "/{index}/_termvectors/{id}",
}

// renamed are routes that OpenSearch has under another name.
var renamed = map[string]string{
	"/_optimize":                               "/_forcemerge",
	"/{index}/_optimize":                       "/{index}/_forcemerge",
	"/{index}/_query":                          "/{index}/_delete_by_query",
	"/{index}/{type}/_query":                   "/{index}/_delete_by_query",
	"/_pit":                                    "/_search/point_in_time",
	"/{index}/_pit":                            "/{index}/_search/point_in_time",
	"/_async_search":                           "/_plugins/_asynchronous_search",
	"/{index}/_async_search":                   "/_plugins/_asynchronous_search",
	"/_async_search/{name}":                    "/_plugins/_asynchronous_search/{name}",
	"/_async_search/status/{name}":             "/_plugins/_asynchronous_search/{name}",
	"/_opendistro/_asynchronous_search":        "/_plugins/_asynchronous_search",
	"/_opendistro/_asynchronous_search/{name}": "/_plugins/_asynchronous_search/{name}",
}

// gone says of which routes OpenSearch has no counterpart, by a segment that only they have.
var gone = []string{
	"_percolate", "_mpercolate", "_mlt", "_warmer", "_warmers", "_suggest", "exists", "_field_stats", "_knn_search", "_eql", "_terms_enum", "_mvt",
	"_rollup_search", "_graph", "_fleet", "_freeze", "_unfreeze", "_downsample", "_esql", "_synonyms", "_enrich",
}

// rewriteRoute changes path, query and method to those of the target.
func (w *work) rewriteRoute() {
	w.rewritePath()
	if w.query.has {
		w.rewriteQuery()
	}
	if len(w.e.Operations) == 1 && w.e.Operations[0].Item < 0 {
		w.rewriteDocument(&w.e.Operations[0])
	}
}

func (w *work) rewritePath() {
	p := &w.path
	name := w.e.Route.Name
	for _, segment := range p.name {
		if slices.Contains(gone, segment) {
			w.note(NoEquivalent, name)
			break
		}
	}
	if other, ok := renamed[name]; ok {
		p.shape(segments(other)...)
		w.renamed(name)
	} else if !w.Types && slices.Contains(p.name, "{type}") {
		w.dropType(name)
	}
	if w.Index != nil && p.values["{index}"] != "" {
		if name, changed := w.expression(p.get("{index}")); changed {
			p.set("{index}", name)
		}
	}
	w.rewriteAliasNames(name)
	w.pathIDs(name)
}

// renamed changes what goes with the new name of a route.
func (w *work) renamed(name string) {
	switch {
	case strings.HasSuffix(name, "/_query"):
		w.method = "POST"
		if w.path.values["{type}"] != "" {
			w.note(WidenedTypes, w.path.get("{type}"))
		}
	case name == "/{index}/_async_search":
		index := w.path.get("{index}")
		if w.Index != nil {
			index, _ = w.expression(index)
		}
		w.query.set("index", index)
	case name == "/_async_search/status/{name}":
		w.note(NoEquivalent, name)
	}
}

func (w *work) dropType(name string) {
	p := &w.path
	if other, ok := typeless[name]; ok {
		p.shape(segments(other)...)
		return
	}
	p.shape(slices.DeleteFunc(slices.Clone(p.name), func(segment string) bool { return segment == "{type}" })...)
	kind := w.e.Route.Kind
	if typ := p.get("{type}"); typ != "_doc" && (kind == route.Search || kind == route.ByQuery || kind == route.AsyncSearch) {
		w.note(WidenedTypes, typ)
	}
}

// rewriteAliasNames maps names of indices that are no {index}.
func (w *work) rewriteAliasNames(name string) {
	if w.Index == nil || w.path.values["{name}"] == "" {
		return
	}
	kind := w.e.Route.Kind
	if kind != route.Alias && (kind != route.Index || !strings.HasPrefix(name, "/{index}/") || strings.Contains(name, "_block") || strings.Contains(name, "_warmer")) {
		return
	}
	if other, changed := w.expression(w.path.get("{name}")); changed {
		w.path.set("{name}", other)
	}
}

// expression maps each name of an index expression.
func (w *work) expression(text string) (mapped string, changed bool) {
	if w.Index == nil || text == "" || text == "_all" || text == "*" {
		return text, false
	}
	names := strings.Split(text, ",")
	for i, name := range names {
		plain, excluded := strings.CutPrefix(name, "-")
		if strings.ContainsAny(plain, "*<:") {
			w.note(Expression, name)
			continue
		}
		other := w.Index(plain)
		if other == plain {
			continue
		}
		if names[i], changed = other, true; excluded {
			names[i] = "-" + other
		}
	}
	return strings.Join(names, ","), changed
}

// Parameters that OpenSearch 2.19 refuses. Those of writes change nothing about what is written now; those of reads change nothing about what is
// found, so both are left out. Without the last ones an answer would be another one: they stay, and the target refuses them.
var (
	unknownOfWrites = []string{
		"ttl", "timestamp", "consistency", "replication", "update_all_types", "ignore_conflicts",
		"require_data_stream", "list_executed_pipelines", "include_source_on_error", "fields",
	}
	unknownOfReads  = []string{"min_compatible_shard_node", "force_synthetic_source", "include_source_on_error"}
	unknownAndNoted = []string{"fields", "fielddata_fields", "lowercase_expanded_terms", "ignore_indices"}
)

// dropUnknown leaves parameters out that the target refuses.
func (w *work) dropUnknown() {
	names := unknownOfWrites
	if w.e.Reads {
		names = unknownOfReads
	}
	for _, name := range names {
		if w.query.drop(name) {
			w.note(NoEquivalent, "parameter "+name)
		}
	}
	if kind := w.e.Route.Kind; !w.e.Reads || kind != route.Search && kind != route.Document {
		return
	}
	for _, name := range unknownAndNoted {
		if _, ok := w.query.get(name); ok {
			w.note(NoEquivalent, "parameter "+name)
		}
	}
	if kind, _ := w.query.get("search_type"); kind == "count" || kind == "scan" {
		w.note(NoEquivalent, "search_type="+kind)
	}
}

func (w *work) rewriteQuery() {
	q := &w.query
	if !w.Types {
		q.drop("include_type_name")
	}
	q.rename("_source_include", "_source_includes")
	q.rename("_source_exclude", "_source_excludes")
	if parent, ok := q.get("parent"); ok {
		if _, routed := q.get("routing"); routed {
			q.drop("parent")
		} else if parent != "" {
			q.rename("parent", "routing")
		}
	}
	w.dropUnknown()
	if w.e.Route.Kind == route.Bulk {
		if typ, ok := q.get("type"); ok && !w.Types {
			q.drop("type")
			w.note(NoEquivalent, "parameter type="+typ)
		}
	}
	w.queryIDs()
}

// rewriteDocument settles id, condition and version of a request for one document.
func (w *work) rewriteDocument(o *effect.Operation) {
	if o.AutoID && o.ID != "" && !w.TargetIDs {
		if w.method = "PUT"; w.Types && w.path.values["{type}"] != "" {
			w.path.shape("{index}", "{type}", "{id}")
		} else {
			w.path.shape("{index}", "_doc", "{id}")
		}
		w.path.set("{id}", o.ID)
		if inStream(o) { // without an id, the server takes it for a create by itself
			w.query.set("op_type", "create")
		}
	}
	v := w.versionOf(o)
	if v.dropConditions {
		w.query.drop("if_seq_no")
		w.query.drop("if_primary_term")
	}
	if v.dropVersion {
		w.query.drop("version")
		w.query.drop("version_type")
	}
	if v.external == "" {
		return
	}
	w.query.set("version", v.external)
	w.query.set("version_type", "external_gte")
	if v.action != o.Action { // a create as an index
		w.query.drop("op_type")
		if i := slices.Index(w.path.name, "_create"); i == 1 {
			w.path.shape("{index}", "_doc", "{id}")
		} else if i == 3 {
			w.path.shape("{index}", "{type}", "{id}")
		}
	}
}
