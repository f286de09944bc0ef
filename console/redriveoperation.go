package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	source := letter.Source()
	if source == nil {
		return nil, &failure{kind: failUnsent, reason: errNoDocument.Error()}
	}
	write := transform.Write{Action: action, Index: at.Index, Source: source}
	sent := letter.RequestItem.Action != nil
	if r.Transformer == nil {
		if err := sendable(at.ID, source, sent); err != nil {
			return nil, &failure{kind: failUnsent, reason: err.Error()}
		}
		o, err := r.operation(write, at, at.Index)
		if err != nil {
			return nil, &failure{kind: failUnsent, reason: err.Error()}
		}
		return []redriveOperation{o}, nil
	}
	was := letter.Letter().Index
	write.Index, write.Type, write.ID = was, letter.DocumentType, []byte(at.ID)
	if at.ID == "" {
		write.ID = nil
	}
	if at.Routing != "" {
		write.Routing = []byte(at.Routing)
	}
	made, err := r.Transformer.Transform(ctx, nil, transform.NewDocument(write))
	if err != nil {
		return nil, &failure{kind: failTransform, reason: err.Error()}
	}
	var all []redriveOperation
	for _, m := range made {
		if err := m.Encode(); err != nil {
			return nil, &failure{kind: failTransform, reason: err.Error()}
		}
		to := at
		to.ID, to.Routing = string(m.Write.ID), string(m.Write.Routing)
		o, err := r.operation(m.Write, to, was)
		if err == nil {
			err = sendable(to.ID, m.Write.Source, sent && at.ID == "")
		}
		if err != nil {
			return nil, &failure{kind: failTransform, reason: err.Error()}
		}
		all = append(all, o)
	}
	return all, nil
}

// operation makes the lines that write a document; what is still in the source's index goes where it went.
func (r *Redrive) operation(w transform.Write, to address, was string) (redriveOperation, error) {
	if w.Index != was {
		to.Index = w.Index
	}
	if w.Action != actionIndex && w.Action != actionCreate {
		return redriveOperation{}, fmt.Errorf("the transform makes %q of it; redrive writes documents, and neither updates nor deletes any", w.Action)
	}
	action := w.Action
	switch {
	case action == actionCreate || to.ID == "":
		to.Version, to.VersionType = 0, ""
	case to.Version == 0 && !r.Overwrite:
		action = actionCreate
	case r.Overwrite:
		to.Version, to.VersionType = 0, ""
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
