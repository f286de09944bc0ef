// Package config is the one configuration of the whole binary: a typed tree with
// a section per mode, and the one way to fill it.
//
//	defaults  <  migassist.yaml  <  MIGASSIST_… environment  <  flags
//
// Every key stands once, in the table of schema.go: its path in the file, its
// flag, its help, its field. The file's strict decoding, the names of the
// environment variables, the flags of the commands, docs/configuration.md and
// the printed effective configuration are all drawn from that table.
//
// The file is read from its YAML nodes, so that unknown keys are found and lines,
// capitals and dots survive; viper merges environment and flags above it. All
// problems of all sources are reported together, each with its place and with
// what would be right.
//
// The package reads no snapshot and asks no server: a URL is checked for its
// form, not for an answer.
package config
