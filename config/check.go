package config

import (
	"cmp"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"migassist/selection"
)

// The scopes of the commands.
var (
	// ForRFS is what the backfill of documents takes.
	ForRFS = Scope{[]string{"output", "memory", "snapshot", "s3", "gcs", "azure", "target", "indices", "transform", "rfs", "coordinator"}, (*Config).checkRFS}
	// ForEvaluation is what planning the migration of metadata takes.
	ForEvaluation = Scope{[]string{
		"output", "snapshot", "s3", "gcs", "azure", "source", "target", "indices", "metadata", without + "metadata.plan", without + "metadata.unattended", without + "metadata.unattended_folder",
		without + "metadata.at_once", without + "metadata.stop_on_error",
		documentTransforms, documentTransforms + "_base64", documentTransforms + "_file", "rfs.multi_type_resolution", "rfs.index_map",
	}, (*Config).checkEvaluation}
	// ForMigration is what migrating metadata takes: what planning it does, or a plan that was kept.
	ForMigration = Scope{[]string{
		"output", "snapshot", "s3", "gcs", "azure", "source", "target", "indices", "metadata", without + "metadata.probe", "transform", "rfs.multi_type_resolution", "rfs.index_map",
	}, (*Config).checkMigration}
	// ForFinish is what the second phase of a plan takes.
	ForFinish = Scope{[]string{
		"output", "snapshot", "s3", "gcs", "azure", "source", "target", "indices", "metadata", without + "metadata.probe", without + "metadata.unattended", without + "metadata.at_once", without + "metadata.stop_on_error",
		without + "metadata.unattended_folder", "transform", "rfs.multi_type_resolution", "rfs.index_map",
	}, (*Config).checkFinish}
	// ForSnapshots is what looking into a repository takes; the name of a snapshot is not needed for a list of them.
	ForSnapshots = Scope{[]string{"output", "snapshot", "s3", "gcs", "azure"}, (*Config).checkRepository}
	// ForContents is what showing the contents of a snapshot takes, which is named as an argument.
	ForContents = Scope{[]string{"output", "snapshot.repo_uri", "s3", "gcs", "azure"}, (*Config).checkRepository}
	// ForDocuments is what printing documents of a snapshot takes.
	ForDocuments = Scope{[]string{"output", "memory", "snapshot.repo_uri", "s3", "gcs", "azure", "rfs.rebuild_source"}, (*Config).checkRepository}
	// ForDescription is what printing one file of a repository takes; it has one form only.
	ForDescription = Scope{[]string{"snapshot", "s3", "gcs", "azure"}, (*Config).checkRepository}
	// ForBackfill is what seeing and controlling a run takes: where its state is. The target is needed where that is there, and to
	// restore its settings.
	ForBackfill = Scope{[]string{"output", "s3", "gcs", "azure", "target", "coordinator", "rfs.session_name", "rfs.state_file"}, (*Config).checkBackfill}
	// ForTransforms is what trying transforms of documents takes.
	ForTransforms = Scope{[]string{"output", "transform"}, (*Config).checkTransforms}
	// ForDisplay is for showing the configuration itself: all of it, complete or not.
	ForDisplay = Scope{[]string{"output", "memory", "snapshot", "s3", "gcs", "azure", "source", "target", "indices", "transform", "rfs", "metadata", "verify", "proxy", "capture", "kafka", "coordinator"}, nil}
)

func (c *Config) checkRFS() Problems {
	problems := append(c.Snapshot.Validate(), c.checkStores()...)
	problems = append(problems, c.Indices.Validate()...)
	problems = append(problems, c.RFS.Validate()...)
	c.Transforms.check(&problems, documentTransforms)
	if c.RFS.TargetFile == "" {
		problems = append(problems, c.Target.Validate("target")...)
		problems = append(problems, news(problems, c.checkCoordinator())...)
	}
	if c.RFS.TargetFile == "-" && c.Output == JSON {
		problems.add("rfs.target_file", "", "documents and the JSON summary cannot both go to standard output; name a file, or leave out --output json")
	}
	return append(problems, c.checkMemory()...)
}

func (c *Config) checkBackfill() Problems {
	var problems Problems
	c.RFS.checkSession(&problems)
	if c.Target.Host != "" || c.Coordinator.Place() == CoordinatorTarget {
		problems = append(problems, c.Target.Validate("target")...)
	}
	return append(problems, news(problems, c.checkCoordinator())...)
}

// checkTransforms wants transforms, which stand in one place.
func (c *Config) checkTransforms() Problems {
	var problems Problems
	if !c.Transforms.Given() {
		problems.missing(documentTransforms)
	}
	c.Transforms.check(&problems, documentTransforms)
	return problems
}

// checkMemory sees that a bulk request leaves half of the budget to reading.
func (c *Config) checkMemory() Problems {
	var problems Problems
	if c.Memory < minMemory {
		problems.add("memory", "", "%s is too little; want at least %s", c.Memory, minMemory)
	} else if c.RFS.DocumentsSizePerRequest > c.Memory/2 && c.RFS.TargetFile == "" {
		problems.add("memory", "", "%s is too little for bulk requests of %s; raise it to twice that, or lower documents_size_per_bulk_request", c.Memory, c.RFS.DocumentsSizePerRequest)
	}
	return problems
}

// minMemory is what the readers need to hold one chunk each with their tables.
const minMemory = 64 * MiB

func (c *Config) checkEvaluation() Problems {
	var problems Problems
	switch {
	case c.LiveSource():
		problems = c.Source.Validate("source")
	case c.Snapshot.RepoURI == "":
		problems.add("snapshot.repo_uri", "", "is missing, and so is source.host; give --repo-uri and --snapshot-name to read a snapshot, or --source-host to read a cluster")
	default:
		problems = append(c.Snapshot.Validate(), c.checkStores()...)
	}
	problems = append(problems, c.Target.Validate("target")...)
	problems = append(problems, c.Indices.Validate()...)
	c.Transforms.check(&problems, documentTransforms)
	_, err := selection.ParseRenames(c.RFS.IndexMap)
	problems.each("rfs.index_map", err)
	if c.Metadata.AwarenessAttributes < 0 {
		problems.add("metadata.cluster_awareness_attributes", "", "%d is no number of values; want 2 or more, or 0 for replicas as they are", c.Metadata.AwarenessAttributes)
	}
	return append(problems, c.Metadata.Validate()...)
}

func (c *Config) checkMigration() Problems {
	if c.Metadata.Unattended && c.Metadata.Plan != "" {
		var problems Problems
		problems.add("metadata.unattended", "", "makes its plan anew each time; leave out one of unattended and plan")
		return problems
	}
	return c.checkFinish()
}

// checkFinish wants a plan, or what one is made of.
func (c *Config) checkFinish() Problems {
	if c.Metadata.Plan == "" {
		return c.checkEvaluation()
	}
	problems := c.Target.Validate("target")
	if c.LiveSource() {
		problems = append(problems, c.Source.Validate("source")...)
	}
	return problems
}

func (c *Config) checkRepository() Problems {
	problems := c.checkStores()
	c.Snapshot.checkRepository(&problems)
	return problems
}

// missing is the problem of a key that must be given, with the ways to give it.
func (p *Problems) missing(path string) {
	k, _ := findKey(path)
	p.add(path, "", "is missing; give --%s, %s, or %s in %s", k.flag, k.env(), k.path, DefaultFile)
}

// Validate wants a repository and the name of a snapshot.
func (s Snapshot) Validate() Problems {
	var problems Problems
	s.checkRepository(&problems)
	if s.Name == "" {
		problems.missing("snapshot.name")
	}
	return problems
}

func (s Snapshot) checkRepository(problems *Problems) {
	switch {
	case s.RepoURI == "":
		problems.missing("snapshot.repo_uri")
	case !strings.HasPrefix(s.RepoURI, "/") && !strings.Contains(s.RepoURI, "://"):
		problems.add("snapshot.repo_uri", "", "%q is neither a URI nor an absolute path; want file:///path, /path, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX", s.RepoURI)
	}
}

// Validate wants a URL that can be asked and credentials that can be read; section is where the cluster stands in the tree.
func (c Cluster) Validate(section string) Problems {
	var problems Problems
	c.checkHost(&problems, section+".host")
	if _, err := c.Password.Value(); err != nil {
		problems.add(section+".password", "", "%s", err)
	}
	if c.Password.IsSet() && c.Username == "" {
		problems.add(section+".username", "", "is missing; the password needs it")
	}
	if c.Username != "" && !c.Password.IsSet() {
		problems.missing(section + ".password")
	}
	c.checkIdentity(&problems, section)
	if c.CACert != "" {
		if _, err := os.Stat(c.CACert); err != nil {
			problems.add(section+".cacert", "", "%s", err)
		}
		if c.Insecure {
			problems.add(section+".insecure", "", "with it no certificate is checked, and cacert says which to trust; give one of the two")
		}
	}
	if c.ConnectTimeout <= 0 {
		problems.add(section+".connect_timeout", "", "%s is no time to wait; want more than 0s", c.ConnectTimeout)
	}
	if c.RequestTimeout <= 0 {
		problems.add(section+".request_timeout", "", "%s is no time to wait; want more than 0s", c.RequestTimeout)
	}
	return problems
}

// checkIdentity wants at most one way to say who we are in a header, and a client certificate with its key.
func (c Cluster) checkIdentity(problems *Problems, section string) {
	problems.secret(section+".api_key", c.APIKey)
	ways := 0
	for _, given := range []bool{c.Username != "" || c.Password.IsSet(), c.APIKey.IsSet(), c.AWSService != ""} {
		if given {
			ways++
		}
	}
	if ways > 1 {
		problems.add(section+".username", "", "user and password, api_key and aws_service_signing_name are three ways to be known; give one of them")
	}
	if c.AWSService == "" && (c.AWSRegion != "" || c.AWSRoleARN != "") {
		problems.missing(section + ".aws_service_signing_name")
	}
	if (c.ClientCert == "") != (c.ClientCertKey == "") {
		problems.add(section+".client_cert", "", "a certificate and its key belong together; give client_cert and client_cert_key")
	}
	for _, file := range []struct{ path, name string }{{".client_cert", c.ClientCert}, {".client_cert_key", c.ClientCertKey}} {
		if file.name == "" {
			continue
		}
		if _, err := os.Stat(file.name); err != nil {
			problems.add(section+file.path, "", "%s", err)
		}
	}
}

func (c Cluster) checkHost(problems *Problems, path string) {
	if c.Host == "" {
		problems.missing(path)
		return
	}
	const want = "want a URL like https://host:9200"
	u, err := url.Parse(c.Host)
	switch {
	case err != nil:
		problems.add(path, "", "is no URL; %s", want) // the error repeats the URL, and with it what may be a password
	case u.User != nil:
		problems.add(path, "", "holds a user or password; give them as username and password")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		problems.add(path, "", "%q does not begin with http:// or https://; %s", c.Host, want)
	case u.RawQuery != "" || u.Fragment != "":
		problems.add(path, "", "%q has more than host and path; %s", c.Host, want)
	}
}

// Validate wants every expression of the allowlist to compile.
func (i Indices) Validate() Problems {
	var problems Problems
	problems.allowlist("indices.allowlist", i.Allowlist)
	return problems
}

// mostAtOnce is of indices: a cluster makes them one after the other, and their shards start meanwhile.
const mostAtOnce = 64

// Validate wants every expression of the allowlists to compile.
func (m Metadata) Validate() Problems {
	var problems Problems
	problems.allowlist("metadata.index_template_allowlist", m.IndexTemplateAllowlist)
	problems.allowlist("metadata.component_template_allowlist", m.ComponentTemplateAllowlist)
	m.Transforms.check(&problems, itemTransforms)
	if m.AtOnce < 1 || m.AtOnce > mostAtOnce {
		problems.add("metadata.at_once", "", "is %d; want 1 to %d", m.AtOnce, mostAtOnce)
	}
	if m.Unattended && m.UnattendedFolder == "" {
		problems.add("metadata.unattended_folder", "", "is empty; want a folder for the last plan and the reports")
	}
	return problems
}

// allowlist asks the code that will use the list whether it can.
func (p *Problems) allowlist(path string, entries []string) {
	_, err := selection.ParseAllowlist(entries)
	p.each(path, err)
}

// each adds the problems of a key that were found elsewhere, joined.
func (p *Problems) each(path string, err error) {
	var several interface{ Unwrap() []error }
	switch {
	case err == nil:
	case errors.As(err, &several):
		for _, one := range several.Unwrap() {
			p.add(path, "", "%s", one)
		}
	default:
		p.add(path, "", "%s", err)
	}
}

// sessionName is what is a part of a name everywhere.
var sessionName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// Validate wants sizes and numbers that a run can work with.
func (r RFS) Validate() Problems {
	var problems Problems
	atLeast := func(path string, value, least int) {
		if value < least {
			problems.add("rfs."+path, "", "%d is too few; want at least %d", value, least)
		}
	}
	atLeast("max_connections", r.MaxConnections, 0)
	atLeast("max_docs_per_second", r.MaxDocsPerSecond, 0)
	atLeast("max_mb_per_second", r.MaxMBPerSecond, 0)
	atLeast("documents_per_bulk_request", r.DocumentsPerRequest, 0)
	atLeast("workers", r.Workers, 0)
	r.checkSession(&problems)
	atLeast("max_attempts", r.MaxAttempts, 1)
	r.checkFleet(&problems)
	if r.DocumentsSizePerRequest < 1 {
		problems.add("rfs.documents_size_per_bulk_request", "", "%s is too little; want a size like %s", r.DocumentsSizePerRequest, 10*MiB)
	}
	if r.StateFile == "" {
		problems.add("rfs.state_file", "", "is empty; want the name of a file")
	}
	r.checkDeadLetters(&problems)
	if r.RebuildSource && r.AllowPartialSource {
		problems.add("rfs.allow_partial_source", "", "with rebuild_source the fields left out of _source are put back; give one of the two")
	}
	r.checkAddresses(&problems)
	if r.Overwrite && r.TargetFile == "" {
		problems.add("rfs.overwrite", "", "there is no file to overwrite without target_file")
	}
	return problems
}

// checkAddresses wants choices of how documents are addressed that go together.
func (r RFS) checkAddresses(problems *Problems) {
	_, err := selection.ParseRenames(r.IndexMap)
	problems.each("rfs.index_map", err)
	if r.DocVersions == "seqno" && r.ServerGeneratedIDs == "ALWAYS" {
		problems.add("rfs.doc_versions", "", "versions are of documents that keep their ids; leave out one of doc_versions and server_generated_ids")
	}
	if r.DocVersions == "seqno" && r.IDCollision == "keep-newest" {
		problems.add("rfs.id_collision", "", "keep-newest compares indices, and sequence numbers of different indices can't be compared; leave out one of doc_versions and id_collision")
	}
	if r.Pilot < 0 {
		problems.add("rfs.pilot", "", "%d is no number of documents; want 1 or more, or 0 for all", r.Pilot)
	}
	if bad := selection.IndexNameProblem(r.PilotPrefix + "x"); r.Pilot > 0 && (bad != "" || r.PilotPrefix == "") {
		problems.add("rfs.pilot_prefix", "", "%q can't begin the name of an index", r.PilotPrefix)
	}
}

func (r RFS) checkSession(problems *Problems) {
	if !sessionName.MatchString(r.SessionName) {
		problems.add("rfs.session_name", "", "%q can't be a part of the names of indices and objects; want small letters, digits, - and _, at most 64", r.SessionName)
	}
}

// checkFleet wants a lease that outlasts a request, and items that can be worked on.
func (r RFS) checkFleet(problems *Problems) {
	if r.LeaseDuration < minLease {
		problems.add("rfs.lease_duration", "", "%s is too short; want at least %s", r.LeaseDuration, minLease)
	} else if r.BulkTimeout < 0 || r.BulkTimeout > r.LeaseDuration/2 {
		problems.add("rfs.bulk_timeout", "", "%s is not between 0s and half of the lease_duration of %s, within which a request must have ended", r.BulkTimeout, r.LeaseDuration)
	}
	if r.ItemBytes < MiB {
		problems.add("rfs.item_bytes", "", "%s is too little; want at least %s", r.ItemBytes, MiB)
	}
}

// RequestTime is how long a bulk request may take: two minutes are longer than any sound target takes, and half of the lease leaves it
// time to be renewed.
func (r RFS) RequestTime() time.Duration {
	if r.BulkTimeout > 0 {
		return r.BulkTimeout
	}
	return min(2*time.Minute, r.LeaseDuration/2)
}

// StatePath is the state file of the session: sessions of one folder have one each.
func (r RFS) StatePath() string { return r.ofSession(r.StateFile) }

// LettersPlace is where dead letters are: a folder, a URI, or one file.
func (r RFS) LettersPlace() string { return cmp.Or(r.DeadLetterFile, r.DeadLetters) }

// checkDeadLetters wants one place, which nothing else is.
func (r RFS) checkDeadLetters(problems *Problems) {
	switch place := r.LettersPlace(); {
	case place == "":
		problems.add("rfs.dead_letters", "", "is empty; want a folder, or a URI like s3://BUCKET/PREFIX")
	case r.DeadLetterFile != "" && r.DeadLetters != "" && r.DeadLetters != Default().RFS.DeadLetters:
		problems.add("rfs.dead_letter_file", "", "dead letters go to one place; leave out one of dead_letters and dead_letter_file")
	case sameFile(place, r.StatePath()) || sameFile(place, r.TargetFile):
		problems.add("rfs.dead_letter_file", "", "%q is the state file or the target file too; each needs a name of its own", place)
	}
}

// ofSession adds the session to the name of a file, unless it is the default one.
func (r RFS) ofSession(name string) string {
	if r.SessionName == Default().RFS.SessionName {
		return name
	}
	extension := filepath.Ext(name)
	return strings.TrimSuffix(name, extension) + "-" + r.SessionName + extension
}

// minLease is the shortest lease: its holder renews it three times meanwhile.
const minLease = 2 * time.Second

func sameFile(a, b string) bool { return b != "" && filepath.Clean(a) == filepath.Clean(b) }
