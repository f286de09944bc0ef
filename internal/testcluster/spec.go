package testcluster

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
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
	Reindex  bool              // with _reindex, also from a server on another port (OpenSearch 2.19.1 only)
	Full     bool              // with the modules and the k-NN plugin of the full distribution (OpenSearch 2.19.1 and 3.3.0)
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
	if s.Reindex {
		name += "-reindex"
	}
	if s.Full {
		name += "-full"
	}
	return name
}

// AtLeast tells whether the server is of the product, and of the version or a later one.
func (s Spec) AtLeast(product Product, version ...int) bool {
	if s.Product != product {
		return false
	}
	parts := strings.Split(s.Version, ".")
	for i, wanted := range version {
		have := 0
		if i < len(parts) {
			have, _ = strconv.Atoi(parts[i]) // the versions of the table are numbers
		}
		if have != wanted {
			return have > wanted
		}
	}
	return true
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
	libraries   []artifact // further jars
	policy      string     // what its code may do besides; "" is nothing
	extends     string     // the module whose classes it sees; "" is none
}

// distribution is a server that can be started: its zip, its modules, and what
// differs between the products and versions.
type distribution struct {
	spec     Spec
	zip      artifact
	modules  []module
	java     int               // the major version it runs on
	settings map[string]string // lines of its configuration, besides those common to all
	plain    string            // started by java itself, with this argument before the configuration's folder; "" by its script
	agent    string            // file of a Java agent, in its folder; agentJar is one that is built here
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

// secure is the distribution with the security plugin.
func (d distribution) secure(plugin artifact) distribution {
	d.spec.Secure = true
	d.modules = append(slices.Clone(d.modules), module{name: securityPlugin, artifact: plugin})
	return d
}

// reindexing is the distribution with _reindex, which may fetch from any server on loopback.
func (d distribution) reindexing(m module) distribution {
	d.spec.Reindex = true
	d.settings = maps.Clone(d.settings)
	d.settings["reindex.remote.allowlist"] = "127.0.0.1:*"
	return d.with(m)
}

// artifacts lists everything the distribution needs from Maven.
func (d distribution) artifacts() []artifact {
	all := []artifact{d.zip}
	for _, m := range d.modules {
		all = append(append(all, m.artifact), m.libraries...)
	}
	if d.agent == agentJar {
		all = append(all, byteBuddy)
	}
	return all
}

// descriptor is the plugin-descriptor.properties that the module's jar needs beside it.
func (d distribution) descriptor(m module) string {
	return fmt.Sprintf("description=%[1]s\nversion=%[2]s\nname=%[1]s\nclassname=%[3]s\njava.version=%[4]s\n"+
		"%[5]s.version=%[2]s\nextended.plugins=%[6]s\nhas.native.controller=false\n",
		m.name, d.spec.Version, m.class, "1.8", d.spec.Product, m.extends)
}

// heap is the heap size as the JVM takes it.
func (s Spec) heap() string { return fmt.Sprintf("%dm", cmp.Or(s.HeapMiB, 512)) }
