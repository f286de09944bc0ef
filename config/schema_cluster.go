package config

import "strings"

// coordinatorKeys say where the state of a run is, beside the cluster that it may be on.
var coordinatorKeys = []key{
	{
		path: "coordinator.kind", flag: "coordinator",
		usage: "`PLACE` of the run's state, which its workers share: file (the state file, for one machine), target, cluster (another one, --coordinator-host), or s3://, gs:// or az:// with bucket and prefix; default cluster where --coordinator-host is given, otherwise file",
		field: func(c *Config) any { return &c.Coordinator.Kind },
	},
}

// clusterKeys are the settings of a cluster that is spoken to. The flag that sends bodies plain has a name of its own for the target, that of
// the Java implementation; answer says what the request timeout waits for.
func clusterKeys(section, plain, answer string, of func(*Config) *Cluster) []key {
	row := func(name, flag, usage string, field func(*Cluster) any, enum ...string) key {
		if flag == "" {
			flag = section + "-" + name
		}
		return key{path: section + "." + name, flag: hyphens.Replace(flag), usage: usage, enum: enum, field: func(c *Config) any { return field(of(c)) }}
	}
	return []key{
		row("host", "", "`URL` of the "+section+" cluster, http or https", func(c *Cluster) any { return &c.Host }),
		row("username", "", "`USER` for basic authentication", func(c *Cluster) any { return &c.Username }),
		row("password", "", "`PASSWORD` for basic authentication; -env and -file keep it off the command line", func(c *Cluster) any { return &c.Password }),
		row("api_key", "", "API `KEY` instead of a user, base64 as the cluster gave it out", func(c *Cluster) any { return &c.APIKey }),
		row("aws_service_signing_name", "", "sign requests with AWS credentials for a `SERVICE`", func(c *Cluster) any { return &c.AWSService }, "es", "aoss"),
		row("aws_region", "", "`NAME` of the region to sign for; default what the host's name or the environment says", func(c *Cluster) any { return &c.AWSRegion }),
		row("aws_role_arn", "", "`ARN` of a role to assume for signing", func(c *Cluster) any { return &c.AWSRoleARN }),
		row("client_cert", "", "PEM `FILE` with the certificate to show to the "+section, func(c *Cluster) any { return &c.ClientCert }),
		row("client_cert_key", "", "PEM `FILE` with the key of that certificate", func(c *Cluster) any { return &c.ClientCertKey }),
		row("cacert", "", "PEM `FILE` with the CA to trust besides those of the system", func(c *Cluster) any { return &c.CACert }),
		row("insecure", "", "do not check the "+section+"'s certificate", func(c *Cluster) any { return &c.Insecure }),
		row("disable_compression", plain, "send request bodies plain, not gzipped", func(c *Cluster) any { return &c.DisableCompression }),
		row("connect_timeout", "", "`DURATION` to wait for a connection", func(c *Cluster) any { return &c.ConnectTimeout }),
		row("request_timeout", "", "`DURATION` to wait for "+answer, func(c *Cluster) any { return &c.RequestTimeout }),
	}
}

var hyphens = strings.NewReplacer("_", "-")
