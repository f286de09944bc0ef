package transform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"migassist/xcontent/tree"
)

// Kind is what a message is about.
type Kind int

// The kinds of messages, and the form in which users' programs see them.
const (
	Document Kind = iota // a list of one {"schema":"rfs-opensearch-bulk-v1","operation":{…},"document":{…}}
	Request              // {"method","URI","protocol","headers","payload"}, keys as in the Java implementation
	Metadata             // {"type":"index"|"index_template"|"legacy_template"|"component_template","name","body"}
)

func (k Kind) String() string { return [...]string{"document", "request", "metadata"}[k] }

// Schema names the form of a document's write, as the Java implementation does.
const Schema = "rfs-opensearch-bulk-v1"

// Write is one operation of a bulk request.
type Write struct {
	Action      string // index, create, update or delete
	Index       string // before the first transform the name on the source, after the last the one on the target
	Type        string // mapping type; "": none
	ID          []byte // nil: the target makes one
	Routing     []byte // nil: none
	Version     int64  // 0: none
	VersionType string
	Source      []byte // the document, a JSON object; nil: none. [Message.Encode] brings it up to date
}

// Message is what is transformed.
type Message struct {
	Kind  Kind
	Write Write // of a Document

	document *tree.Value // parsed Write.Source
	value    *tree.Value // of a Request or Metadata
}

// NewDocument returns the message of a write, which keeps the memory of its source.
func NewDocument(w Write) *Message { return &Message{Kind: Document, Write: w} }

// NewValue returns a message of a request, or of a metadata item.
func NewValue(kind Kind, v *tree.Value) *Message { return &Message{Kind: kind, value: v} }

// Transformer rewrites messages. It belongs to one goroutine.
type Transformer interface {
	// Transform appends to dst what stands in m's place: nothing, m, or others of its kind. Errors are [*Error] from the outermost, and
	// leave nothing to be sent.
	Transform(ctx context.Context, dst []*Message, m *Message) ([]*Message, error)
}

// Error says which transform failed, and why.
type Error struct {
	Transform string // "JavaScript convert.js", place in the chain included
	Cause     error
}

func (e *Error) Error() string { return fmt.Sprintf("transform %s: %v", e.Transform, e.Cause) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Document returns the document of a write, parsed; changes of it count. Nil: the write has none.
func (m *Message) Document() (*tree.Value, error) {
	if m.document == nil && m.Write.Source != nil {
		var err error
		if m.document, err = tree.Parse(m.Write.Source); err != nil {
			return nil, fmt.Errorf("the document: %w", err)
		}
		if m.document.Kind() != tree.Object {
			return nil, fmt.Errorf("the document is JSON, but no object")
		}
	}
	return m.document, nil
}

// SetDocument gives the write another document; nil takes it away.
func (m *Message) SetDocument(v *tree.Value) { m.document, m.Write.Source = v, nil }

// Encode brings Write.Source up to date with what was done to the document.
func (m *Message) Encode() error {
	if m.document == nil {
		return nil
	}
	text, err := m.document.AppendJSON(make([]byte, 0, len(m.Write.Source)+len(m.Write.Source)/8+64))
	if err != nil {
		return fmt.Errorf("the document: %w", err)
	}
	m.Write.Source = text
	return nil
}

// Value returns the form of the message that users' programs see. Of a document's write it is made anew at each call, with the document's own
// tree in it; what became of it is taken back with [Message.Replace].
func (m *Message) Value() (*tree.Value, error) {
	if m.Kind != Document {
		return m.value, nil
	}
	document, err := m.Document()
	if err != nil {
		return nil, err
	}
	operation := tree.NewObject()
	w := m.Write
	if w.Action != "index" {
		operation.Set("op_type", tree.NewString(w.Action))
	}
	operation.Set("_index", tree.NewString(w.Index))
	if w.Type != "" {
		operation.Set("_type", tree.NewString(w.Type))
	}
	if w.ID != nil {
		operation.Set("_id", tree.NewString(string(w.ID)))
	}
	if w.Routing != nil {
		operation.Set("routing", tree.NewString(string(w.Routing)))
	}
	if w.Version != 0 {
		operation.Set("version", tree.NewNumber(fmt.Sprint(w.Version)))
		operation.Set("version_type", tree.NewString(w.VersionType))
	}
	op := tree.NewObject()
	op.Set("schema", tree.NewString(Schema))
	op.Set("operation", operation)
	if document != nil {
		op.Set("document", document)
	}
	return tree.NewArray(op), nil
}

// Replace appends the messages that a program's result stands for: nothing for null, one, or an array of them. What does not have the form of the
// message's kind is an error that says where.
func (m *Message) Replace(dst []*Message, result *tree.Value) ([]*Message, error) {
	switch {
	case result.Kind() == tree.Null:
		return dst, nil
	case m.Kind != Document:
		if result.Kind() != tree.Object {
			return nil, fmt.Errorf("it returned %s, where an object is wanted that stands for the %s", describe(result), m.Kind)
		}
		return append(dst, NewValue(m.Kind, result)), nil
	case result.Kind() == tree.Array:
		for i, op := range result.Elements() {
			one, err := fromOperation(op)
			if err != nil {
				return nil, fmt.Errorf("element %d of what it returned: %w", i, err)
			}
			dst = append(dst, one)
		}
		return dst, nil
	}
	one, err := fromOperation(result)
	if err != nil {
		return nil, fmt.Errorf("what it returned: %w", err)
	}
	return append(dst, one), nil
}

func describe(v *tree.Value) string {
	if v.Kind() == tree.Null {
		return "null"
	}
	return "one of kind " + v.Kind().String()
}

// fromOperation reads one operation of the Java form.
func fromOperation(v *tree.Value) (*Message, error) {
	operation := v.Get("operation")
	switch {
	case v.Kind() != tree.Object:
		return nil, fmt.Errorf(`%s, where an object with "operation" and "document" is wanted`, describe(v))
	case operation.Kind() != tree.Object:
		return nil, errors.New(`it has no object "operation"`)
	}
	if schema := v.Get("schema"); schema != nil && schema.Text() != Schema {
		return nil, fmt.Errorf("its schema is %s, and %q is understood", schema, Schema)
	}
	m := &Message{Kind: Document, Write: Write{Action: "index"}}
	for name, value := range operation.Members() {
		if err := m.Write.set(name, value); err != nil {
			return nil, err
		}
	}
	if m.Write.Index == "" {
		return nil, errors.New(`its operation has no "_index"`)
	}
	if document := v.Get("document"); document.Kind() == tree.Object {
		m.document = document
	} else if document.Kind() != tree.Null {
		return nil, fmt.Errorf("its document is %s, where an object is wanted", describe(document))
	}
	switch deletes := m.Write.Action == "delete"; {
	case m.document == nil && !deletes:
		return nil, fmt.Errorf("it has no document, and its action is %s; what is to be dropped is left out as a whole", m.Write.Action)
	case m.document != nil && deletes:
		return nil, errors.New("its action is delete, and a delete takes no document: take it away too")
	}
	return m, nil
}

// set takes one member of an operation.
func (w *Write) set(name string, v *tree.Value) error {
	text := func() (string, error) {
		if k := v.Kind(); k != tree.String && k != tree.Number && k != tree.Bool {
			return "", fmt.Errorf("its %s is %s, where a string is wanted", name, describe(v))
		}
		if v.Kind() == tree.String {
			if s := v.Text(); strings.ContainsRune(s, utf8.RuneError) && !strings.ContainsRune(v.String(), utf8.RuneError) {
				return "", fmt.Errorf("its %s is %s, with half of a surrogate pair, which no name can have", name, v)
			}
			return v.Text(), nil
		}
		return v.String(), nil
	}
	if v.Kind() == tree.Null {
		return nil
	}
	s, err := text()
	if err != nil {
		return err
	}
	switch name {
	case "_index":
		w.Index = s
	case "_type":
		w.Type = s
	case "_id":
		w.ID = []byte(s)
	case "routing", "_routing":
		w.Routing = []byte(s)
	case "op_type", "operation_type":
		if !bytes.Contains([]byte(" index create update delete "), []byte(" "+s+" ")) {
			return fmt.Errorf("its %s is %q, and can be index, create, update or delete", name, s)
		}
		w.Action = s
	case "version":
		if w.Version, err = strconv.ParseInt(s, 10, 64); err != nil || w.Version < 0 {
			return fmt.Errorf("its version is %q, which is no version", s)
		}
	case "version_type":
		w.VersionType = s
	default:
		return fmt.Errorf("its operation has %q, which is not known", name)
	}
	return nil
}
