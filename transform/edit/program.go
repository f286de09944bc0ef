package edit

import (
	"context"
	"fmt"
	"regexp"

	"migassist/transform"
	"migassist/xcontent/tree"
)

// Program is a list of edits that was understood. It does not change, and may be used by any number of goroutines.
type Program struct{ edits []edit }

// edit is one object of the configuration.
type edit struct {
	place   string // for errors, "2: "; "" where there is one alone
	changes []change
	exists  policy
	indices *regexp.Regexp // nil: all
	types   *regexp.Regexp // nil: all
}

// New returns a transformer for one goroutine.
func (p *Program) New() transform.Transformer { return transformer{p} }

type transformer struct{ program *Program }

func (t transformer) Transform(_ context.Context, dst []*transform.Message, m *transform.Message) ([]*transform.Message, error) {
	var root *tree.Value
	for i := range t.program.edits {
		e := &t.program.edits[i]
		if !e.concerns(m) {
			continue
		}
		if root == nil {
			var err error
			if root, err = rootOf(m); err != nil {
				return dst, err
			}
			if root == nil { // a delete
				break
			}
		}
		for _, c := range e.changes {
			if err := c.apply(root, e.exists); err != nil {
				return dst, fmt.Errorf("%s%w", e.place, err)
			}
		}
	}
	return append(dst, m), nil
}

// concerns tells whether an edit is for a message: of a document by its index and type, of an item of metadata by its name.
func (e *edit) concerns(m *transform.Message) bool {
	if e.indices == nil && e.types == nil {
		return true
	}
	index, typ := m.Write.Index, m.Write.Type
	if m.Kind == transform.Metadata {
		if v, err := m.Value(); err == nil {
			index = v.Get("name").Text()
		}
	}
	return (e.indices == nil || e.indices.MatchString(index)) && (e.types == nil || e.types.MatchString(typ))
}

// rootOf returns where paths begin in a message, nil where nothing can be changed.
func rootOf(m *transform.Message) (*tree.Value, error) {
	if m.Kind == transform.Document {
		return m.Document()
	}
	return m.Value()
}
