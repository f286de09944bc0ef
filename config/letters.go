package config

import "strings"

var letterKeys = []string{"output", "s3", "gcs", "azure", "rfs.session_name", "rfs.dead_letters", "rfs.dead_letter_file"}

var redriveKeys = append([]string{
	"memory", "target", "transform", "rfs.documents_size_per_bulk_request", "rfs.max_docs_per_second", "rfs.max_mb_per_second",
}, letterKeys...)

// The scopes of the commands for dead letters.
var (
	// ForLetters is what looking into them takes.
	ForLetters = Scope{letterKeys, (*Config).checkLetters}
	// ForRedrive is what sending them again takes.
	ForRedrive = Scope{redriveKeys, (*Config).checkRedrive}
	// ForRedriveTrial is what showing takes what would be sent: the same, without a target.
	ForRedriveTrial = Scope{redriveKeys, (*Config).checkRedriveTrial}
)

func (c *Config) checkLetters() Problems {
	var problems Problems
	c.RFS.checkSession(&problems)
	c.RFS.checkDeadLetters(&problems)
	scheme, _, _ := strings.Cut(c.RFS.LettersPlace(), "://")
	return append(problems, c.checkStore(scheme)...)
}

func (c *Config) checkRedriveTrial() Problems {
	problems := c.checkLetters()
	c.Transforms.check(&problems, documentTransforms)
	return append(problems, c.checkMemory()...)
}

func (c *Config) checkRedrive() Problems {
	return append(c.checkRedriveTrial(), c.Target.Validate("target")...)
}
