package rules

// streamRules are of data streams and of the templates that make them. On the target a stream is what its template says, under its name.
var streamRules = []Rule{
	{
		Name: "stream", Fidelity: Lossy, On: []Kind{DataStream},
		Why:     "a data stream of OpenSearch has no such thing",
		rewrite: func(d *draft) { d.prune(d.Rest, "", ofStreams) },
	},
	{
		Name: "stream-template", Fidelity: Lossy, On: []Kind{IndexTemplate, ComponentTemplate},
		Why: "a data stream of OpenSearch has no such thing",
		rewrite: func(d *draft) {
			if stream, is := d.Rest["data_stream"].(map[string]any); is {
				d.prune(stream, pointer("").at("data_stream"), ofStreams)
			}
			d.remove(edit{in: d.Rest, key: "template.lifecycle", why: lifecycleLost})
			d.remove(edit{in: d.Rest, key: "template.data_stream_options", why: ofStreams["failure_store"].why})
		},
	},
}

const lifecycleLost = "OpenSearch has no lifecycle of data streams: make a policy of index state management with a rollover and, after the retention, a delete"

// told is what is said of a key that goes.
type told struct {
	why      string
	fidelity Fidelity
}

// ofStreams are the keys of a data stream, and of "data_stream" of a template, that the target does not take or makes itself.
var ofStreams = map[string]told{
	"indices":              {"the stream of the target makes its own indices, and the documents of these go into it", Equivalent},
	"generation":           {"the stream of the target counts its own indices", Lossless},
	"template":             {"the target finds the template by the name of the stream", Lossless},
	"timestamp_field":      {"", ""}, // stays
	"_meta":                {"it is that of the template", Equivalent},
	"hidden":               {"a hidden data stream is an ordinary one: searches over all indices find it", Lossy},
	"lifecycle":            {lifecycleLost, Lossy},
	"failure_store":        {"OpenSearch has no store of failures: a document that an index does not take is refused, and the client is told", Lossy},
	"failure_indices":      {"OpenSearch has no store of failures; what is in this one does not come along", Lossy},
	"allow_custom_routing": {"documents with a routing of their own are refused by a data stream of OpenSearch", Lossy},
	"replicated":           {"it follows no stream of another cluster", Lossy},
	"system":               {"it is an ordinary data stream", Lossy},
	"index_mode":           {"indices of OpenSearch have one mode", Lossy},
	"aliases":              {"OpenSearch has no aliases of data streams: search the stream by its name, or give the alias to its indices", Lossy},
	"settings":             {"a data stream of OpenSearch has the settings of its template alone: put them there", Lossy},
	"mappings":             {"a data stream of OpenSearch has the mappings of its template alone: put them there", Lossy},
}

// prune removes what ofKeys tells of; what it does not know goes with the reason of the rule, what has none stays.
func (d *draft) prune(object map[string]any, at pointer, ofKeys map[string]told) {
	for _, key := range sorted(object) {
		one, known := ofKeys[key]
		if known && one.why == "" {
			continue
		}
		if object[key] == false || object[key] == "standard" { // as it is on the target
			one = told{"so is it on the target, without being said", Lossless}
		}
		d.remove(edit{in: object, at: at, key: key, why: one.why, fidelity: one.fidelity})
	}
}
