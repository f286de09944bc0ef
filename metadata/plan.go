package metadata

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"migassist/internal/jsonlist"
	"migassist/metadata/rules"
)

// PlanFormat is the format number of a plan. It grows when a reader of the
// older format would misunderstand a newer plan.
const PlanFormat = 1

// Plan is what becomes of every item of the source. It serializes: what is
// applied later is what was shown.
type Plan struct {
	Format int         `json:"format"`
	Source Origin      `json:"source"`
	Target Destination `json:"target"`
	Counts Counts      `json:"counts"`
	// Steps are in the order in which they are applied, that of rules.Kinds; each kind by name.
	Steps []*Step `json:"steps"`
	// Shield keeps templates from adding to the indices that are made.
	Shield   *Shield   `json:"shield,omitempty"`
	Findings []Finding `json:"findings"`
	// AllowExisting: indices of the target that are compatible are accepted.
	AllowExisting bool `json:"allow_existing,omitempty"`
	// Finish is what waits until the documents are there.
	Finish []*FinishStep `json:"finish,omitempty"`
	// Gaps are what the source has and nothing moves.
	Gaps []Gap `json:"gaps,omitempty"`
	// Notes are worth knowing and ask for nothing.
	Notes []string `json:"notes,omitempty"`
}

// FinishStep is done to an index once its documents are there.
type FinishStep struct {
	Name    string          `json:"name"`
	Do      rules.LaterKind `json:"do"`
	Rule    string          `json:"rule"`
	Why     string          `json:"why"`
	Request *Request        `json:"request"`
}

// Action is what a step does.
type Action string

// The actions. Only Create sends anything.
const (
	Create  Action = "create"
	Exists  Action = "exists"   // the target has an item of this name
	Left    Action = "excluded" // not selected
	Refused Action = "refused"  // cannot be brought to the target
	Finish  Action = "finish"   // waits for the documents: metadata finish makes it
)

// Step is one item.
type Step struct {
	Kind   rules.Kind `json:"kind"`
	Name   string     `json:"name"`
	Action Action     `json:"action"`
	// From are the items of the source that it is made of, "INDEX/TYPE" where only a type of one is meant; none where it is the one of its name.
	From []string `json:"from,omitempty"`
	// Reason says why an item is left out or refused.
	Reason string `json:"reason,omitempty"`
	// Before is the item on the source, or several by name; After the body it is created with.
	Before  Body           `json:"before,omitempty"`
	After   Body           `json:"after,omitempty"`
	Changes []rules.Change `json:"changes,omitempty"`
	// Match is of what exists on the target.
	Match Match `json:"match,omitempty"`
	// Differences are between After and what the target has, where it exists.
	Differences []Difference `json:"differences,omitempty"`
	// Notes are worth knowing and ask for nothing.
	Notes   []string `json:"notes,omitempty"`
	Request *Request `json:"request,omitempty"`
}

// source is the item of the source that the step is of, the first of several.
func (s *Step) source() string {
	if len(s.From) == 0 {
		return s.Name
	}
	name, _, _ := strings.Cut(s.From[0], "/")
	return name
}

// Request is what is sent to the target.
type Request struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Body   Body   `json:"body,omitempty"`
}

// Finding is something a person should look at.
type Finding struct {
	Kind rules.Kind `json:"kind,omitempty"`
	Name string     `json:"name,omitempty"`
	What string     `json:"what"`
	// Paths are the places in the item that it is about.
	Paths []string `json:"paths,omitempty"`
}

// Counts sums up a plan.
type Counts struct {
	Create     int `json:"create"`
	Exists     int `json:"exists"`
	Excluded   int `json:"excluded"`
	Refused    int `json:"refused"`
	Finish     int `json:"finish,omitempty"`
	Lossless   int `json:"lossless_changes"`
	Equivalent int `json:"equivalent_changes"`
	Lossy      int `json:"lossy_changes"`
	Findings   int `json:"findings"`
}

// Class is how a plan or a report ends, for the exit code.
type Class int

// The classes.
const (
	Done     Class = iota // all went as it should
	Findings              // done, and something is to be looked at
	Nothing               // there was nothing to do
)

// String is one word for messages.
func (c Class) String() string { return [...]string{"done", "findings", "nothing to do"}[c] }

// Class tells how evaluating ends.
func (p *Plan) Class() Class {
	switch {
	case len(p.Findings) > 0:
		return Findings
	case p.Counts.Create == 0:
		return Nothing
	}
	return Done
}

// WriteJSON writes the plan as indented JSON.
func (p *Plan) WriteJSON(w io.Writer) error { return jsonlist.Write(w, p) }

// ReadPlan reads what WriteJSON wrote. A newer format is refused by name.
func ReadPlan(r io.Reader) (*Plan, error) {
	content, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	var head struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(content, &head); err != nil {
		return nil, fmt.Errorf("read plan: it is not what evaluate --output json writes: %w", err)
	}
	if head.Format == 0 {
		return nil, errors.New("read plan: it is not what evaluate --output json writes: it has no format number")
	}
	if head.Format != PlanFormat {
		return nil, fmt.Errorf("read plan: its format is %d, this version reads %d; make the plan anew", head.Format, PlanFormat)
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	plan := &Plan{}
	if err := decoder.Decode(plan); err != nil {
		return nil, fmt.Errorf("read plan: it is not what evaluate --output json writes: %w", err)
	}
	for i, step := range plan.Steps {
		if err := step.check(); err != nil {
			return nil, fmt.Errorf("read plan: step %d %w; make the plan anew", i+1, err)
		}
	}
	for i, step := range plan.Finish {
		if err := step.check(); err != nil {
			return nil, fmt.Errorf("read plan: step %d of finish %w; make the plan anew", i+1, err)
		}
	}
	return plan, nil
}

// check finds what no evaluation writes, so that an edited plan is refused as a whole.
func (s *Step) check() error {
	if s == nil {
		return errors.New("is empty")
	}
	if !slices.Contains(rules.Kinds, s.Kind) {
		return fmt.Errorf("is of the kind %q, which is not known", s.Kind)
	}
	switch s.Action {
	case Exists, Left, Refused, Finish:
		return nil
	case Create:
	default:
		return fmt.Errorf("has the action %q, which is not known", s.Action)
	}
	if s.Name == "" || s.Request == nil {
		return fmt.Errorf("(%s %s) has no name or no request", s.Kind, s.Name)
	}
	if want := request(s.Kind, s.Name, nil); s.Request.Method != want.Method || s.Request.Path != want.Path {
		return fmt.Errorf("(%s %s) has the request %s %s, it can only be %s %s", s.Kind, s.Name, s.Request.Method, s.Request.Path, want.Method, want.Path)
	}
	return nil
}

// putAt is where items are put.
var putAt = map[rules.Kind]string{
	rules.StoredScript: "/_scripts/", rules.IngestPipeline: "/_ingest/pipeline/", rules.SearchPipeline: "/_search/pipeline/",
	rules.Policy: "/_plugins/_ism/policies/", rules.DataStream: "/_data_stream/",
	rules.ComponentTemplate: "/_component_template/", rules.IndexTemplate: "/_index_template/", rules.LegacyTemplate: "/_template/", rules.Index: "/",
}

// request is the one that creates an item with a body.
func request(kind rules.Kind, name string, body Body) *Request {
	switch kind {
	case rules.ClusterSettings:
		return &Request{Method: "PUT", Path: "/_cluster/settings", Body: NewBody(map[string]any{"persistent": body})}
	case rules.DataStream: // its template says what it is
		body = nil
	case rules.StoredScript, rules.IngestPipeline, rules.SearchPipeline, rules.Policy, rules.ComponentTemplate, rules.IndexTemplate, rules.LegacyTemplate, rules.Index:
	}
	return &Request{Method: "PUT", Path: putAt[kind] + url.PathEscape(name), Body: body}
}

func (p *Plan) find(kind rules.Kind, name, format string, args ...any) {
	p.Findings = append(p.Findings, Finding{Kind: kind, Name: name, What: fmt.Sprintf(format, args...)})
}

// count fills Counts from the steps.
func (p *Plan) count() {
	p.Counts = Counts{Findings: len(p.Findings)}
	for _, step := range p.Steps {
		switch step.Action {
		case Create:
			p.Counts.Create++
		case Exists:
			p.Counts.Exists++
		case Left:
			p.Counts.Excluded++
		case Refused:
			p.Counts.Refused++
		case Finish:
			p.Counts.Finish++
		}
		if step.Action != Create && step.Action != Finish {
			continue
		}
		for _, change := range step.Changes {
			switch change.Fidelity {
			case rules.Lossless:
				p.Counts.Lossless++
			case rules.Equivalent:
				p.Counts.Equivalent++
			case rules.Lossy:
				p.Counts.Lossy++
			}
		}
	}
}
