package jsonlist

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type part struct {
	Name  string         `json:"name"`
	Body  map[string]any `json:"body,omitempty"`
	Inner *part          `json:"inner,omitempty"`
	List  []part         `json:"list"`
}

type Embedded struct {
	Embeds []string `json:"embeds"`
	Empty  struct{} `json:"empty,omitempty"`
}

type all struct {
	*Embedded
	part
	Nothing  []part      `json:"nothing"`
	None     []part      `json:"none,omitempty"`
	Empty    []*part     `json:"empties"`
	Parts    []*part     `json:"parts"`
	Bytes    []byte      `json:"bytes"`
	At       time.Time   `json:"at"`
	Zero     time.Time   `json:"zero,omitzero"`
	Number   json.Number `json:"number,omitempty"`
	Hidden   string      `json:"-"`
	Any      any         `json:"any"`
	Missing  *part       `json:"missing"`
	Untagged bool
	private  int
}

func TestTheBytesAreThoseOfEncodingJSON(t *testing.T) {
	tricky := part{Name: "<a href=\"x\">&\u2028\x00", Body: map[string]any{"b": []any{1, nil, map[string]any{}}, "a": []any{}}, List: []part{{Name: "in"}, {}}}
	for name, value := range map[string]any{
		"full": all{
			Embedded: &Embedded{Embeds: []string{"x", "<y>"}}, part: tricky, Empty: []*part{}, Parts: []*part{&tricky, nil, {Inner: &tricky}},
			Bytes: []byte("bytes"), At: time.Unix(1, 5), Number: "1e999", Hidden: "h", Any: tricky, private: 1,
		},
		"pointer": &all{Parts: []*part{{}}},
		"zero":    all{},
		"empty":   struct{}{},
		"list":    []int{1},
		"nil":     nil,
	} {
		var got, want bytes.Buffer
		encoder := json.NewEncoder(&want)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(value); err != nil {
			t.Fatal(err)
		}
		if err := Write(&got, value); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), got.String()); diff != "" {
			t.Errorf("%s: -encoding/json +ours\n%s", name, diff)
		}
	}
}

var errFull = errors.New("disk full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestErrorsAreSaid(t *testing.T) {
	if err := Write(full{}, part{}); !errors.Is(err, errFull) {
		t.Errorf("got %v, want the error of the writer", err)
	}
	if err := Write(&bytes.Buffer{}, all{Any: make(chan int)}); err == nil {
		t.Error("a channel was encoded")
	}
}
