package config

import (
	"regexp"
	"strings"
	"time"
)

// Capture is the record of traffic: where it is kept, and what of the traffic is in it.
type Capture struct {
	None       bool   // nothing is captured
	Folder     string // where it is kept, where there are no brokers
	NodeID     string // of this process; empty is made up
	Durability string // group, sync or async
	OnFailure  string // forward or reject
	Timeout    time.Duration
	RecordSize Bytes

	SpillFolder  string // where records are kept while the log takes none
	SpillBytes   Bytes
	SegmentBytes Bytes // of a folder's files
	RetainBytes  Bytes
	RetainAge    time.Duration
	ShipTo       string // folder or URI that closed files are copied to

	SuppressHeader        []string // NAME: EXPRESSION
	SuppressMethod        string
	SuppressPath          string
	SuppressMethodAndPath string
	WritesOnly            bool
	Sample                int // percent of the connections
	RemoveHeaders         []string
	HashHeaders           []string
	HashSalt              Secret
	Redact                []string // paths of fields
}

// Kafka is how to reach the brokers that keep a capture.
type Kafka struct {
	Brokers       []string // HOST:PORT; none is a folder instead
	Topic         string
	ClientID      string
	AuthType      string // none, plain, scram-sha-256, scram-sha-512, ssl or msk-iam
	UserName      string
	Password      Secret
	TLS           bool
	CACert        string
	ClientCert    string
	ClientCertKey string
	Insecure      bool
	Region        string // of MSK
	CreateTopic   bool
	Partitions    int // of a topic that is created
	Replication   int
}

// Durabilities of a capture.
const (
	DurabilityGroup = "group"
	DurabilitySync  = "sync"
	DurabilityAsync = "async"
)

// RejectUncaptured is the choice that requests which change something do not pass uncaptured.
const RejectUncaptured = "reject"

func defaultCapture() Capture {
	return Capture{
		Folder:       "migassist-capture",
		Durability:   DurabilityGroup,
		OnFailure:    "forward",       // production comes first
		Timeout:      2 * time.Second, // a broker that restarts takes longer, and one that is slow should not make clients wait
		RecordSize:   MiB - 500,       // what brokers take unless told otherwise, less what they add
		SpillBytes:   GiB,
		SegmentBytes: 16 * MiB, // the most that goes to an object store in one piece
		Sample:       100,
		HashHeaders:  []string{"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"},
	}
}

func defaultKafka() Kafka {
	return Kafka{Topic: "logging-traffic-topic", ClientID: "migassist-proxy", AuthType: "none"}
}

// captureKeys are the settings of a capture, and of the brokers that keep it.
var captureKeys = []key{
	{
		path: "capture.none", flag: "no-capture",
		usage: "forward only", field: func(c *Config) any { return &c.Capture.None },
	},
	{
		path: "capture.folder", flag: "capture-folder",
		usage: "`FOLDER` for the capture, where no brokers are given", field: func(c *Config) any { return &c.Capture.Folder },
	},
	{
		path: "capture.node_id", flag: "node-id",
		usage: "`NAME` of this process in the capture; default a random one", field: func(c *Config) any { return &c.Capture.NodeID },
	},
	{
		path: "capture.durability", flag: "durability", enum: []string{DurabilityGroup, DurabilitySync, DurabilityAsync},
		usage: "`WHEN` a request that changes something is let through: when its record is durable, with one sync or produce shared by all that wait (group) or one of its own (sync), or at once (async)", field: func(c *Config) any { return &c.Capture.Durability },
	},
	{
		path: "capture.on_failure", flag: "on-capture-failure", enum: []string{"forward", RejectUncaptured},
		usage: "`WHAT` becomes of requests that change something while nothing can be captured", field: func(c *Config) any { return &c.Capture.OnFailure },
	},
	{
		path: "capture.timeout", flag: "capture-timeout",
		usage: "`DURATION` after which the log counts as failed, and records are kept aside", field: func(c *Config) any { return &c.Capture.Timeout },
	},
	{
		path: "capture.max_traffic_buffer_size", flag: "max-traffic-buffer-size",
		usage: "`BYTES` that a record has at most; less where the brokers take less", field: func(c *Config) any { return &c.Capture.RecordSize },
	},
	{
		path: "capture.spill_folder", flag: "spill-folder",
		usage: "`FOLDER` for records while the log takes none; default migassist-spill with brokers, and none without", field: func(c *Config) any { return &c.Capture.SpillFolder },
	},
	{
		path: "capture.spill_bytes", flag: "spill-bytes",
		usage: "`BYTES` that may lie there", field: func(c *Config) any { return &c.Capture.SpillBytes },
	},
	{
		path: "capture.segment_bytes", flag: "segment-bytes",
		usage: "`BYTES` of a file of the capture folder", field: func(c *Config) any { return &c.Capture.SegmentBytes },
	},
	{
		path: "capture.retain_bytes", flag: "retain-bytes",
		usage: "`BYTES` of this process above which the oldest files of the capture folder are removed; 0B keeps all", field: func(c *Config) any { return &c.Capture.RetainBytes },
	},
	{
		path: "capture.retain_age", flag: "retain-age",
		usage: "`DURATION` after which files of the capture folder are removed; 0s keeps all", field: func(c *Config) any { return &c.Capture.RetainAge },
	},
	{
		path: "capture.ship_to", flag: "ship-to",
		usage: "`FOLDER` or URI (s3://BUCKET/PREFIX, gs://…, az://…) that files of the capture folder are copied to when they are full, and at the end", field: func(c *Config) any { return &c.Capture.ShipTo },
	},
	{
		path: "capture.suppress_header_match", flag: "suppress-capture-for-header-match",
		usage: "`NAME: EXPRESSION`; requests with a header that has such a value are not captured; several as a JSON array, or the flag several times", field: func(c *Config) any { return &c.Capture.SuppressHeader },
	},
	{
		path: "capture.suppress_method", flag: "suppress-capture-for-method",
		usage: "regular `EXPRESSION`; requests of such methods are not captured", field: func(c *Config) any { return &c.Capture.SuppressMethod },
	},
	{
		path: "capture.suppress_uri_path", flag: "suppress-capture-for-uri-path",
		usage: "regular `EXPRESSION`; requests with such a path and query are not captured", field: func(c *Config) any { return &c.Capture.SuppressPath },
	},
	{
		path: "capture.suppress_method_and_path", flag: "suppress-method-and-path",
		usage: "regular `EXPRESSION` for METHOD PATH; such requests are not captured", field: func(c *Config) any { return &c.Capture.SuppressMethodAndPath },
	},
	{
		path: "capture.writes_only", flag: "writes-only",
		usage: "capture only requests that change something", field: func(c *Config) any { return &c.Capture.WritesOnly },
	},
	{
		path: "capture.sample", flag: "sample-connections",
		usage: "`PERCENT` of the connections that are captured", field: func(c *Config) any { return &c.Capture.Sample },
	},
	{
		path: "capture.remove_headers", flag: "remove-headers",
		usage: "`NAME,…` of headers that are not captured", field: func(c *Config) any { return &c.Capture.RemoveHeaders },
	},
	{
		path: "capture.hash_headers", flag: "hash-headers",
		usage: "`NAME,…` of headers of which only a sum is captured", field: func(c *Config) any { return &c.Capture.HashHeaders },
	},
	{
		path: "capture.hash_salt", flag: "hash-salt",
		usage: "`SECRET` in these sums; default a random one, so that sums of two processes differ", field: func(c *Config) any { return &c.Capture.HashSalt },
	},
	{
		path: "capture.redact", flag: "redact",
		usage: "`PATH,…` of fields of JSON bodies whose values are overwritten in the capture: user.email, items[*].price, $..password", field: func(c *Config) any { return &c.Capture.Redact },
	},
	{
		path: "kafka.brokers", flag: "kafka-brokers",
		usage: "`HOST:PORT,…` of brokers that keep the capture, instead of a folder", field: func(c *Config) any { return &c.Kafka.Brokers },
	},
	{
		path: "kafka.topic", flag: "kafka-topic",
		usage: "`NAME` of the topic", field: func(c *Config) any { return &c.Kafka.Topic },
	},
	{
		path: "kafka.client_id", flag: "kafka-client-id",
		usage: "`NAME` that the brokers know this client by", field: func(c *Config) any { return &c.Kafka.ClientID },
	},
	{
		path: "kafka.auth_type", flag: "kafka-auth-type", enum: []string{"none", "plain", "scram-sha-256", "scram-sha-512", "ssl", "msk-iam"},
		usage: "`HOW` the brokers know who this is", field: func(c *Config) any { return &c.Kafka.AuthType },
	},
	{
		path: "kafka.user_name", flag: "kafka-user-name",
		usage: "`NAME` for plain and scram", field: func(c *Config) any { return &c.Kafka.UserName },
	},
	{
		path: "kafka.password", flag: "kafka-password",
		usage: "`SECRET` of that user; -env and -file keep it off the command line", field: func(c *Config) any { return &c.Kafka.Password },
	},
	{
		path: "kafka.tls", flag: "kafka-tls",
		usage: "speak TLS with the brokers; so do ssl and msk-iam, and a CA or a certificate that is given", field: func(c *Config) any { return &c.Kafka.TLS },
	},
	{
		path: "kafka.cacert", flag: "kafka-cacert",
		usage: "PEM `FILE` with the CA of the brokers' certificates", field: func(c *Config) any { return &c.Kafka.CACert },
	},
	{
		path: "kafka.client_cert", flag: "kafka-client-cert",
		usage: "PEM `FILE` with the certificate to show the brokers", field: func(c *Config) any { return &c.Kafka.ClientCert },
	},
	{
		path: "kafka.client_cert_key", flag: "kafka-client-cert-key",
		usage: "PEM `FILE` with the key of that certificate", field: func(c *Config) any { return &c.Kafka.ClientCertKey },
	},
	{
		path: "kafka.insecure", flag: "kafka-insecure",
		usage: "do not check the brokers' certificates", field: func(c *Config) any { return &c.Kafka.Insecure },
	},
	{
		path: "kafka.region", flag: "kafka-region",
		usage: "`NAME` of the AWS region of the brokers, for msk-iam; default what their name or the environment says", field: func(c *Config) any { return &c.Kafka.Region },
	},
	{
		path: "kafka.create_topic", flag: "create-topic",
		usage: "make the topic where it is not there", field: func(c *Config) any { return &c.Kafka.CreateTopic },
	},
	{
		path: "kafka.partitions", flag: "kafka-partitions",
		usage: "`NUMBER` of its partitions; 0 leaves it to migassist", field: func(c *Config) any { return &c.Kafka.Partitions },
	},
	{
		path: "kafka.replication", flag: "kafka-replication",
		usage: "`NUMBER` of its replicas; 0 is 3, or as many as there are brokers", field: func(c *Config) any { return &c.Kafka.Replication },
	},
}

// Spill is the folder for records while the log takes none; empty is none.
func (c *Config) Spill() string {
	if c.Capture.SpillFolder == "" && len(c.Kafka.Brokers) > 0 {
		return "migassist-spill"
	}
	return c.Capture.SpillFolder
}

// validateWriting wants a capture that can be written.
func (c Capture) validateWriting(k Kafka) Problems {
	var problems Problems
	if c.None {
		if len(k.Brokers) > 0 {
			problems.add("capture.none", "", "brokers are given for a capture; leave out one of no-capture and kafka-brokers")
		}
		return problems
	}
	if c.Folder == "" && len(k.Brokers) == 0 {
		problems.add("capture.folder", "", "is empty; want a folder, or brokers, or no-capture")
	}
	if c.NodeID != "" && !nodeID.MatchString(c.NodeID) {
		problems.add("capture.node_id", "", "%q can't be the name of a folder; want letters, digits, dot, _ and -, at most 100", c.NodeID)
	}
	for path, n := range map[string]Bytes{"capture.max_traffic_buffer_size": c.RecordSize, "capture.segment_bytes": c.SegmentBytes, "capture.spill_bytes": c.SpillBytes} {
		if n < 4*KiB {
			problems.add(path, "", "%s is too little; want at least %s", n, 4*KiB)
		}
	}
	if c.RecordSize > 16*MiB {
		problems.add("capture.max_traffic_buffer_size", "", "%s is too much; want at most %s", c.RecordSize, 16*MiB)
	}
	if c.Timeout <= 0 {
		problems.add("capture.timeout", "", "%s is no time to wait; want more than 0s", c.Timeout)
	}
	if c.RetainAge < 0 {
		problems.add("capture.retain_age", "", "%s is no age", c.RetainAge)
	}
	c.checkPrivacy(&problems)
	return append(problems, k.validate()...)
}

var nodeID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

func (c Capture) checkPrivacy(problems *Problems) {
	expression := func(path, text string) {
		if _, err := regexp.Compile(text); err != nil {
			problems.add(path, "", "%s", err)
		}
	}
	expression("capture.suppress_method", c.SuppressMethod)
	expression("capture.suppress_uri_path", c.SuppressPath)
	expression("capture.suppress_method_and_path", c.SuppressMethodAndPath)
	for _, text := range c.SuppressHeader {
		name, value, found := strings.Cut(text, ":")
		if !found || !headerName.MatchString(strings.TrimSpace(name)) {
			problems.add("capture.suppress_header_match", "", "%q is no header with an expression; want NAME: EXPRESSION", text)
			continue
		}
		expression("capture.suppress_header_match", strings.TrimSpace(value))
	}
	for path, names := range map[string][]string{"capture.remove_headers": c.RemoveHeaders, "capture.hash_headers": c.HashHeaders} {
		for _, name := range names {
			switch {
			case !headerName.MatchString(name):
				problems.add(path, "", "%q is no name of a header", name)
			case strings.EqualFold(name, "Content-Length"), strings.EqualFold(name, "Transfer-Encoding"):
				problems.add(path, "", "without %s a capture can't be read", name)
			}
		}
	}
	problems.secret("capture.hash_salt", c.HashSalt)
	if c.Sample < 1 || c.Sample > 100 {
		problems.add("capture.sample", "", "%d is no percentage; want 1 to 100", c.Sample)
	}
}

// validate wants brokers that can be reached in the way that is said; without brokers there is nothing to check.
func (k Kafka) validate() Problems {
	var problems Problems
	if len(k.Brokers) == 0 {
		if k.CreateTopic || k.UserName != "" || k.AuthType != "none" {
			problems.missing("kafka.brokers")
		}
		return problems
	}
	for _, broker := range k.Brokers {
		if host, port, found := strings.Cut(broker, ":"); !found || host == "" || port == "" || strings.Contains(broker, "/") {
			problems.add("kafka.brokers", "", "%q is no broker; want HOST:PORT", broker)
		}
	}
	if k.Topic == "" {
		problems.missing("kafka.topic")
	}
	needsUser := k.AuthType == "plain" || strings.HasPrefix(k.AuthType, "scram")
	if needsUser && k.UserName == "" {
		problems.missing("kafka.user_name")
	}
	if needsUser && !k.Password.IsSet() {
		problems.missing("kafka.password")
	}
	problems.secret("kafka.password", k.Password)
	if (k.ClientCert == "") != (k.ClientCertKey == "") {
		problems.add("kafka.client_cert", "", "a certificate and its key belong together; give both files")
	}
	if k.AuthType == "ssl" && k.ClientCert == "" {
		problems.missing("kafka.client_cert")
	}
	if k.Partitions < 0 || k.Replication < 0 {
		problems.add("kafka.partitions", "", "partitions and replicas are 1 or more, or 0 for what is usual")
	}
	return problems
}

// ForCapture is what looking into a capture takes.
var ForCapture = Scope{[]string{"output", "capture.folder", "kafka", without + "kafka.partitions", without + "kafka.replication", without + "kafka.create_topic"}, (*Config).checkCapture}

// ForCaptureImport is what writing records into a capture takes.
var ForCaptureImport = Scope{[]string{"output", "capture.folder", "kafka"}, (*Config).checkCapture}

func (c *Config) checkCapture() Problems {
	var problems Problems
	if c.Capture.Folder == "" && len(c.Kafka.Brokers) == 0 {
		problems.add("capture.folder", "", "is empty; want a folder, or brokers")
	}
	return append(problems, c.Kafka.validate()...)
}
