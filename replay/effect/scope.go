package effect

import (
	"bytes"
	"strings"

	"migassist/cluster/route"
	"migassist/xcontent/tree"
)

// scopeOf is what a request without documents of its own is a barrier for.
func scopeOf(r route.Route, target string, body []byte) Scope {
	if r.Name == "/_reindex" {
		return reindexed(body)
	}
	if r.Index == "" || strings.HasSuffix(r.Name, "/…") {
		return Scope{All: true}
	}
	switch r.Kind {
	case route.Index:
		// A new index may come with aliases, a rollover makes an index by itself.
		if strings.Contains(r.Name, "/_rollover") || r.Name == "/{index}" && bytes.Contains(body, []byte(`"aliases"`)) {
			return Scope{All: true}
		}
		if strings.HasSuffix(r.Name, "/{name}") && !strings.Contains(r.Name, "_block") {
			return both(r.Index, last(target))
		}
		return named(r.Index)
	case route.Alias:
		if strings.HasSuffix(r.Name, "/{name}") {
			return both(r.Index, last(target))
		}
		return Scope{All: true}
	case route.ByQuery, route.Mapping, route.Settings:
		return named(r.Index)
	}
	return Scope{All: true}
}

func named(expression string) Scope {
	if expression == "_all" || expression == "*" {
		return Scope{All: true}
	}
	return Scope{Indices: expression}
}

func both(a, b string) Scope {
	if b == "" || strings.HasPrefix(b, "_") {
		return Scope{All: true}
	}
	return named(a + "," + b)
}

// last is the last segment of a target's path.
func last(target string) string {
	path := strings.TrimRight(route.Path(target), "/")
	return route.Decoded(path[strings.LastIndexByte(path, '/')+1:])
}

// reindexed are the indices that a reindex reads and writes.
func reindexed(body []byte) Scope {
	v, err := tree.Parse(body)
	if err != nil {
		return Scope{All: true}
	}
	to := v.Path("dest", "index").Text()
	if to == "" {
		return Scope{All: true}
	}
	names := []string{to}
	if source := v.Get("source"); source.Get("remote") == nil {
		from := source.Get("index")
		if name := from.Text(); name != "" {
			names = append(names, name)
		}
		for _, each := range from.Elements() {
			names = append(names, each.Text())
		}
		if len(names) == 1 {
			return Scope{All: true}
		}
	}
	return named(strings.Join(names, ","))
}

// idempotent says whether a request without documents of its own does the same when it is sent twice.
func idempotent(r route.Route, method string) bool {
	switch r.Kind {
	case route.Mapping, route.Settings, route.Alias, route.Template, route.Pipeline, route.Script, route.Policy:
		return true
	case route.Index:
		return !strings.Contains(r.Name, "/_rollover")
	case route.Cluster, route.Security, route.Snapshot, route.Task:
		return method == "PUT" || method == "DELETE"
	default:
		return false
	}
}
