package rules

import (
	"fmt"
	"strings"
)

// vectorRules bring vectors of Elasticsearch, and of OpenSearch before 3, to the methods that the
// target's k-NN plugin has.
var vectorRules = []Rule{
	{
		Name: "dense-vector", Fidelity: Equivalent, Applies: fromElasticsearch,
		Why: "knn_vector holds the same numbers; a search for neighbours finds them by a query of type knn, and scripts that compute a distance " +
			"work with the names of the target's functions",
		rewrite: everyField(denseVectorToKNN),
	},
	{
		Name: "sparse-vector", Fidelity: Equivalent, Applies: func(p Pair) bool { return fromElasticsearch(p) && p.From.AtLeast(8, 11) },
		Why:     "rank_features holds the same tokens and weights; it is searched by a query of type rank_feature for each token",
		rewrite: everyField(sparseToFeatures),
	},
	{
		Name: "knn-setting", Fidelity: Equivalent,
		Why:     "how vectors are indexed is said of each field by its method; the target no longer has the setting",
		rewrite: knnSettingsToMethod,
	},
	{
		Name: "knn-engine", Fidelity: Equivalent,
		Why:     "the target makes no new indices with this engine; another one finds neighbours by the same method and distance",
		rewrite: everyField(knownEngine),
	},
}

// spaces are the similarities of dense_vector by the target's names. A dot product is asked of
// vectors of length one, or else as max_inner_product; the order of the hits is the same.
var spaces = map[string]string{
	"l2_norm": "l2", "cosine": "cosinesimil", "dot_product": "innerproduct", "max_inner_product": "innerproduct",
}

// denseVectorToKNN goes by what the field says: a vector that Elasticsearch indexed is given a method,
// one that it only kept for scripts is not.
func denseVectorToKNN(d *draft, f *field) {
	if f.kind() != "dense_vector" || f.role == multiField || !d.hasType("knn_vector") {
		return // left to replaceUnknownType
	}
	dims, said := f.def["dims"]
	if !said {
		d.disable(f, "dense_vector without dims, which takes the length of the first vector; a knn_vector must say it")
		return
	}
	element := fmt.Sprint(f.def["element_type"])
	method := map[string]any(nil)
	if d.indexesVectors(f) {
		if method = d.methodOf(f, element == "bit"); method == nil {
			return
		}
	}
	meta, described := f.def["meta"]
	d.tellVector(f)
	for _, name := range sorted(f.def) {
		delete(f.def, name)
	}
	f.def["type"], f.def["dimension"] = "knn_vector", dims
	if described {
		f.def["meta"] = meta
	}
	at := edit{in: f.def, at: f.at}
	d.record(edit{in: f.def, at: f.at, key: "type"}, "dense_vector", "knn_vector")
	d.record(edit{in: f.def, at: f.at, key: "dimension"}, nil, dims)
	switch element {
	case "byte", "bit":
		at.key = "data_type"
		at.why = "vectors of " + element + "s are asked for by data_type"
		d.set(at, map[string]string{"byte": "byte", "bit": "binary"}[element])
	}
	if method != nil {
		at.key, at.why = "method", "the vectors are searched for neighbours by this method"
		d.set(at, method)
		d.setSetting("index.knn", true, "neighbours are found in an index only where this is on")
	}
}

// tellVector records what leaves the field, each with its reason.
func (d *draft) tellVector(f *field) {
	for _, name := range sorted(f.def) {
		e := edit{in: f.def, at: f.at, key: name}
		switch name {
		case "type", "meta":
			continue
		case "dims":
			e.why = "it is called dimension"
		case "similarity", "index", "element_type":
			e.why = "it is said by the method and the data type"
		case "index_options":
			e.why, e.fidelity = quantized(f.def[name])
		default:
			e.why, e.fidelity = "a knn_vector does not have it", Lossy
		}
		d.record(e, f.def[name], nil)
	}
}

// quantized says what becomes of the way in which an index kept its vectors.
func quantized(options any) (string, Fidelity) {
	o, _ := options.(map[string]any)
	kind := fmt.Sprint(o["type"])
	switch {
	case strings.HasSuffix(kind, "flat"):
		return "the source compared all vectors; the target finds neighbours in a graph, which may miss one", Lossy
	case kind == "hnsw" || o == nil:
		return "the graph is made with the same m and ef_construction", ""
	}
	return "the source kept the vectors shortened (" + kind + "); the target keeps them whole: hits are as exact or more so, and need more memory", ""
}

// indexesVectors tells whether the source has a graph of the vectors: it is said, or was the default.
func (d *draft) indexesVectors(f *field) bool {
	index, said := f.def["index"]
	if said {
		return asBool(index)
	}
	_, similar := f.def["similarity"]
	_, options := f.def["index_options"]
	return similar || options || d.pair.From.AtLeast(8, 11)
}

// methodOf is the method for an indexed dense_vector; nil after it refused the item.
func (d *draft) methodOf(f *field, bits bool) map[string]any {
	similarity, said := f.def["similarity"].(string)
	space := spaces[similarity]
	switch {
	case !said && f.def["similarity"] == nil:
		if space = "cosinesimil"; bits {
			space = "hamming"
		}
	case bits && similarity == "l2_norm":
		space = "hamming"
	}
	engine := d.engineFor("hnsw", space)
	if space == "" || engine == "" {
		d.refuse(f.at.at("similarity"), "no engine of the target's k-NN plugin compares vectors by the similarity %v", f.def["similarity"])
		return nil
	}
	method := map[string]any{"name": "hnsw", "engine": engine, "space_type": space}
	options, _ := f.def["index_options"].(map[string]any)
	parameters := map[string]any{}
	for _, name := range []string{"m", "ef_construction"} {
		if value, there := options[name]; there {
			parameters[name] = value
		}
	}
	if len(parameters) > 0 {
		method["parameters"] = parameters
	}
	return method
}

// engineFor is the engine that has a method with a space type: the one that is kept with the target,
// Lucene first, as it needs no native library.
func (d *draft) engineFor(method, space string) string {
	for _, engine := range []string{"lucene", "faiss", "nmslib"} {
		if has(d.known.KNN, engine+" "+method+" "+space) {
			return engine
		}
	}
	return ""
}

// sparseToFeatures is for vectors of tokens; those of before 8 had numbers for dimensions and any weight.
func sparseToFeatures(d *draft, f *field) {
	if f.kind() == "sparse_vector" && f.role != multiField && !d.hasType("sparse_vector") && d.hasType("rank_features") {
		d.retype(f, "rank_features", "", "", "meta")
	}
}

// knnSettings are the settings that once said how all vectors of an index are indexed.
var knnSettings = words("index.knn.space_type index.knn.algo_param.m index.knn.algo_param.ef_construction")

// knnSettingsToMethod gives each vector without a method what the settings said, where the target does
// not know them.
func knnSettingsToMethod(d *draft) {
	said := map[string]any{}
	for _, name := range knnSettings {
		if value, there := d.Settings[name]; there && value != nil && !has(d.known.Settings, name) {
			said[name] = value
		}
	}
	if len(said) == 0 || !d.hasType("knn_vector") {
		return // left to unknown-setting, with its reason
	}
	given := 0
	d.fields(func(f *field) {
		if f.kind() != "knn_vector" || f.def["method"] != nil || f.def["model_id"] != nil || f.def["space_type"] != nil || f.def["mode"] != nil {
			return
		}
		given++
		d.set(edit{in: f.def, at: f.at, key: "method"}, methodOfSettings(said))
	})
	for _, name := range sorted(said) {
		if given > 0 {
			d.removeSetting(name, "", "")
			continue
		}
		d.removeSetting(name, "no vector here is indexed by it, and the target says it of each field; templates that only set it have no effect any more", Lossy)
	}
}

// methodOfSettings is with the engine that the settings were for; the rule after this one changes it.
func methodOfSettings(said map[string]any) map[string]any {
	method := map[string]any{"name": "hnsw", "engine": "nmslib", "space_type": "l2"}
	if space, there := said["index.knn.space_type"]; there {
		method["space_type"] = space
	}
	parameters := map[string]any{}
	for _, name := range knnSettings[1:] {
		if value, there := said[name]; there {
			parameters[name[strings.LastIndexByte(name, '.')+1:]] = numberFrom(value)
		}
	}
	if len(parameters) > 0 {
		method["parameters"] = parameters
	}
	return method
}

// knownEngine gives a method the engine of the target that has its distance, where the one it names
// makes no new indices.
func knownEngine(d *draft, f *field) {
	method, _ := f.def["method"].(map[string]any)
	if f.kind() != "knn_vector" || method == nil || len(d.known.KNN) == 0 {
		return
	}
	engine, _ := method["engine"].(string)
	name, space := fmt.Sprint(method["name"]), "l2"
	if said, there := method["space_type"].(string); there {
		space = said
	}
	if engine == "" || name != "hnsw" || has(d.known.KNN, engine+" "+name+" "+space) {
		return // the target's own default, one that is trained, or known
	}
	if to := d.engineFor(name, space); to != "" {
		d.set(edit{in: method, at: f.at.at("method"), key: "engine"}, to)
		return
	}
	d.refuse(f.at.at("method"), "no engine of the target's k-NN plugin has the method %s with the space type %s, which %s had on the source; "+
		"choose another one by a transform of the metadata", name, space, engine)
}
