package metadata

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// How much a gap matters; see [Gap].
const (
	severe  = "high"
	notable = "medium"
	slight  = "low"
)

// movedSections are those of a cluster's metadata that items are made of.
var movedSections = []string{
	"templates", "settings", "component_template", "index_template", "data_stream", "ingest", "search_pipeline", "stored_scripts", "index_lifecycle",
}

// bookkeeping are the sections that nobody gave a cluster: its memory of itself, its licence, and what runs at the moment.
var bookkeeping = []string{
	"version", "uuid", "cluster_uuid", "cluster_uuid_committed", "cluster_coordination", "index-graveyard", "hashes_of_consistent_settings", "licenses", "trial_license",
	"registered_snapshots", "reserved_state", "snapshot_delete_in_progress", "nodes_shutdown", "node_shutdown", "desired_nodes", "weighted_shard_routing",
	"decommissionedAttribute", "queryable_files", "health", "feature_migration_results", "system_index_migrator", "security_tokens", "autoscaling_metadata",
	"cluster_features", "nodes_features",
}

// sectionGaps are the sections that are known and not moved. Within is the key below which they have names; "" is none.
var sectionGaps = map[string]struct {
	within string
	gap    Gap
}{
	"repositories":       {".", Gap{What: "snapshot repositories are not registered on the target", Do: "register it there where snapshots are to go on", Severity: slight}},
	"snapshot_lifecycle": {"policies", Gap{What: "policies that take snapshots (SLM) are not moved, so that nothing takes snapshots of the target", Do: "create a policy of snapshot management on the target", Severity: notable}},
	"enrich":             {"policies", Gap{What: "OpenSearch has no enrich policies; pipelines with an enrich processor do not work without", Do: "join the data before it is sent, or in a search", Severity: severe}},
	"watcher":            {"", Gap{What: "watches are not moved", Do: "rebuild them as monitors of the alerting plugin", Severity: notable}},
	"ml":                 {"", Gap{What: "machine learning jobs, data feeds and models are not moved", Do: "rebuild jobs as detectors of the anomaly detection plugin, and models with ML Commons", Severity: notable}},
	"transform":          {"", Gap{What: "transforms are not moved; what they wrote is", Do: "rebuild them as transform jobs of index management", Severity: notable}},
	"rollup":             {"", Gap{What: "rollup jobs are not moved", Do: "rebuild them as rollup jobs of index management", Severity: notable}},
	"ccr":                {"", Gap{What: "what follows indices of other clusters is not moved", Do: "set up cross-cluster replication on the target", Severity: notable}},
	"persistent_tasks":   {"", Gap{What: "tasks that the cluster kept running are not moved", Do: "rebuild what they did on the target", Severity: notable}},
}

// ownTasks are persistent tasks that a cluster gives itself.
var ownTasks = []string{"health-node", "geoip-downloader", "enterprise-geoip-downloader", "upgrade-system-indices", "system-index-migrator"}

// indexGaps are features that keep what they know in indices of their own, by the beginnings of their names.
var indexGaps = []struct {
	prefixes []string
	gap      Gap
}{
	{[]string{".scripts"}, Gap{Area: "stored_scripts", What: "stored scripts and search templates are documents here, and are not moved", Do: "put each on the target again, in Painless or Mustache", Severity: severe}},
	{[]string{".security", ".opendistro_security", ".opendistro-security"}, Gap{Area: "security", What: "users, roles, role mappings and API keys are not moved", Do: "create them on the target", Severity: severe}},
	{[]string{".synonyms"}, Gap{Area: "synonyms", What: "synonym sets are not moved, which OpenSearch does not have; analyzers that use one find nothing there", Do: "write the synonyms into the analyzer's settings or a file", Severity: severe}},
	{[]string{".inference", ".secrets-inference", ".plugins-ml"}, Gap{Area: "models", What: "models, connectors and inference endpoints are not moved; what embeds at ingest or search needs them", Do: "register them with ML Commons of the target", Severity: severe}},
	{[]string{".query-rules", ".query_rules"}, Gap{Area: "query_rules", What: "query rules are not moved, which OpenSearch does not have", Do: "pin results in the application, or with a search pipeline", Severity: notable}},
	{[]string{".kibana", ".opensearch_dashboards"}, Gap{Area: "dashboards", What: "dashboards, visualizations and index patterns are not moved", Do: "export the saved objects, and import them into OpenSearch Dashboards", Severity: notable}},
	{[]string{".watches", ".triggered_watches", ".triggered-watches", ".watcher"}, Gap{Area: "watcher", What: "watches and their history are not moved", Do: "rebuild them as monitors of the alerting plugin", Severity: notable}},
	{[]string{".opendistro-alerting", ".opensearch-alerting"}, Gap{Area: "alerting", What: "monitors, and where they send alerts, are not moved", Do: "create them on the target", Severity: notable}},
	{[]string{".opensearch-notifications"}, Gap{Area: "notifications", What: "channels of notifications are not moved", Do: "create them on the target", Severity: notable}},
	{[]string{".opendistro-anomaly", ".opensearch-anomaly"}, Gap{Area: "anomaly_detection", What: "anomaly detectors are not moved", Do: "create them on the target", Severity: notable}},
	{[]string{".ml-"}, Gap{Area: "ml", What: "machine learning jobs, their models and results are not moved", Do: "rebuild jobs as detectors of the anomaly detection plugin", Severity: notable}},
	{[]string{".transform-", ".data-frame-"}, Gap{Area: "transform", What: "transforms are not moved; what they wrote is", Do: "rebuild them as transform jobs of index management", Severity: notable}},
	{[]string{".enrich-"}, Gap{Area: "enrich", What: "OpenSearch has no enrich policies; pipelines with an enrich processor do not work without", Do: "join the data before it is sent, or in a search", Severity: severe}},
	{[]string{".logstash"}, Gap{Area: "logstash", What: "pipelines of Logstash that are managed centrally are not moved", Do: "keep them in files of Logstash", Severity: notable}},
	{[]string{".fleet", ".apm-agent"}, Gap{Area: "fleet", What: "policies and agents of Fleet are not moved, which OpenSearch does not have", Do: "set the agents up with outputs of their own", Severity: notable}},
	{[]string{".connector", ".search-app", ".ent-search", ".app-search"}, Gap{Area: "enterprise_search", What: "connectors and search applications are not moved, which OpenSearch does not have", Do: "send what they sent by other means", Severity: notable}},
	{[]string{".reporting", ".opendistro-reports"}, Gap{Area: "reporting", What: "reports and their schedules are not moved", Do: "create them in OpenSearch Dashboards", Severity: slight}},
	{[]string{".monitoring", ".marvel"}, Gap{Area: "monitoring", What: "the history of the cluster's monitoring is not moved", Severity: slight}},
}

// policyIndex is where index state management keeps its policies.
const policyIndex = ".opendistro-ism-config"

// gaps are what the source has and nothing moves.
func (c content) gaps() []Gap {
	var gaps []Gap
	for _, name := range slices.Sorted(maps.Keys(c.sections)) {
		if slices.Contains(movedSections, name) || slices.Contains(bookkeeping, name) || blank(c.sections[name]) {
			continue
		}
		gaps = append(gaps, sectionGap(name, c.sections[name])...)
	}
	for _, feature := range indexGaps {
		own := func(index string) bool {
			return slices.ContainsFunc(feature.prefixes, func(prefix string) bool { return strings.HasPrefix(index, prefix) })
		}
		var names []string
		for _, index := range c.indices {
			if own(index) {
				names = append(names, index)
			}
		}
		if len(names) > 0 {
			slices.Sort(names)
			gap := feature.gap
			gap.What += " (index " + few(names) + ")"
			gaps = append(gaps, gap)
		}
	}
	if !c.policiesAsked && slices.Contains(c.indices, policyIndex) {
		gaps = append(gaps, Gap{
			Area: "policy", What: "policies of index state management, and which index has which, are documents of the index " + policyIndex + " and not read from a snapshot",
			Do: "make the plan from the living cluster, with --source-host", Severity: notable,
		})
	}
	return gaps
}

// sectionGap is what is not moved of a section: each by name where it has names.
func sectionGap(section string, raw json.RawMessage) []Gap {
	known, is := sectionGaps[section]
	gap := known.gap
	if gap.Area = section; !is {
		gap.What, gap.Do, gap.Severity = "the cluster's metadata has this section, which is not known and not moved", "find out which plugin keeps it, and what it is for", notable
	}
	value, err := decodeObject(raw)
	if err != nil {
		return []Gap{gap}
	}
	if section == "persistent_tasks" {
		return taskGaps(gap, value)
	}
	named := value
	if known.within != "." {
		named, _ = value[known.within].(map[string]any)
	}
	if known.within == "" {
		return []Gap{gap}
	}
	var gaps []Gap
	for _, name := range slices.Sorted(maps.Keys(named)) {
		gap.Name = name
		gaps = append(gaps, gap)
	}
	return gaps
}

// taskGaps are the persistent tasks that somebody asked for.
func taskGaps(gap Gap, section map[string]any) (gaps []Gap) {
	tasks, _ := section["tasks"].([]any)
	for _, one := range tasks {
		task, _ := one.(map[string]any)
		kinds, _ := task["task"].(map[string]any)
		for kind := range kinds {
			if slices.Contains(ownTasks, kind) {
				continue
			}
			gap.Name, _ = task["id"].(string)
			named := gap
			named.What = "the task " + kind + " of the cluster is not moved"
			gaps = append(gaps, named)
		}
	}
	return gaps
}

// blank tells whether a section has nothing in it, such as {} or {"policies": {}}.
func blank(raw json.RawMessage) bool {
	value, err := decodeValue(raw)
	if err != nil {
		return false
	}
	section, ok := value.(map[string]any)
	if !ok {
		return unsaid(value)
	}
	for _, inner := range section {
		if _, is := inner.(bool); is || !unsaid(inner) {
			return false
		}
	}
	return true
}
