package snapshot

import (
	"encoding/json"
	"fmt"

	"migassist/lucene/input"
)

// readByID brings what clusters keep in another form than their REST API takes into the form of the API:
//
//	"ingest": {"pipeline": [{"id": "x", "config": {…}}]}          {"x": {…}}      and "search_pipeline" likewise
//	"stored_scripts": {"x": {"lang": …, "source": …}}             {"x": {"script": {…}}}
//	"index_lifecycle": {"policies": {"x": {"policy": {…}, …}}}    {"x": {"policy": {…}}}
//
// Source: toXContent of IngestMetadata, SearchPipelineMetadata, ScriptMetadata and IndexLifecycleMetadata.
func (g *Global) readByID(at string) (err error) {
	if g.IngestPipelines, err = pipelines(at, "ingest", g.Sections["ingest"]); err != nil {
		return err
	}
	if g.SearchPipelines, err = pipelines(at, "search_pipeline", g.Sections["search_pipeline"]); err != nil {
		return err
	}
	for name, raw := range g.StoredScripts {
		if g.StoredScripts[name], err = marshal(map[string]json.RawMessage{"script": raw}); err != nil {
			return err
		}
	}
	for name, raw := range g.Policies {
		var kept struct {
			Policy json.RawMessage `json:"policy"`
		}
		if err := unmarshal(at, raw, &kept); err != nil {
			return fmt.Errorf("policy %q: %w", name, err)
		}
		if present(kept.Policy) == nil {
			return &input.CorruptError{File: at, Want: fmt.Sprintf("the key policy in the lifecycle policy %q", name), Got: "none"}
		}
		if g.Policies[name], err = marshal(map[string]json.RawMessage{"policy": kept.Policy}); err != nil {
			return err
		}
	}
	return nil
}

func pipelines(at, section string, raw json.RawMessage) (map[string]json.RawMessage, error) {
	named := map[string]json.RawMessage{}
	if present(raw) == nil {
		return named, nil
	}
	var list struct {
		Pipelines []struct {
			ID     string          `json:"id"`
			Config json.RawMessage `json:"config"`
		} `json:"pipeline"`
	}
	if err := unmarshal(at, raw, &list); err != nil {
		return nil, err
	}
	for _, one := range list.Pipelines {
		if one.ID == "" || present(one.Config) == nil {
			return nil, &input.CorruptError{File: at, Want: "the keys id and config of each pipeline in " + section, Got: fmt.Sprintf("a pipeline with the id %q", one.ID)}
		}
		named[one.ID] = one.Config
	}
	return named, nil
}
