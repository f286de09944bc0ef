package rules

import (
	"fmt"
	"strings"
)

// knnRules bring vectors of OpenSearch to what the target's k-NN plugin has.
var knnRules = []Rule{
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

// engineFor is the engine that has a method with a space type: the one that is kept with the target,
// Lucene first, as it needs no native library.
func (d *draft) engineFor(method, space string, dimension any) string {
	for _, engine := range []string{"lucene", "faiss", "nmslib"} {
		if engine == "lucene" && numberOf(dimension) > 1024 && !d.pair.To.AtLeast(2, 12) {
			continue // which takes longer vectors since
		}
		if d.hasMethod(engine, method, space) {
			return engine
		}
	}
	return ""
}

func (d *draft) hasMethod(engine, method, space string) bool {
	return has(d.known.KNN, engine+" "+method+" "+space)
}

// defaultEngine is the one of the target for vectors that name none.
func (d *draft) defaultEngine() string {
	if d.pair.To.AtLeast(2, 18) {
		return "faiss"
	}
	return "nmslib"
}

// knnSettings are the settings that once said how all vectors of an index are indexed.
var knnSettings = words("index.knn.space_type index.knn.algo_param.m index.knn.algo_param.ef_construction")

// knnSettingsToMethod gives each vector without a method what the settings said, where the target does
// not know them, or would use them with an engine that lacks the distance.
func knnSettingsToMethod(d *draft) {
	said := map[string]any{}
	space, there := d.Settings["index.knn.space_type"]
	lacking := there && !d.hasMethod(d.defaultEngine(), "hnsw", fmt.Sprint(space))
	for _, name := range knnSettings {
		if value, there := d.Settings[name]; there && value != nil && (lacking || !has(d.known.Settings, name)) {
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

// knownEngine gives a vector the engine of the target that has its distance, where the one it names, or the
// target's default if it names none, has not.
func knownEngine(d *draft, f *field) {
	if f.kind() != "knn_vector" || len(d.known.KNN) == 0 || !d.hasType("knn_vector") {
		return
	}
	if model, there := f.def["model_id"]; there {
		d.refuse(f.at.at("model_id"), "the vectors are indexed by the model %v, which the source trained and which does not come along; "+
			"train it on the target under this name and create the index there by hand, then the documents can be brought", model)
		return
	}
	method, said := f.def["method"].(map[string]any)
	engine, name, space := d.searched(f, method)
	if name != "hnsw" || d.hasMethod(engine, name, space) {
		return // one that is trained, or known
	}
	to := d.engineFor(name, space, f.def["dimension"])
	if to == "" {
		d.refuse(f.at.at("method"), "no engine of the target's k-NN plugin has the method %s with the space type %s, which %s had on the source; "+
			"create the index on the target by hand, with another space type, then the documents can be brought", name, space, engine)
		return
	}
	if !said {
		d.set(edit{in: f.def, at: f.at, key: "method", why: whyEngine(engine, space)}, map[string]any{"name": name, "engine": to})
		return
	}
	d.set(edit{in: method, at: f.at.at("method"), key: "engine", why: whyEngine(engine, space)}, to)
}

// searched is what a vector is searched by: what it says, or what the target takes for not said.
func (d *draft) searched(f *field, method map[string]any) (engine, name, space string) {
	engine, name, space = d.defaultEngine(), "hnsw", "l2"
	if strings.EqualFold(fmt.Sprint(f.def["data_type"]), "binary") {
		space = "hamming"
	}
	for _, where := range []map[string]any{f.def, method} {
		if is, there := where["space_type"].(string); there {
			space = is
		}
	}
	if is, there := method["engine"].(string); there {
		engine = is
	}
	if is, there := method["name"].(string); there {
		name = is
	}
	return engine, name, space
}

// whyEngine tells what else comes with another engine.
func whyEngine(from, space string) string {
	if from != "nmslib" || space != "cosinesimil" {
		return ""
	}
	return "the target makes no new indices with nmslib; another engine finds neighbours by the same method and distance. Its scores are (1 + cosine) / 2 " +
		"where nmslib's were 1 / (2 - cosine), in the same order; a vector of zeros, which has no angle, is refused"
}
