package metadata

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"migassist/cluster"
	"migassist/metadata/rules"
)

// CapableReader is asked, where a target offers it, what the target can run and what it knows. It changes nothing on the target.
type CapableReader interface {
	// SettingNames are the settings of the cluster that the target knows; none where it does not tell.
	SettingNames(ctx context.Context) (map[string]bool, error)
	// Processors are those of ingest and of search pipelines; none where it does not tell.
	Processors(ctx context.Context) (ingest, search []string, err error)
	// ScriptLanguages are those of stored scripts; none where it does not tell.
	ScriptLanguages(ctx context.Context) ([]string, error)
	// TryPipeline is an error where the target does not take an ingest pipeline.
	TryPipeline(ctx context.Context, body json.RawMessage) error
}

var _ CapableReader = (*cluster.Reader)(nil)

// able is what a target said of itself, as far as the items of the source ask for it.
type able struct {
	reader                    CapableReader
	settings                  map[string]bool
	ingest, search, languages []string
}

// askAble asks the target only what items of the source need.
func askAble(ctx context.Context, target TargetReader, items []*rules.Item) (able, error) {
	reader, offers := target.(CapableReader)
	if !offers {
		return able{}, nil
	}
	a := able{reader: reader}
	needed := map[rules.Kind]bool{}
	for _, item := range items {
		needed[item.Kind] = true
	}
	var err error
	if needed[rules.ClusterSettings] {
		if a.settings, err = reader.SettingNames(ctx); err != nil {
			return a, fmt.Errorf("ask the target which settings it knows: %w", err)
		}
	}
	if needed[rules.IngestPipeline] || needed[rules.SearchPipeline] {
		if a.ingest, a.search, err = reader.Processors(ctx); err != nil {
			return a, fmt.Errorf("ask the target which processors it has: %w", err)
		}
	}
	if needed[rules.StoredScript] {
		if a.languages, err = reader.ScriptLanguages(ctx); err != nil {
			return a, fmt.Errorf("ask the target which languages of scripts it has: %w", err)
		}
	}
	return a, nil
}

// inability says why the target can't take an item as it is, "" where it can or does not tell.
func (a able) inability(ctx context.Context, item *rules.Item) string {
	switch item.Kind {
	case rules.StoredScript:
		script, _ := item.Rest["script"].(map[string]any)
		language, _ := script["lang"].(string)
		if a.languages != nil && language != "" && !slices.Contains(a.languages, language) {
			return fmt.Sprintf("it is written in %s, and the target runs %s: write it anew in painless", language, or(strings.Join(a.languages, ", "), "no scripts"))
		}
	case rules.IngestPipeline:
		return a.pipeline(ctx, item)
	case rules.SearchPipeline:
		var used []string
		for _, list := range []string{"request_processors", "response_processors", "phase_results_processors"} {
			rules.EachProcessor(map[string]any{"processors": item.Rest[list]}, func(_, name string, _ map[string]any) { used = append(used, name) })
		}
		return lackingProcessors(used, a.search)
	}
	return ""
}

func (a able) pipeline(ctx context.Context, item *rules.Item) string {
	var used []string
	rules.EachProcessor(item.Rest, func(_, name string, _ map[string]any) { used = append(used, name) })
	if lacking := lackingProcessors(used, a.ingest); lacking != "" || a.reader == nil {
		return lacking
	}
	body, err := json.Marshal(item.Rest)
	if err != nil {
		return reasonOf(err)
	}
	if err := a.reader.TryPipeline(ctx, body); err != nil {
		return "the target does not take it: " + reasonOf(err)
	}
	return ""
}

func lackingProcessors(used, has []string) string {
	if len(has) == 0 {
		return ""
	}
	lacking := map[string]bool{}
	for _, name := range used {
		if !slices.Contains(has, name) {
			lacking[name] = true
		}
	}
	if len(lacking) == 0 {
		return ""
	}
	return "the target has no processor " + strings.Join(slices.Sorted(maps.Keys(lacking)), ", ") + ": install the plugin that has it, or write the pipeline anew without"
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// ownNames begin the names of settings whose last part the user has made up; a target does not list them before they are set.
var ownNames = []string{"logger.", "cluster.metadata."}

// keepKnown takes out of the settings of a cluster those that the target does not know.
func (a able) keepKnown(step *Step, item *rules.Item) {
	if len(a.settings) == 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(item.Rest)) {
		if a.settings[name] || slices.ContainsFunc(ownNames, func(begin string) bool { return strings.HasPrefix(name, begin) }) {
			continue
		}
		step.Changes = append(step.Changes, rules.Change{
			Path: rules.Pointer(name), Before: item.Rest[name], Rule: "unknown-cluster-setting", Fidelity: rules.Lossy,
			Why: "the target does not know this setting",
		})
		delete(item.Rest, name)
	}
}
