package effect

import (
	"bytes"
	"fmt"
)

// Bulk walks the operations of a bulk, line by line.
//
//	{"index":{"_index":"shop","_id":"7"}}   action line
//	{"n":1}                                 source line; a delete has none
type Bulk struct {
	body  []byte
	at    int
	item  int
	index string // of operations that name none
	typ   string
	rout  string
	last  string // index that an action line named: most bulks name one, and its name is kept once
}

// NewBulk begins to walk a body. index, typ and routing are of operations that say nothing of it.
func NewBulk(body []byte, index, typ, routing string) *Bulk {
	return &Bulk{body: body, index: index, typ: typ, rout: routing}
}

// Next reads the next operation into o, and tells whether there is one. An error is an [Error] of kind BadLine: nothing can be said of
// what follows. What o held before is overwritten.
func (b *Bulk) Next(o *Operation) (bool, error) {
	line, err := b.action()
	if err != nil || line.Empty() {
		return false, err
	}
	*o = Operation{Item: b.item, Line: line, Index: b.last, Type: b.typ, Routing: b.rout}
	named, what := o.readLine(line.Of(b.body))
	if what != "" {
		return false, &Error{Kind: BadLine, Offset: line.From, What: what}
	}
	if b.last = o.Index; !named {
		o.Index = b.index
	}
	if o.Action != Delete {
		if o.Source, err = b.line(); err != nil {
			return false, err
		}
	}
	if o.Action == Update {
		if what := o.readUpdate(o.Source.Of(b.body)); what != "" {
			return false, &Error{Kind: BadLine, Offset: o.Source.From, What: what}
		}
	}
	b.item++
	return true, nil
}

// action finds the next action line. Empty lines between operations do not count, as for the servers.
func (b *Bulk) action() (Range, error) {
	for b.at < len(b.body) {
		line, err := b.line()
		if err != nil || len(bytes.TrimSpace(line.Of(b.body))) > 0 {
			return line, err
		}
	}
	return Range{}, nil
}

func (b *Bulk) line() (Range, error) {
	end := bytes.IndexByte(b.body[b.at:], '\n')
	if end < 0 {
		if len(bytes.TrimSpace(b.body[b.at:])) == 0 && b.at < len(b.body) {
			b.at = len(b.body)
			return Range{}, nil
		}
		return Range{}, &Error{Kind: BadLine, Offset: b.at, What: "the last line has no end"}
	}
	line := Range{b.at, b.at + end}
	b.at += end + 1
	if line.To > line.From && b.body[line.To-1] == '\r' {
		line.To--
	}
	return line, nil
}

// readLine reads an action line, and tells whether it names an index. What is wrong with it is said in words.
func (o *Operation) readLine(line []byte) (named bool, wrong string) {
	c := cursor{text: line}
	c.want('{')
	name := c.name()
	if c.broken {
		return false, "the action line is no JSON object"
	}
	known := false
	for action, text := range actions {
		if string(name) == text {
			o.Action, known = Action(action), true
		}
	}
	if !known {
		return false, fmt.Sprintf("%q is no action", name[:min(len(name), 40)])
	}
	c.want('{')
	for first := true; c.more(&first, '}'); {
		named = o.readMeta(&c) || named
	}
	c.want('}')
	if c.broken || c.peek() != 0 {
		return false, "the action line is no JSON object of one action"
	}
	o.settle()
	return named, ""
}

// readMeta reads a member of what an action line says of its document, and tells whether it names the index.
func (o *Operation) readMeta(c *cursor) (named bool) {
	name := c.name()
	if c.broken {
		return false
	}
	switch string(name) {
	case "_index":
		index := c.scalar()
		set(&o.Index, index)
		return index != nil
	case "_type":
		set(&o.Type, c.scalar())
	case "_id":
		set(&o.ID, c.scalar())
	case "routing", "_routing", "parent", "_parent":
		set(&o.Routing, c.scalar())
	case "if_seq_no", "if_primary_term", "version", "_version":
		o.Conditional = c.scalar() != nil || o.Conditional
	case "version_type", "_version_type":
		set(&o.ExternalKind, c.scalar())
	case "op_type", "_op_type":
		if string(c.scalar()) == "create" && o.Action == Index {
			o.Action = Create
		}
	default:
		c.skip()
	}
	return false
}

// set keeps a text that differs from what stands there.
func set(to *string, text []byte) {
	if text != nil && string(text) != *to {
		*to = string(text)
	}
}

// settle says what follows from what was read.
func (o *Operation) settle() {
	o.Conditional = o.Conditional || o.Action == Create
	o.AutoID = o.ID == "" && (o.Action == Index || o.Action == Create)
}

// readUpdate reads what an update does. What is wrong with it is said in words.
func (o *Operation) readUpdate(body []byte) string {
	c := cursor{text: body}
	c.want('{')
	var upsert, asUpsert bool
	for first := true; c.more(&first, '}'); {
		switch name := c.name(); string(name) {
		case "script", "script_id", "script_file", "scriptId", "scriptFile":
			o.Scripted = true
			c.skip()
		case "upsert":
			upsert = true
			c.skip()
		case "doc_as_upsert":
			asUpsert = string(c.scalar()) == "true"
		case "if_seq_no", "if_primary_term":
			o.Conditional = c.scalar() != nil || o.Conditional
		default:
			c.skip()
		}
	}
	if c.broken || c.peek() != 0 {
		return "the update is no JSON object"
	}
	o.Upsert = upsert || asUpsert
	o.Overlays = upsert && !asUpsert
	return ""
}
