package rules

import (
	"slices"
	"strings"
)

// clusterSettings are settings of a cluster that are of the old one alone, by how their names begin. All else is handed on, and what the
// target does not know is taken out when it is asked.
var clusterSettings = []struct {
	prefixes []string
	why      string
	fidelity Fidelity
}{
	{words("archived."), "the source itself does not know it any more", Equivalent},
	{words("discovery. cluster.initial_ cluster.no_master_block cluster.nodes.reconnect_interval"), "the nodes of OpenSearch find each other by their own configuration", Equivalent},
	{words("cluster.routing.allocation.exclude. cluster.routing.allocation.include. cluster.routing.allocation.require."), "it tells the nodes of the source apart, which the target does not have", Lossy},
	{words("cluster.routing.allocation.enable cluster.routing.rebalance.enable cluster.routing.allocation.awareness."), "it says what the nodes of the source are doing and where they stand; set it on the target if it is meant for it too", Lossy},
	{words("cluster.blocks."), "it would keep the documents out of the target; set it after metadata finish if it is meant for the target too", Lossy},
	{words("cluster.remote. search.remote."), "it is a connection to another cluster, which the target has to be allowed to make; set it there", Lossy},
	{words("xpack. slm. indices.lifecycle. stack. ingest.geoip. cluster.persistent_tasks. persistent_tasks. health. logsdb. data_streams. deprecation."), "it is of a part of Elasticsearch that OpenSearch does not have", Lossy},
	{words("threadpool. thread_pool. indices.store.throttle."), "it was tuned for the nodes of the source", Lossy},
}

// clusterRules rewrite the persistent settings of a cluster.
var clusterRules = []Rule{{
	Name: "cluster-setting", Fidelity: Lossy, On: []Kind{ClusterSettings},
	Why: "it is of the old cluster alone",
	rewrite: func(d *draft) {
		for _, name := range sorted(d.Rest) {
			for _, one := range clusterSettings {
				if slices.ContainsFunc(one.prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
					d.remove(edit{in: d.Rest, key: name, why: one.why, fidelity: one.fidelity})
					break
				}
			}
		}
	},
}}
