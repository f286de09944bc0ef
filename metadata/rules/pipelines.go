package rules

import "strconv"

// pipelineKeys are what Elasticsearch keeps of a pipeline beside what it does, and OpenSearch refuses.
var pipelineKeys = []struct {
	key, why string
	fidelity Fidelity
}{
	{"_meta", "a pipeline of OpenSearch has no _meta", Lossy},
	{"deprecated", "it warns those who use the pipeline; OpenSearch has no such mark", Lossy},
	{"created_date", "the server writes this itself", Lossless},
	{"created_date_millis", "the server writes this itself", Lossless},
	{"modified_date", "the server writes this itself", Lossless},
	{"modified_date_millis", "the server writes this itself", Lossless},
}

// pipelineRules rewrite ingest pipelines. Whether the target has each processor, and takes it as it is configured, it is asked.
var pipelineRules = []Rule{
	{
		Name: "pipeline-keys", Fidelity: Lossy, Applies: fromElasticsearch, On: []Kind{IngestPipeline},
		Why: "OpenSearch refuses a pipeline with it",
		rewrite: func(d *draft) {
			for _, one := range pipelineKeys {
				d.remove(edit{in: d.Rest, key: one.key, why: one.why, fidelity: one.fidelity})
			}
			if d.Rest["field_access_pattern"] == "classic" { // as OpenSearch reads fields; the other one is refused by the target
				d.remove(edit{in: d.Rest, key: "field_access_pattern", fidelity: Lossless})
			}
		},
	},
	{
		Name: "processor-options", Fidelity: Equivalent, Applies: fromElasticsearch, On: []Kind{IngestPipeline},
		Why: "the processor of OpenSearch does not know it, and does the same without",
		rewrite: func(d *draft) {
			EachProcessor(d.Rest, func(at, name string, body map[string]any) {
				for _, one := range processorOptions[name] {
					d.remove(edit{in: body, at: pointer(at).at(name), key: one.key, why: one.why, fidelity: one.fidelity})
				}
			})
		},
	},
}

// scriptRules rewrite stored scripts.
var scriptRules = []Rule{{
	Name: "script-options", Fidelity: Lossless, On: []Kind{StoredScript},
	Why: "there are no options, which the target says by leaving them out",
	rewrite: func(d *draft) {
		script, _ := d.Rest["script"].(map[string]any)
		if options, are := script["options"].(map[string]any); are && len(options) == 0 {
			d.remove(edit{in: script, at: "/script", key: "options"})
		}
	},
}}

// processorOptions are those that the same processor of OpenSearch does not know.
var processorOptions = map[string][]struct {
	key, why string
	fidelity Fidelity
}{
	"geoip":      {{"download_database_on_pipeline_creation", "", Equivalent}},
	"user_agent": {{"extract_device_type", "OpenSearch does not tell the type of a device", Lossy}},
}

// EachProcessor visits the processors of an ingest pipeline, also those that stand in others or are for failures; at is the JSON pointer
// of the object that names it.
func EachProcessor(pipeline map[string]any, visit func(at, name string, body map[string]any)) {
	for _, key := range words("processors on_failure") {
		eachProcessor(pointer("").at(key), pipeline[key], visit)
	}
}

func eachProcessor(at pointer, of any, visit func(at, name string, body map[string]any)) {
	switch of := of.(type) {
	case []any:
		for i, one := range of {
			eachProcessor(at.at(strconv.Itoa(i)), one, visit)
		}
	case map[string]any:
		for _, name := range sorted(of) {
			body, _ := of[name].(map[string]any)
			visit(string(at), name, body)
			eachProcessor(at.at(name, "processor"), body["processor"], visit) // of foreach
			eachProcessor(at.at(name, "on_failure"), body["on_failure"], visit)
		}
	}
}
