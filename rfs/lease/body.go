package lease

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	itemPrefix  = "item/"
	stagePrefix = "stage/"
	maxKey      = 500 // bytes; Elasticsearch takes 512
	keptReasons = 5
	maxReason   = 500 // bytes
)

// body is what the record of an item or a stage holds.
type body struct {
	Entry
	// Stamp is of this write alone. It tells a writer whose answer was lost whether its write happened.
	Stamp string `json:"stamp"`
	// Parent is the name of the item that was split into this one and others. What has a parent is not split again.
	Parent string `json:"parent,omitempty"`
	Failed int    `json:"failed,omitempty"` // attempts that were reported as failed
	Deaths int    `json:"deaths,omitempty"` // attempts in a row that ended without a word and without any progress
}

// itemKey begins with a hash of the name, so that names that begin alike lie apart, and a random place in the order is a
// random item.
func itemKey(name string) (string, error) {
	sum := sha256.Sum256([]byte(name))
	key := itemPrefix + hex.EncodeToString(sum[:4]) + "/" + name
	switch {
	case name == "":
		return "", fmt.Errorf("an item has no name")
	case len(key) > maxKey || !utf8.ValidString(name):
		return "", fmt.Errorf("item %.100q cannot be kept: a name is UTF-8 of at most %d bytes", name, maxKey-(len(key)-len(name)))
	}
	return key, nil
}

func decode(r Record) (body, error) {
	var b body
	if err := json.Unmarshal(r.Body, &b); err != nil {
		return body{}, fmt.Errorf("record %s is not one of a backfill (%w); was it written by another program or version?", r.Key, err)
	}
	switch b.State {
	case Waiting, Leased, Done, Split, Aside:
		return b, nil
	default:
		return body{}, fmt.Errorf("record %s has the state %q, which this version does not know; use the version that wrote it", r.Key, b.State)
	}
}

func (b body) encode(key, version string) (Record, error) {
	text, err := json.Marshal(b)
	if err != nil {
		return Record{}, fmt.Errorf("encode %s: %w", key, err)
	}
	return Record{Key: key, Version: version, Open: !b.State.Final(), Body: text}, nil
}

// blame adds the reason of an attempt that came to nothing.
func (b *body) blame(reason string) {
	if len(reason) > maxReason {
		reason = strings.ToValidUTF8(reason[:maxReason], "") + "…"
	}
	b.Attempts++
	b.Failures = append(slices.Clone(b.Failures), reason)
	b.Failures = b.Failures[max(0, len(b.Failures)-keptReasons):]
}
