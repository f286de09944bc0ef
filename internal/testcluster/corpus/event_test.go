package corpus

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestDocumentsAreJSONOfTheSizeAskedForAndAlwaysTheSame(t *testing.T) {
	one, other := NewWriter(), NewWriter()
	total := 0
	for n := range 2000 {
		doc := one.Append(nil, n, 1024)
		if !json.Valid(doc) {
			t.Fatalf("document %d is not JSON: %s", n, doc)
		}
		total += len(doc)
		if n%7 == 0 && !bytes.Equal(doc, other.Append(nil, n, 1024)) {
			t.Fatalf("document %d differs between two writers", n)
		}
	}
	if average := total / 2000; average < 1000 || average > 1050 {
		t.Errorf("documents of %d bytes on average, want about 1024", average)
	}
}
