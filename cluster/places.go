package cluster

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// Place is an index as one meets it who is going to write there.
type Place struct {
	UUID   string
	Stream string // data stream that the index backs; "": none
	// Aliases are by name: true makes the index the one that takes what is written to the alias, false one that never does,
	// nil the one where it is the only index.
	Aliases map[string]*bool
	// Blocks are the settings that keep writers out and are on, sorted: "index.blocks.write" and its like.
	Blocks          []string
	DefaultPipeline string // that [NoPipeline] switches off; "": none
	FinalPipeline   string // that nothing does; "": none
}

// Places returns the indices, by their own names, that the names lead to, be they of indices, aliases or data streams.
// A name that leads nowhere has none.
func (r *Reader) Places(ctx context.Context, names ...string) (map[string]Place, error) {
	places := map[string]Place{}
	for _, some := range requests(names) {
		var answer map[string]placeAnswer
		err := r.get(ctx, esapi.IndicesGetRequest{
			Index: some, FlatSettings: new(true), IgnoreUnavailable: new(true), AllowNoIndices: new(true),
			FilterPath: []string{"*.aliases", "*.settings", "*.data_stream"},
		}, &answer)
		if err != nil && !NotFound(err) {
			return nil, err
		}
		for name, index := range answer {
			places[name] = index.place()
		}
	}
	return places, nil
}

// placeAnswer is the part of an index's definition that is asked for.
type placeAnswer struct {
	Stream  string `json:"data_stream"`
	Aliases map[string]struct {
		Write *bool `json:"is_write_index"`
	} `json:"aliases"`
	Settings map[string]json.RawMessage `json:"settings"`
}

// writeBlocks are the settings that refuse documents, or what their indexing needs.
var writeBlocks = []string{"index.blocks.write", "index.blocks.read_only", "index.blocks.read_only_allow_delete", "index.blocks.metadata"}

func (a placeAnswer) place() Place {
	p := Place{
		UUID: a.setting("index.uuid"), Stream: a.Stream, Aliases: make(map[string]*bool, len(a.Aliases)),
		DefaultPipeline: a.pipeline("index.default_pipeline"), FinalPipeline: a.pipeline("index.final_pipeline"),
	}
	for name, alias := range a.Aliases {
		p.Aliases[name] = alias.Write
	}
	for _, name := range writeBlocks {
		if a.setting(name) == "true" {
			p.Blocks = append(p.Blocks, name)
		}
	}
	slices.Sort(p.Blocks)
	return p
}

// setting returns a setting as text; "" where there is none.
func (a placeAnswer) setting(name string) string {
	return strings.Trim(string(a.Settings[name]), `"`)
}

func (a placeAnswer) pipeline(name string) string {
	if value := a.setting(name); value != NoPipeline {
		return value
	}
	return ""
}
