package config

import (
	"strings"
	"testing"
)

func TestStoresAreCheckedWhereTheRepositoryIsInThem(t *testing.T) {
	for name, c := range map[string]struct {
		uri  string
		set  func(*Config)
		want []string // parts of problems; none is right
	}{
		"Amazon's":                {"s3://b/p", func(*Config) {}, nil},
		"keys":                    {"s3://b/p", func(c *Config) { c.S3.AccessKey, c.S3.SecretKey = "a", Literal("b") }, nil},
		"half a key":              {"s3://b/p", func(c *Config) { c.S3.AccessKey = "a" }, []string{"--s3-secret-key"}},
		"the other half":          {"s3://b/p", func(c *Config) { c.S3.SessionToken = Literal("b") }, []string{"s3.access_key"}},
		"a secret that is not":    {"s3://b/p", func(c *Config) { c.S3.AccessKey, c.S3.SecretKey = "a", FromFile("/nonexistent") }, []string{"s3.secret_key"}},
		"anonymous in a role":     {"s3://b/p", func(c *Config) { c.S3.Anonymous, c.S3.RoleARN = true, "arn:aws:iam::1:role/x" }, []string{"s3.anonymous"}},
		"no ARN":                  {"s3://b/p", func(c *Config) { c.S3.RoleARN = "role" }, []string{"s3.role_arn"}},
		"an endpoint":             {"s3://b/p", func(c *Config) { c.S3.Endpoint = "http://minio:9000" }, nil},
		"no endpoint":             {"s3://b/p", func(c *Config) { c.S3.Endpoint = "minio:9000" }, []string{"s3.endpoint"}},
		"an endpoint with secret": {"s3://b/p", func(c *Config) { c.S3.Endpoint = "http://u:hush@minio:9000" }, []string{"s3.endpoint"}},
		"Google's":                {"gs://b/p", func(*Config) {}, nil},
		"a file that is not":      {"gs://b/p", func(c *Config) { c.GCS.CredentialsFile = "/nonexistent" }, []string{"gcs.credentials_file"}},
		"no account":              {"az://b/p", func(*Config) {}, []string{"--azure-account"}},
		"an account":              {"az://b/p", func(c *Config) { c.Azure.Account = "acme1" }, nil},
		"an odd account":          {"az://b/p", func(c *Config) { c.Azure.Account = "acme.blob.core" }, []string{"azure.account"}},
		"a key without account":   {"az://b/p", func(c *Config) { c.Azure.Endpoint, c.Azure.Key = "https://x", Literal("k") }, []string{"azure.account"}},
		"key and token":           {"az://b/p", func(c *Config) { c.Azure.Account, c.Azure.Key, c.Azure.SAS = "a", Literal("k"), Literal("s") }, []string{"azure.key"}},
		"another store's":         {"file:///x", func(c *Config) { c.S3.AccessKey = "a" }, nil},
	} {
		tree := Default()
		tree.Snapshot.RepoURI = c.uri
		c.set(tree)
		problems := tree.checkRepository()
		if len(problems) != len(c.want) {
			t.Errorf("%s: %v", name, problems)
			continue
		}
		for i, want := range c.want {
			if text := problems[i].Key + " " + problems[i].What; !strings.Contains(text, want) || strings.Contains(text, "hush") {
				t.Errorf("%s: %s, want %s", name, text, want)
			}
		}
	}
}

func TestAClusterIsToldOnceWhoWeAre(t *testing.T) {
	here := "stores_test.go" // any file that is there
	for name, c := range map[string]struct {
		set  func(*Cluster)
		want string // part of the one problem; empty is right
	}{
		"nobody":                    {func(*Cluster) {}, ""},
		"a user":                    {func(c *Cluster) { c.Username, c.Password = "u", Literal("p") }, ""},
		"a key":                     {func(c *Cluster) { c.APIKey = Literal("k") }, ""},
		"signed":                    {func(c *Cluster) { c.AWSService = "aoss" }, ""},
		"certificate and user":      {func(c *Cluster) { c.ClientCert, c.ClientCertKey, c.APIKey = here, here, Literal("k") }, ""},
		"a user and a key":          {func(c *Cluster) { c.Username, c.Password, c.APIKey = "u", Literal("p"), Literal("k") }, "give one of them"},
		"a key, signed":             {func(c *Cluster) { c.APIKey, c.AWSService = Literal("k"), "es" }, "give one of them"},
		"a region for nothing":      {func(c *Cluster) { c.AWSRegion = "eu-west-1" }, "--target-aws-service-signing-name"},
		"certificate, no key":       {func(c *Cluster) { c.ClientCert = here }, "belong together"},
		"a certificate not there":   {func(c *Cluster) { c.ClientCert, c.ClientCertKey = "/nonexistent", here }, "no such file"},
		"a key that cannot be read": {func(c *Cluster) { c.APIKey = FromFile("/nonexistent") }, "should hold it"},
	} {
		target := Default().Target
		target.Host = "https://h:9200"
		c.set(&target)
		problems := target.Validate("target")
		if c.want == "" && len(problems) > 0 || c.want != "" && (len(problems) != 1 || !strings.Contains(problems[0].What, c.want)) {
			t.Errorf("%s: %v, want %q", name, problems, c.want)
		}
	}
}
