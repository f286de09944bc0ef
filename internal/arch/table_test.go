package arch

// rows is the import table: the level of every package, as a path inside the
// module. A package may import packages of lower levels only. Rows of packages
// that come with later work are here already, so that their place is decided
// before their first line.
var rows = map[int][]string{
	8: {"."},
	7: {"internal/cli"},
	6: {"console", "internal/demo"},
	5: {"rfs/verify", "metadata/view", "metadata/probe", "metadata/unattended"},
	4: {"proxy", "replay", "rfs", "metadata"},
	3: {"proxy/spool", "proxy/ship", "rfs/deadletter", "metadata/rules", "metadata/lock", "rfs/bulk", "rfs/rebuild", "replay/tuple", "replay/rewrite"},
	2: {
		"transform/pipeline", "snapshot", "xcontent", "capture/filelog", "capture/kafkalog", "capture/archive",
		"rfs/lease/filelease", "rfs/lease/indexlease", "rfs/lease/objectlease",
		"internal/sandbox", "replay/effect", "replay/order",
	},
	1: {"transform/typemap", "transform/javascript", "transform/jq", "transform/jmespath", "transform/edit", "capture", "cluster", "internal/blob", "lucene", "xcontent/smile", "xcontent/cbor", "xcontent/yaml", "internal/telemetry"},
	0: {
		"transform", "config", "selection", "cluster/version", "cluster/route", "capture/httpwire", "rfs/lease",
		"lucene/input", "lucene/docvalues", "lucene/inflate", "lucene/lz4", "xcontent/literal", "xcontent/lzf", "xcontent/tree", "internal/retry", "internal/awsauth", "internal/blob/object", "internal/arch", "internal/supported", "internal/jsonlist",
	},
}

// modes do not import each other; only console may use them. The rows alone
// would keep proxy, replay, rfs and metadata apart, not the packages below a mode
// (rfs/bulk from metadata), so the whole subtrees are compared.
var modes = []string{"proxy", "replay", "rfs", "metadata"}

// modeGuests are the parts of a mode that another mode may use: metadata/rules
// is pure, and replay rewrites captured index and template requests with it.
var modeGuests = map[string][]string{
	"metadata/rules": {"replay"},
}

// testOnly are the trees imported by tests, and by programs inside the same
// trees, but by nothing that ends up in the binary.
var testOnly = []string{
	"internal/testcluster", "capture/capturetest", "internal/blob/blobtest", "rfs/lease/leasetest",
}

// sideways lists the arrows that break the rule of lower rows and are wanted all
// the same, each with its reason.
var sideways = map[[2]string]string{
	{"config", "selection"}: "an allowlist is checked while it is read, with its line, by the code that will use it",

	{"transform", "xcontent/tree"}: "every message is a tree",

	{"internal/blob/object", "internal/awsauth"}: "S3 and requests to clusters find their credentials in one way",
	{"lucene/docvalues", "lucene/input"}:         "both are below lucene; columns are read by the cursor that everything else is read by",
	{"lucene/docvalues", "lucene/lz4"}:           "the same: terms and bytes are compressed as stored fields are",
}
