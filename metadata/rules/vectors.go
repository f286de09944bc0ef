package rules

import (
	"fmt"
	"strings"
)

// vectorRules bring vectors of Elasticsearch to the target's k-NN plugin.
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
	} else if element == "bit" && d.engineFor("hnsw", "hamming", dims) == "" {
		d.disable(f, "dense_vector of bits")
		return
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
	if dataType := map[string]string{"byte": "byte", "bit": "binary"}[element]; dataType != "" && d.takesData(element, method) {
		at.key = "data_type"
		at.why = "vectors of " + element + "s are asked for by data_type; documents that say them as hexadecimal text are refused until a transform makes lists of numbers of it"
		d.set(at, dataType)
	}
	if method != nil {
		at.key, at.why = "method", "the vectors are searched for neighbours by this method"
		d.set(at, method)
		d.setSetting("index.knn", true, "neighbours are found in an index only where this is on")
	}
}

// takesData tells whether the target has vectors of bytes, or of bits. Where it has not, those of bytes are as
// well kept as numbers of any kind.
func (d *draft) takesData(element string, method map[string]any) bool {
	if !has(d.parameters("knn_vector"), "data_type") {
		return false
	}
	return element == "bit" || method == nil || method["engine"] == "lucene" || d.pair.To.AtLeast(2, 17)
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
	return similar || options || d.pair.From.AtLeast(8, 11) && (d.created == 0 || d.created >= 8110000)
}

// methodOf is the method for an indexed dense_vector; nil after it refused the item.
func (d *draft) methodOf(f *field, bits bool) map[string]any {
	similarity, said := f.def["similarity"].(string)
	space := spaces[similarity]
	switch {
	case bits && (similarity == "l2_norm" || !said):
		space = "hamming"
	case bits:
		space = ""
	case !said:
		space = "cosinesimil"
	}
	engine := d.engineFor("hnsw", space, f.def["dims"])
	if space == "" || engine == "" {
		kind := "vectors"
		if bits {
			kind = "vectors of bits"
		}
		d.refuse(f.at.at("similarity"), "no engine of the target's k-NN plugin compares %s by the similarity %v; "+
			"create the index on the target by hand, then the documents can be brought", kind, similarityOf(f, space))
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

// similarityOf is what a field says, or what it means by saying nothing.
func similarityOf(f *field, space string) any {
	if said := f.def["similarity"]; said != nil {
		return said
	}
	return space
}

// sparseToFeatures is for vectors of tokens; those of before 8 had numbers for dimensions and any weight.
func sparseToFeatures(d *draft, f *field) {
	if f.kind() == "sparse_vector" && f.role != multiField && !d.hasType("sparse_vector") && d.hasType("rank_features") {
		d.retype(f, "rank_features", "", "", "meta")
	}
}
