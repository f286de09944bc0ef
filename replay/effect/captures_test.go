package effect_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"testing"

	"migassist/capture"
	"migassist/capture/capturetest"
	"migassist/replay/effect"
)

const root = "../.."

// Folding what was applied, by sequence number, arrives at exactly the documents that the source had in the end.
func TestOperationsOfCapturesFoldToTheFinalDocuments(t *testing.T) {
	for number := 1; number <= 2; number++ {
		j := capturetest.ReadJava(t, root, number)
		last := map[string]*effect.Operation{}
		bodies := map[string][]byte{}
		seen := map[int64]bool{}
		for _, x := range j.Exchanges {
			e, err := effect.Of(x)
			if err != nil && x.Request.Whole {
				t.Errorf("capture %d: %s: %v", number, x.Request.Head.First(), err)
			}
			for i := range e.Operations {
				o := &e.Operations[i]
				if o.Applied != effect.Yes {
					continue
				}
				if o.ID == "" || o.Written != j.Index {
					t.Fatalf("%s: applied, and yet %+v", x.Request.Head.First(), o)
				}
				if o.Result == effect.Noop {
					continue
				}
				if !o.HasSeqNo || !o.HasTerm || !o.HasVersion || seen[o.SeqNo] {
					t.Fatalf("%s: sequence number of %+v", x.Request.Head.First(), o)
				}
				seen[o.SeqNo] = true
				if before := last[o.ID]; before == nil || before.SeqNo < o.SeqNo {
					last[o.ID], bodies[o.ID] = o, o.Source.Of(e.Body)
				}
			}
		}
		compare(t, j, last, bodies)
	}
}

func compare(t *testing.T, j *capturetest.Java, last map[string]*effect.Operation, bodies map[string][]byte) {
	t.Helper()
	whole, left := 0, 0
	for id, o := range last {
		source, there := j.Final[id]
		if there == (o.Action == effect.Delete) {
			t.Errorf("%s: %s of document %s came last, in the end it is there: %v", j.Index, o.Action, id, there)
		}
		if o.Action != effect.Delete {
			left++
		}
		if o.Action == effect.Index || o.Action == effect.Create {
			whole++
			if !sameJSON(t, source, bodies[id]) {
				t.Errorf("%s: document %s is %s in the end, %s was written last", j.Index, id, source, bodies[id])
			}
		}
	}
	if left != len(j.Final) || whole < left/2 {
		t.Errorf("%s: %d documents by the operations, %d of them by a whole one, %d in the end", j.Index, left, whole, len(j.Final))
	}
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	if err := errors.Join(json.Unmarshal(a, &x), json.Unmarshal(b, &y)); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(x, y)
}

// What clients saw, read by another reader of JSON, says the same of each write.
func TestOperationsOfCapturesAgreeWithTheClients(t *testing.T) {
	for number := 1; number <= 2; number++ {
		j := capturetest.ReadJava(t, root, number)
		byClient := map[int][]*capture.Exchange{}
		for _, x := range j.Exchanges {
			if client, err := strconv.Atoi(string(x.Request.Head.Get("x-client"))); err == nil {
				byClient[client] = append(byClient[client], x)
			}
		}
		operations := 0
		for _, seen := range j.Client {
			x := byClient[seen.Client][0]
			byClient[seen.Client] = byClient[seen.Client][1:]
			e, err := effect.Of(x)
			if err != nil || e.Status != seen.Status || e.Scope.Barrier() {
				t.Fatalf("%s %s: %v, %+v", seen.Method, seen.Path, err, e)
			}
			answers := answersTo(t, seen)
			if len(answers) != len(e.Operations) {
				t.Fatalf("%s %s: %d operations, %d answers", seen.Method, seen.Path, len(e.Operations), len(answers))
			}
			for i := range answers {
				operations++
				agree(t, &answers[i], &e.Operations[i])
			}
		}
		if operations < 1000 {
			t.Errorf("%d operations", operations)
		}
	}
}

type answer struct {
	action string
	ID     string          `json:"_id"`
	SeqNo  *int64          `json:"_seq_no"`
	Status int             `json:"status"`
	Result string          `json:"result"`
	Error  json.RawMessage `json:"error"`
}

func answersTo(t *testing.T, seen capturetest.Seen) []answer {
	t.Helper()
	if seen.Method == "GET" || seen.Method == "HEAD" || bytes.Contains([]byte(seen.Path), []byte("_search")) {
		return nil
	}
	var bulk struct{ Items []map[string]answer }
	var one answer
	if err := errors.Join(json.Unmarshal([]byte(seen.Response), &bulk), json.Unmarshal([]byte(seen.Response), &one)); err != nil {
		t.Fatal(err)
	}
	if bulk.Items == nil {
		one.Status = seen.Status
		return []answer{one}
	}
	var all []answer
	for _, item := range bulk.Items {
		for action, each := range item {
			each.action = action
			all = append(all, each)
		}
	}
	return all
}

func agree(t *testing.T, want *answer, o *effect.Operation) {
	t.Helper()
	applied := effect.No
	if want.Error == nil {
		applied = effect.Yes
	}
	if o.Applied != applied || o.Status != want.Status || want.action != "" && o.Action.String() != want.action || want.Error != nil && o.ErrorType == "" {
		t.Errorf("%+v, answered %+v", o, want)
	}
	if applied == effect.Yes && (o.ID != want.ID || want.SeqNo != nil && want.Result != "noop" && (!o.HasSeqNo || o.SeqNo != *want.SeqNo)) {
		t.Errorf("%+v, answered %+v", o, want)
	}
}
