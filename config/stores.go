package config

import (
	"net/url"
	"os"
	"strings"
)

// checkStores finds what is wrong with the section of the store that the repository lies in.
func (c *Config) checkStores() Problems {
	scheme, _, _ := strings.Cut(c.Snapshot.RepoURI, "://")
	return c.checkStore(scheme)
}

// checkStore finds what is wrong with the section of the stores of a scheme.
func (c *Config) checkStore(scheme string) Problems {
	switch strings.ToLower(scheme) {
	case "s3":
		return c.S3.Validate()
	case "gs":
		return c.GCS.Validate()
	case "az":
		return c.Azure.Validate()
	}
	return nil
}

// Validate wants a URL as endpoint, and credentials that are whole and given once.
func (s S3) Validate() Problems {
	var problems Problems
	problems.endpoint("s3.endpoint", s.Endpoint)
	problems.secret("s3.secret_key", s.SecretKey)
	problems.secret("s3.session_token", s.SessionToken)
	if s.AccessKey != "" && !s.SecretKey.IsSet() {
		problems.missing("s3.secret_key")
	}
	if s.AccessKey == "" && (s.SecretKey.IsSet() || s.SessionToken.IsSet()) {
		problems.add("s3.access_key", "", "is missing; the secret key or session token needs it")
	}
	if s.Anonymous && (s.AccessKey != "" || s.RoleARN != "") {
		problems.add("s3.anonymous", "", "with it nothing is signed, and access_key or role_arn say as whom; give one of the two")
	}
	if s.RoleARN != "" && !strings.HasPrefix(s.RoleARN, "arn:") {
		problems.add("s3.role_arn", "", "%q is no ARN; want one like arn:aws:iam::123456789012:role/NAME", s.RoleARN)
	}
	return problems
}

// Validate wants a URL as endpoint, and a file that is there.
func (g GCS) Validate() Problems {
	var problems Problems
	problems.endpoint("gcs.endpoint", g.Endpoint)
	if g.CredentialsFile != "" {
		if _, err := os.Stat(g.CredentialsFile); err != nil {
			problems.add("gcs.credentials_file", "", "%s", err)
		}
		if g.Anonymous {
			problems.add("gcs.anonymous", "", "with it no credentials are sent, and credentials_file names some; give one of the two")
		}
	}
	return problems
}

// Validate wants an account or an endpoint, and at most one way to be known.
func (a Azure) Validate() Problems {
	var problems Problems
	problems.endpoint("azure.endpoint", a.Endpoint)
	problems.secret("azure.key", a.Key)
	problems.secret("azure.sas", a.SAS)
	if a.Account == "" && (a.Endpoint == "" || a.Key.IsSet()) {
		problems.missing("azure.account")
	}
	for _, letter := range a.Account {
		if (letter < 'a' || letter > 'z') && (letter < '0' || letter > '9') {
			problems.add("azure.account", "", "%q is no storage account: its name has small letters and digits only", a.Account)
			break
		}
	}
	ways := 0
	for _, given := range []bool{a.Key.IsSet(), a.SAS.IsSet(), a.Anonymous} {
		if given {
			ways++
		}
	}
	if ways > 1 {
		problems.add("azure.key", "", "key, sas and anonymous are three ways to be known; give one of them")
	}
	return problems
}

// secret reports one that cannot be read.
func (p *Problems) secret(path string, s Secret) {
	if _, err := s.Value(); err != nil {
		p.add(path, "", "%s", err)
	}
}

// endpoint reports an address, if there is one, that is no URL.
func (p *Problems) endpoint(path, endpoint string) {
	if endpoint == "" {
		return
	}
	const want = "want a URL like https://host:9000"
	u, err := url.Parse(endpoint)
	switch {
	case err != nil:
		p.add(path, "", "is no URL; %s", want)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		p.add(path, "", "holds a user, password or token; %s alone", want)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		p.add(path, "", "%q does not begin with http:// or https://; %s", endpoint, want)
	}
}
