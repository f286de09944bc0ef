package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"migassist/rfs"
	"migassist/rfs/deadletter"
	"migassist/transform"
	"migassist/xcontent/tree"
)

// redriveOperation is an operation that a letter becomes.
type redriveOperation struct {
	address

	lines, source []byte
}

// address is what an action line says.
type address struct {
	Index       string `json:"_index"`
	ID          string `json:"_id,omitempty"` // "": the target makes one
	Routing     string `json:"routing,omitempty"`
	Version     int64  `json:"version,omitempty"`
	VersionType string `json:"version_type,omitempty"`
}

// Actions of bulk requests that write a document.
const (
	actionIndex  = "index"
	actionCreate = "create"
)

// prepare makes the operations of a letter.
func (r *Redrive) prepare(ctx context.Context, letter *deadletter.Record) ([]redriveOperation, *failure) {
	at, action := addressOf(letter)
	if letter.Source() == nil {
		return nil, &failure{kind: failUnsent, reason: "the letter does not hold the document; its reason says why it could not be read"}
	}
	messages := []*transform.Message{transform.NewDocument(transform.Write{
		Action: action, Index: at.Index, ID: nonempty(at.ID), Routing: nonempty(at.Routing), Source: letter.Source(),
	})}
	asSent := letter.RequestItem.Action != nil
	if letter.Original != nil || !asSent {
		if r.Configured == nil && (letter.Original != nil || letter.FailureType == failTransform) {
			return nil, &failure{kind: failConfigured, reason: "rfs had transforms, and redrive has none: give it the same, or the document would arrive without what they do"}
		}
		asSent = asSent && r.Configured == nil
		var err error
		if messages, err = r.configured(ctx, letter, at, messages); err != nil {
			return nil, &failure{kind: failTransform, reason: err.Error()}
		}
	}
	if r.Transformer != nil {
		asSent = asSent && at.ID == ""
		var err error
		if messages, err = transformed(ctx, r.Transformer, messages); err != nil {
			return nil, &failure{kind: failTransform, reason: err.Error()}
		}
	}
	var all []redriveOperation
	for _, m := range messages {
		o, err := r.operation(m, at)
		if err == nil {
			err = sendable(o.ID, o.source, asSent)
		}
		if err != nil {
			return nil, &failure{kind: failUnsent, reason: err.Error()}
		}
		all = append(all, o)
	}
	return all, nil
}

// configured has the transforms that rfs had make of a document what they made of it then: under its name on the source. What they leave in the
// source's index goes where it went, and an id gets what rfs put before it.
func (r *Redrive) configured(ctx context.Context, letter *deadletter.Record, at address, as []*transform.Message) ([]*transform.Message, error) {
	if r.Configured == nil {
		return as, nil
	}
	write, source := as[0].Write, letter.Letter().Index
	write.Action, write.Index, write.Type = actionIndex, source, letter.DocumentType
	if is := letter.Original; is != nil {
		write.ID, write.Type, write.Routing = nonempty(is.ID), is.Type, nonempty(is.Routing)
	}
	messages, err := transformed(ctx, r.Configured, []*transform.Message{transform.NewDocument(write)})
	if err != nil {
		return nil, err
	}
	prefix := ""
	for _, m := range messages {
		if before, ok := strings.CutSuffix(at.ID, string(m.Write.ID)); ok && len(m.Write.ID) > 0 {
			prefix = before
		}
	}
	for _, m := range messages {
		if m.Write.Index == source {
			m.Write.Index = at.Index
		}
		if m.Write.ID != nil {
			m.Write.ID = append([]byte(prefix), m.Write.ID...)
		}
	}
	return messages, nil
}

func transformed(ctx context.Context, t transform.Transformer, messages []*transform.Message) (all []*transform.Message, err error) {
	for _, m := range messages {
		if all, err = t.Transform(ctx, all, m); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func nonempty(text string) []byte {
	if text == "" {
		return nil
	}
	return []byte(text)
}

// operation makes the lines that write a document, with the version that was sent.
func (r *Redrive) operation(m *transform.Message, sent address) (redriveOperation, error) {
	if err := m.Encode(); err != nil {
		return redriveOperation{}, err
	}
	w := m.Write
	if w.Action != actionIndex && w.Action != actionCreate {
		return redriveOperation{}, fmt.Errorf("what is to be sent is %q; redrive writes documents, and neither updates nor deletes any", w.Action)
	}
	to, action := address{w.Index, string(w.ID), string(w.Routing), sent.Version, sent.VersionType}, w.Action
	switch {
	case action == actionCreate || to.ID == "" || r.Overwrite:
		to.Version, to.VersionType = 0, ""
	case to.Version == 0:
		action = actionCreate
	}
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(map[string]address{action: to}); err != nil {
		return redriveOperation{}, fmt.Errorf("its action: %w", err)
	}
	text := append(rfs.AppendLine(lines.Bytes(), w.Source), '\n')
	return redriveOperation{address: to, lines: text, source: w.Source}, nil
}

// sendable refuses documents without an id, of which a second redrive would make a second one, and those that are no JSON objects; unless
// they were sent so before.
func sendable(id string, source []byte, before bool) error {
	if before {
		return nil
	}
	if id == "" {
		return errors.New("it has no id, under which it would be known again; a transform can give it one")
	}
	if v, err := tree.Parse(source); err != nil || v.Kind() != tree.Object {
		return errors.New("its document is no JSON object that the target could read; the letter has its bytes")
	}
	return nil
}

// addressOf is where a letter's document was sent, or would have been.
func addressOf(letter *deadletter.Record) (at address, action string) {
	var sent map[string]address
	if json.Unmarshal(letter.RequestItem.Action, &sent) == nil {
		for action, at := range sent {
			return at, action
		}
	}
	return address{Index: letter.TargetIndex, ID: letter.DocumentID, Routing: letter.Routing}, actionIndex
}

// sameDocument compares two documents as JSON values.
func sameDocument(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, err := tree.Parse(a)
	if err != nil {
		return false
	}
	y, err := tree.Parse(b)
	return err == nil && tree.Equal(x, y)
}

func now() time.Time { return time.Now() }
