package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"migassist/selection"
	"migassist/transform"
	"migassist/xcontent/tree"
)

// Try shows what transforms make of documents.
type Try struct {
	Transformer transform.Transformer
	Index       string // of documents that are given without one
	JSON        bool   // an object per document, rather than words
}

// Tried counts what became of documents.
type Tried struct {
	Documents int `json:"documents"`
	Unchanged int `json:"unchanged"`
	Changed   int `json:"changed"`
	Dropped   int `json:"dropped"`
	Made      int `json:"made"` // more documents than one out of one
	Failed    int `json:"failed"`
}

// WriteText says it in one line.
func (t *Tried) WriteText(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%d documents: %d as they were, %d changed, %d dropped, %d failed; %d more were made\n", t.Documents, t.Unchanged, t.Changed, t.Dropped, t.Failed, t.Made)
	return err
}

// trial is what became of one document.
type trial struct {
	Line    int             `json:"line"`             // of the input
	Before  *state          `json:"before,omitempty"` // nil: the line could not be read
	After   []*state        `json:"after"`            // empty: it is dropped, or failed
	Changes []change        `json:"changes,omitempty"`
	Failure string          `json:"error,omitempty"`
	before  transform.Write // as it was read
	made    []transform.Write
}

// state is a write as the Java tools show it to transforms.
type state struct {
	Operation json.RawMessage `json:"operation"`
	Document  json.RawMessage `json:"document,omitempty"`
}

// change is one place where a document differs from what it was.
type change struct {
	Path string          `json:"path"`
	From json.RawMessage `json:"from,omitempty"` // nothing: it was not there
	To   json.RawMessage `json:"to,omitempty"`   // nothing: it is gone
}

// maxChanges is how many changes of a document are shown.
const maxChanges = 100

// Run reads documents, one per line or as the lines of a bulk request, and writes what becomes of each. Documents that fail, and lines that
// are none, are shown and counted; the error is that of reading or writing, or the end of ctx.
func (t *Try) Run(ctx context.Context, in io.Reader, out io.Writer) (*Tried, error) {
	tried := &Tried{}
	lines := &lineReader{from: in, index: t.Index}
	for {
		message, number, err := lines.next()
		if errors.Is(err, io.EOF) {
			return tried, nil
		}
		if ctx.Err() != nil {
			return tried, context.Cause(ctx)
		}
		one := &trial{Line: number, After: []*state{}}
		bad := badLine{}
		switch {
		case errors.As(err, &bad):
			one.Failure = bad.Error()
		case err != nil:
			return tried, err
		default:
			t.transform(ctx, one, message)
		}
		tried.count(one)
		if err := t.write(out, one); err != nil {
			return tried, err
		}
	}
}

// transform fills in what becomes of a message.
func (t *Try) transform(ctx context.Context, one *trial, m *transform.Message) {
	one.before = m.Write
	one.Before = stateOf(m)
	out, err := t.Transformer.Transform(ctx, nil, m)
	for _, made := range out {
		if err == nil {
			err = made.Encode()
		}
		if bad := selection.IndexNameProblem(made.Write.Index); err == nil && bad != "" && made.Write.Index != one.before.Index {
			err = fmt.Errorf("it goes to the index %q, which no target has: %s", made.Write.Index, bad)
		}
	}
	if err != nil {
		one.Failure = err.Error()
		return
	}
	for _, made := range out {
		one.After = append(one.After, stateOf(made))
		one.made = append(one.made, made.Write)
	}
	if len(out) == 1 {
		one.Changes = changes(one.before, out[0].Write)
	}
}

// stateOf is taken at once: the document may be changed later. Its bytes are what was read, or what Encode wrote.
func stateOf(m *transform.Message) *state {
	address := *m
	address.SetDocument(nil)
	s := &state{Document: m.Write.Source}
	if v, err := address.Value(); err == nil { // without a document nothing can be wrong
		s.Operation = json.RawMessage(v.At(0).Get("operation").String())
	}
	return s
}

// changes compares address and document of two writes.
func changes(before, after transform.Write) []change {
	var all []change
	address := func(name, from, to string) {
		if from != to {
			all = append(all, change{name, quoted(from), quoted(to)})
		}
	}
	address("action", before.Action, after.Action)
	address("_index", before.Index, after.Index)
	address("_type", before.Type, after.Type)
	address("_id", string(before.ID), string(after.ID))
	address("routing", string(before.Routing), string(after.Routing))
	var from, to *tree.Value
	if before.Source != nil {
		from, _ = tree.Parse(before.Source) // was parsed when it was read
	}
	if after.Source != nil {
		to, _ = tree.Parse(after.Source) // was printed from a tree
	}
	for _, d := range tree.Diff(from, to, maxChanges) {
		c := change{Path: d.Path}
		if d.Want != nil {
			c.From = json.RawMessage(d.Want.String())
		}
		if d.Got != nil {
			c.To = json.RawMessage(d.Got.String())
		}
		all = append(all, c)
	}
	return all
}

func quoted(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	return json.RawMessage(tree.NewString(s).String())
}

func (t *Tried) count(one *trial) {
	t.Documents++
	switch {
	case one.Failure != "":
		t.Failed++
	case len(one.After) == 0:
		t.Dropped++
	case len(one.After) == 1 && len(one.Changes) == 0:
		t.Unchanged++
	default:
		t.Changed++
		t.Made += len(one.After) - 1
	}
}

// write shows one: < is what was, > what became of it, ! why it failed.
func (t *Try) write(w io.Writer, one *trial) error {
	if t.JSON {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(one)
	}
	text := &lineWriter{to: w}
	if one.Before != nil {
		text.say("%d < %s", one.Line, shown(one.before))
	}
	switch {
	case one.Failure != "":
		text.say("%d ! %s", one.Line, one.Failure)
	case len(one.After) == 0:
		text.say("%d > dropped", one.Line)
	case len(one.After) == 1 && len(one.Changes) == 0:
		text.say("%d > as it was", one.Line)
	default:
		for _, made := range one.made {
			text.say("%d > %s", one.Line, shown(made))
		}
	}
	for _, c := range one.Changes {
		text.say("    %s: %s -> %s", c.Path, orNothing(c.From), orNothing(c.To))
	}
	return text.err
}

// shown is a write in one line: action index/id, and the document.
func shown(w transform.Write) string {
	text := w.Action + " " + w.Index
	if w.Type != "" {
		text += "/" + w.Type
	}
	text += "/" + string(w.ID)
	if w.Routing != nil {
		text += " routing " + string(w.Routing)
	}
	if w.Source != nil {
		text += " " + string(w.Source)
	}
	return text
}

func orNothing(v json.RawMessage) string {
	if v == nil {
		return "nothing"
	}
	return string(v)
}

// lineWriter remembers its first error.
type lineWriter struct {
	to  io.Writer
	err error
}

func (w *lineWriter) say(format string, values ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.to, format+"\n", values...)
	}
}
