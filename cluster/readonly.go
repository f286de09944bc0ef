package cluster

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// ErrReadOnly is wrapped by the error for a request that a [Reader] must not send.
var ErrReadOnly = errors.New("not a read, and this side is only read")

// readOnly lets reads pass and nothing else. It is the only transport a Reader has.
//
//	GET, HEAD   any path, save the few that act: _refresh, _flush, _forcemerge, ...
//	POST        /_ingest/pipeline/_simulate; /_search  /_count  /_mget  /_analyze  /_search/point_in_time  and the same below one
//	            index expression, /INDEX/_pit, /_search/scroll
//
// Paths with a mapping type are not among them: to some versions POST /books/_doc/_count is the
// document "_count".
type readOnly struct{ next transport }

// Perform passes a read on, and refuses anything else before it is sent.
func (g readOnly) Perform(req *http.Request) (*http.Response, error) {
	if !isRead(req.Method, req.URL.EscapedPath()) {
		return nil, fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, ErrReadOnly)
	}
	return g.next.Perform(req)
}

// acting are the segments that make a GET do something in some version.
var acting = []string{
	"_cache", "_flush", "_forcemerge", "_optimize", "_refresh", "_reload_search_analyzers", "_shutdown", "_upgrade",
}

// readingPosts are the POST routes, "*" standing for one index expression.
var readingPosts = []string{
	"_search", "_count", "_mget", "_analyze", "_search/point_in_time", "_search/scroll",
	"_ingest/pipeline/_simulate", // builds a pipeline and keeps nothing
	"*/_search", "*/_count", "*/_mget", "*/_analyze", "*/_search/point_in_time", "*/_pit",
}

func isRead(method, escapedPath string) bool {
	path := strings.Trim(escapedPath, "/")
	if strings.Contains(strings.ToLower(path), "%2f") {
		return false // a slash that only one of us would see
	}
	segments := strings.Split(path, "/")
	if slices.Contains(segments, "..") || slices.Contains(segments, ".") {
		return false
	}
	switch method {
	case http.MethodGet, http.MethodHead:
		return !slices.ContainsFunc(segments, func(s string) bool { return slices.Contains(acting, s) })
	case http.MethodPost:
		if !strings.HasPrefix(segments[0], "_") || segments[0] == "_all" {
			segments[0] = "*"
		}
		return slices.Contains(readingPosts, strings.Join(segments, "/"))
	}
	return false
}
