package cli

// switchers answers flags of the Java implementation that have no namesake
// here, so that who switches learns what to write instead. CamelCase spellings
// of flags that exist are found by their likeness.
var switchers = map[string]string{
	"snapshot-local-dir":            "write --repo-uri /path",
	"file-system-repo-path":         "write --repo-uri /path",
	"s3-repo-uri":                   "write --repo-uri s3://BUCKET/PREFIX",
	"endpoint":                      "write --s3-endpoint",
	"s3-local-dir":                  "nothing is downloaded; leave it out",
	"local-dir":                     "nothing is downloaded; leave it out",
	"lucene-dir":                    "shards are read in place; leave it out",
	"clean-local-dirs":              "nothing is downloaded; leave it out",
	"max-shard-size-bytes":          "shards are read in place, of any size; leave it out",
	"multi-type-behavior":           "write --multi-type-resolution, with none or split",
	"source-version":                "the snapshot says it; leave it out",
	"allow-loose-version-matching":  "versions are told by their formats; leave it out",
	"initial-lease-duration":        "write --lease-duration",
	"coordinator-retry-max-retries": "the coordinator is asked again for as long as a lease lasts; leave it out",
	"succeed-on-empty":              "the exit code is 4 where there is nothing to do; leave it out",
	"allow-existing-indexes":        "existing indices are kept and compared; leave it out",
	"output-file":                   "redirect standard output",
}
