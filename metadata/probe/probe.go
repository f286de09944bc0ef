package probe

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"migassist/cluster"
	"migassist/metadata"
	"migassist/metadata/lock"
	"migassist/metadata/rules"
)

// Prefix begins the name of everything that a probe makes.
const Prefix = metadata.ProbePrefix

// priority is that of the template which keeps others from adding to the indices: above what people choose.
const priority = 1<<31 - 4

// Run tries on the target what the plan creates, and adds what the target does not take to the plan's findings. The error is for what ends the work: another
// probe that is under way (*lock.HeldError), the target out of reach, something that could not be removed.
func Run(ctx context.Context, plan *metadata.Plan, target Target, holder lock.Holder) error {
	var random [4]byte
	if _, err := rand.Read(random[:]); err != nil {
		return err
	}
	p := &probe{plan: plan, target: target, run: Prefix + hex.EncodeToString(random[:])}
	err := lock.Hold(ctx, target, lock.Options{Name: "probe", Holder: holder}, p.work)
	if err != nil {
		return fmt.Errorf("probe the target: %w", err)
	}
	p.tell()
	return nil
}

// probe is one of them.
type probe struct {
	plan   *metadata.Plan
	target Target
	run    string // begins the names of this one
	// reasons are those of the target, by the index of the step.
	reasons map[int][]string
	tried   int
	alike   int      // indices that another one stood for
	swept   []string // of a probe that was killed
	notes   []string
}

// work runs while no other probe does.
func (p *probe) work(ctx context.Context) error {
	swept, err := p.sweep(ctx, Prefix)
	if err != nil {
		return fmt.Errorf("remove what a probe before this one has left: %w", err)
	}
	p.swept, p.reasons = swept, map[int][]string{}
	err = p.all(ctx)
	const patience = time.Minute
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if _, left := p.sweep(after, p.run); left != nil {
		err = errors.Join(err, fmt.Errorf("remove what was made (the next probe removes what begins with %s): %w", p.run, left))
	}
	return err
}

// all tries every kind, so that what others are made of comes before them.
func (p *probe) all(ctx context.Context) error {
	if err := p.shield(ctx); err != nil {
		return err
	}
	for i, step := range p.plan.Steps {
		if step.Action != metadata.Create || step.Request == nil || step.Kind == rules.Index {
			continue
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := p.small(ctx, i, step); err != nil {
			return err
		}
	}
	return p.indices(ctx)
}

// shield keeps the target's templates from adding to the indices of the probe.
func (p *probe) shield(ctx context.Context) error {
	body, err := encoded(map[string]any{
		"index_patterns": []string{p.run + "-x*"}, "priority": priority,
		"_meta": map[string]any{"made by": "migassist, while it probes; the next probe removes it if it is found later"},
	})
	if err != nil {
		return err
	}
	if err := p.target.PutIndexTemplate(ctx, p.run, body); err != nil {
		return fmt.Errorf("put the temporary index template %s: %w", p.run, err)
	}
	return nil
}

// name is the throw-away name of a step's item.
func (p *probe) name(i int) string {
	if p.plan.Steps[i].Kind == rules.Index {
		return p.indexOf(i)
	}
	return fmt.Sprintf("%s-t%06d", p.run, i)
}

// indexOf is the throw-away name of an index that is made of a step's item.
func (p *probe) indexOf(i int) string { return fmt.Sprintf("%s-x%06d", p.run, i) }

// found takes the target's answer about a step. What ends the work is returned.
func (p *probe) found(ctx context.Context, i int, err error) error {
	if err == nil || errors.Is(err, cluster.ErrNotAcknowledged) {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if _, gone := errors.AsType[*cluster.ConnectionError](err); gone {
		return err
	}
	p.refused(i, err.Error())
	return nil
}

// simulated is the name that a server makes up for a template that it simulates.
var simulated = regexp.MustCompile(`simulate_template_[\w-]{22}`)

// refused keeps a reason, in the words that migrate would have given.
func (p *probe) refused(i int, reason string) {
	reason = strings.ReplaceAll(reason, "\n", " ")
	for _, own := range []string{p.name(i), p.indexOf(i)} {
		reason = strings.ReplaceAll(reason, own, p.plan.Steps[i].Name)
	}
	reason = simulated.ReplaceAllLiteralString(reason, p.plan.Steps[i].Name)
	reason = strings.Replace(reason, "POST /_index_template/_simulate: ", p.plan.Steps[i].Request.Method+" "+p.plan.Steps[i].Request.Path+": ", 1)
	for other := 0; other < len(p.plan.Steps) && strings.Contains(reason, p.run); other++ {
		reason = strings.ReplaceAll(reason, p.name(other), p.plan.Steps[other].Name)
	}
	p.reasons[i] = append(p.reasons[i], reason)
}

// tell puts what was found into the plan, in the order of its steps.
func (p *probe) tell() {
	for i, step := range p.plan.Steps {
		for _, reason := range p.reasons[i] {
			p.plan.Findings = append(p.plan.Findings, metadata.Finding{
				Kind: step.Kind, Name: step.Name, What: "the target would refuse it, as a probe shows: " + reason,
			})
		}
	}
	p.plan.Counts.Findings = len(p.plan.Findings)
	note := fmt.Sprintf("probe: %d items were tried on the target under throw-away names, which are removed; %d would be refused", p.tried+p.alike, len(p.reasons))
	if p.alike > 0 {
		note += fmt.Sprintf("; %d of them are like another in all but names and shards, and were tried with it", p.alike)
	}
	p.plan.Notes = append(p.plan.Notes, note)
	p.plan.Notes = append(p.plan.Notes, p.notes...)
	if len(p.swept) > 0 {
		p.plan.Notes = append(p.plan.Notes, "probe: removed from the target what a killed probe had left: "+strings.Join(p.swept, ", "))
	}
}

// encoded is a body as it is sent.
func encoded(body any) (json.RawMessage, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(body)
	return buffer.Bytes(), err
}
