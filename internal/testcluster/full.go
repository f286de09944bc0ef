package testcluster

import "slices"

// fullModules are modules of the full distribution, and the k-NN plugin, that OpenSearch has besides
// those of every server here. Classes are how the names of the modules' classes end.
func fullModules(version, classes string) []module {
	return []module{
		{name: "geo", class: "org.opensearch.geo.GeoModulePlugin", artifact: artifact{openSearchPlugin, "geo", version, "jar"}},
		{name: "percolator", class: "org.opensearch.percolator.Percolator" + classes, artifact: artifact{openSearchPlugin, "percolator-client", version, "jar"}},
		painless(version, classes),
		mustache(version, classes),
		ingest(version, classes),
		{name: "opensearch-knn", artifact: artifact{openSearchPlugin, "opensearch-knn", version + ".0", "zip"}},
	}
}

// painless is the scripting language, with what it makes classes with.
func painless(version, classes string) module {
	return module{
		name: "lang-painless", class: "org.opensearch.painless.Painless" + classes, artifact: artifact{openSearchPlugin, "lang-painless", version, "jar"},
		libraries: []artifact{
			{openSearchPlugin, "opensearch-scripting-painless-spi", version, "jar"},
			{"org.antlr", "antlr4-runtime", "4.13.1", "jar"},
			{"org.ow2.asm", "asm", "9.7", "jar"},
			{"org.ow2.asm", "asm-analysis", "9.7", "jar"},
			{"org.ow2.asm", "asm-commons", "9.7", "jar"},
			{"org.ow2.asm", "asm-tree", "9.7", "jar"},
			{"org.ow2.asm", "asm-util", "9.7", "jar"},
		},
		policy: `grant {
  permission java.lang.RuntimePermission "createClassLoader";
  permission java.lang.RuntimePermission "getClassLoader";
};
`,
	}
}

// mustache is the language of search templates.
func mustache(version, classes string) module {
	return module{
		name: "lang-mustache", class: "org.opensearch.script.mustache.Mustache" + classes, artifact: artifact{openSearchPlugin, "lang-mustache-client", version, "jar"},
		libraries: []artifact{{"com.github.spullara.mustache.java", "compiler", "0.9.14", "jar"}},
		policy: `grant {
  permission java.lang.reflect.ReflectPermission "suppressAccessChecks";
  permission java.lang.RuntimePermission "accessDeclaredMembers";
};
`,
	}
}

// ingest is the processors of ingest pipelines that every distribution has.
func ingest(version, classes string) module {
	return module{
		name: "ingest-common", class: "org.opensearch.ingest.common.IngestCommon" + classes, artifact: artifact{openSearchPlugin, "ingest-common", version, "jar"},
		extends: "lang-painless",
		libraries: []artifact{
			{"org.opensearch", "opensearch-grok", version, "jar"},
			{"org.opensearch", "opensearch-dissect", version, "jar"},
			{"org.jruby.joni", "joni", joni[version], "jar"},
			{"org.jruby.jcodings", "jcodings", jcodings[version], "jar"},
		},
	}
}

// joni and jcodings are the versions that the grok of a version is built with.
var (
	joni     = map[string]string{"2.19.1": "2.2.1", "3.3.0": "2.2.6"}
	jcodings = map[string]string{"2.19.1": "1.0.61", "3.3.0": "1.0.63"}
)

// full is the distribution with further modules, as its makers give it out. There analysis has its scripts.
func (d distribution) full(more ...module) distribution {
	d.spec.Full = true
	d.modules = slices.Concat(d.modules, more)
	for i := range d.modules {
		if d.modules[i].name == "analysis-common" {
			d.modules[i].extends = "lang-painless"
		}
	}
	return d
}
