package testcluster

import "slices"

// Settings that depend on the version.
var (
	current = map[string]string{ // Elasticsearch from 7.10, OpenSearch from 2
		"node.portsfile": "true", "transport.port": "0", "discovery.type": "single-node",
	}
	older = map[string]string{ // Elasticsearch 5.5 to 6, OpenSearch 1
		"node.portsfile": "true", "transport.tcp.port": "0", "discovery.type": "single-node",
	}
	oldest = map[string]string{ // Elasticsearch 1 and 2 know no single node: it must not look for others
		"node.portsfile": "true", "transport.tcp.port": "0", "discovery.zen.ping.multicast.enabled": "false", "discovery.zen.ping.unicast.hosts": "127.0.0.1:1",
	}
	xpack = map[string]string{ // Elasticsearch with X-Pack
		"node.portsfile": "true", "transport.port": "0", "discovery.type": "single-node", "xpack.security.enabled": "false",
	}
)

// Groups of Maven coordinates.
const (
	elasticMinimal    = "org.elasticsearch.distribution.integ-test-zip"
	elasticFull       = "org.elasticsearch.distribution.zip"
	elasticPlugin     = "org.elasticsearch.plugin"
	openSearchMinimal = "org.opensearch.distribution.integ-test-zip"
	openSearchPlugin  = "org.opensearch.plugin"
)

// byteBuddy lets the agent of Elasticsearch 1.x change a class of the JDK.
var byteBuddy = artifact{"net.bytebuddy", "byte-buddy", "1.17.7", "jar"}

// reindex is the module of OpenSearch 2.19.1 behind _reindex, with the REST client by which it fetches from other servers.
var reindex = module{
	name: "reindex", class: "org.opensearch.index.reindex.ReindexPlugin", artifact: artifact{openSearchPlugin, "reindex-client", "2.19.1", "jar"},
	libraries: []artifact{
		{"org.opensearch.client", "opensearch-rest-client", "2.19.1", "jar"},
		{"org.opensearch", "opensearch-ssl-config", "2.19.1", "jar"},
		{"org.apache.httpcomponents", "httpclient", "4.5.14", "jar"},
		{"org.apache.httpcomponents", "httpcore", "4.4.16", "jar"},
		{"org.apache.httpcomponents", "httpasyncclient", "4.1.5", "jar"},
		{"org.apache.httpcomponents", "httpcore-nio", "4.4.16", "jar"},
		{"commons-codec", "commons-codec", "1.16.1", "jar"},
		{"commons-logging", "commons-logging", "1.2", "jar"},
	},
	policy: `grant {
  permission java.net.SocketPermission "*", "connect,resolve";
  permission java.net.NetPermission "getProxySelector";
};
`,
}

// distributions is the table of servers.
func distributions() []distribution {
	os2 := openSearch("2.19.1", 17, current, "Plugin").with(module{
		name: "analysis-common", class: "org.opensearch.analysis.common.CommonAnalysisPlugin", artifact: artifact{openSearchPlugin, "analysis-common", "2.19.1", "jar"},
	})
	os3 := openSearch("3.3.0", 25, current, "ModulePlugin").withAgent("agent/opensearch-agent.jar")
	return []distribution{
		elastic("org.elasticsearch", "1.7.6", oldest).startedBy("-Des.path.conf=").withAgent(agentJar),
		elastic(elasticFull, "2.4.6", oldest).startedBy("--path.conf="),
		elastic(elasticFull, "5.6.16", older).startedBy("-Epath.conf="),
		elastic(elasticMinimal, "6.8.23", older).with(elasticJoin("6.8.23")),
		elastic(elasticMinimal, "7.10.2", current).with(elasticJoin("7.10.2"), elasticExtras("7.10.2"), module{
			name: "analysis-common", class: "org.elasticsearch.analysis.common.CommonAnalysisPlugin",
			artifact: artifact{"org.codelibs.elasticsearch.module", "analysis-common", "7.10.2", "jar"},
		}),
		elastic(elasticMinimal, "7.17.28", xpack).with(elasticJoin("7.17.28"), elasticExtras("7.17.28")),
		elastic(elasticMinimal, "8.17.0", xpack),
		elastic(elasticMinimal, "8.19.0", xpack),
		elastic(elasticMinimal, "9.1.0", xpack).on(25),
		openSearch("1.3.20", 17, older, "Plugin"),
		os2,
		os2.secure(artifact{openSearchPlugin, "opensearch-security", "2.19.1.0", "zip"}),
		os2.reindexing(reindex),
		os2.full(fullModules("2.19.1", "Plugin")...),
		openSearch("3.0.0", 25, current, "ModulePlugin").withAgent("agent/opensearch-agent.jar"),
		os3,
		os3.full(append(fullModules("3.3.0", "ModulePlugin"), module{
			name: "analysis-common", class: "org.opensearch.analysis.common.CommonAnalysisModulePlugin",
			artifact: artifact{openSearchPlugin, "analysis-common", "3.3.0", "jar"},
		})...),
	}
}

// elastic is an Elasticsearch on Java 17.
func elastic(group, version string, settings map[string]string) distribution {
	return distribution{
		spec: Spec{Product: Elasticsearch, Version: version}, java: 17, settings: settings,
		zip: artifact{group, "elasticsearch", version, "zip"},
	}
}

func elasticJoin(version string) module {
	return module{name: "parent-join", class: "org.elasticsearch.join.ParentJoinPlugin", artifact: artifact{elasticPlugin, "parent-join-client", version, "jar"}}
}

func elasticExtras(version string) module {
	return module{name: "mapper-extras", class: "org.elasticsearch.index.mapper.MapperExtrasPlugin", artifact: artifact{elasticPlugin, "mapper-extras-client", version, "jar"}}
}

// openSearch is an OpenSearch with the join field and the extra field types. Classes are how
// the names of its modules' classes end.
func openSearch(version string, java int, settings map[string]string, classes string) distribution {
	return distribution{
		spec: Spec{Product: OpenSearch, Version: version}, java: java, settings: settings,
		zip: artifact{openSearchMinimal, "opensearch", version, "zip"},
		modules: []module{
			{name: "mapper-extras", class: "org.opensearch.index.mapper.MapperExtras" + classes, artifact: artifact{openSearchPlugin, "mapper-extras-client", version, "jar"}},
			{name: "parent-join", class: "org.opensearch.join.ParentJoin" + classes, artifact: artifact{openSearchPlugin, "parent-join-client", version, "jar"}},
		},
	}
}

func (d distribution) on(java int) distribution {
	d.java = java
	return d
}

func (d distribution) startedBy(argument string) distribution {
	d.plain = argument
	return d
}

func (d distribution) withAgent(file string) distribution {
	d.agent = file
	return d
}

func (d distribution) with(more ...module) distribution {
	d.modules = append(slices.Clone(d.modules), more...)
	return d
}
