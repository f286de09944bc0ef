package rewrite_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"migassist/capture"
	"migassist/capture/capturetest"
	"migassist/capture/httpwire"
	"migassist/internal/sandbox"
	"migassist/replay/effect"
	"migassist/replay/rewrite"
)

const root = "../.."

// parsed is a request as a server would read it.
func parsed(t *testing.T, r *rewrite.Request) *capture.Exchange {
	t.Helper()
	raw := r.AppendHead(nil, "target:9200")
	if n := httpwire.FindHead(raw); n != len(raw) {
		t.Fatalf("a head of %d bytes ends after %d", len(raw), n)
	}
	head, err := httpwire.ParseRequest(raw)
	if err != nil || head.Length != int64(len(r.Body)) && head.Framing == httpwire.Length {
		t.Fatalf("%v: %q", err, raw)
	}
	return &capture.Exchange{Request: capture.Message{Head: head, Body: r.Body, Whole: true}}
}

// What is sent for each exchange of the captures reads, by the reader of captures, as the operations that the source carried out.
func TestEveryRequestOfTheCapturesStaysWhatItIs(t *testing.T) {
	for _, options := range []rewrite.Options{{}, {Versions: rewrite.SeqNo}, {Index: toNew}} {
		for number := 1; number <= 2; number++ {
			j := capturetest.ReadJava(t, root, number)
			r := rewrite.New(options)
			sent, left := 0, 0
			for _, x := range j.Exchanges {
				e, err := effect.Of(x)
				if err != nil && x.Request.Whole {
					t.Fatal(err)
				}
				got, _, err := r.Request(x, &e, nil)
				if err != nil {
					t.Fatal(err)
				}
				if got.Skip != "" {
					if got.Skip != rewrite.NotApplied && x.Request.Whole {
						t.Errorf("%s: %s", x.Request.Head.First(), got.Skip)
					}
					left += len(e.Operations)
					continue
				}
				again, err := effect.Of(parsed(t, &got))
				if err != nil {
					t.Fatalf("%s: %v", got.Target, err)
				}
				wanted := chosen(&e, got.Operations)
				left += len(e.Operations) - len(wanted)
				sent += len(wanted)
				same(t, &options, &e, wanted, &again)
			}
			if sent < 1000 || left < 20 {
				t.Errorf("%d operations sent, %d left out", sent, left)
			}
		}
	}
}

func chosen(e *effect.Effect, places []int) (wanted []*effect.Operation) {
	for i := range e.Operations {
		if places == nil || slices.Contains(places, i) {
			wanted = append(wanted, &e.Operations[i])
		}
	}
	return wanted
}

func same(t *testing.T, options *rewrite.Options, e *effect.Effect, wanted []*effect.Operation, again *effect.Effect) {
	t.Helper()
	if len(wanted) != len(again.Operations) || e.Route.Kind != again.Route.Kind && again.Route.Kind != "document" {
		t.Fatalf("%d operations of %+v became %+v", len(wanted), e.Route, again)
	}
	for i, want := range wanted {
		got := &again.Operations[i]
		index, action := want.Index, want.Action
		if options.Index != nil {
			index = options.Index(index)
		}
		if options.Versions == rewrite.SeqNo && action != effect.Update {
			if got.ExternalKind != "external_gte" {
				t.Errorf("%+v has no version", got)
			}
			if action == effect.Create {
				action = effect.Index
			}
		}
		if want.Applied != effect.Yes || got.AutoID || got.ID != want.ID || got.Index != index || got.Action != action ||
			!bytes.Equal(got.Source.Of(again.Body), want.Source.Of(e.Body)) {
			t.Errorf("%+v became %+v", want, got)
		}
	}
}

// step is one operation of an exchange.
type step struct {
	x *capture.Exchange
	e *effect.Effect
	o *effect.Operation
}

// Sent one by one in the order of the source's sequence numbers, the rewritten operations leave a server with the documents of the source.
func TestRewrittenCapturesLeaveTheSameDocuments(t *testing.T) {
	for number := 1; number <= 2; number++ {
		j := capturetest.ReadJava(t, root, number)
		server := sandbox.New(sandbox.Options{})
		r := rewrite.New(rewrite.Options{Index: toNew})
		for _, s := range steps(t, j) {
			got, _, err := r.Request(s.x, s.e, func(o *effect.Operation) bool { return o == s.o })
			if err != nil || got.Skip != "" {
				t.Fatalf("%s: %v, %s", s.x.Request.Head.First(), err, got.Skip)
			}
			send(t, server, &got, s.o)
		}
		compare(t, server, j)
	}
}

// steps are the operations that were carried out, in the order of their sequence numbers.
func steps(t *testing.T, j *capturetest.Java) (all []step) {
	t.Helper()
	for _, x := range j.Exchanges {
		e, err := effect.Of(x)
		if err != nil && x.Request.Whole {
			t.Fatal(err)
		}
		for i := range e.Operations {
			if o := &e.Operations[i]; o.Applied == effect.Yes && o.HasSeqNo {
				all = append(all, step{x, &e, o})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b step) int { return cmp.Compare(a.o.SeqNo, b.o.SeqNo) })
	return all
}

func send(t *testing.T, server http.Handler, r *rewrite.Request, o *effect.Operation) {
	t.Helper()
	target, body := r.Target, r.Body
	if i := strings.Index(target, "/_update/"); i >= 0 { // the sandbox has updates in bulks only
		id, _ := json.Marshal(o.ID)
		body = slices.Concat([]byte(`{"update":{"_id":`), id, []byte("}}\n"), bytes.ReplaceAll(body, []byte("\n"), []byte(" ")), []byte("\n"))
		target = target[:i] + "/_bulk"
	}
	request := httptest.NewRequest(r.Method, target, bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	server.ServeHTTP(answer, request)
	notFound := o.Result == effect.NotFound
	if answer.Code >= 300 && (!notFound || answer.Code != http.StatusNotFound) || bytes.Contains(answer.Body.Bytes(), []byte(`"errors":true`)) {
		t.Fatalf("%s %s: %d %s", r.Method, r.Target, answer.Code, answer.Body)
	}
}

func compare(t *testing.T, server http.Handler, j *capturetest.Java) {
	t.Helper()
	answer := httptest.NewRecorder()
	server.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/"+toNew(j.Index)+"/_search?size=10000", http.NoBody))
	var found struct {
		Hits struct {
			Hits []struct {
				ID     string          `json:"_id"`
				Source json.RawMessage `json:"_source"`
			}
		}
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &found); err != nil {
		t.Fatal(err)
	}
	if len(found.Hits.Hits) != len(j.Final) {
		t.Errorf("%d documents, want %d", len(found.Hits.Hits), len(j.Final))
	}
	for _, hit := range found.Hits.Hits {
		var got, want any
		if err := errors.Join(json.Unmarshal(hit.Source, &got), json.Unmarshal(j.Final[hit.ID], &want)); err != nil {
			t.Fatalf("document %s: %v", hit.ID, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("document %s is %s, want %s", hit.ID, hit.Source, j.Final[hit.ID])
		}
	}
}

// Clients of the captures scroll: with the ids of answers that a target would give, every one they send back is translated.
func TestScrollsOfTheCapturesAreTranslated(t *testing.T) {
	for number := 1; number <= 2; number++ {
		r := rewrite.New(rewrite.Options{IDs: rewrite.NewMemory(1000)})
		translated := 0
		for _, x := range capturetest.ReadJava(t, root, number).Exchanges {
			e, _ := effect.Of(x)
			got, notes, err := r.Request(x, &e, nil)
			if err != nil {
				t.Fatal(err)
			}
			if e.Route.Kind == "scroll" {
				if len(notes) > 0 || !bytes.Contains(got.Body, []byte("target-")) {
					t.Fatalf("%v: %s", notes, got.Body)
				}
				translated++
			}
			if x.Response != nil {
				r.Learn(x, &e, bytes.ReplaceAll(x.Response.Body, []byte(`"_scroll_id":"`), []byte(`"_scroll_id":"target-`)))
			}
		}
		if translated < 10 {
			t.Errorf("%d scrolls", translated)
		}
	}
}

func FuzzRequest(f *testing.F) {
	f.Add("POST", "/i/o/_bulk?type=x", []byte(bulk), []byte(bulkAnswer), 200)
	f.Add("POST", "/_msearch", []byte("{\"index\":\"a\",\"type\":[]}\n{}"), []byte(`{}`), 200)
	f.Add("PUT", "/i/_mapping/o", []byte(`{"o":{"properties":1}}`), []byte(`{}`), 200)
	f.Add("DELETE", "/_search/scroll", []byte(`a,b`), []byte(`{}`), 200)
	f.Add("PUT", "/i/o/1/_create?version=1", []byte(`{}`), []byte(made), 201)
	r := rewrite.New(rewrite.Options{Index: toNew, Versions: rewrite.SeqNo, IDs: known()})
	f.Fuzz(func(t *testing.T, method, target string, body, answer []byte, status int) {
		raw := slices.Concat([]byte(method+" "+target+" HTTP/1.1\r\n"), []byte("Content-Length: 0\r\n\r\n"))
		head, err := httpwire.ParseRequest(raw)
		if err != nil {
			return
		}
		x := &capture.Exchange{Request: capture.Message{Head: head, Body: body, Whole: true}}
		x.Response = &capture.Message{Head: httpwire.Head{Status: status}, Body: answer, Whole: true}
		e, _ := effect.Of(x)
		got, notes, err := r.Request(x, &e, nil)
		if err != nil {
			return
		}
		if got.Skip != "" && len(notes) == 0 {
			t.Fatalf("left out in silence: %s %s", method, target)
		}
		if got.Skip == "" {
			if _, err := httpwire.ParseRequest(got.AppendHead(nil, "h")); err != nil && !errors.Is(err, httpwire.ErrMalformed) {
				t.Fatalf("%v: %q", err, got.AppendHead(nil, "h"))
			}
		}
		r.Learn(x, &e, answer)
	})
}
