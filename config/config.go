package config

import (
	"time"
)

// Config is the whole tree. A mode is handed the sections it needs, never the tree.
type Config struct {
	Log      Log
	Output   Output // form of the results on standard output
	Memory   Bytes  // what chunks, batches and queues may take together; also the Go runtime's soft limit
	Snapshot Snapshot
	S3       S3
	GCS      GCS
	Azure    Azure
	Source   Cluster // a cluster that is only read
	Target   Cluster
	Indices  Indices
	RFS      RFS
	Metadata Metadata
	Verify   Verify
	Proxy    Proxy
	Capture  Capture
	Kafka    Kafka

	Transforms  Transforms // of documents
	Coordinator Coordinator

	// origins says where each key that is not a default came from, in the words of a problem's place.
	origins map[string]string
}

// Log is how the program talks on standard error.
type Log struct {
	Level  string            // debug, info, warn or error
	Format string            // auto, console or json; auto is console on a terminal
	Fields map[string]string // added to every line
}

// Output is the form of the results on standard output.
type Output string

// The two forms of results.
const (
	HumanReadable Output = "human-readable"
	JSON          Output = "json"
)

// Snapshot names what is migrated: one snapshot of one repository.
type Snapshot struct {
	RepoURI string // file:///path or a bare absolute path
	Name    string
}

// S3 is how to reach an s3:// repository. Its zero value is Amazon's S3 with whatever credentials the machine has.
type S3 struct {
	Region       string // empty: what environment or profile say, or where the bucket turns out to be
	Endpoint     string // URL of a store that is not Amazon's
	PathStyle    string // auto, on or off: whether the bucket stands in the path
	RoleARN      string // to assume
	AccessKey    string // instead of the machine's credentials
	SecretKey    Secret
	SessionToken Secret // of temporary keys
	Anonymous    bool   // requests are not signed
}

// GCS is how to reach a gs:// repository. Its zero value is Google's storage with the default credentials of the machine.
type GCS struct {
	Endpoint        string // URL of what speaks its JSON API
	CredentialsFile string // JSON of a service account or another identity
	Anonymous       bool   // no credentials are sent
}

// Azure is how to reach an az:// repository: the account, and credentials if they are not those of the machine.
type Azure struct {
	Account   string
	Endpoint  string // URL of the account's blob service, where it is not the usual one
	Key       Secret // of the account
	SAS       Secret // a token with the rights to read and list
	Anonymous bool   // no credentials are sent
}

// Cluster is how to reach an Elasticsearch or OpenSearch.
type Cluster struct {
	Host               string // base URL, http or https
	Username           string
	Password           Secret
	APIKey             Secret // instead of a user: base64 of id and key
	AWSService         string // es or aoss: requests are signed for it, instead
	AWSRegion          string // to sign for; empty: what the host's name or the environment says
	AWSRoleARN         string // to assume for signing
	ClientCert         string // PEM file with the certificate to show
	ClientCertKey      string // PEM file with its key
	CACert             string // PEM file with the CA to trust, besides those of the system
	Insecure           bool   // no check of the server's certificate
	DisableCompression bool   // request bodies are sent plain
	ConnectTimeout     time.Duration
	RequestTimeout     time.Duration
}

// Indices is the selection that all modes share.
type Indices struct {
	Allowlist []string // literal names, or regex: and an expression that matches the whole name; empty is all but system indices
}

// JavaExitCodes are the exit codes of the Java implementation's worker.
const JavaExitCodes = "java"

// What becomes of documents that a transform fails on.
const (
	DeadLetterTransformErrors = "dead-letter"
	StopTransformErrors       = "stop"
)

// RFS is the document backfill (reindex from snapshot).
type RFS struct {
	SessionName string // keeps runs apart that have their state in one place

	MaxConnections          int      // bulk requests in flight in the whole run, 0 is no limit
	MaxDocsPerSecond        int      // of the whole run, 0 is no limit
	MaxMBPerSecond          int      // of the whole run, in 1,000,000 bytes of bulk bodies, 0 is no limit
	DocumentsPerRequest     int      // documents in a bulk request, 0 is no limit
	DocumentsSizePerRequest Bytes    // bytes of a bulk request's body
	Workers                 int      // goroutines that decode, 0 is one per CPU
	StateFile               string   // where the cursor is kept
	DeadLetters             string   // folder or URI where refused documents go, with the reason
	DeadLetterFile          string   // one file for them instead
	TargetFile              string   // bulk NDJSON instead of a cluster; - is standard output
	Overwrite               bool     // an existing TargetFile is replaced
	MultiTypeResolution     string   // what becomes of indices with several mapping types: none or split
	RebuildSource           bool     // documents that were kept without _source are put together again
	AllowPartialSource      bool     // documents are moved without the fields that were left out of _source
	TransformErrors         string   // what becomes of documents that a transform fails on: dead-letter or stop
	DocVersions             string   // that documents are written with: none or seqno
	IndexMap                []string // OLD=NEW, the names of indices on the target
	IDCollision             string   // what becomes of documents under the same id: stop, prefix-type, keep-newest or unchecked
	ServerGeneratedIDs      string   // NEVER or ALWAYS
	Pilot                   int      // documents per shard that a pilot moves, 0 is no pilot
	PilotPrefix             string   // of the names of a pilot's indices

	LeaseDuration  time.Duration // after which a worker that does not move has lost its work
	BulkTimeout    time.Duration // of a bulk request; 0: RequestTime tells
	ItemBytes      Bytes         // of stored fields, above which a shard is split among workers
	TuneTarget     bool          // settings of the target's indices are changed while the run lasts
	MetricsAddress string        // where the worker shows /metrics and /healthz; empty is nowhere

	MaxAttempts int    // with an item that fails, before it is set aside
	ExitCodes   string // migassist or java
}

// workerConnections are the bulk requests that a worker has in flight at most, unless it is told otherwise: they keep a small target busy without
// filling its write queue.
const workerConnections = 4

// WorkerConnections are the bulk requests that one worker has in flight at most: its bodies take half of the memory.
func (c *Config) WorkerConnections() int {
	most := c.RFS.MaxConnections
	if most == 0 {
		most = workerConnections
	}
	return max(1, min(most, int(c.Memory/2/max(1, c.RFS.DocumentsSizePerRequest))))
}

// Metadata is the migration of indices, aliases and templates.
type Metadata struct {
	IndexTemplateAllowlist     []string // legacy and composable index templates; empty is all but built-in ones
	ComponentTemplateAllowlist []string
	StringKeywordSubfield      bool       // a field "keyword" below each analyzed string of Elasticsearch 1 to 4
	Transforms                 Transforms // of items
	AllowExistingIndexes       bool       // accept compatible indices of the target
	AwarenessAttributes        int        // copies of a shard are to be a multiple of it
	ClusterSettings            bool       // bring persistent settings of the cluster too
	AtOnce                     int        // indices that are made at the same time
	StopOnError                bool       // end at the first item that is not taken
	Plan                       string     // file with a plan to apply, instead of making one
	Details                    bool       // each item on its own, with what changes as a diff
	Report                     string     // file for the plan and what became of it, as HTML
	Probe                      bool       // ask the target whether it would take each item
	Unattended                 bool       // started by a clock: additions only, under a lock
	UnattendedFolder           string     // of the last plan and the reports of such runs
}

func defaultCluster() Cluster {
	return Cluster{
		ConnectTimeout: 5 * time.Second,  // a host that does not answer a handshake by then is down or walled off
		RequestTimeout: 65 * time.Second, // just over the minute after which servers and proxies give up themselves
	}
}

// Default is the configuration before any source has spoken. Each number has its reason beside it.
func Default() *Config {
	return &Config{
		Log:         Log{Level: "info", Format: "auto"},
		Output:      HumanReadable,
		Memory:      256 * MiB, // fits beside a server on the smallest machines; a bulk batch in flight takes some 30 MiB of it
		S3:          S3{PathStyle: "auto"},
		Source:      defaultCluster(),
		Target:      defaultCluster(),
		Verify:      defaultVerify(),
		Proxy:       defaultProxy(),
		Capture:     defaultCapture(),
		Kafka:       defaultKafka(),
		Coordinator: Coordinator{Cluster: defaultCluster()},
		RFS: RFS{
			SessionName:             "default",
			DocumentsSizePerRequest: 10 * MiB, // larger bodies gain nothing, and 10 MiB is the lowest limit of managed services
			StateFile:               "migassist-rfs-state.json",
			DeadLetters:             "migassist-dead-letters",
			MultiTypeResolution:     "none", // the operator has to know where documents go
			TransformErrors:         DeadLetterTransformErrors,
			DocVersions:             "none",
			IDCollision:             "stop",  // one of two documents would be gone
			ServerGeneratedIDs:      "NEVER", // what is done twice would be there twice
			PilotPrefix:             "pilot-",
			LeaseDuration:           5 * time.Minute, // outlasts a restart of the coordinator; so long a dead worker's items wait
			ItemBytes:               GiB,             // a minute or so of work: little to wait for at the end, few items for the coordinator
			MaxAttempts:             3,
			ExitCodes:               "migassist",
		},
		Metadata: Metadata{AtOnce: 4, UnattendedFolder: "migassist-unattended"},
		origins:  map[string]string{},
	}
}
