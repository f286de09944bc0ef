package rfs_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster"
	"migassist/rfs"
	"migassist/rfs/bulk"
	"migassist/rfs/lease/leasetest"
	"migassist/selection"
	"migassist/snapshot"
	"migassist/transform"
	"migassist/transform/pipeline"
)

// rewrites is a transform that is a function, of which nothing is known before.
type rewrites func(w transform.Write) ([]transform.Write, error)

func (f rewrites) New() transform.Transformer                            { return f }
func (rewrites) Targets(string, []string) (t map[string]string, ok bool) { return nil, false }
func (rewrites) Addresses() bool                                         { return true }
func (rewrites) Edits() bool                                             { return true }

func (f rewrites) Transform(_ context.Context, dst []*transform.Message, m *transform.Message) ([]*transform.Message, error) {
	writes, err := f(m.Write)
	for _, w := range writes {
		dst = append(dst, transform.NewDocument(w))
	}
	if err != nil {
		return dst, &transform.Error{Transform: "1 (test)", Cause: err}
	}
	return dst, nil
}

// lines is a sink that keeps operations as they are sent, and refuses those it is told to.
type lines struct {
	mu     sync.Mutex
	all    []string
	refuse func(action string) bool
}

func (l *lines) Write(_ context.Context, b *bulk.Batch, _ bulk.Permit) (out bulk.Outcome, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range b.Len() {
		action, source := b.Operation(i)
		if l.refuse != nil && l.refuse(string(action)) {
			out.Refused = append(out.Refused, bulk.Refusal{Operation: i, Status: 400, Reason: cluster.ItemError{Type: "mapper_parsing_exception", Reason: "picky"}})
			continue
		}
		out.Written++
		l.all = append(l.all, fmt.Sprintf("%s %s", action, source))
	}
	return out, nil
}

func (l *lines) sorted() []string { return slices.Sorted(slices.Values(l.all)) }

// having is a target that has indices with so many documents each.
type having struct {
	mu    sync.Mutex
	has   map[string]int64
	asked map[string]int
}

func (h *having) Places(_ context.Context, names ...string) (map[string]cluster.Place, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	there := map[string]cluster.Place{}
	for _, name := range names {
		h.asked[name]++
		if _, ok := h.has[name]; ok {
			there[name] = cluster.Place{UUID: "uuid of " + name}
		} else if index := name + "-000001"; h.has[index] != 0 {
			there[index] = cluster.Place{UUID: "uuid of " + index, Aliases: map[string]*bool{name: nil}}
		}
	}
	return there, nil
}

func (h *having) Refresh(context.Context, ...string) error { return nil }

func (h *having) Count(_ context.Context, name string) (int64, error) { return h.has[name], nil }

func planWith(t testing.TB, snap *snapshot.Snapshot, choices rfs.Choices, indices ...string) *rfs.Plan {
	t.Helper()
	allow, err := selection.ParseAllowlist(indices)
	if err != nil {
		t.Fatal(err)
	}
	chosen, _, err := rfs.Select(t.Context(), snap, allow)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := rfs.NewPlan(t.Context(), snap, chosen.Chosen, choices)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func fateOf(id []byte) uint32 { return crc32.ChecksumIEEE(id) % 8 }

// everything is a transform that does to each document what its id says.
func everything(w transform.Write) ([]transform.Write, error) {
	other := w
	switch fateOf(w.ID) {
	case 0:
		return nil, nil
	case 1:
		other.ID, other.Source = append([]byte("copy-"), w.ID...), []byte(`{"copy":true}`)
		return []transform.Write{w, other}, nil
	case 2:
		return []transform.Write{w}, errors.New("I do not like it")
	case 3:
		w.Index = "renamed"
	case 4:
		w.Index = "nowhere"
		return []transform.Write{other, w}, nil // neither goes
	case 5:
		w.Action, w.Source = "delete", nil
	case 6:
		w.Action, w.Index, w.Source = "create", "alias", []byte("{\n\"new\": 1.0}")
	}
	return []transform.Write{w}, nil
}

// expectation is what everything makes of the documents of an index, by an own computation from what is read without it.
func expectation(t *testing.T, plain []string) (want []string, total rfs.Counts) {
	t.Helper()
	for _, line := range plain {
		var action struct {
			Index struct {
				Index, ID, Routing string
			}
		}
		head, source, _ := strings.Cut(line, "}} ")
		if err := json.Unmarshal([]byte(strings.ReplaceAll(head, `"_i`, `"i`)+"}}"), &action); err != nil {
			t.Fatal(err)
		}
		id := action.Index.ID
		op := func(name, index, id, source string) {
			routing := ""
			if action.Index.Routing != "" {
				routing = strings.ReplaceAll(fmt.Sprintf(`,"routing":%q`, action.Index.Routing), `\n`, `\u000a`)
			}
			want = append(want, fmt.Sprintf(`{"%s":{"_index":"%s","_id":%q%s}} %s`, name, index, id, routing, source))
			total.Written++
		}
		total.Read++
		switch fateOf([]byte(id)) {
		case 0:
			total.Dropped++
		case 1:
			op("index", action.Index.Index, id, source)
			op("index", action.Index.Index, "copy-"+id, `{"copy":true}`)
			total.Made++
		case 2, 4:
			total.Skipped++
		case 3:
			op("index", "renamed", id, source)
		case 5:
			op("delete", action.Index.Index, id, "")
			total.Deletes++
		case 6:
			op("create", "alias-000001", id, `{ "new": 1.0}`)
		default:
			op("index", action.Index.Index, id, source)
		}
	}
	slices.Sort(want)
	return want, total
}

func TestDocumentsBecomeWhatTransformsMakeOfThem(t *testing.T) {
	snap := openFixture(t, "elasticsearch-7.10.2/second")
	plain := &lines{}
	run(t, snap, planWith(t, snap, rfs.Choices{}, "routed"), plain, rfs.Options{})
	want, total := expectation(t, plain.sorted())
	for _, memory := range []int{0, 2 << 20} {
		target := &having{has: map[string]int64{"routed": 0, "renamed": 0, "alias-000001": 7}, asked: map[string]int{}}
		plan := planWith(t, snap, rfs.Choices{Transform: rewrites(everything)}, "routed")
		if err := plan.Address(t.Context(), target); err != nil {
			t.Fatal(err)
		}
		got, letters := &lines{}, filepath.Join(t.TempDir(), "dead.ndjson")
		summary := run(t, snap, plan, got, rfs.Options{Names: target, DeadLetterFile: letters, Memory: memory, BatchBytes: 4 << 10, Store: leasetest.NewMemory()})
		if diff := cmp.Diff(want, got.sorted()); diff != "" {
			t.Fatalf("want -, got +\n%s", diff)
		}
		is := summary.Total
		is.Bytes, is.Converted = 0, 0
		if diff := cmp.Diff(total, is); diff != "" || !is.Balanced() || is.Dropped == 0 || is.Made == 0 || is.Skipped == 0 {
			t.Errorf("want -, got +\n%s", diff)
		}
		if target.asked["nowhere"] != 1 || target.asked["renamed"] > 3 {
			t.Errorf("the target was asked %v times", target.asked)
		}
		failed, nowhere := 0, 0
		for _, l := range lettersIn(t, letters) {
			switch {
			case l.FailureType == "transform_failed" && strings.Contains(l.Reason, "transform 1 (test): I do not like it"):
				failed++
			case l.FailureType == "no_index" && strings.Contains(l.Reason, "nowhere, and the target has no such index"):
				nowhere++
			default:
				t.Errorf("dead letter %+v", l)
			}
			if l.Class != "NOT_SENT" || !strings.Contains(strings.Join(plain.all, "\n"), string(l.RequestItem.Document)) {
				t.Errorf("dead letter %+v is not of the original", l)
			}
		}
		if failed == 0 || nowhere == 0 || int64(failed+nowhere) != total.Skipped {
			t.Errorf("%d failed and %d nowhere, of %d", failed, nowhere, total.Skipped)
		}
	}
}

// letterOf is a dead letter, as far as these tests look.
type letterOf struct {
	FailureType string
	Class       string `json:"failureClass"`
	Reason      string
	DocumentID  string
	RequestItem struct {
		Action   json.RawMessage
		Document json.RawMessage
	}
}

func lettersIn(t *testing.T, name string) (all []letterOf) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		var l letterOf
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

func TestWhatTheTargetRefusesIsKeptAsItWasBeforeTransforms(t *testing.T) {
	snap := openFixture(t, "elasticsearch-7.10.2/second")
	plain := &lines{}
	run(t, snap, planWith(t, snap, rfs.Choices{}, "routed"), plain, rfs.Options{})
	originals := map[string]bool{}
	for _, line := range plain.all {
		_, source, _ := strings.Cut(line, "}} ")
		originals[source] = true
	}
	changes := rewrites(func(w transform.Write) ([]transform.Write, error) {
		if fateOf(w.ID) > 2 { // the others stay as they are
			w.Source = []byte(`{"changed":"` + strings.Repeat("x", 3000) + `"}`)
		}
		if fateOf(w.ID) == 4 {
			return []transform.Write{w, w}, nil
		}
		return []transform.Write{w}, nil
	})
	letters := filepath.Join(t.TempDir(), "dead.ndjson")
	summary := run(t, snap, planWith(t, snap, rfs.Choices{Transform: changes}, "routed"), &lines{refuse: func(string) bool { return true }}, rfs.Options{DeadLetterFile: letters, BatchBytes: 64 << 10})
	all := lettersIn(t, letters)
	if int64(len(all)) != summary.Total.Read+summary.Total.Made || summary.Total.Made == 0 || summary.Total.Refused != int64(len(all)) {
		t.Errorf("%d dead letters of %+v", len(all), summary.Total)
	}
	for _, l := range all {
		if !originals[string(l.RequestItem.Document)] || len(l.RequestItem.Action) == 0 || l.Class != "NON_RETRYABLE" {
			t.Fatalf("document %s: %.200s is no original", l.DocumentID, l.RequestItem.Document)
		}
	}
}

func TestATransformThatFailsEndsTheRunIfToldSo(t *testing.T) {
	snap := openFixture(t, "elasticsearch-7.10.2/second")
	plan := planWith(t, snap, rfs.Choices{Transform: rewrites(everything), StopOnTransformError: true}, "routed")
	store, letters := leasetest.NewMemory(), filepath.Join(t.TempDir(), "dead.ndjson")
	_, err := rfs.New(of(snap, plan), &lines{}, rfs.Options{DeadLetterFile: letters, Store: store, Place: "a test"}).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "transform 1 (test): I do not like it") || !strings.Contains(err.Error(), "--transform-errors dead-letter") {
		t.Fatalf("ended with %v", err)
	}
	plan = planWith(t, snap, rfs.Choices{Transform: rewrites(everything)}, "routed")
	sink := &lines{}
	summary, err := rfs.New(of(snap, plan), sink, rfs.Options{DeadLetterFile: letters, Store: store, Place: "a test"}).Run(t.Context())
	if err != nil || !summary.Complete || !summary.Total.Balanced() {
		t.Fatalf("went on to %+v, %v", summary, err)
	}
}

func TestRulesForTypesSendWithoutLookingAtDocuments(t *testing.T) {
	snap := openFixture(t, "elasticsearch-5.6.16/second")
	split := planAll(t, snap)
	several := ""
	for _, name := range split.Indices() {
		if len(split.TargetsOf(name)) > 1 {
			several = name
		}
	}
	if several == "" {
		t.Fatal("the fixture has no index of several types")
	}
	plain := &lines{}
	index, err := snap.Index(t.Context(), several)
	if err != nil {
		t.Fatal(err)
	}
	run(t, snap, planWith(t, snap, rfs.Choices{MultiType: rfs.MultiTypeSplit}, several), plain, rfs.Options{})
	types := rfs.Types(index)
	config := fmt.Sprintf(`[{"TypeMappingSanitizationTransformerProvider":{"staticMappings":{%q:{%q:"kept"}}}}]`, several, types[0])
	program, err := pipeline.Parse([]byte(config), pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plan := planWith(t, snap, rfs.Choices{Transform: neverRun{program, t}}, several)
	got := &lines{}
	summary := run(t, snap, plan, got, rfs.Options{})
	kept := 0
	for _, line := range plain.all {
		if strings.Contains(line, fmt.Sprintf(`"_index":"%s_%s"`, several, types[0])) {
			kept++
		}
	}
	if n := int64(kept); n == 0 || summary.Total.Written != n || summary.Total.Dropped != int64(len(plain.all)-kept) || summary.Total.Dropped == 0 || !summary.Total.Balanced() {
		t.Errorf("%+v, want %d kept of %d", summary.Total, kept, len(plain.all))
	}
	for _, line := range got.all {
		if !strings.HasPrefix(line, `{"index":{"_index":"kept",`) {
			t.Fatal(line)
		}
	}
}

// neverRun is a chain whose transformer must not be asked.
type neverRun struct {
	*pipeline.Program

	t *testing.T
}

func (n neverRun) New() transform.Transformer { return n }

func (n neverRun) Transform(context.Context, []*transform.Message, *transform.Message) ([]*transform.Message, error) {
	n.t.Error("a document was looked at")
	return nil, nil
}

// TestNamesAreSettledOnceForAllWorkers: also where the target has changed when the second one comes.
func TestNamesAreSettledOnceForAllWorkers(t *testing.T) {
	snap := openFixture(t, "elasticsearch-7.10.2/second")
	renames := rewrites(func(w transform.Write) ([]transform.Write, error) {
		w.Index = "alias"
		return []transform.Write{w}, nil
	})
	target := &having{has: map[string]int64{"alias-000001": 3}, asked: map[string]int{}}
	store := leasetest.NewMemory()
	work := func(sink rfs.Sink) (*rfs.Summary, error) {
		plan := planWith(t, snap, rfs.Choices{Transform: renames}, "routed")
		return rfs.New(of(snap, plan), sink, rfs.Options{Names: target, Store: store, DeadLetterFile: filepath.Join(t.TempDir(), "d"), BatchBytes: 1000, InFlight: 1}).Run(t.Context())
	}
	ended := errors.New("no more")
	batches := 0
	_, err := work(&picky{keep: keep{t: t, docs: map[string]string{}}, before: func() error {
		if batches++; batches > 2 {
			return ended
		}
		return nil
	}})
	if !errors.Is(err, ended) {
		t.Fatal(err)
	}
	record, err := store.Get(t.Context(), "found/alias")
	if err != nil || !bytes.Contains(record.Body, []byte(`"target":"alias-000001"`)) || !bytes.Contains(record.Body, []byte(`"before":3`)) {
		t.Fatalf("%s, %v", record.Body, err)
	}
	target.has["alias-000001"] = 50
	sink := &lines{}
	summary, err := work(sink)
	if err != nil || summary.Total.Skipped > 0 || !strings.Contains(sink.all[0], `"_index":"alias-000001"`) {
		t.Fatalf("%+v, %v", summary, err)
	}
}
