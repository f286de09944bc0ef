package config

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Transforms is where a configuration of transforms stands: in one of three places, or, if all are empty, nowhere.
type Transforms struct {
	Inline Structure
	Base64 string // of JSON
	File   string // JSON, or YAML if it ends in .yaml or .yml
}

// documentTransforms and itemTransforms begin the keys of the transforms of documents and of metadata.
const (
	documentTransforms = "transform.doc_transformer_config"
	itemTransforms     = "metadata.transformer_config"
)

// transformKeys are the three places of a configuration of transforms; path and flag begin the names of each.
func transformKeys(path, flag, what string, field func(*Config) *Transforms) []key {
	return []key{
		{
			path: path, flag: flag,
			usage: "`JSON` that says how " + what + " are rewritten, as the Java tools take it; in the file also as YAML", field: func(c *Config) any { return &field(c).Inline },
		},
		{
			path: path + "_base64", flag: flag + "-base64",
			usage: "the same `JSON` in base64", field: func(c *Config) any { return &field(c).Base64 },
		},
		{
			path: path + "_file", flag: flag + "-file",
			usage: "`FILE` with the same JSON, or with YAML; scripts that it names are relative to its folder", field: func(c *Config) any { return &field(c).File },
		},
	}
}

// Given tells whether there is one.
func (t Transforms) Given() bool { return t != Transforms{} }

// Read returns the configuration as JSON, or nil where there is none, and the folder that files named in it are relative to; "": the
// one the process is in.
func (t Transforms) Read() (config []byte, folder string, err error) {
	switch {
	case t.Inline != "":
		return []byte(t.Inline), "", nil
	case t.Base64 != "":
		config, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(t.Base64), ""))
		if err != nil {
			return nil, "", fmt.Errorf("is not base64: %w", err)
		}
		return config, "", nil
	case t.File != "":
		config, err = readStructure(t.File)
		return config, filepath.Dir(t.File), err
	}
	return nil, "", nil
}

// readStructure reads a file of JSON, or of YAML.
func readStructure(name string) ([]byte, error) {
	file, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !file.Mode().IsRegular() && file.Mode()&os.ModeNamedPipe == 0:
		return nil, fmt.Errorf("%s is no file", name)
	case file.Size() > maxStructure:
		return nil, fmt.Errorf("%s has %s, which is more than the %s that a configuration may have", name, Bytes(file.Size()), Bytes(maxStructure))
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if extension := strings.ToLower(filepath.Ext(name)); extension != ".yaml" && extension != ".yml" {
		return content, nil
	}
	text, err := structureFromYAML(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return []byte(text), nil
}

// place is the key of the place that is used; path begins the names of the three.
func (t Transforms) place(path string) string {
	switch {
	case t.Inline != "":
		return path
	case t.Base64 != "":
		return path + "_base64"
	}
	return path + "_file"
}

// check wants one place at most.
func (t Transforms) check(problems *Problems, path string) {
	var given []string
	for _, one := range []Transforms{{Inline: t.Inline}, {Base64: t.Base64}, {File: t.File}} {
		if one.Given() {
			given = append(given, one.place(path))
		}
	}
	if len(given) > 1 {
		problems.add(given[1], "", "%s is given too, and the transforms stand in one place; keep one of the two", given[0])
	}
}

// DocumentTransforms reads the configuration of the transforms of documents, and hands it to parse, if there is one. The error is of type
// Problems, with all that parse has joined.
func (c *Config) DocumentTransforms(parse func(config []byte, folder string) error) error {
	return c.parseTransforms(c.Transforms, documentTransforms, parse)
}

// ItemTransforms does the same with the transforms of metadata.
func (c *Config) ItemTransforms(parse func(config []byte, folder string) error) error {
	return c.parseTransforms(c.Metadata.Transforms, itemTransforms, parse)
}

func (c *Config) parseTransforms(t Transforms, path string, parse func(config []byte, folder string) error) error {
	if !t.Given() {
		return nil
	}
	config, folder, err := t.Read()
	if err == nil {
		err = parse(config, folder)
	}
	if err == nil {
		return nil
	}
	var problems Problems
	problems.each(t.place(path), err)
	return c.placed(problems)
}
