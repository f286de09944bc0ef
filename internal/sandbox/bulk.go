package sandbox

import (
	"encoding/json"
	"errors"
	"slices"
	"unicode/utf8"
)

func (s *Server) bulk(r *request) (answer, error) {
	if len(r.body) == 0 {
		return answer{}, invalid("parse_exception", "request body is required")
	}
	actions, err := parseBulk(r.body, r.vars["index"], r.query.Get("routing"), r.query.Get("pipeline"))
	if err != nil {
		return answer{}, err
	}
	if err := checkActions(actions); err != nil {
		return answer{}, err
	}
	items := make([]object, len(actions))
	failed := false
	for n, a := range actions {
		item, problem := s.carryOut(a, r.fault, n)
		failed = failed || problem
		items[n] = obj(a.verb, item)
	}
	body := obj("took", 1)
	if slices.ContainsFunc(actions, func(a action) bool { return a.pipeline != "" && a.pipeline != "_none" }) {
		body = body.with("ingest_took", 1)
	}
	return ok(body.with("errors", failed, "items", items)), nil
}

// carryOut does one action and reports whether it was refused.
func (s *Server) carryOut(a action, fault Fault, n int) (object, bool) {
	head := obj("_index", a.index, "_id", nil)
	if a.hasID {
		head[1].value = a.id
	}
	on, err := s.target(a)
	if on != nil {
		head[0].value = on.name
		a.routing, err = on.routingBy(a.index, a.routing)
	}
	if err == nil && fault.RejectEvery > 0 && n%fault.RejectEvery == 0 {
		err = rejection()
	}
	if err == nil && a.hasID && a.id == "" {
		err = illegal("if _id is specified it must not be empty")
	}
	if err == nil && (a.pipeline != "" && a.pipeline != "_none") {
		err = illegal("pipeline with id [%s] does not exist", a.pipeline)
	}
	if err == nil && !utf8.Valid(a.source) {
		err = failedDocument(invalid("json_parse_exception", "Invalid UTF-8 in the source"))
	}
	var done outcome
	if err == nil {
		if !a.hasID {
			a.id = newUUID()[:20]
		}
		head[1].value = a.id
		done, err = on.apply(a)
	}
	if err == nil && fault.LoseEvery > 0 && n%fault.LoseEvery == 0 {
		_, err = on.remove(a.id, a.routing)
	}
	if err != nil {
		return head.with("status", statusOf(err), "error", itemError(err)), true
	}
	return head.with("_version", done.version, "result", done.result, "_shards", on.written(),
		"_seq_no", done.seqNo, "_primary_term", 1, "status", done.status()), false
}

// target is the index an action writes to; it is made if it may be.
func (s *Server) target(a action) (*index, error) {
	on, err := s.writeIndex(a.index)
	if err != nil || on != nil {
		return on, err
	}
	if s.setting("action.auto_create_index", "true") == "false" || a.verb == "delete" && a.version == 0 {
		return nil, noSuchIndex(a.index, "index_expression")
	}
	return s.create(a.index, nil)
}

// routingBy is the routing of a write under a name: that of the alias, if the name is one that has one.
func (i *index) routingBy(name, routing string) (string, error) {
	fixed := i.aliases[name].indexRouting
	if fixed == "" || fixed == routing {
		return routing, nil
	}
	if routing != "" {
		return "", illegal("Alias [%s] has index routing associated with it [%s], and was provided with routing value [%s], rejecting operation", name, fixed, routing)
	}
	return fixed, nil
}

func (i *index) apply(a action) (outcome, error) {
	if a.conditional {
		old := i.find(a.id, a.routing)
		if old == nil {
			return outcome{}, i.conflict(a.id, "required seqNo [%d], primary term [1]. but no document was found", a.over)
		}
		if old.sequence != a.over {
			return outcome{}, i.conflict(a.id, "required seqNo [%d], primary term [1]. current document has seqNo [%d] and primary term [1]", a.over, old.sequence)
		}
	}
	switch a.verb {
	case "delete":
		return i.remove(a.id, a.routing)
	case "update":
		return i.update(a)
	}
	w := write{id: a.id, routing: a.routing, source: a.source, create: a.verb == "create"}
	if a.kind == "external" || a.kind == "external_gte" {
		w.external, w.orEqual = a.version, a.kind == "external_gte"
	}
	return i.put(w)
}

// update merges a partial document into the one there is. Scripts are refused: there is no Painless here.
func (i *index) update(a action) (outcome, error) {
	var body struct {
		Doc    map[string]any  `json:"doc"`
		Upsert json.RawMessage `json:"upsert"`
		AsDoc  bool            `json:"doc_as_upsert"`
	}
	if err := json.Unmarshal(a.source, &body); err != nil {
		return outcome{}, invalid("x_content_parse_exception", "%v", err)
	}
	if body.Doc == nil {
		return outcome{}, invalid("action_request_validation_exception", "Validation Failed: 1: script or doc is missing;")
	}
	old := i.find(a.id, a.routing)
	var next any = body.Doc
	switch {
	case old != nil:
		var merged map[string]any
		if err := json.Unmarshal(old.source, &merged); err != nil {
			return outcome{}, failedDocument(invalid("json_parse_exception", "%v", err))
		}
		overlay(merged, body.Doc)
		next = merged
	case body.Upsert != nil:
		next = body.Upsert
	case !body.AsDoc:
		p := missing("document_missing_exception", "[%s]: document missing", a.id)
		return outcome{}, p.with("index", i.name, "shard", "0", "index_uuid", i.uuid)
	}
	merged, err := json.Marshal(next)
	if err != nil {
		return outcome{}, err
	}
	return i.put(write{id: a.id, routing: a.routing, source: merged})
}

// overlay puts one object over another, object by object.
func overlay(under, over map[string]any) {
	for name, value := range over {
		below, wasObject := under[name].(map[string]any)
		above, isObject := value.(map[string]any)
		if wasObject && isObject {
			overlay(below, above)
			continue
		}
		under[name] = value
	}
}

// written is the "_shards" of a write: there is one node, so that replicas are never there.
func (i *index) written() object {
	return obj("total", i.settings.number("index.number_of_replicas", 1)+1, "successful", 1, "failed", 0)
}

func (o outcome) status() int {
	switch o.result {
	case "created":
		return 201
	case "not_found":
		return 404
	}
	return 200
}

func statusOf(err error) int {
	if p, isProblem := errors.AsType[*problem](err); isProblem {
		return p.status
	}
	return 500
}

func itemError(err error) object {
	if p, isProblem := errors.AsType[*problem](err); isProblem {
		return p.detail()
	}
	return obj("type", "exception", "reason", err.Error())
}
