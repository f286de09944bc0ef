package verify_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster"
	"migassist/rfs/verify"
)

// stock is both sides of a comparison: index a, documents by id.
type stock struct {
	source, target map[string]string
	failed         bool
	reads          int
}

func (s *stock) Targets(context.Context) ([]string, error) { return []string{"a"}, nil }
func (s *stock) Parts(context.Context) ([]string, error)   { return []string{"all"}, nil }

func (s *stock) Read(_ context.Context, _ string, visit func([]verify.Document) error) (verify.Reading, error) {
	s.reads++
	for id, source := range s.source {
		buffer := []byte(source)
		doc := verify.Document{Index: "a", ID: []byte(id), Source: buffer, Action: fmt.Appendf(nil, `{"index":{"_index":"a","_id":%q}}`, id)}
		if err := visit([]verify.Document{doc}); err != nil {
			return verify.Reading{}, err
		}
		clear(buffer) // the bytes are valid no longer
	}
	return verify.Reading{Failed: s.failed}, nil
}

func (s *stock) Fetch(_ context.Context, names []cluster.Name) ([]cluster.Fetched, error) {
	got := make([]cluster.Fetched, len(names))
	for i, name := range names {
		if source, found := s.target[name.ID]; found {
			got[i] = cluster.Fetched{Found: true, Index: "a", Source: []byte(source)}
		}
	}
	return got, nil
}

const someFindings = `{"format":1,"kind":"missing","index":"a","id":"arrived"}
{"format":1,"kind":"missing","index":"a","id":"missing"}
{"format":1,"kind":"different","index":"a","id":"different","paths":["n"]}

{"format":1,"kind":"different","index":"a","id":"alike"}
{"format":1,"kind":"extra","index":"a","id":"extra"}
{"format":1,"kind":"extra","index":"a","id":"gone"}
{"format":1,"kind":"extra","index":"a","id":"gone","repair":"left","reason":"…"}
`

func TestFindingsAloneAreLookedAtAgain(t *testing.T) {
	sides := &stock{
		source: map[string]string{"arrived": `{"n":1}`, "missing": `{"n":2}`, "different": `{"n":3}`, "alike": `{"n":4,"m":1}`, "other": `{"n":5}`},
		target: map[string]string{"arrived": `{"n":1}`, "different": `{"n":33}`, "alike": `{"m": 1, "n": 4}`, "extra": `{"n":6}`, "another": `{}`},
	}
	keys, err := verify.ReadKeys(strings.NewReader(someFindings))
	if err != nil || len(keys) != 6 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	found := map[string]verify.Kind{}
	waited := 0
	options := verify.Options{Settle: time.Minute, Find: verify.FinderFunc(func(_ context.Context, d verify.Difference) error {
		found[d.ID] = d.Kind
		if d.Kind != verify.Extra && !strings.HasPrefix(string(d.Source), `{"n":`) {
			t.Errorf("%s comes with the source %q", d.Key, d.Source)
		}
		return nil
	}), Wait: func(context.Context, time.Duration) error {
		waited++
		sides.target["missing"] = `{"n":2}` // traffic brings it
		return nil
	}}
	summary, err := verify.Recheck(t.Context(), sides, sides, keys, options)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]verify.Kind{"different": verify.Different, "extra": verify.Extra}, found); diff != "" {
		t.Error(diff)
	}
	if summary.Total != (verify.Counts{Source: 4, Target: 5, Equal: 3, Extra: 1, Different: 1}) || !summary.Total.Balanced() || !summary.Complete || waited != 1 || sides.reads != 2 {
		t.Errorf("%+v, waited %d times, read %d times", summary, waited, sides.reads)
	}
	sides.failed = true
	if summary, err = verify.Recheck(t.Context(), sides, sides, keys, verify.Options{}); err != nil || summary.Complete || summary.Same() {
		t.Errorf("a part can't be read: %+v %v", summary, err)
	}
	if _, err = verify.Recheck(t.Context(), sides, sides, keys, verify.Options{Memory: 20}); err == nil || !strings.Contains(err.Error(), "--memory") {
		t.Errorf("too much for the memory: %v", err)
	}
}

func TestFindingsThatCantBeLookedAtAreNamed(t *testing.T) {
	for text, says := range map[string]string{
		"{\"format\":1,\"kind\":\"extra\",\"index\":\"a\",\"id\":\"1\"}\nnonsense": "line 2",
		`{"format":1,"kind":"extra","index":"a"}`:                                  "ids that the target made",
		`{"format":9,"kind":"extra","index":"a","id":"1"}`:                         "format 9",
		`{"documentId":"1"}`: "no finding of a verification",
	} {
		if _, err := verify.ReadKeys(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", text, err, says)
		}
	}
	if _, err := verify.ReadKeys(broken{}); err == nil {
		t.Error("a file that can't be read is one without findings")
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }
