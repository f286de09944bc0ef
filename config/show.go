package config

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
		settings = append(settings, Setting{k.path, format(k.field(c)), origin})
	}
	return settings
}
