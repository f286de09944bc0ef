package metadata

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"migassist/cluster"
	"migassist/metadata/rules"
)

// FinishTarget is what the second phase of a plan is applied to.
type FinishTarget interface {
	Target
	IndexSettings(ctx context.Context, names ...string) (map[string]map[string]json.RawMessage, error)
	PutIndexSettings(ctx context.Context, settings map[string]json.RawMessage, names ...string) error
	// Facts tell which indices are closed.
	Facts(ctx context.Context) (map[string]cluster.Facts, error)
	CloseIndex(ctx context.Context, name string) error
	AttachPolicy(ctx context.Context, index, policy string) error
	// AttachedPolicy is the policy that an index has, "" for none.
	AttachedPolicy(ctx context.Context, index string) (string, error)
}

var _ FinishTarget = (*cluster.Client)(nil)

// finishRequest is the one that does what has waited.
func finishRequest(do rules.LaterKind, index string, body Body) *Request {
	at := request(rules.Index, index, nil).Path
	switch do {
	case rules.LaterSettings:
		return &Request{Method: "PUT", Path: at + "/_settings", Body: body}
	case rules.LaterClose:
		return &Request{Method: "POST", Path: at + "/_close", Body: nil}
	case rules.LaterAttach:
		return &Request{Method: "POST", Path: "/_plugins/_ism/add" + at, Body: body}
	case rules.LaterPolicy:
		return request(rules.Policy, index, body)
	}
	return nil
}

// check finds what no evaluation writes.
func (s *FinishStep) check() error {
	if s == nil || s.Name == "" || s.Request == nil {
		return errors.New("is empty, or has no name or no request")
	}
	want := finishRequest(s.Do, s.Name, nil)
	if want == nil {
		return fmt.Errorf("(%s) does %q, which is not known", s.Name, s.Do)
	}
	if s.Request.Method != want.Method || s.Request.Path != want.Path {
		return fmt.Errorf("(%s of %s) has the request %s %s, it can only be %s %s", s.Do, s.Name, s.Request.Method, s.Request.Path, want.Method, want.Path)
	}
	return nil
}

// ApplyFinish does what has waited until the documents were there. What is done already is left alone, so that it can be said again; a
// step that fails is reported with the server's reason, and the others go on. The error is for what ends the work, as of Apply.
func (p *Plan) ApplyFinish(ctx context.Context, target FinishTarget) (*Report, error) {
	if err := p.meant(target); err != nil {
		return nil, err
	}
	there, err := readTarget(ctx, target)
	if err != nil {
		return nil, err
	}
	f := &finishing{target: target, present: there}
	report := p.newReport()
	for i, step := range p.Finish {
		result := step.result()
		report.Results = append(report.Results, result)
		if err := f.step(ctx, step, result); err != nil {
			for _, rest := range p.Finish[i+1:] {
				report.Results = append(report.Results, rest.result())
			}
			report.finish(&Plan{})
			return report, fmt.Errorf("%s of %s: %w", step.Do, step.Name, err)
		}
	}
	report.finish(&Plan{})
	return report, nil
}

func (s *FinishStep) result() *Result {
	kind := rules.Index
	if s.Do == rules.LaterPolicy {
		kind = rules.Policy
	}
	return &Result{Kind: kind, Name: s.Name, Do: s.Do, Fate: NotTried}
}

// finishing is the second phase at work.
type finishing struct {
	target  FinishTarget
	present *present
	facts   map[string]cluster.Facts // nil before they are asked for
}

// step does one thing, unless it is done.
func (f *finishing) step(ctx context.Context, step *FinishStep, result *Result) error {
	var done bool
	var err error
	switch step.Do {
	case rules.LaterPolicy:
		done, err = f.policy(ctx, step)
	case rules.LaterAttach:
		done, err = f.attach(ctx, step)
	case rules.LaterClose:
		done, err = f.close(ctx, step)
	case rules.LaterSettings:
		done, err = f.settings(ctx, step)
	}
	if err != nil {
		return failed(ctx, result, err)
	}
	if result.Fate = Finished; done {
		result.Fate = WasThere
	}
	return nil
}

func (f *finishing) policy(ctx context.Context, step *FinishStep) (done bool, err error) {
	if reason := f.present.lacking(rules.Policy); reason != "" {
		return false, errors.New(reason)
	}
	if f.present.has(rules.Policy, step.Name) {
		return true, nil
	}
	return false, f.target.PutNamed(ctx, cluster.Policies, step.Name, step.Request.Body.sent())
}

func (f *finishing) close(ctx context.Context, step *FinishStep) (done bool, err error) {
	if f.facts == nil {
		if f.facts, err = f.target.Facts(ctx); err != nil {
			return false, err
		}
	}
	if f.facts[step.Name].State == "close" {
		return true, nil
	}
	return false, f.target.CloseIndex(ctx, step.Name)
}

func (f *finishing) attach(ctx context.Context, step *FinishStep) (done bool, err error) {
	if reason := f.present.lacking(rules.Policy); reason != "" {
		return false, errors.New(reason)
	}
	policy := fmt.Sprint(step.Request.Body.Object()["policy_id"])
	has, err := f.target.AttachedPolicy(ctx, step.Name)
	switch {
	case err != nil:
		return false, err
	case has == policy:
		return true, nil
	case has != "":
		return false, fmt.Errorf("it has the policy %s already, and is to have %s", has, policy)
	}
	return false, f.target.AttachPolicy(ctx, step.Name, policy)
}

func (f *finishing) settings(ctx context.Context, step *FinishStep) (done bool, err error) {
	have, err := f.target.IndexSettings(ctx, step.Name)
	if err != nil {
		return false, err
	}
	body, done := map[string]json.RawMessage{}, true
	for name, value := range step.Request.Body.Object() {
		if body[name], err = json.Marshal(value); err != nil {
			return false, err
		}
		set, err := decodeValue(have[step.Name][name])
		done = done && err == nil && same(set, value)
	}
	if done {
		return true, nil
	}
	return false, f.target.PutIndexSettings(ctx, body, step.Name)
}
