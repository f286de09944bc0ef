package metadata

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"migassist/metadata/rules"
	"migassist/selection"
	"migassist/transform"
	"migassist/xcontent/tree"
)

// Transforms rewrite items after the rules, as {"type":KIND,"name":NAME,"body":BODY}, the form of the Java implementation.
type Transforms interface {
	New() transform.Transformer
}

// transformed are the steps that the configured transforms make of an item that the rules have rewritten.
func (b *builder) transformed(ctx context.Context, step *Step, item *rules.Item) []*Step {
	if b.transformer == nil {
		b.settle(ctx, step, item)
		return []*Step{step}
	}
	results, err := b.transform(ctx, step, item)
	if err != nil {
		step.Action = Refused
		step.Reason = reasonOf(err) + `; it was handed {"type","name","body"} of the item (what is for documents belongs into --doc-transformer-config)`
		return []*Step{step}
	}
	if len(results) == 0 {
		step.Action, step.Reason = Left, "the transforms leave it out"
		return []*Step{step}
	}
	steps := make([]*Step, len(results))
	for i, made := range results {
		one := *step
		one.Name, one.Changes = made.Name, append(slices.Clip(one.Changes), changesByTransforms(item, made)...)
		if made.Name != step.Name && len(one.From) == 0 {
			one.From = []string{step.Name}
		}
		steps[i] = &one
		b.waiting[&one] = b.waiting[step]
		if bad := selection.IndexNameProblem(made.Name); made.Kind == rules.Index && bad != "" {
			one.Action, one.Reason = Refused, fmt.Sprintf("the transforms name it %q, which is no name of an index: %s", made.Name, bad)
			continue
		}
		b.settle(ctx, &one, made)
	}
	return steps
}

func (b *builder) transform(ctx context.Context, step *Step, item *rules.Item) ([]*rules.Item, error) {
	value, err := tree.From(map[string]any{"type": string(step.Kind), "name": step.Name, "body": item.Body()})
	if err != nil {
		return nil, err
	}
	messages, err := b.transformer.Transform(ctx, nil, transform.NewValue(transform.Metadata, value))
	if err != nil {
		return nil, err
	}
	var made []*rules.Item
	for _, message := range messages {
		value, err := message.Value()
		if err != nil {
			return nil, err
		}
		one, err := itemOf(step.Kind, value)
		if err != nil {
			return nil, fmt.Errorf("the transforms: what they return %w", err)
		}
		made = append(made, one)
	}
	return made, nil
}

// itemOf reads an item as transforms give it back.
func itemOf(kind rules.Kind, value *tree.Value) (*rules.Item, error) {
	body, isObject := value.Get("body").Any().(map[string]any)
	switch name := value.Get("name"); {
	case value.Get("type").Text() != string(kind):
		return nil, fmt.Errorf("has the type %s, and the item is of the type %q, which can't be changed", value.Get("type"), kind)
	case name.Kind() != tree.String || name.Text() == "":
		return nil, errors.New("has no name")
	case !isObject:
		return nil, errors.New(`has no object "body"`)
	default:
		return (&Step{Kind: kind, Name: name.Text(), After: NewBody(body)}).wanted()
	}
}

// changesByTransforms are what differs between the item that transforms got and the one they gave.
func changesByTransforms(before, after *rules.Item) []rules.Change {
	c := &comparison{}
	c.objects("", before.Body(), after.Body())
	changes := make([]rules.Change, len(c.found))
	for i, d := range c.found {
		changes[i] = rules.Change{Path: d.Path, Before: d.Want, After: d.Got, Rule: "transform", Why: "the configured transforms say so", Fidelity: rules.Equivalent}
	}
	return changes
}
