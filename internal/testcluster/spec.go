package testcluster

import (
	"cmp"
	"fmt"
	"slices"
)

// Product is the name of a server, as its Maven artifacts and folders spell it.
type Product string

// The products that can be started.
const (
	Elasticsearch Product = "elasticsearch"
	OpenSearch    Product = "opensearch"
)

// Spec says which server to start, and how. Only Product and Version are needed.
type Spec struct {
	Product  Product
	Version  string
	Secure   bool              // with the security plugin: https, basic authentication (OpenSearch only)
	Dir      string            // the server's run folder; "" makes a temporary one, removed by Stop
	HeapMiB  int               // 0 means 512
	Settings map[string]string // further lines of elasticsearch.yml or opensearch.yml
}

// String names the server: "elasticsearch-7.10.2", "opensearch-2.19.1-secure".
func (s Spec) String() string {
	name := string(s.Product) + "-" + s.Version
	if s.Secure {
		name += "-secure"
	}
	return name
}

// artifact is a Maven coordinate.
type artifact struct{ group, name, version, kind string }

// file is the name of the artifact's file.
func (a artifact) file() string { return a.name + "-" + a.version + "." + a.kind }

// module is a part of the full distribution that the minimal build lacks: a jar whose
// descriptor we write, or a plugin's zip, which has everything (and needs no class).
type module struct {
	name, class string
	artifact    artifact
}

// distribution is a server that can be started: its zip, its modules, and what
// differs between the products.
type distribution struct {
	spec    Spec
	zip     artifact
	modules []module
	java    int // the major version it runs on
}

// find returns the row for a spec.
func find(spec Spec) (distribution, error) {
	table := distributions()
	at := slices.IndexFunc(table, func(d distribution) bool {
		return d.spec.String() == spec.String()
	})
	if at < 0 {
		known := make([]string, 0, len(table))
		for _, d := range table {
			known = append(known, d.spec.String())
		}
		return distribution{}, fmt.Errorf("no server %s is known here; there are %v", spec, known)
	}
	return table[at], nil
}

// distributions is the table of servers.
func distributions() []distribution {
	es7 := distribution{
		spec: Spec{Product: Elasticsearch, Version: "7.10.2"}, java: 17,
		zip: artifact{"org.elasticsearch.distribution.integ-test-zip", "elasticsearch", "7.10.2", "zip"},
		modules: []module{
			{
				"analysis-common", "org.elasticsearch.analysis.common.CommonAnalysisPlugin",
				artifact{"org.codelibs.elasticsearch.module", "analysis-common", "7.10.2", "jar"},
			},
			{
				"mapper-extras", "org.elasticsearch.index.mapper.MapperExtrasPlugin",
				artifact{"org.elasticsearch.plugin", "mapper-extras-client", "7.10.2", "jar"},
			},
			{
				"parent-join", "org.elasticsearch.join.ParentJoinPlugin",
				artifact{"org.elasticsearch.plugin", "parent-join-client", "7.10.2", "jar"},
			},
		},
	}
	os2 := distribution{
		spec: Spec{Product: OpenSearch, Version: "2.19.1"}, java: 17,
		zip: artifact{"org.opensearch.distribution.integ-test-zip", "opensearch", "2.19.1", "zip"},
		modules: []module{
			{
				"analysis-common", "org.opensearch.analysis.common.CommonAnalysisPlugin",
				artifact{"org.opensearch.plugin", "analysis-common", "2.19.1", "jar"},
			},
			{
				"mapper-extras", "org.opensearch.index.mapper.MapperExtrasPlugin",
				artifact{"org.opensearch.plugin", "mapper-extras-client", "2.19.1", "jar"},
			},
			{
				"parent-join", "org.opensearch.join.ParentJoinPlugin",
				artifact{"org.opensearch.plugin", "parent-join-client", "2.19.1", "jar"},
			},
		},
	}
	return []distribution{
		es7, os2,
		os2.secure(artifact{"org.opensearch.plugin", "opensearch-security", "2.19.1.0", "zip"}),
	}
}

// secure is the distribution with the security plugin.
func (d distribution) secure(plugin artifact) distribution {
	d.spec.Secure = true
	d.modules = append(slices.Clone(d.modules), module{name: securityPlugin, artifact: plugin})
	return d
}

// artifacts lists everything the distribution needs from Maven.
func (d distribution) artifacts() []artifact {
	all := []artifact{d.zip}
	for _, m := range d.modules {
		all = append(all, m.artifact)
	}
	return all
}

// descriptor is the plugin-descriptor.properties that the module's jar needs beside it.
func (d distribution) descriptor(m module) string {
	return fmt.Sprintf("description=%[1]s\nversion=%[2]s\nname=%[1]s\nclassname=%[3]s\njava.version=%[4]s\n"+
		"%[5]s.version=%[2]s\nextended.plugins=\nhas.native.controller=false\n",
		m.name, d.spec.Version, m.class, "1.8", d.spec.Product)
}

// heap is the heap size as the JVM takes it.
func (s Spec) heap() string { return fmt.Sprintf("%dm", cmp.Or(s.HeapMiB, 512)) }
