package config

import (
	"slices"
	"strings"
)

// key is one setting: where it stands in the file, what its flag is called, and the field it fills.
type key struct {
	path  string   // "target.host": sections and name as in the file
	flag  string   // without the dashes
	short string   // the flag in one letter, of the few that have it
	usage string   // help; the value's name stands in backquotes
	enum  []string // what it may be, where that is a short list
	field func(*Config) any
}

// env is the name of the key's environment variable.
func (k key) env() string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(k.path, ".", "_"))
}

// EnvPrefix begins the name of every environment variable of migassist.
const EnvPrefix = "MIGASSIST_"

// keys is the schema: every setting of the binary, in the order of the file.
// Flags keep the names of the Java implementation where the meaning is the same.
var keys = slices.Concat(
	sourceKeys,
	clusterKeys("source", "source-disable-compression", "an answer", func(c *Config) *Cluster { return &c.Source }),
	clusterKeys("target", "disable-compression", "an answer, save of bulk requests", func(c *Config) *Cluster { return &c.Target }),
	transformKeys(documentTransforms, "doc-transformer-config", "documents", func(c *Config) *Transforms { return &c.Transforms }),
	runKeys,
	transformKeys(itemTransforms, "transformer-config", "indices and templates", func(c *Config) *Transforms { return &c.Metadata.Transforms }),
	verifyKeys,
	proxyKeys,
	captureKeys,
	coordinatorKeys,
	clusterKeys("coordinator", "coordinator-disable-compression", "an answer", func(c *Config) *Cluster { return &c.Coordinator.Cluster }),
)

// sourceKeys are the settings of the program itself, and of where snapshots are.
var sourceKeys = []key{
	{
		path: "log.level", flag: "log-level", enum: []string{"debug", "info", "warn", "error"},
		usage: "least severe `LEVEL` that is logged", field: func(c *Config) any { return &c.Log.Level },
	},
	{
		path: "log.format", flag: "log-format", enum: []string{"auto", "console", "json"},
		usage: "`FORM` of the log; auto is console on a terminal, json otherwise", field: func(c *Config) any { return &c.Log.Format },
	},
	{
		path: "log.fields", flag: "log-fields",
		usage: "`KEY=VALUE,…` added to every log line", field: func(c *Config) any { return &c.Log.Fields },
	},
	{
		path: "output", flag: "output", enum: []string{string(HumanReadable), string(JSON)},
		usage: "`FORM` of the results on standard output", field: func(c *Config) any { return &c.Output },
	},
	{
		path: "memory", flag: "memory",
		usage: "`BYTES` for chunks, batches and queues together", field: func(c *Config) any { return &c.Memory },
	},
	{
		path: "snapshot.repo_uri", flag: "repo-uri",
		usage: "`URI` of the snapshot repository: file:///path, a bare absolute path, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX", field: func(c *Config) any { return &c.Snapshot.RepoURI },
	},
	{
		path: "snapshot.name", flag: "snapshot-name",
		usage: "`NAME` of the snapshot", field: func(c *Config) any { return &c.Snapshot.Name },
	},
	{
		path: "s3.region", flag: "s3-region",
		usage: "`NAME` of the region of an s3:// repository; default what the environment says, or where the bucket is", field: func(c *Config) any { return &c.S3.Region },
	},
	{
		path: "s3.endpoint", flag: "s3-endpoint",
		usage: "`URL` of an S3 store that is not Amazon's", field: func(c *Config) any { return &c.S3.Endpoint },
	},
	{
		path: "s3.path_style", flag: "s3-path-style", enum: []string{"auto", "on", "off"},
		usage: "`WHETHER` the bucket stands in the path, not in the host's name; auto is on with an endpoint", field: func(c *Config) any { return &c.S3.PathStyle },
	},
	{
		path: "s3.role_arn", flag: "s3-role-arn",
		usage: "`ARN` of a role to assume", field: func(c *Config) any { return &c.S3.RoleARN },
	},
	{
		path: "s3.access_key", flag: "s3-access-key",
		usage: "`ID` of the access key; default is AWS's own chain: environment, profile, web identity, the machine's role", field: func(c *Config) any { return &c.S3.AccessKey },
	},
	{
		path: "s3.secret_key", flag: "s3-secret-key",
		usage: "`SECRET` of the access key; -env and -file keep it off the command line", field: func(c *Config) any { return &c.S3.SecretKey },
	},
	{
		path: "s3.session_token", flag: "s3-session-token",
		usage: "`TOKEN` of a temporary access key", field: func(c *Config) any { return &c.S3.SessionToken },
	},
	{
		path: "s3.anonymous", flag: "s3-anonymous",
		usage: "read a public bucket without credentials", field: func(c *Config) any { return &c.S3.Anonymous },
	},
	{
		path: "gcs.endpoint", flag: "gcs-endpoint",
		usage: "`URL` of what speaks Google's JSON API; over http no credentials are sent", field: func(c *Config) any { return &c.GCS.Endpoint },
	},
	{
		path: "gcs.credentials_file", flag: "gcs-credentials-file",
		usage: "JSON `FILE` of a service account or another identity; default is Google's own chain", field: func(c *Config) any { return &c.GCS.CredentialsFile },
	},
	{
		path: "gcs.anonymous", flag: "gcs-anonymous",
		usage: "read a public bucket without credentials", field: func(c *Config) any { return &c.GCS.Anonymous },
	},
	{
		path: "azure.account", flag: "azure-account",
		usage: "`NAME` of the storage account of an az:// repository", field: func(c *Config) any { return &c.Azure.Account },
	},
	{
		path: "azure.endpoint", flag: "azure-endpoint",
		usage: "`URL` of the account's blob service; default https://ACCOUNT.blob.core.windows.net", field: func(c *Config) any { return &c.Azure.Endpoint },
	},
	{
		path: "azure.key", flag: "azure-key",
		usage: "`KEY` of the account; default is Azure's own chain: environment, workload and managed identity, az login", field: func(c *Config) any { return &c.Azure.Key },
	},
	{
		path: "azure.sas", flag: "azure-sas",
		usage: "shared access signature, a `TOKEN` with the rights to read and list", field: func(c *Config) any { return &c.Azure.SAS },
	},
	{
		path: "azure.anonymous", flag: "azure-anonymous",
		usage: "read a public container without credentials", field: func(c *Config) any { return &c.Azure.Anonymous },
	},
}

// runKeys are the settings of the modes.
var runKeys = []key{
	{
		path: "indices.allowlist", flag: "index-allowlist",
		usage: "`NAME,…` of the indices that take part, literal or regex:EXPRESSION for whole names; default all but system indices", field: func(c *Config) any { return &c.Indices.Allowlist },
	},
	{
		path: "rfs.session_name", flag: "session-name",
		usage: "`NAME` of the run; those of one name share their work, others that keep their state in the same place are kept apart", field: func(c *Config) any { return &c.RFS.SessionName },
	},
	{
		path: "rfs.max_connections", flag: "max-connections",
		usage: "`NUMBER` of bulk requests that all workers of the run together have in flight at most, below that as many as suit the target, set by the worker that begins it; 0 is no limit, and 4 per worker", field: func(c *Config) any { return &c.RFS.MaxConnections },
	},
	{
		path: "rfs.max_docs_per_second", flag: "max-docs-per-second",
		usage: "`NUMBER` of documents that all workers of the run together send in a second, set by the worker that begins it; 0 is no limit", field: func(c *Config) any { return &c.RFS.MaxDocsPerSecond },
	},
	{
		path: "rfs.max_mb_per_second", flag: "max-mb-per-second",
		usage: "the same in a `NUMBER` of 1,000,000 bytes, before they are compressed", field: func(c *Config) any { return &c.RFS.MaxMBPerSecond },
	},
	{
		path: "rfs.documents_per_bulk_request", flag: "documents-per-bulk-request",
		usage: "most documents in a bulk request, a `NUMBER`; 0 is no limit", field: func(c *Config) any { return &c.RFS.DocumentsPerRequest },
	},
	{
		path: "rfs.documents_size_per_bulk_request", flag: "documents-size-per-bulk-request",
		usage: "`BYTES` at which a bulk request is cut", field: func(c *Config) any { return &c.RFS.DocumentsSizePerRequest },
	},
	{
		path: "rfs.workers", flag: "workers",
		usage: "`NUMBER` of goroutines that decode documents; 0 is one per CPU", field: func(c *Config) any { return &c.RFS.Workers },
	},
	{
		path: "rfs.state_file", flag: "state-file",
		usage: "`FILE` through which the workers of one machine share a run, and with which a stopped one goes on", field: func(c *Config) any { return &c.RFS.StateFile },
	},
	{
		path: "rfs.dead_letters", flag: "dead-letters",
		usage: "`PLACE` of the documents that were not written, with the reason: a folder, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX, which all workers may share", field: func(c *Config) any { return &c.RFS.DeadLetters },
	},
	{
		path: "rfs.dead_letter_file", flag: "dead-letter-file",
		usage: "one NDJSON `FILE` for them instead, which the workers of one machine share", field: func(c *Config) any { return &c.RFS.DeadLetterFile },
	},
	{
		path: "rfs.target_file", flag: "target-file",
		usage: "`FILE` that gets the documents as bulk NDJSON instead of a cluster; - is standard output", field: func(c *Config) any { return &c.RFS.TargetFile },
	},
	{
		path: "rfs.overwrite", flag: "overwrite",
		usage: "replace the target file if it exists", field: func(c *Config) any { return &c.RFS.Overwrite },
	},
	{
		path: "rfs.multi_type_resolution", flag: "multi-type-resolution", enum: []string{"none", "split", "union"},
		usage: "what `RESULT` an index with several mapping types has; split: documents of type T go to index INDEX_T, union: all to INDEX", field: func(c *Config) any { return &c.RFS.MultiTypeResolution },
	},
	{
		path: "rfs.rebuild_source", flag: "rebuild-source",
		usage: "put documents that were kept without _source together again from what else the index keeps", field: func(c *Config) any { return &c.RFS.RebuildSource },
	},
	{
		path: "rfs.allow_partial_source", flag: "allow-partial-source",
		usage: "move documents without the fields that their index left out of _source", field: func(c *Config) any { return &c.RFS.AllowPartialSource },
	},
	{
		path: "rfs.doc_versions", flag: "doc-versions", enum: []string{"none", "seqno"},
		usage: "which `VERSION` documents are written with; seqno: the source's sequence number + 1, so that what is newer on the target stays", field: func(c *Config) any { return &c.RFS.DocVersions },
	},
	{
		path: "rfs.transform_errors", flag: "transform-errors", enum: []string{DeadLetterTransformErrors, StopTransformErrors},
		usage: "what `RESULT` a transform has that fails on a document; dead-letter: the document is set aside, stop: the run ends there", field: func(c *Config) any { return &c.RFS.TransformErrors },
	},
	{
		path: "rfs.index_map", flag: "index-map",
		usage: "`OLD=NEW,…` names of indices on the target, or regex:EXPRESSION=REPLACEMENT with $1 for its groups", field: func(c *Config) any { return &c.RFS.IndexMap },
	},
	{
		path: "rfs.id_collision", flag: "id-collision", enum: []string{"stop", "prefix-type", "keep-newest", "unchecked"},
		usage: "what `RESULT` documents have that come to one index of the target from several types or indices under the same id", field: func(c *Config) any { return &c.RFS.IDCollision },
	},
	{
		path: "rfs.server_generated_ids", flag: "server-generated-ids", enum: []string{"NEVER", "ALWAYS"},
		usage: "`WHEN` the target makes ids of its own, as serverless collections want; what is done twice then is there twice", field: func(c *Config) any { return &c.RFS.ServerGeneratedIDs },
	},
	{
		path: "rfs.pilot", flag: "pilot",
		usage: "move a `NUMBER` of documents per shard, into indices whose names begin with the pilot prefix; 0 moves all", field: func(c *Config) any { return &c.RFS.Pilot },
	},
	{
		path: "rfs.pilot_prefix", flag: "pilot-prefix",
		usage: "`PREFIX` of the indices of a pilot", field: func(c *Config) any { return &c.RFS.PilotPrefix },
	},
	{
		path: "rfs.lease_duration", flag: "lease-duration",
		usage: "`DURATION` after which others take over the work of a worker that does not move", field: func(c *Config) any { return &c.RFS.LeaseDuration },
	},
	{
		path: "rfs.bulk_timeout", flag: "bulk-timeout",
		usage: "`DURATION` that a bulk request may take, at most half of the lease; 0s is 2m, or half of a lease below 4m", field: func(c *Config) any { return &c.RFS.BulkTimeout },
	},
	{
		path: "rfs.item_bytes", flag: "item-bytes",
		usage: "`BYTES` of stored fields above which a shard is split among workers", field: func(c *Config) any { return &c.RFS.ItemBytes },
	},
	{
		path: "rfs.max_attempts", flag: "max-attempts",
		usage: "`NUMBER` of times that reading an item may fail before it is set aside with the reason", field: func(c *Config) any { return &c.RFS.MaxAttempts },
	},
	{
		path: "rfs.tune_target", flag: "tune-target",
		usage: "while the run lasts, keep the target's indices without refreshes and replicas, with an asynchronous translog; set by the worker that begins the run", field: func(c *Config) any { return &c.RFS.TuneTarget },
	},
	{
		path: "rfs.metrics_address", flag: "metrics-address",
		usage: "`HOST:PORT` for /metrics (Prometheus) and /healthz of this worker; PORT alone is for this machine only", field: func(c *Config) any { return &c.RFS.MetricsAddress },
	},
	{
		path: "rfs.exit_codes", flag: "exit-codes", enum: []string{"migassist", JavaExitCodes},
		usage: "whose `CODES` rfs ends with", field: func(c *Config) any { return &c.RFS.ExitCodes },
	},
	{
		path: "metadata.index_template_allowlist", flag: "index-template-allowlist",
		usage: "`NAME,…` of the legacy and index templates that take part; default all but built-in ones", field: func(c *Config) any { return &c.Metadata.IndexTemplateAllowlist },
	},
	{
		path: "metadata.component_template_allowlist", flag: "component-template-allowlist",
		usage: "`NAME,…` of the component templates that take part; default all but built-in ones", field: func(c *Config) any { return &c.Metadata.ComponentTemplateAllowlist },
	},
	{
		path: "metadata.string_keyword_subfield", flag: "string-keyword-subfield",
		usage: "give each analyzed string of Elasticsearch 1 to 4 a field keyword below it", field: func(c *Config) any { return &c.Metadata.StringKeywordSubfield },
	},
	{
		path: "metadata.details", flag: "details", short: "v",
		usage: "show each item on its own, with what changes as a diff", field: func(c *Config) any { return &c.Metadata.Details },
	},
	{
		path: "metadata.report", flag: "report",
		usage: "`FILE` for the plan and what became of it, to read in a browser", field: func(c *Config) any { return &c.Metadata.Report },
	},
	{
		path: "metadata.allow_existing_indexes", flag: "allow-existing-indexes",
		usage: "accept indices that the target has where documents can go into them as they are", field: func(c *Config) any { return &c.Metadata.AllowExistingIndexes },
	},
	{
		path: "metadata.cluster_awareness_attributes", flag: "cluster-awareness-attributes",
		usage: "`N` values of the awareness attribute: raise replicas until the copies of a shard are a multiple of it", field: func(c *Config) any { return &c.Metadata.AwarenessAttributes },
	},
	{
		path: "metadata.cluster_settings", flag: "cluster-settings",
		usage: "bring persistent settings of the cluster too, where the target has not set them", field: func(c *Config) any { return &c.Metadata.ClusterSettings },
	},
	{
		path: "metadata.at_once", flag: "at-once",
		usage: "`NUMBER` of indices that are made at the same time", field: func(c *Config) any { return &c.Metadata.AtOnce },
	},
	{
		path: "metadata.stop_on_error", flag: "stop-on-error",
		usage: "end at the first item that the target does not take, instead of going on with the others", field: func(c *Config) any { return &c.Metadata.StopOnError },
	},
	{
		path: "metadata.probe", flag: "probe",
		usage: "ask the target whether it would take each item, by making it under a throw-away name and removing it", field: func(c *Config) any { return &c.Metadata.Probe },
	},
	{
		path: "metadata.unattended", flag: "unattended",
		usage: "add what needs no decision, one run at a time, as a clock may start it", field: func(c *Config) any { return &c.Metadata.Unattended },
	},
	{
		path: "metadata.unattended_folder", flag: "unattended-folder",
		usage: "`FOLDER` of the last plan and the dated reports of unattended runs", field: func(c *Config) any { return &c.Metadata.UnattendedFolder },
	},
	{
		path: "metadata.plan", flag: "plan",
		usage: "`FILE` with a plan to apply, as evaluate --output json wrote it; where a source is named too, it has to be as it was", field: func(c *Config) any { return &c.Metadata.Plan },
	},
}

// findKey gives the key of a path.
func findKey(path string) (key, bool) {
	at := slices.IndexFunc(keys, func(k key) bool { return k.path == path })
	if at < 0 {
		return key{}, false
	}
	return keys[at], true
}

// isSection says whether a path names a section, not a key.
func isSection(path string) bool {
	return slices.ContainsFunc(keys, func(k key) bool { return strings.HasPrefix(k.path, path+".") })
}

// paths are the paths of all keys and, if wanted, of their sections.
func paths(withSections bool) []string {
	var all []string
	for _, k := range keys {
		if section, _, nested := strings.Cut(k.path, "."); nested && withSections && !slices.Contains(all, section) {
			all = append(all, section)
		}
		all = append(all, k.path)
	}
	return all
}

// within says whether a key is a section's, or the section's name is its own path.
func (k key) within(sections []string) bool {
	if slices.Contains(sections, without+k.path) {
		return false
	}
	return slices.ContainsFunc(sections, func(s string) bool {
		return k.path == s || strings.HasPrefix(k.path, s+".")
	})
}

// without before a key of a scope takes it out of its section.
const without = "-"
