package config

import (
	"net/url"
	"strings"
)

// Setting is one key of the effective configuration, for printing.
type Setting struct {
	Key    string `json:"key"`
	Value  string `json:"value"`  // as environment and flags would give it; secrets hidden
	Origin string `json:"origin"` // "migassist.yaml:7", "MIGASSIST_TARGET_HOST", "--target-host" or "default"
}

// Settings is the effective configuration, in the order of the file.
func (c *Config) Settings() []Setting {
	settings := make([]Setting, 0, len(keys))
	for _, k := range keys {
		origin := c.origins[k.path]
		if origin == "" {
			origin = "default"
		}
		settings = append(settings, Setting{k.path, withoutUserinfo(format(k.field(c))), origin})
	}
	return settings
}

// withoutUserinfo hides the user and password that a URL may hold, also one that no command would take.
func withoutUserinfo(value string) string {
	u, err := url.Parse(value)
	if err != nil || u.User == nil {
		return value
	}
	u.User = nil
	return strings.Replace(u.String(), "//", "//"+hidden+"@", 1)
}
