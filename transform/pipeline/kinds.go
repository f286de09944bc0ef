package pipeline

import (
	"context"
	"encoding/json"
	"errors"

	"migassist/transform"
	"migassist/transform/edit"
	"migassist/transform/javascript"
	"migassist/transform/jmespath"
	"migassist/transform/jq"
	"migassist/transform/typemap"
)

// kind is one of the transforms there are.
type kind struct {
	name      string   // as the Java tools call it, where they have it
	short     []string // other names
	addresses bool     // it may send documents elsewhere
	edits     bool     // it may change more of a document than where it goes
	refused   string   // why there is none of the name, and what to do
	parse     func(config json.RawMessage, o Options) (maker, error)
}

// kinds is the table of all there are.
func kinds() []kind {
	return []kind{
		{
			name: "TypeMappingSanitizationTransformerProvider", short: []string{"typeMappings"}, addresses: true,
			parse: func(config json.RawMessage, _ Options) (maker, error) { return noted(typemap.Parse(config)) },
		},
		{
			name: "EditTransformerProvider", short: []string{"edit"}, edits: true,
			parse: func(config json.RawMessage, _ Options) (maker, error) { return noted(edit.Parse(config)) },
		},
		{
			name: "JsonJSTransformerProvider", short: []string{"javascript", "js"}, addresses: true, edits: true,
			parse: func(config json.RawMessage, o Options) (maker, error) {
				return noted(javascript.Parse(config, javascript.Options{Folder: o.Folder, Limits: javascript.Limits(o.Limits), Log: o.Log}))
			},
		},
		{
			name: "JsonJqTransformerProvider", short: []string{"jq"}, addresses: true, edits: true,
			parse: func(config json.RawMessage, o Options) (maker, error) {
				return noted(jq.Parse(config, o.Folder, o.Limits))
			},
		},
		{
			name: "JsonJMESPathTransformerProvider", short: []string{"jmespath"}, addresses: true, edits: true,
			parse: func(config json.RawMessage, _ Options) (maker, error) { return noted(jmespath.Parse(config)) },
		},
		{
			name: "JsonConditionalTransformerProvider", short: []string{"conditional"}, addresses: true, edits: true,
			parse: func(config json.RawMessage, o Options) (maker, error) { return noted(parseConditional(config, o)) },
		},
		{
			name: "JsonJMESPathPredicateProvider", short: []string{"predicate"},
			refused: "it is a condition, not a transform: it goes first into JsonConditionalTransformerProvider, [condition, transforms]",
		},
		{
			name: "NoopTransformerProvider", short: []string{"noop"},
			parse: func(config json.RawMessage, _ Options) (maker, error) { return passing{}, nothing(config) },
		},
		{
			name: "JsonTransformerForDocumentTypeRemovalProvider", short: []string{"removeType"},
			parse: func(config json.RawMessage, _ Options) (maker, error) { return untyping{}, nothing(config) },
		},
		{
			name: "JsonPythonTransformerProvider", short: []string{"python"},
			refused: "Python is not to be had here: write the same main(context) in JavaScript (JsonJSTransformerProvider), or a filter in jq (JsonJqTransformerProvider)",
		},
		{
			name: "JsonJoltTransformerProvider", short: []string{"jolt"},
			refused: "Jolt is not to be had here: fields are moved by EditTransformerProvider, and anything else by jq (JsonJqTransformerProvider) or JavaScript (JsonJSTransformerProvider)",
		},
	}
}

// noted is a maker, or none where there is an error.
func noted[M maker](made M, err error) (maker, error) {
	if err != nil {
		return nil, err
	}
	return made, nil
}

// nothing refuses a configuration where none is taken.
func nothing(config json.RawMessage) error {
	if text := string(compact(config)); text != "" && text != "{}" && text != `""` && text != "[]" {
		return errors.New("it takes no configuration, and has " + text)
	}
	return nil
}

// passing leaves messages as they are.
type passing struct{}

func (passing) New() transform.Transformer { return passing{} }

func (passing) Transform(_ context.Context, dst []*transform.Message, m *transform.Message) ([]*transform.Message, error) {
	return append(dst, m), nil
}

// untyping takes the mapping types off documents.
type untyping struct{}

func (untyping) New() transform.Transformer { return untyping{} }

func (untyping) Transform(_ context.Context, dst []*transform.Message, m *transform.Message) ([]*transform.Message, error) {
	m.Write.Type = ""
	return append(dst, m), nil
}
