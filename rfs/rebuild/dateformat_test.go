package rebuild

import (
	"encoding/json"
	"os"
	"testing"
)

// Every named format, and patterns of every letter, must print what a server of 8.19.0 printed, or be refused.
func TestDatesPrintAsTheServerPrintedThem(t *testing.T) {
	raw, err := os.ReadFile("testdata/dates-elasticsearch-8.19.0.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded struct {
		Instants []int64
		Formats  map[string][]*string
	}
	if err := json.Unmarshal(raw, &recorded); err != nil {
		t.Fatal(err)
	}
	refused := map[string]bool{
		"YYYY-'W'ww-e": true, "c e ee": true, "w ww W": true, "Q qq QQQ QQQQ": true, "B": true, "ppH pppm": true, "VV z zzzz O OOOO": true,
	}
	for name, printed := range recorded.Formats {
		format, err := compileDate(name, false)
		if (err != nil) != refused[name] {
			t.Errorf("%s: error %v, want one: %v", name, err, refused[name])
			continue
		}
		for i, want := range printed {
			if err != nil || want == nil {
				continue
			}
			millis := recorded.Instants[i]
			if got := string(format.append(nil, floorDiv(millis, 1000), floorMod(millis, 1000)*1e6)); got != *want {
				t.Errorf("%s of %d: %q, want %q", name, millis, got, *want)
			}
		}
	}
}
