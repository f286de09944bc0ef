package rewrite

import (
	"strings"
	"sync"

	"migassist/capture"
	"migassist/cluster/route"
	"migassist/replay/effect"
	"migassist/xcontent/tree"
)

// IDs knows which id of the target stands for one that the source gave out. It is used by several goroutines at once.
type IDs interface {
	Target(kind, source string) (target string, ok bool)
	Learn(kind, source, target string)
}

// The kinds of ids.
const (
	ScrollID      = "scroll"
	PITID         = "pit"
	AsyncSearchID = "async_search"
	TaskID        = "task"
)

// Memory is an IDs that forgets: of ids that were neither learned nor asked for lately, the oldest go first.
type Memory struct {
	limit    int
	mu       sync.Mutex
	new, old map[[2]string]string
}

var _ IDs = (*Memory)(nil)

// NewMemory remembers at least limit ids, and at most twice as many.
func NewMemory(limit int) *Memory {
	return &Memory{limit: max(limit, 1), new: map[[2]string]string{}}
}

// Learn remembers what stands for an id.
func (m *Memory) Learn(kind, source, target string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put([2]string{kind, source}, target)
}

func (m *Memory) put(key [2]string, target string) {
	if len(m.new) >= m.limit {
		m.new, m.old = make(map[[2]string]string, m.limit), m.new
	}
	m.new[key] = target
}

// Target says what stands for an id.
func (m *Memory) Target(kind, source string) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := [2]string{kind, source}
	if target, ok := m.new[key]; ok {
		return target, true
	}
	target, ok := m.old[key]
	if ok {
		m.put(key, target)
	}
	return target, ok
}

// translate is the target's id for one of the source; it stays where it is not known, which is noted.
func (w *work) translate(kind, source string) string {
	if w.IDs == nil || source == "" || source == "_all" {
		return source
	}
	target, ok := w.IDs.Target(kind, source)
	if !ok {
		w.note(UnknownID, kind+" "+source[:min(len(source), 60)])
		return source
	}
	return target
}

// pathIDs translates the id that lies in the path.
func (w *work) pathIDs(name string) {
	if w.IDs == nil {
		return
	}
	kind, parameter := "", "{name}"
	switch {
	case name == "/_search/scroll/{name}":
		kind = ScrollID
	case strings.Contains(name, "_async_search/") || strings.Contains(name, "_asynchronous_search/{name}"):
		kind = AsyncSearchID
	case strings.HasPrefix(name, "/_tasks/{"):
		kind, parameter = TaskID, w.path.name[1]
	case strings.HasSuffix(name, "/{id}/_rethrottle"):
		kind, parameter = TaskID, "{id}"
	}
	if kind == "" {
		return
	}
	ids := strings.Split(w.path.get(parameter), ",")
	changed := false
	for i, id := range ids {
		ids[i] = w.translate(kind, id)
		changed = changed || ids[i] != id
	}
	if changed {
		w.path.set(parameter, strings.Join(ids, ","))
	}
}

// queryIDs translates the id that lies in the query.
func (w *work) queryIDs() {
	if w.IDs == nil || w.e.Route.Kind != route.Scroll {
		return
	}
	if id, ok := w.query.get("scroll_id"); ok {
		if other := w.translate(ScrollID, id); other != id {
			w.query.set("scroll_id", other)
		}
	}
}

// translateIn translates what a member holds: an id, or several.
func (w *work) translateIn(v *tree.Value, name, kind string) (changed bool) {
	member := v.Get(name)
	if id := member.Text(); id != "" {
		if other := w.translate(kind, id); other != id {
			v.Set(name, tree.NewString(other))
			changed = true
		}
	}
	for i, each := range member.Elements() {
		id := each.Text()
		if other := w.translate(kind, id); other != id {
			member.SetAt(i, tree.NewString(other))
			changed = true
		}
	}
	return changed
}

// Learn remembers which ids in an answer of the target stand for those in the captured answer. answer is the body of the target's, unpacked.
func (r *Rewriter) Learn(x *capture.Exchange, e *effect.Effect, answer []byte) {
	if r.options.IDs == nil || x.Response == nil || !x.Response.Whole || len(answer) == 0 || !givesID(e.Route, string(x.Request.Head.Target), x.Response.Body) {
		return
	}
	captured, err := effect.Plain(x.Response)
	if err != nil {
		return
	}
	source, err := tree.Parse(captured)
	if err != nil {
		return
	}
	target, err := tree.Parse(answer)
	if err != nil {
		return
	}
	for _, each := range [...]struct {
		kind  string
		names [2]string // by either of which the id may be called
		only  route.Kind
	}{
		{ScrollID, [2]string{"_scroll_id", "_scroll_id"}, ""},
		{PITID, [2]string{"pit_id", "pit_id"}, ""},
		{PITID, [2]string{"id", "pit_id"}, route.PIT},
		{AsyncSearchID, [2]string{"id", "id"}, route.AsyncSearch},
		{TaskID, [2]string{"task", "task"}, ""},
	} {
		if each.only != "" && each.only != e.Route.Kind {
			continue
		}
		from, to := either(source, each.names), either(target, each.names)
		if from != "" && to != "" {
			r.options.IDs.Learn(each.kind, from, to)
		}
	}
}

func either(v *tree.Value, names [2]string) string {
	if text := v.Get(names[0]).Text(); text != "" {
		return text
	}
	return v.Get(names[1]).Text()
}

// givesID tells whether the answer to a request may have an id that clients send back.
func givesID(r route.Route, target string, answer []byte) bool {
	switch r.Kind {
	case route.Scroll, route.PIT, route.AsyncSearch:
		return true
	case route.Search:
		_, scrolls := route.Query(target, "scroll")
		// The id of a point in time comes first in its answers, but a compressed one does not show it.
		return scrolls || strings.HasPrefix(target, "/_search") || strings.Contains(string(answer[:min(len(answer), 100)]), "pit_id")
	case route.ByQuery, route.Maintenance:
		waits, _ := route.Query(target, "wait_for_completion")
		return waits == "false"
	default:
		return false
	}
}
