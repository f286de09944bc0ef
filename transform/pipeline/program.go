package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"migassist/transform"
	"migassist/transform/typemap"
)

// Options are what does not stand in a configuration.
type Options struct {
	Folder string // files that it names are relative to this one; "": the one the process is in
	Limits transform.Limits
	Log    func(line string) // gets what scripts print; may be called by several goroutines. Nil: nobody does
}

// Program is a chain that was understood. It does not change, and may be used by any number of goroutines.
type Program struct {
	steps []step
	sum   [sha256.Size]byte
}

// step is one transform of a chain.
type step struct {
	name string // with its place: "2 (jq)"
	kind *kind
	made maker
}

// maker makes transformers, each for one goroutine.
type maker interface{ New() transform.Transformer }

// fingerprinted is a maker that depends on more than its configuration: files.
type fingerprinted interface{ Fingerprint() string }

// Names returns what the transforms are called, in order.
func (p *Program) Names() []string {
	names := make([]string, len(p.steps))
	for i, s := range p.steps {
		names[i] = s.name
	}
	return names
}

// Fingerprint is the same for configurations, and files named in them, that are the same.
func (p *Program) Fingerprint() string { return hex.EncodeToString(p.sum[:8]) }

// Addresses tells whether documents may be sent elsewhere than they would be without.
func (p *Program) Addresses() bool {
	return slices.ContainsFunc(p.steps, func(s step) bool { return s.kind.addresses })
}

// Edits tells whether more of a document may change than its address: its fields, and whether it is sent.
func (p *Program) Edits() bool {
	return slices.ContainsFunc(p.steps, func(s step) bool { return s.kind.edits })
}

// Targets says where documents of an index go by their mapping types: those of a type that is not in targets are dropped. Known is false where
// that is found out document by document.
func (p *Program) Targets(index string, types []string) (targets map[string]string, known bool) {
	targets = make(map[string]string, len(types))
	for _, name := range types {
		at, typ := index, name
		for _, s := range p.steps {
			switch made := s.made.(type) {
			case *typemap.Program:
				at, typ = made.Target(at, typ), ""
			case untyping:
				typ = ""
			default:
				if s.kind.addresses {
					return nil, false
				}
			}
			if at == "" {
				break
			}
		}
		if at != "" {
			targets[name] = at
		}
	}
	return targets, true
}

// TypeTargets says where the type mappings of the chain alone send documents of an index, whatever else is in it: those of a type that is not in
// targets are dropped. Mapped is false where the chain has no type mapping.
func (p *Program) TypeTargets(index string, types []string) (targets map[string]string, mapped bool) {
	only := &Program{}
	for _, s := range p.steps {
		switch s.made.(type) {
		case *typemap.Program:
			mapped = true
		case untyping:
		default:
			continue
		}
		only.steps = append(only.steps, s)
	}
	if mapped {
		targets, _ = only.Targets(index, types)
	}
	return targets, mapped
}

// New returns what runs messages through the whole chain, for one goroutine.
func (p *Program) New() transform.Transformer {
	c := &chain{names: p.Names()}
	for _, s := range p.steps {
		c.transformers = append(c.transformers, s.made.New())
	}
	return c
}

type chain struct {
	names        []string
	transformers []transform.Transformer
	from, to     []*transform.Message // between two transforms
}

func (c *chain) Transform(ctx context.Context, dst []*transform.Message, m *transform.Message) ([]*transform.Message, error) {
	c.from = append(c.from[:0], m)
	for i, t := range c.transformers {
		c.to = c.to[:0]
		for _, each := range c.from {
			var err error
			if c.to, err = t.Transform(ctx, c.to, each); err != nil {
				return dst, named(c.names[i], err)
			}
		}
		c.from, c.to = c.to, c.from
	}
	return append(dst, c.from...), nil
}

// named says which transform an error is of, and its own place within a condition.
func named(name string, err error) error {
	if inner, ok := errors.AsType[*transform.Error](err); ok {
		return &transform.Error{Transform: name + " > " + inner.Transform, Cause: inner.Cause}
	}
	return &transform.Error{Transform: name, Cause: err}
}

func place(i int, name string) string { return fmt.Sprintf("%d (%s)", i+1, name) }
