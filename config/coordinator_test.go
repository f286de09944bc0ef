package config

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestCoordinatorIsACluster(t *testing.T) {
	const run = "--repo-uri=/r --snapshot-name=s --target-host=http://t:9200 "
	for _, c := range []struct {
		arguments, place string
		problem          string
	}{
		{"", "file", ""},
		{"--coordinator=target", "target", ""},
		{"--coordinator-host=https://c:9200 --coordinator-username=u --coordinator-password=p", "cluster", ""},
		{"--coordinator=cluster --coordinator-host=https://c:9200 --coordinator-aws-service-signing-name=es --coordinator-aws-region=eu-west-1", "cluster", ""},
		{"--coordinator=s3://bucket/prefix", "s3://bucket/prefix", ""},
		{"--coordinator=cluster", "cluster", "coordinator.host: is missing; give --coordinator-host, MIGASSIST_COORDINATOR_HOST, or coordinator.host"},
		{"--coordinator=file --coordinator-host=https://c:9200", "file", "coordinator.host: names a cluster, and the state of the run is to be kept elsewhere (file)"},
		{"--coordinator=etcd", "etcd", `coordinator.kind: "etcd" is no place for the state of a run`},
		{"--coordinator=http://c:9200", "http://c:9200", `coordinator.kind: "http://c:9200" is no place`},
		{"--coordinator-host=https://c:9200 --coordinator-username=u", "cluster", "coordinator.password: is missing; give --coordinator-password"},
		{"--coordinator-host=https://c --coordinator-aws-service-signing-name=aoss", "cluster", "a collection of OpenSearch Serverless (coordinator.aws_service_signing_name: aoss) cannot hold"},
		{"--coordinator=target --target-aws-service-signing-name=aoss", "target", "a collection of OpenSearch Serverless (target.aws_service_signing_name: aoss) cannot hold"},
		{"--coordinator=az://container/x", "az://container/x", "azure.account: is missing"},
	} {
		flags := pflag.NewFlagSet("rfs", pflag.ContinueOnError)
		ForRFS.AddFlags(flags)
		if err := flags.Parse(strings.Fields(run + c.arguments)); err != nil {
			t.Fatalf("%s: %v", c.arguments, err)
		}
		tree, err := ForRFS.Load(flags)
		if got := tree.Coordinator.Place(); got != c.place {
			t.Errorf("%s: the state is kept in %s, want %s", c.arguments, got, c.place)
		}
		switch {
		case c.problem == "" && err != nil:
			t.Errorf("%s: %v", c.arguments, err)
		case c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)):
			t.Errorf("%s: got %v, want %s", c.arguments, err, c.problem)
		}
	}
}
