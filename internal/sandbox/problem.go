package sandbox

import (
	"fmt"
	"net/http"
)

// problem is a refusal in the server's form. It is an error, so that checks read as in any Go code.
type problem struct {
	status int
	kind   string // "illegal_argument_exception"
	reason string
	extra  object   // further fields of the error object: index, index_uuid, ...
	cause  *problem // becomes caused_by
	root   *problem // the root cause, when it is not the problem itself
	plain  bool     // "error" is a text, without type and root cause
	bare   bool     // ... and without "status" beside it
	empty  bool     // no body at all
}

// Error reads "illegal_argument_exception: unknown setting [index.x]".
func (p *problem) Error() string { return p.kind + ": " + p.reason }

func invalid(kind, format string, values ...any) *problem {
	return &problem{status: http.StatusBadRequest, kind: kind, reason: fmt.Sprintf(format, values...)}
}

func illegal(format string, values ...any) *problem {
	return invalid("illegal_argument_exception", format, values...)
}

func missing(kind, format string, values ...any) *problem {
	p := invalid(kind, format, values...)
	p.status = http.StatusNotFound
	return p
}

func plainly(status int, format string, values ...any) *problem {
	return &problem{status: status, reason: fmt.Sprintf(format, values...), plain: true}
}

func (p *problem) with(namesAndValues ...any) *problem {
	p.extra = p.extra.with(namesAndValues...)
	return p
}

func (p *problem) because(cause *problem) *problem {
	p.cause = cause
	return p
}

// detail is the error without its root cause, as items and causes have it.
func (p *problem) detail() object {
	o := obj("type", p.kind, "reason", p.reason)
	o = append(o, p.extra...)
	if p.cause != nil {
		o = o.with("caused_by", p.cause.detail())
	}
	return o
}

// full is the error with its root cause.
func (p *problem) full() object {
	root := p
	if p.root != nil {
		root = p.root
	}
	first := append(obj("type", root.kind, "reason", root.reason), root.extra...)
	return append(obj("root_cause", []object{first}), p.detail()...)
}

func (p *problem) answer() answer {
	switch {
	case p.empty:
		return answer{p.status, nil}
	case p.bare:
		return answer{p.status, obj("error", p.reason)}
	case p.plain:
		return answer{p.status, obj("error", p.reason, "status", p.status)}
	}
	return answer{p.status, obj("error", p.full(), "status", p.status)}
}

func noSuchIndex(name, resource string) *problem {
	return missing("index_not_found_exception", "no such index [%s]", name).
		with("index", name, "resource.id", name, "resource.type", resource, "index_uuid", "_na_")
}
