package rewrite

import (
	"net/url"
	"slices"
	"strings"

	"migassist/cluster/route"
)

// path is the path of a request, as the segments of its route and what they stand for, encoded.
type path struct {
	captured string
	name     []string          // segments of the route, as "{index}", "_doc"
	values   map[string]string // by parameter, as "{index}"
	changed  bool
}

// pathOf takes a target apart. A route that is not known stays as it was captured.
func pathOf(target string, r route.Route) path {
	p := path{captured: route.Path(target)}
	if r.Name == "" || strings.HasSuffix(r.Name, "/…") {
		return p
	}
	p.name = segments(r.Name)
	values := segments(p.captured)
	if len(values) != len(p.name) {
		p.name = nil
		return p
	}
	for i, name := range p.name {
		if name[0] != '{' {
			continue
		}
		if p.values == nil {
			p.values = make(map[string]string, 3)
		}
		p.values[name] = values[i]
	}
	return p
}

func segments(path string) []string {
	all := make([]string, 0, 4)
	for segment := range strings.SplitSeq(path, "/") {
		if segment != "" {
			all = append(all, segment)
		}
	}
	return all
}

// get is what a parameter stands for, decoded; empty where there is none.
func (p *path) get(name string) string { return route.Decoded(p.values[name]) }

func (p *path) set(name, value string) {
	if p.values == nil {
		p.values = map[string]string{}
	}
	p.values[name] = url.PathEscape(value)
	p.changed = true
}

// shape gives the path another route.
func (p *path) shape(segments ...string) { p.name, p.changed = segments, true }

func (p *path) String() string {
	if !p.changed {
		return p.captured
	}
	var text strings.Builder
	for _, name := range p.name {
		text.WriteByte('/')
		if value, ok := p.values[name]; ok {
			text.WriteString(value)
		} else {
			text.WriteString(name)
		}
	}
	return text.String()
}

// query is what follows the path, pair by pair as captured.
type query struct {
	pairs []string
	has   bool
}

func queryOf(target string) query {
	_, text, has := strings.Cut(target, "?")
	if !has {
		return query{}
	}
	if text == "" {
		return query{has: true}
	}
	return query{pairs: strings.Split(text, "&"), has: true}
}

func nameOf(pair string) string {
	name, _, _ := strings.Cut(pair, "=")
	if plain, err := url.QueryUnescape(name); err == nil {
		return plain
	}
	return name
}

// get is the value of a parameter, decoded; of several the last counts.
func (q *query) get(name string) (value string, ok bool) {
	for _, pair := range q.pairs {
		if nameOf(pair) != name {
			continue
		}
		_, value, _ = strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(value); err == nil {
			value = plain
		}
		ok = true
	}
	return value, ok
}

// drop removes a parameter, and tells whether it was there.
func (q *query) drop(name string) bool {
	before := len(q.pairs)
	q.pairs = slices.DeleteFunc(q.pairs, func(pair string) bool { return nameOf(pair) == name })
	q.has = q.has && (before == len(q.pairs) || len(q.pairs) > 0)
	return len(q.pairs) < before
}

// set gives a parameter a value, at the end.
func (q *query) set(name, value string) {
	q.drop(name)
	q.pairs = append(q.pairs, name+"="+url.QueryEscape(value))
	q.has = true
}

// rename gives a parameter another name, in its place.
func (q *query) rename(from, to string) {
	for i, pair := range q.pairs {
		if nameOf(pair) == from {
			_, value, _ := strings.Cut(pair, "=")
			q.pairs[i] = to + "=" + value
		}
	}
}

func (q *query) String() string {
	if !q.has {
		return ""
	}
	return "?" + strings.Join(q.pairs, "&")
}
