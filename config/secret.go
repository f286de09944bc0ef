package config

import (
	"fmt"
	"os"
	"strings"
)

// hidden is all that is ever printed of a secret.
const hidden = "***"

// Secret is a value that is never printed: a literal, or the name of an
// environment variable or file that holds it. The zero value is not set.
type Secret struct {
	// source is behind a pointer so that not even fmt, which looks into unexported fields, prints it.
	source *secretSource
}

type secretSource struct {
	kind secretKind
	text string // the secret itself, or the name of what holds it
}

type secretKind int

const (
	literal secretKind = iota
	inEnvironment
	inFile
)

// Literal is a secret given as it is.
func Literal(value string) Secret { return Secret{&secretSource{literal, value}} }

// FromEnvironment is a secret held by an environment variable.
func FromEnvironment(name string) Secret { return Secret{&secretSource{inEnvironment, name}} }

// FromFile is a secret held by a file; line ends at its end do not count.
func FromFile(path string) Secret { return Secret{&secretSource{inFile, path}} }

// IsSet says whether there is a secret at all; it may still fail to be read.
func (s Secret) IsSet() bool { return s.source != nil }

// Value reads the secret where it lies, each time anew. Not set is empty.
func (s Secret) Value() (string, error) {
	if s.source == nil {
		return "", nil
	}
	switch s.source.kind {
	case inEnvironment:
		value, found := os.LookupEnv(s.source.text)
		if !found {
			return "", fmt.Errorf("environment variable %s, which should hold it, is not set", s.source.text)
		}
		return value, nil
	case inFile:
		content, err := os.ReadFile(s.source.text)
		if err != nil {
			return "", fmt.Errorf("read the file that should hold it: %w", err)
		}
		return strings.TrimRight(string(content), "\r\n"), nil
	default:
		return s.source.text, nil
	}
}

// Equal compares what was given, not what it resolves to.
func (s Secret) Equal(other Secret) bool {
	if s.source == nil || other.source == nil {
		return s.source == other.source
	}
	return *s.source == *other.source
}

// String never shows the secret.
func (s Secret) String() string {
	if s.source == nil {
		return ""
	}
	return hidden
}

// GoString never shows the secret.
func (s Secret) GoString() string { return fmt.Sprintf("config.Secret(%q)", s.String()) }

// MarshalText keeps the secret out of JSON, YAML and logs.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
