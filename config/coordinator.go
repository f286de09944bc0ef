package config

import (
	"slices"
	"strings"
)

// Coordinator is where the state of a run is kept, which its workers share.
type Coordinator struct {
	Kind    string // file, target, cluster or a URI; empty is cluster where Cluster has a host, otherwise file
	Cluster Cluster
}

// Kinds of coordinators that are no URI.
const (
	CoordinatorFile    = "file"    // the state file
	CoordinatorTarget  = "target"  // an index on the target
	CoordinatorCluster = "cluster" // an index on a cluster of its own
)

// coordinatorSchemes are those of a coordinator that is an object store.
var coordinatorSchemes = []string{"s3", "gs", "az"}

// Place is the kind that is meant: file, target, cluster, or the URI of an object store.
func (c Coordinator) Place() string {
	switch {
	case c.Kind != "":
		return c.Kind
	case c.Cluster.Host != "":
		return CoordinatorCluster
	}
	return CoordinatorFile
}

// checkCoordinator finds what is wrong with the place of the run's state.
func (c *Config) checkCoordinator() Problems {
	var problems Problems
	place := c.Coordinator.Place()
	scheme, _, isURI := strings.Cut(place, "://")
	switch {
	case isURI && slices.Contains(coordinatorSchemes, strings.ToLower(scheme)):
		problems = append(problems, c.checkStore(scheme)...)
	case place == CoordinatorCluster:
		problems = append(problems, c.Coordinator.Cluster.Validate("coordinator")...)
		c.Coordinator.Cluster.checkCollection(&problems, "coordinator")
	case place == CoordinatorTarget:
		c.Target.checkCollection(&problems, "target")
	case place != CoordinatorFile:
		problems.add("coordinator.kind", "", "%q is no place for the state of a run; want file, target, cluster, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX", place)
	}
	if c.Coordinator.Cluster.Host != "" && place != CoordinatorCluster {
		problems.add("coordinator.host", "", "names a cluster, and the state of the run is to be kept elsewhere (%s); leave out one of the two, or give --coordinator cluster", place)
	}
	return problems
}

// checkCollection refuses a collection of OpenSearch Serverless.
func (c Cluster) checkCollection(problems *Problems, section string) {
	if c.AWSService == "aoss" {
		problems.add("coordinator.kind", "", "a collection of OpenSearch Serverless (%s.aws_service_signing_name: aoss) cannot hold the state of a run; want another cluster, s3://BUCKET/PREFIX or file", section)
	}
}
