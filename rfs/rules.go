package rfs

import (
	"fmt"

	"migassist/transform"
)

// Transform rewrites what is sent: a chain of package transform/pipeline. It is shared and does not change; all workers of a run
// must have the same.
type Transform interface {
	// New returns what transforms documents, for one goroutine.
	New() transform.Transformer
	// Targets says where the documents of an index go by their mapping types, under the names before --index-map; those of a type that is
	// not in targets are dropped. Known is false where that is found out document by document.
	Targets(index string, types []string) (targets map[string]string, known bool)
	// Addresses tells whether documents may go elsewhere, Edits whether more of them may change, or whether they are sent.
	Addresses() bool
	Edits() bool
}

func (c Choices) transformsAddresses() bool { return c.Transform != nil && c.Transform.Addresses() }

// chooseTransformed says where transforms send the documents of each type. It is not decided where they leave addresses alone, nor
// where that is found out document by document: then the other choices are for those that keep the name of their index.
func (r *reading) chooseTransformed(choices Choices, stream string) (decided bool, refusal string) {
	if choices.Transform == nil {
		return false, ""
	}
	r.rewrites = choices.Transform.Edits()
	r.how = join(r.how, "transformed")
	if !choices.Transform.Addresses() {
		return false, ""
	}
	types := r.types
	if len(types) == 0 {
		types = []string{""}
	}
	targets, known := choices.Transform.Targets(r.index, types)
	if !known {
		r.open, r.rewrites, r.stream = true, true, stream
		return false, ""
	}
	r.routes = map[string]*route{}
	for _, name := range types {
		target, sent := targets[name]
		if !sent {
			r.routes[name] = nil
			continue
		}
		if r.routes[name], refusal = choices.address(target, r.streamOf(target, stream)); refusal != "" {
			return true, fmt.Sprintf("%s. That is where the transforms send documents of its type %q", refusal, name)
		}
	}
	if len(types) == 1 {
		r.only = r.routes[types[0]]
	}
	return true, ""
}

// streamOf is the data stream before a name that a transform gives; stream is that of the index itself.
func (r *reading) streamOf(name, stream string) string {
	if name == r.index {
		return stream
	}
	return backed(name)
}

// typeOf is the mapping type of a document as transforms see it, "" where the source has none.
func (r *reading) typeOf(d Document) string {
	if d.Type == nil && len(r.types) == 1 && r.types[0] != typeless {
		return r.types[0]
	}
	return string(d.Type)
}

// typeless is what Elasticsearch calls the type of indices without types.
const typeless = "_doc"

// forget gives a route up, so that documents that would take it are looked at one by one.
func (r *reading) forget(to *route) {
	if r.only == to {
		r.only = nil
	}
	for name, other := range r.routes {
		if other == to {
			delete(r.routes, name)
		}
	}
}
