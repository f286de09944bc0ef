package sandbox

import (
	"net/http"
	"strconv"
	"strings"
)

// one is the index that a path to a document names.
func (s *Server) one(name string) (*index, error) {
	found, err := s.resolve(name, selection{kind: "index_expression"})
	if err != nil {
		return nil, err
	}
	if len(found) != 1 {
		names := make([]string, len(found))
		for n, on := range found {
			names[n] = on.name
		}
		return nil, illegal("alias [%s] has more than one index associated with it [%s], can't execute a single index op", name, strings.Join(names, ", "))
	}
	return found[0], nil
}

// fetch finds a document; one that is not there is nil.
func (s *Server) fetch(name, id, routing string) (*index, *document, error) {
	on, err := s.one(name)
	if err != nil {
		return nil, nil, err
	}
	if routing, err = on.routingBy(name, routing); err != nil {
		return nil, nil, err
	}
	if on.routingRequired() && routing == "" {
		return nil, nil, on.routingMissing(id)
	}
	return on, on.find(id, routing), nil
}

// show is a document as GET and mget show it.
func (d *document) show(on *index, id string) object {
	if d == nil {
		return obj("_index", on.name, "_id", id, "found", false)
	}
	o := obj("_index", on.name, "_id", id, "_version", d.version, "_seq_no", d.sequence, "_primary_term", 1)
	if d.routing != "" {
		o = o.with("_routing", d.routing)
	}
	o = o.with("found", true)
	if on.keepsSource() {
		o = o.with("_source", d.source)
	}
	return o
}

func (s *Server) getDocument(r *request) (answer, error) {
	on, found, err := s.fetch(r.vars["index"], r.vars["id"], r.query.Get("routing"))
	if err != nil {
		return answer{}, err
	}
	status := http.StatusOK
	if found == nil {
		status = http.StatusNotFound
	}
	return answer{status, found.show(on, r.vars["id"])}, nil
}

func (s *Server) getSource(r *request) (answer, error) {
	on, found, err := s.fetch(r.vars["index"], r.vars["id"], r.query.Get("routing"))
	if err != nil {
		return answer{}, err
	}
	if found == nil || !on.keepsSource() {
		return answer{}, missing("resource_not_found_exception", "Document not found [%s]/[%s]", on.name, r.vars["id"])
	}
	return ok(found.source), nil
}

func (s *Server) putDocument(r *request) (answer, error) {
	verb := "index"
	if r.query.Get("op_type") == "create" {
		verb = "create"
	}
	return s.single(r, verb)
}

func (s *Server) createDocument(r *request) (answer, error) { return s.single(r, "create") }

func (s *Server) deleteDocument(r *request) (answer, error) { return s.single(r, "delete") }

// single does one action by its own request.
func (s *Server) single(r *request, verb string) (answer, error) {
	if len(r.body) == 0 && verb != "delete" {
		return answer{}, invalid("parse_exception", "request body is required")
	}
	a := action{
		verb: verb, index: r.vars["index"], id: r.vars["id"], hasID: true,
		routing: r.query.Get("routing"), kind: r.query.Get("version_type"), source: r.body,
	}
	if a.id == "" {
		a.id = newUUID()[:20]
	}
	if version := r.query.Get("version"); version != "" {
		a.version, _ = strconv.ParseInt(version, 10, 64)
	}
	if err := checkActions([]action{a}); err != nil {
		return answer{}, err
	}
	on, err := s.target(a)
	if err != nil {
		return answer{}, err
	}
	if a.routing, err = on.routingBy(a.index, a.routing); err != nil {
		return answer{}, err
	}
	done, err := on.apply(a)
	if err != nil {
		return answer{}, err
	}
	return answer{done.status(), obj("_index", on.name, "_id", a.id, "_version", done.version, "result", done.result,
		"_shards", on.written(), "_seq_no", done.seqNo, "_primary_term", 1)}, nil
}

func (s *Server) mget(r *request) (answer, error) {
	var body struct {
		IDs  []any `json:"ids"`
		Docs []struct {
			Index   string `json:"_index"`
			ID      any    `json:"_id"`
			Routing string `json:"routing"`
		} `json:"docs"`
	}
	if err := r.decode(&body); err != nil {
		return answer{}, err
	}
	docs := []object{}
	add := func(index, id, routing string) {
		on, found, err := s.fetch(index, id, routing)
		if err != nil {
			docs = append(docs, obj("_index", index, "_id", id, "error", fullError(err)))
			return
		}
		docs = append(docs, found.show(on, id))
	}
	for _, id := range body.IDs {
		add(r.vars["index"], text(id), r.query.Get("routing"))
	}
	for _, doc := range body.Docs {
		if doc.Index == "" {
			doc.Index = r.vars["index"]
		}
		add(doc.Index, text(doc.ID), doc.Routing)
	}
	if len(docs) == 0 {
		return answer{}, invalid("action_request_validation_exception", "Validation Failed: 1: no documents to get;")
	}
	return ok(obj("docs", docs)), nil
}

func fullError(err error) any {
	if p, isProblem := err.(*problem); isProblem { //nolint:errorlint // made right here
		return p.full()
	}
	return err.Error()
}
