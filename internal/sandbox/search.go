package sandbox

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// query is the part of the query language that is here.
type query struct {
	MatchAll *struct{} `json:"match_all"`
	IDs      *struct {
		Values []any `json:"values"`
	} `json:"ids"`
}

// searchBody is the part of a search that is here; every other key is refused, never passed over.
type searchBody struct {
	query  query
	size   int
	from   int
	source bool
}

// searchKeys are the keys of a search body that change nothing in what is found here: the order is always
// that of the shards, and the total is always exact.
var searchKeys = paramSet("sort track_total_hits version seq_no_primary_term stored_fields timeout track_scores")

func (r *request) searchBody() (searchBody, error) {
	body := searchBody{size: 10, source: true}
	var raw map[string]json.RawMessage
	if err := r.decode(&raw); err != nil {
		return body, err
	}
	for key, value := range raw {
		var err error
		switch {
		case key == "query":
			body.query, err = parseQuery(value)
		case key == "size":
			err = json.Unmarshal(value, &body.size)
		case key == "from":
			err = json.Unmarshal(value, &body.from)
		case key == "_source":
			body.source = string(value) != "false"
		case !searchKeys[key]:
			err = invalid("parsing_exception", "Unknown key for a %s in [%s].", "VALUE", key).with("line", 1, "col", 1)
		}
		if err != nil {
			return body, err
		}
	}
	if r.query.Get("q") != "" {
		return body, invalid("parsing_exception", "the sandbox has no query strings")
	}
	if size := r.query.Get("size"); size != "" {
		body.size, _ = strconv.Atoi(size)
	}
	if r.query.Get("_source") == "false" {
		body.source = false
	}
	return body, nil
}

func parseQuery(raw json.RawMessage) (query, error) {
	var q query
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(raw, &keys); err != nil {
		return q, invalid("parsing_exception", "[_na] query malformed, no start_object after query name")
	}
	for key := range keys {
		if key != "match_all" && key != "ids" {
			return q, invalid("parsing_exception", "unknown query [%s]", key).with("line", 1, "col", 1).
				because(invalid("named_object_not_found_exception", "unknown field [%s]", key))
		}
	}
	if err := json.Unmarshal(raw, &q); err != nil {
		return q, invalid("parsing_exception", "%v", err)
	}
	return q, nil
}

// hit is a document with the index it was found in.
type hit struct {
	on *index
	*document
}

// shardsOf reads the preference "_shards:0,2", the only one that changes what is found; nil: all.
func shardsOf(preference string) (map[int]bool, error) {
	list, only := strings.CutPrefix(preference, "_shards:")
	if !only {
		return nil, nil
	}
	list, _, _ = strings.Cut(list, "|")
	shards := map[int]bool{}
	for number := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(number)
		if err != nil {
			return nil, invalid("number_format_exception", "For input string: \"%s\"", number)
		}
		shards[n] = true
	}
	return shards, nil
}

// within keeps the hits of the shards; nil: all.
func within(hits []hit, shards map[int]bool) []hit {
	if shards == nil {
		return hits
	}
	return slices.DeleteFunc(hits, func(h hit) bool { return !shards[slices.Index(h.on.shards, h.on.shardOf(h.id, h.routing))] })
}

func (q query) find(in []*index) []hit {
	var wanted []string
	if q.IDs != nil {
		for _, id := range q.IDs.Values {
			wanted = append(wanted, text(id))
		}
	}
	var hits []hit
	for _, on := range in {
		for _, d := range on.live() {
			if q.IDs == nil || slices.Contains(wanted, d.id) {
				hits = append(hits, hit{on, d})
			}
		}
	}
	return hits
}

func (h hit) show(source bool) object {
	o := obj("_index", h.on.name, "_id", h.id, "_score", 1.0)
	if h.routing != "" {
		o = o.with("_routing", h.routing)
	}
	if source && h.on.keepsSource() {
		o = o.with("_source", h.source)
	}
	return o
}

// scroll is a search under way: what was found when it began.
type scroll struct {
	rest    []hit
	total   int
	shards  int
	page    int
	source  bool
	expires time.Time
}

func (s *Server) search(r *request) (answer, error) {
	found, err := s.resolve(r.vars["index"], r.selection())
	if err != nil {
		return answer{}, err
	}
	body, err := r.searchBody()
	if err != nil {
		return answer{}, err
	}
	for _, on := range found {
		if limit := on.settings.number("index.max_result_window", 10000); body.from+body.size > limit {
			return answer{}, tooManyResults(on, body.from+body.size, limit)
		}
	}
	only, err := shardsOf(r.query.Get("preference"))
	if err != nil {
		return answer{}, err
	}
	hits := within(body.query.find(found), only)
	c := &scroll{total: len(hits), page: body.size, source: body.source}
	for _, on := range found {
		c.shards += len(on.shards)
	}
	c.rest = hits[min(body.from, len(hits)):]
	if r.query.Get("scroll") == "" {
		return ok(c.next()), nil
	}
	if err := s.extend(c, r.query.Get("scroll")); err != nil {
		return answer{}, err
	}
	id := newUUID()
	s.scrolls[id] = c
	return ok(append(obj("_scroll_id", id), c.next()...)), nil
}

func tooManyResults(on *index, wanted, limit int) error {
	cause := illegal("Result window is too large, from + size must be less than or equal to: [%d] but was [%d]. "+
		"See the scroll api for a more efficient way to request large data sets. This limit can be set by changing "+
		"the [index.max_result_window] index level setting.", limit, wanted)
	p := invalid("search_phase_execution_exception", "all shards failed")
	p.root = cause
	return p.with("phase", "query", "grouped", true,
		"failed_shards", []object{obj("shard", 0, "index", on.name, "node", "sandbox", "reason", cause.detail())}).
		because(illegal("%s", cause.reason).because(cause))
}

// next is the following page.
func (c *scroll) next() object {
	n := min(c.page, len(c.rest))
	page := []object{}
	for _, h := range c.rest[:n] {
		page = append(page, h.show(c.source))
	}
	c.rest = c.rest[n:]
	var best any
	if c.total > 0 {
		best = 1.0
	}
	return obj("took", 1, "timed_out", false,
		"_shards", obj("total", c.shards, "successful", c.shards, "skipped", 0, "failed", 0),
		"hits", obj("total", obj("value", c.total, "relation", "eq"), "max_score", best, "hits", page))
}

func (s *Server) extend(c *scroll, keep string) error {
	for_, err := time.ParseDuration(keep)
	if err != nil {
		return illegal("failed to parse setting [scroll] with value [%s] as a time value: unit is missing or unrecognized", keep)
	}
	c.expires = s.options.Now().Add(for_)
	return nil
}

func (s *Server) scroll(r *request) (answer, error) {
	body := struct {
		ID     string `json:"scroll_id"`
		Scroll string `json:"scroll"`
	}{r.query.Get("scroll_id"), r.query.Get("scroll")}
	if err := r.decode(&body); err != nil {
		return answer{}, err
	}
	if body.ID == "" {
		return answer{}, invalid("action_request_validation_exception", "Validation Failed: 1: scrollId is missing;")
	}
	c := s.scrolls[body.ID]
	if c == nil || s.options.Now().After(c.expires) {
		delete(s.scrolls, body.ID)
		return answer{}, missing("search_phase_execution_exception", "all shards failed").
			because(missing("search_context_missing_exception", "No search context found for id [%s]", body.ID))
	}
	if body.Scroll != "" {
		if err := s.extend(c, body.Scroll); err != nil {
			return answer{}, err
		}
	}
	return ok(append(obj("_scroll_id", body.ID), c.next()...)), nil
}

func (s *Server) clearScroll(r *request) (answer, error) {
	var body struct {
		ID any `json:"scroll_id"`
	}
	if err := r.decode(&body); err != nil {
		return answer{}, err
	}
	ids, isList := body.ID.([]any)
	if !isList {
		ids = []any{body.ID}
	}
	freed := 0
	for _, id := range ids {
		if s.scrolls[text(id)] != nil {
			delete(s.scrolls, text(id))
			freed++
		}
	}
	return ok(obj("succeeded", true, "num_freed", freed)), nil
}

func (s *Server) count(r *request) (answer, error) {
	found, err := s.resolve(r.vars["index"], r.selection())
	if err != nil {
		return answer{}, err
	}
	body, err := r.searchBody()
	if err != nil {
		return answer{}, err
	}
	n, shards := 0, 0
	for _, on := range found {
		shards += len(on.shards)
		if body.query.IDs == nil {
			n += on.count()
		}
	}
	if body.query.IDs != nil {
		n = len(body.query.find(found))
	}
	return ok(obj("count", n, "_shards", obj("total", shards, "successful", shards, "skipped", 0, "failed", 0))), nil
}
