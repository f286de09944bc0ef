package verify_test

import (
	"errors"
	"strings"
	"testing"

	"migassist/rfs/verify"
)

const someFindings = `{"format":1,"kind":"missing","index":"a","id":"arrived"}
{"format":1,"kind":"missing","index":"a","id":"missing"}
{"format":1,"kind":"different","index":"a","id":"different","paths":["n"]}

{"format":1,"kind":"different","index":"a","id":"alike"}
{"format":1,"kind":"extra","index":"a","id":"extra"}
{"format":1,"kind":"extra","index":"a","id":"gone"}
{"format":1,"kind":"extra","index":"a","id":"gone","repair":"left","reason":"…"}
`

func TestFindingsNameEachDocumentOnce(t *testing.T) {
	keys, err := verify.ReadKeys(strings.NewReader(someFindings))
	if err != nil || len(keys) != 6 || keys[0].ID != "arrived" || keys[5].ID != "gone" {
		t.Fatalf("%v, %v", keys, err)
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
