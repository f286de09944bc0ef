package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"migassist/rfs/verify"
	"migassist/xcontent/tree"
)

// rewritten is a document as a server that parses and prints it would have it: another order, other numbers, other escapes.
func rewritten(source string) string {
	source = strings.Replace(source, `ä\u00e4`, `\u00e4ä`, 1)
	return strings.Replace(source, `{"n":`, `{ "m0":1e0,"n":`, 1)
}

// TestATargetThatRewritesEverythingIsComparedByValues: all documents differ in bytes, and one in its value.
func TestATargetThatRewritesEverythingIsComparedByValues(t *testing.T) {
	source := &inMemory{docs: random(rand.New(rand.NewPCG(1, 1)), 4000), parts: 3}
	_, client := newTarget(t, "books", "films")
	there := map[verify.Key]string{}
	var want []finding
	for i, key := range source.keys() {
		source.docs[key] = strings.Replace(source.docs[key], "}}", `},"m0":1}`, 1)
		there[key] = source.docs[key]
		if key.Index == "books" {
			there[key] = rewritten(strings.Replace(source.docs[key], `,"m0":1}`, `}`, 1))
		}
		if i == 100 {
			there[key] = strings.Replace(there[key], `"b":[`, `"b":[11,`, 1)
			want = append(want, finding{verify.Different, key, "a.b.0 a.b.2", 1})
		}
	}
	put(t, client, there)
	before := source.reads
	got, summary := found(t, source, client, verify.Options{}.WithFew(100))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if reads := source.reads - before; reads > 3*source.parts {
		t.Errorf("the source was read %d times in parts, and has %d", reads, source.parts)
	}
	if summary.Total.Equal != int64(len(source.docs)-1) {
		t.Errorf("%+v", summary)
	}
}

func TestIDsOfTheTargetsOwnAreComparedByContent(t *testing.T) {
	source := &inMemory{docs: map[verify.Key]string{}, parts: 1, noIDs: true}
	_, client := newTarget(t, "logs")
	there := map[verify.Key]string{}
	for i := range 1000 {
		content := fmt.Sprintf(`{"line":%d}`, i/3) // each three times
		source.docs[verify.Key{Index: "logs", ID: fmt.Sprint(i)}] = content
		if i != 30 && i != 31 {
			there[verify.Key{Index: "logs", ID: fmt.Sprint("generated", i)}] = content
		}
	}
	there[verify.Key{Index: "logs", ID: "once more"}] = `{"line":20}`
	put(t, client, there)
	got, summary := found(t, source, client, verify.Options{ByContent: true})
	var missing, extra int64
	for _, f := range got {
		switch {
		case f.Kind == verify.Missing && f.Key.ID == "":
			missing += f.Count
		case f.Kind == verify.Extra && f.Key.ID != "":
			extra += f.Count
		default:
			t.Error(f)
		}
	}
	if missing != 2 || extra != 1 || summary.Total.Equal != 998 {
		t.Errorf("%d missing, %d extra, %+v", missing, extra, summary.Total)
	}
	if _, err := verify.New(source, verify.NewTarget(client), verify.Options{}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "--server-generated-ids") {
		t.Errorf("without being told: %v", err)
	}
}

func TestOfSeveralUnderOneIDTheHighestVersionStays(t *testing.T) {
	key := verify.Key{Index: "books", ID: "1"}
	for name, c := range map[string]struct {
		there string
		want  []finding
	}{
		"new": {`{"new":1}`, nil},
		"old": {`{"old":1}`, []finding{{verify.Different, key, "new old", 1}}},
		"":    {"", []finding{{verify.Missing, key, "", 1}}},
	} {
		source := &inMemory{docs: map[verify.Key]string{{Index: "books", ID: "2"}: `{}`}, parts: 1}
		for _, order := range [][]int64{{1, 2}, {2, 1}} {
			source.twice = nil
			for _, version := range order {
				content := []string{"", `{"old":1}`, `{"new":1}`}[version]
				source.twice = append(source.twice, verify.Document{Index: "books", ID: []byte("1"), Source: []byte(content), Version: version})
			}
			_, client := newTarget(t, "books")
			there := map[verify.Key]string{{Index: "books", ID: "2"}: `{}`}
			if c.there != "" {
				there[key] = c.there
			}
			put(t, client, there)
			for _, held := range []int{0, 1} { // all at once, or one after the other
				got, summary := found(t, source, client, verify.Options{}.WithHeld(held))
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
				if summary.Total.Superseded != 1 || summary.Total.Source != 3 {
					t.Errorf("%s: %+v", name, summary.Total)
				}
			}
		}
	}
}

func TestASampleComparesItsBucketsAlone(t *testing.T) {
	source := &inMemory{docs: random(rand.New(rand.NewPCG(1, 1)), 5000), parts: 1}
	_, client := newTarget(t, "books", "films")
	there := map[verify.Key]string{}
	for key := range source.docs {
		there[key] = `{"other":1}`
	}
	put(t, client, there)
	got, summary := found(t, source, client, verify.Options{Sample: 65536 / 4})
	n := summary.Total.Source
	if want := int64(len(source.docs)) / 4; n < want*8/10 || n > want*12/10 || summary.Total.Different != n || int64(len(got)) != n || summary.Sampled != 65536/4 {
		t.Errorf("%d findings: %+v", len(got), summary)
	}
}

func TestMoreThanThereIsMemoryForIsReportedAsAWhole(t *testing.T) {
	source := &inMemory{docs: random(rand.New(rand.NewPCG(1, 1)), 5000), parts: 1}
	_, client := newTarget(t, "books", "films")
	there := map[verify.Key]string{}
	for key, content := range source.docs {
		there[key] = content
		if key.Index == "books" {
			there[key] = `{"other":1}`
		}
	}
	put(t, client, there)
	got, summary := found(t, source, client, verify.Options{Memory: 400_000}) // a thousand suspects
	total := summary.Total
	if len(got) == 0 || len(got) > 1000 || total.Unexamined == 0 || total.UnexaminedTarget == 0 || summary.Same() {
		t.Errorf("%d findings: %+v", len(got), total)
	}
	if films := summary.Indices[1]; films.Equal != films.Source {
		t.Errorf("what is alike as a whole is known to be: %+v", films)
	}
}

func TestAnIndexThatTheTargetLacksIsMissing(t *testing.T) {
	source := &inMemory{docs: random(rand.New(rand.NewPCG(1, 1)), 300), parts: 1}
	_, client := newTarget(t, "books")
	there := map[verify.Key]string{}
	films := 0
	for key, content := range source.docs {
		if key.Index == "books" {
			there[key] = content
		} else {
			films++
		}
	}
	put(t, client, there)
	got, summary := found(t, source, client, verify.Options{})
	if len(got) != films || summary.Total.Missing != int64(films) || len(summary.Problems) != 1 {
		t.Errorf("%d findings for %d documents: %+v", len(got), films, summary)
	}
}

// TestTheSameIDUnderTwoRoutings is two documents, where these lead to two shards.
func TestTheSameIDUnderTwoRoutings(t *testing.T) {
	_, client := newTarget(t, "books")
	docs := map[verify.Key]string{}
	for i := range 9 {
		docs[verify.Key{Index: "books", ID: "1", Routing: fmt.Sprint("r", i)}] = fmt.Sprintf(`{"n":%d}`, i)
	}
	put(t, client, docs)
	kept := map[verify.Key]string{}
	for group, err := range client.Select(t.Context(), "books", "", json.RawMessage(`{"size":10}`)) {
		if err != nil {
			t.Fatal(err)
		}
		for _, hit := range group.Hits {
			kept[verify.Key{Index: "books", ID: "1", Routing: string(hit.Routing)}] = string(hit.Source)
		}
	}
	if len(kept) != 3 {
		t.Fatalf("%d documents on three shards", len(kept))
	}
	source := &inMemory{docs: kept, parts: 1}
	if got, _ := found(t, source, client, verify.Options{}); len(got) > 0 {
		t.Error(got)
	}
	var want []finding
	for key := range kept {
		kept[key] = `{"n":-1}`
		want = append(want, finding{verify.Different, key, "n", 1})
		break
	}
	got, _ := found(t, source, client, verify.Options{})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestADifferenceCountsAfterTwoReads: one document is mended between them, one is not, one becomes another difference.
func TestADifferenceCountsAfterTwoReads(t *testing.T) {
	source := &inMemory{docs: map[verify.Key]string{}, parts: 1}
	key := func(id string) verify.Key { return verify.Key{Index: "books", ID: id} }
	for _, id := range []string{"late", "lost", "changes", "fine"} {
		source.docs[key(id)] = `{"a":1,"b":1}`
	}
	_, client := newTarget(t, "books")
	put(t, client, map[verify.Key]string{key("fine"): `{"a":1,"b":1}`, key("changes"): `{"a":2,"b":1}`, key("gone soon"): `{}`})
	waited := time.Duration(0)
	wait := func(ctx context.Context, d time.Duration) error {
		if waited == 0 {
			put(t, client, map[verify.Key]string{key("late"): `{"a":1,"b":1}`, key("changes"): `{"a":1,"b":2}`})
			if _, err := client.Bulk(ctx, []byte(`{"delete":{"_index":"books","_id":"gone soon"}}`+"\n")); err != nil {
				t.Fatal(err)
			}
		}
		waited += d
		return nil
	}
	got, _ := foundOnly(t, source, client, verify.Options{Settle: time.Minute, Wait: wait})
	want := []finding{{verify.Different, key("changes"), "b", 1}, {verify.Missing, key("lost"), "", 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if waited < time.Minute {
		t.Errorf("waited %s", waited)
	}
}

func TestAVerificationGoesOnWhereItEnded(t *testing.T) {
	source := &inMemory{docs: random(rand.New(rand.NewPCG(1, 1)), 3000), parts: 3}
	_, client := newTarget(t, "books", "films")
	there := map[verify.Key]string{}
	for _, key := range source.keys()[1:] {
		there[key] = source.docs[key]
	}
	put(t, client, there)
	state := filepath.Join(t.TempDir(), "state")
	options := verify.Options{State: state, Name: "books and films"}
	source.failAt = 3
	if _, err := verify.New(source, verify.NewTarget(client), options).Run(t.Context()); !errors.Is(err, errFailed) {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}

	other := options
	other.Name = "something else"
	if _, err := verify.New(source, verify.NewTarget(client), other).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "another verification") {
		t.Errorf("under another name: %v", err)
	}
	for name, damaged := range map[string][]byte{
		"newer":   bytes.Replace(kept, []byte(`{"format":1`), []byte(`{"format":9`), 1),
		"cut":     kept[:len(kept)-1],
		"flipped": append(bytes.Clone(kept[:len(kept)-1]), kept[len(kept)-1]^1),
		"empty":   nil,
	} {
		if err := os.WriteFile(state, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := verify.New(source, verify.NewTarget(client), options).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "remove the file") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.WriteFile(state, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	source.reads, source.failAt = 0, 0
	got, _ := found(t, source, client, options)
	if want := []finding{{verify.Missing, source.keys()[0], "", 1}}; !cmp.Equal(want, got) {
		t.Error(cmp.Diff(want, got))
	}
	if source.reads > 1+source.parts { // the last part, and all of them for the document that is missing
		t.Errorf("%d parts of the source were read after all but one were done", source.reads)
	}
	if _, err := os.Stat(state); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the state of what is done is still there: %v", err)
	}
}

func TestFindingsAreCheckedAgain(t *testing.T) {
	source := &inMemory{docs: random(rand.New(rand.NewPCG(1, 1)), 500), parts: 2}
	_, client := newTarget(t, "books", "films")
	keys := source.keys()
	there := map[verify.Key]string{}
	for _, key := range keys[3:] {
		there[key] = source.docs[key]
	}
	more := verify.Key{Index: "films", ID: "more"}
	there[more] = `{}`
	put(t, client, there)
	var differences []verify.Difference
	take := verify.FinderFunc(func(_ context.Context, d verify.Difference) error {
		differences = append(differences, d.Clone())
		return nil
	})
	v := verify.New(source, verify.NewTarget(client), verify.Options{Find: take})
	if _, err := v.Run(t.Context()); err != nil || len(differences) != 4 {
		t.Fatal(err, differences)
	}
	put(t, client, map[verify.Key]string{keys[0]: source.docs[keys[0]]})
	differences = nil
	summary, err := v.Recheck(t.Context(), []verify.Key{keys[0], keys[1], more, keys[9], {Index: "films", ID: "on neither side"}})
	if err != nil || len(differences) != 2 {
		t.Errorf("recheck: %v %v", err, differences)
	}
	total := summary.Total
	if total.Missing != 1 || total.Extra != 1 || total.Equal != 2 || total.Source != 3 || total.Target != 3 || !total.Balanced() || len(summary.Problems) != 1 {
		t.Errorf("%+v", total)
	}
}

func TestRecordsAreReadBack(t *testing.T) {
	d := verify.Difference{Kind: verify.Different, Key: verify.Key{Index: "a", ID: "ä\"\n", Routing: "r"}, Paths: []string{"x.y"}, Count: 1, Source: []byte(`{}`)}
	var out bytes.Buffer
	if d := (verify.Difference{Kind: verify.Missing, Source: []byte(`{"line":7}`)}); d.Record().Content != `{"line":7}` {
		t.Errorf("a document without id is %+v", d.Record())
	}
	if err := (verify.Writer{Out: &out}).Find(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	got, err := verify.ParseRecord(out.Bytes())
	if diff := cmp.Diff(d.Record(), got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	for _, bad := range []string{`{`, `{}`, `{"format":2,"kind":"missing","index":"a","id":"1"}`, `{"format":1,"kind":"other","index":"a"}`} {
		if _, err := verify.ParseRecord([]byte(bad)); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

func TestCanonicalDigestsAreOfValues(t *testing.T) {
	for _, same := range [][]string{
		{`1`, `1.0`, `10e-1`, `0.1E+1`, ` 1 `, `100e-2`},
		{`0`, `-0`, `0.000`, `0e99999999999999999999`},
		{`1e99999999999999999999`, `10e99999999999999999998`},
		{`9007199254740993`, `9007199254740993.0`},
		{`"ä"`, `"\u00e4"`, `"\u00E4"`},
		{`{"a":1,"b":[2,3]}`, `{ "b" : [2.0,3], "a":1e0 }`, `{"a":7,"b":[2,3],"a":1}`},
	} {
		want, _ := verify.Canonical([]byte(same[0]))
		for _, text := range same {
			if got, ok := verify.Canonical([]byte(text)); !ok || got != want {
				t.Errorf("%s is another value than %s", text, same[0])
			}
		}
	}
	seen := map[[32]byte]string{}
	for _, text := range []string{
		`0`, `1`, `-1`, `10`, `0.1`, `9007199254740992`, `9007199254740993`, `"1"`, `""`, `"0"`, `null`, `true`, `false`, `[]`, `{}`, `[1]`, `[1,2]`, `[2,1]`, `[[1],2]`, `[1,[2]]`,
		`{"a":1}`, `{"a":"1"}`, `{"b":1}`, `{"a":1,"b":1}`, `{"a":null}`, `{"a":{"b":1}}`, `{"ab":1}`, `[null]`, `[{}]`, `"a"`, `{"":1}`,
	} {
		got, ok := verify.Canonical([]byte(text))
		if other, again := seen[got]; again || !ok {
			t.Errorf("%s is the same as %s", text, other)
		}
		seen[got] = text
	}
}

// TestCanonicalDigestsAgreeWithEqual: what tree.Equal says of two values is what their digests say.
func TestCanonicalDigestsAgreeWithEqual(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	alike := 0
	for range 20_000 {
		a, b := value(r, 3), value(r, 3)
		x, err := tree.Parse([]byte(a))
		if err != nil {
			t.Fatal(err)
		}
		y, err := tree.Parse([]byte(b))
		if err != nil {
			t.Fatal(err)
		}
		p, _ := verify.Canonical([]byte(a))
		q, _ := verify.Canonical([]byte(b))
		if (p == q) != tree.Equal(x, y) {
			t.Errorf("%s and %s: digests alike: %t, values equal: %t", a, b, p == q, p != q)
		}
		if p == q {
			alike++
		}
	}
	if alike < 500 {
		t.Errorf("only %d pairs are alike: this proves little", alike)
	}
}

// value writes a small random value, one of few.
func value(r *rand.Rand, depth int) string {
	if depth == 0 || r.IntN(3) == 0 {
		return []string{`1`, `1.0`, `10e-1`, `-0`, `0`, `0.0e5`, `"a"`, `"\u0061"`, `null`, `true`, `1e400`, `10e399`, `""`}[r.IntN(13)]
	}
	if r.IntN(3) == 0 {
		return "[" + value(r, depth-1) + strings.Repeat(","+value(r, depth-1), r.IntN(2)) + "]"
	}
	var members []string
	for range r.IntN(3) {
		members = append(members, fmt.Sprintf(`%q:%s`, string(rune('a'+r.IntN(2))), value(r, depth-1)))
	}
	return "{" + strings.Join(members, " , ") + "}"
}
