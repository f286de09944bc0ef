package effect

import (
	"errors"
	"strings"

	"migassist/capture"
	"migassist/cluster/route"
)

// Of tells what an exchange did. An error is an [Error]; the effect is usable all the same.
func Of(x *capture.Exchange) (Effect, error) {
	method, target := string(x.Request.Head.Method), string(x.Request.Head.Target)
	e := Effect{Route: route.Classify(method, target)}
	if x.Response != nil {
		e.Status = x.Response.Head.Status
	}
	if !e.Route.Changes {
		e.Reads, e.Idempotent = true, true
		return e, nil
	}
	err := e.read(&x.Request, method, target)
	if answerErr := e.answered(x.Response, target); err == nil {
		err = answerErr
	}
	errors.As(err, &e.Wrong)
	e.conclude(method)
	return e, err
}

// read reads what is asked for.
func (e *Effect) read(m *capture.Message, method, target string) (err error) {
	e.Body, err = JSON(m, e.Route.Kind == route.Bulk)
	if err == nil && !m.Whole {
		err = &Error{Kind: CutOff, Offset: len(e.Body), What: "the request has no end"}
	}
	switch e.Route.Kind {
	case route.Bulk:
		if wrong := e.readOperations(target); err == nil {
			err = wrong
		}
	case route.Document, route.Create, route.Update:
		if wrong := e.readOperation(method, target, err == nil); err == nil {
			err = wrong
		}
	default:
		e.Scope = scopeOf(e.Route, target, e.Body)
	}
	return err
}

// typical is about how long an operation of a bulk is.
const typical = 150

func (e *Effect) readOperations(target string) error {
	var routing string
	if strings.IndexByte(target, '?') >= 0 {
		routing, _ = route.Query(target, "routing")
	}
	e.Operations = make([]Operation, 0, len(e.Body)/typical+1)
	b := NewBulk(e.Body, e.Route.Index, e.Route.Type, routing)
	for {
		e.Operations = append(e.Operations, Operation{})
		more, err := b.Next(&e.Operations[len(e.Operations)-1])
		if !more {
			e.Operations = e.Operations[:len(e.Operations)-1]
			return err
		}
	}
}

// readOperation reads the write of one document.
func (e *Effect) readOperation(method, target string, readable bool) error {
	o := Operation{Item: -1, Index: e.Route.Index, Type: e.Route.Type, ID: e.Route.ID}
	switch {
	case method == "DELETE":
		o.Action = Delete
	case e.Route.Kind == route.Update:
		o.Action = Update
	case strings.Contains(e.Route.Name, "/_create"):
		o.Action = Create
	}
	if strings.IndexByte(target, '?') >= 0 {
		o.readQuery(target)
	}
	o.settle()
	if o.Action != Delete {
		o.Source = Range{0, len(e.Body)}
	}
	var err error
	if o.Action == Update && readable && (!o.Scripted || len(e.Body) > 0) {
		if what := o.readUpdate(e.Body); what != "" {
			err = &Error{Kind: BadBody, What: what}
		}
	}
	e.Operations = []Operation{o}
	return err
}

func (o *Operation) readQuery(target string) {
	if parent, ok := route.Query(target, "parent"); ok {
		o.Routing = parent
	}
	if routing, ok := route.Query(target, "routing"); ok {
		o.Routing = routing
	}
	if kind, _ := route.Query(target, "op_type"); kind == "create" && o.Action == Index {
		o.Action = Create
	}
	o.ExternalKind, _ = route.Query(target, "version_type")
	for _, name := range [...]string{"if_seq_no", "if_primary_term", "version"} {
		if _, ok := route.Query(target, name); ok {
			o.Conditional = true
		}
	}
	if o.Action == Update {
		for _, name := range [...]string{"script", "script_id", "script_file"} { // before 5.0
			if _, ok := route.Query(target, name); ok {
				o.Scripted = true
			}
		}
		if as, _ := route.Query(target, "doc_as_upsert"); as == "true" {
			o.Upsert = true
		}
	}
}

// answered reads what the source said to it.
func (e *Effect) answered(m *capture.Message, target string) error {
	if m == nil {
		return nil
	}
	answer, unpack := Plain(m)
	whole := m.Whole && unpack == nil
	if e.Status >= 200 && e.Status < 300 && e.Route.Kind == route.Bulk {
		e.Applied = Yes
		_, filtered := route.Query(target, "filter_path")
		if err := e.readBulk(answer, whole, filtered); err != nil {
			return err
		}
	} else if len(e.Operations) == 1 && e.Operations[0].Item < 0 {
		if err := e.readDocument(answer, whole && m.Whole); err != nil {
			return err
		}
	} else {
		e.refused(answer)
	}
	if unpack != nil && m.Whole {
		return &Error{Kind: Answer, What: unpack.Error()}
	}
	return nil
}

// refused reads an answer that is about the whole request.
func (e *Effect) refused(answer []byte) {
	var s said
	c := cursor{text: answer}
	s.read(&c)
	e.ErrorType = string(s.errorType)
	e.Applied = judge(e.Status, e.ErrorType, s.failed)
	if e.Route.Kind == route.ByQuery && e.Applied == No && !s.failed {
		e.Applied = Unknown // conflicts and failures, which come after some of it was done
	}
	for i := range e.Operations {
		o := &e.Operations[i]
		o.Applied, o.Status, o.ErrorType = e.Applied, e.Status, e.ErrorType
	}
}

// conclude says what follows from all that was read.
func (e *Effect) conclude(method string) {
	if e.Scope.Barrier() {
		e.Idempotent = idempotent(e.Route, method)
		return
	}
	e.Idempotent = true
	for i := range e.Operations {
		e.Idempotent = e.Idempotent && e.Operations[i].Idempotent()
	}
	if e.Wrong != nil && e.Applied != No {
		e.Scope, e.Idempotent = Scope{All: true}, false
	}
}
