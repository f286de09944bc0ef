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
	Dir      string            // the server's run folder; "" makes a temporary one, removed by Stop
	HeapMiB  int               // 0 means 512
	Settings map[string]string // further lines of elasticsearch.yml or opensearch.yml
}

// String names the server: "elasticsearch-7.10.2".
func (s Spec) String() string { return string(s.Product) + "-" + s.Version }

// artifact is a Maven coordinate.
type artifact struct{ group, name, version, kind string }

// file is the name of the artifact's file.
func (a artifact) file() string { return a.name + "-" + a.version + "." + a.kind }

// module is a part of the full distribution that the minimal build lacks: one jar
// whose descriptor we write.
type module struct {
	name, class string
	jar         artifact
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
		return d.spec.Product == spec.Product && d.spec.Version == spec.Version
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
	return []distribution{
		{
			spec: Spec{Product: Elasticsearch, Version: "7.10.2"},
			zip:  artifact{"org.elasticsearch.distribution.integ-test-zip", "elasticsearch", "7.10.2", "zip"},
			java: 17,
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
		},
		{
			spec: Spec{Product: OpenSearch, Version: "2.19.1"},
			zip:  artifact{"org.opensearch.distribution.integ-test-zip", "opensearch", "2.19.1", "zip"},
			java: 17,
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
		},
	}
}

// artifacts lists everything the distribution needs from Maven.
func (d distribution) artifacts() []artifact {
	all := []artifact{d.zip}
	for _, m := range d.modules {
		all = append(all, m.jar)
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
