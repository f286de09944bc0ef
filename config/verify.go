package config

import (
	"os"
	"time"
)

// Verify is the comparison of a source with the target.
type Verify struct {
	Counts      bool          // only how many documents there are
	Sample      int           // buckets of 65,536 that are compared, 0 is all
	Full        bool          // all: the default, and what contradicts the other two
	Findings    string        // file for what differs; empty is none
	Only        string        // file with findings; nothing else is compared
	Settle      time.Duration // between two looks at what differs
	StateFile   string        // where is kept how far it is; empty: it can't go on
	Repair      bool          // what differs is mended
	MostDeletes int           // extra documents that a repair removes at most
	UndoFile    string        // what a repair overwrites or removes
}

// verifyKeys are the settings of a verification, beside those of what is compared, which are those of rfs.
var verifyKeys = []key{
	{
		path: "verify.counts", flag: "counts",
		usage: "compare only how many documents there are, which costs next to nothing", field: func(c *Config) any { return &c.Verify.Counts },
	},
	{
		path: "verify.sample", flag: "sample",
		usage: "compare the documents of a `NUMBER` of 65,536 buckets, chosen by chance", field: func(c *Config) any { return &c.Verify.Sample },
	},
	{
		path: "verify.full", flag: "full",
		usage: "compare every document; the default", field: func(c *Config) any { return &c.Verify.Full },
	},
	{
		path: "verify.findings", flag: "findings",
		usage: "NDJSON `FILE` for the documents that differ, written anew", field: func(c *Config) any { return &c.Verify.Findings },
	},
	{
		path: "verify.only", flag: "only",
		usage: "compare only the documents that a `FILE` of findings names", field: func(c *Config) any { return &c.Verify.Only },
	},
	{
		path: "verify.settle", flag: "settle",
		usage: "`DURATION` after which what differs is looked at once more before it counts, while others write", field: func(c *Config) any { return &c.Verify.Settle },
	},
	{
		path: "verify.state_file", flag: "verify-state-file",
		usage: "`FILE` with which a verification that was stopped goes on", field: func(c *Config) any { return &c.Verify.StateFile },
	},
	{
		path: "verify.repair", flag: "repair",
		usage: "send again what is missing or different, and remove what is extra, unless it changed since it was read; and look at each again", field: func(c *Config) any { return &c.Verify.Repair },
	},
	{
		path: "verify.most_deletes", flag: "most-deletes",
		usage: "`NUMBER` of extra documents that a repair removes at most; where there are more, none is", field: func(c *Config) any { return &c.Verify.MostDeletes },
	},
	{
		path: "verify.undo_file", flag: "undo-file",
		usage: "`FILE` that gets whatever a repair overwrites or removes, before it does, as bulk NDJSON that puts it back", field: func(c *Config) any { return &c.Verify.UndoFile },
	},
}

// ForVerify is what a verification takes.
var ForVerify = Scope{[]string{
	"output", "memory", "snapshot", "s3", "gcs", "azure", "source", "target", "indices", "verify",
	"rfs.max_connections", "rfs.max_docs_per_second", "rfs.max_mb_per_second", "rfs.documents_size_per_bulk_request", "rfs.workers",
	"rfs.multi_type_resolution", "rfs.rebuild_source", "rfs.allow_partial_source", "rfs.doc_versions", "rfs.index_map", "rfs.id_collision",
	"transform", "rfs.server_generated_ids", "rfs.pilot", "rfs.pilot_prefix",
}, (*Config).checkVerify}

func defaultVerify() Verify {
	return Verify{
		MostDeletes: 1000, // more are hardly left behind by a migration, and rather another source
		UndoFile:    "migassist-verify-undo.ndjson",
	}
}

// LiveSource tells that the source of truth is a cluster, not a snapshot.
func (c *Config) LiveSource() bool { return c.Snapshot.RepoURI == "" && c.Source.Host != "" }

// sampleBuckets is how many buckets documents are put into.
const sampleBuckets = 1 << 16

func (c *Config) checkVerify() Problems {
	problems := c.Target.Validate("target")
	switch {
	case c.LiveSource():
		problems = append(problems, c.Source.Validate("source")...)
	case c.Snapshot.RepoURI == "":
		problems.add("snapshot.repo_uri", "", "is missing, and so is source.host; give --repo-uri and --snapshot-name to compare with a snapshot, or --source-host to compare with a cluster")
	default:
		problems = append(problems, c.Snapshot.Validate()...)
		problems = append(problems, c.checkStores()...)
		if c.Source.Host != "" {
			problems = append(problems, c.Source.Validate("source")...)
		}
	}
	problems = append(problems, c.Indices.Validate()...)
	problems = append(problems, news(problems, c.RFS.Validate())...)
	c.Transforms.check(&problems, documentTransforms)
	c.Verify.check(&problems)
	return append(problems, c.checkMemory()...)
}

func (v Verify) check(problems *Problems) {
	modes := 0
	for _, given := range []bool{v.Counts, v.Sample > 0, v.Full, v.Only != ""} {
		if given {
			modes++
		}
	}
	if modes > 1 {
		problems.add("verify.full", "", "counts, sample, full and only are four ways to compare; give one of them")
	}
	if v.Sample < 0 || v.Sample > sampleBuckets {
		problems.add("verify.sample", "", "%d is no number of buckets; want 1 to %d, or 0 for all", v.Sample, sampleBuckets)
	}
	if v.Settle < 0 {
		problems.add("verify.settle", "", "%s is no time to wait; want 0s or more", v.Settle)
	}
	if v.MostDeletes < 0 {
		problems.add("verify.most_deletes", "", "%d is no number of documents; want 0 or more", v.MostDeletes)
	}
	if v.Counts && v.Repair {
		problems.add("verify.repair", "", "counts do not tell which documents differ; leave out one of counts and repair")
	}
	if v.Counts && v.Findings != "" {
		problems.add("verify.findings", "", "counts do not tell which documents differ; leave out one of counts and findings")
	}
	if v.Repair && v.UndoFile == "" {
		problems.add("verify.undo_file", "", "is empty; a repair overwrites and removes nothing that it can't save first")
	}
	v.checkFiles(problems)
}

// checkFiles wants a file of findings that can be read, and files that are not each other.
func (v Verify) checkFiles(problems *Problems) {
	if v.Only != "" {
		if _, err := os.Stat(v.Only); err != nil {
			problems.add("verify.only", "", "%s", err)
		}
		if v.StateFile != "" {
			problems.add("verify.state_file", "", "a look at some documents is done in one go; leave out one of only and state_file")
		}
	}
	files := []struct{ path, name string }{{"verify.findings", v.Findings}, {"verify.only", v.Only}, {"verify.state_file", v.StateFile}, {"verify.undo_file", v.UndoFile}}
	for i, file := range files {
		for _, other := range files[:i] {
			if sameFile(file.name, other.name) {
				problems.add(file.path, "", "%q is the file of %s too; each needs a name of its own", file.name, other.path)
			}
		}
	}
}
