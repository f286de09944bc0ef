package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

func TestReadsPassAndNothingElse(t *testing.T) {
	for _, c := range []struct {
		request string
		passes  bool
	}{
		{"GET /", true},
		{"HEAD /books", true},
		{"GET /books/_doc/1", true},
		{"GET /_cat/indices", true},
		{"POST /_search", true},
		{"POST /books/_search", true},
		{"POST /a,b*,-c/_search", true},
		{"POST /_all/_search", true},
		{"POST /_search/scroll", true},
		{"POST /books/_search/point_in_time", true},
		{"POST /books/_pit", true},
		{"POST /_mget", true},
		{"POST /books/_count", true},
		{"POST /_analyze", true},

		{"PUT /books", false},
		{"DELETE /books", false},
		{"DELETE /_search/scroll", false},
		{"PATCH /books", false},
		{"OPTIONS /", false},
		{"CONNECT /", false},
		{"POST /", false},
		{"POST /_bulk", false},
		{"POST /books/_bulk", false},
		{"POST /books", false},
		{"POST /books/_doc", false},
		{"POST /books/_doc/1", false},
		{"POST /books/_doc/_search", false}, // the document "_search"
		{"POST /books/_doc/_count", false},
		{"POST /books/_update/1", false},
		{"POST /books/_delete_by_query", false},
		{"POST /_reindex", false},
		{"POST /_aliases", false},
		{"POST /books/_close", false},
		{"POST /_snapshot/r/s/_restore", false},
		{"POST /_search/template", false},
		{"POST /_scripts/_search", false},
		{"POST /_search/../books/_close", false},
		{"POST /books%2F_doc%2F1/_search", false},
		{"POST /books/_search/scroll", false},
		{"POST //_search/scroll/x", false},
		{"GET /books/_refresh", false},
		{"GET /_flush", false},
		{"GET /books/_forcemerge", false},
		{"GET /_optimize", false},
		{"GET /_cache/clear", false},
		{"GET /_shutdown", false},
		{"get /", false},
	} {
		method, path, _ := strings.Cut(c.request, " ")
		if got := isRead(method, path); got != c.passes {
			t.Errorf("%s passes: %t, want %t", c.request, got, c.passes)
		}
	}
}

func TestAReaderRefusesWritesBeforeTheyAreSent(t *testing.T) {
	client, server, _ := connected(t, nil)
	before := len(server.asked())
	for _, gate := range []readOnly{client.gate, client.once} {
		for _, request := range []string{"PUT /x", "POST /_bulk", "DELETE /x", "POST /x/_doc/_search"} {
			method, path, _ := strings.Cut(request, " ")
			req, err := http.NewRequestWithContext(t.Context(), method, "http://"+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := gate.Perform(req); !errors.Is(err, ErrReadOnly) {
				t.Errorf("%s: %v, want ErrReadOnly", request, err)
			}
		}
	}
	if got := server.asked(); len(got) != before {
		t.Errorf("sent all the same: %v", got[before:])
	}
}

// A Reader must not hold anything that sends, other than through the gate.
func TestAReaderHoldsNoOtherDoor(t *testing.T) {
	sender := reflect.TypeFor[transport]()
	for field := range reflect.TypeFor[Reader]().Fields() {
		sends := field.Type.Implements(sender) || reflect.PointerTo(field.Type).Implements(sender)
		if sends && field.Type != reflect.TypeFor[readOnly]() {
			t.Errorf("Reader.%s is a %v: a transport that is not read-only", field.Name, field.Type)
		}
		if kind := field.Type.Kind(); kind == reflect.Func || kind == reflect.Interface || kind == reflect.Chan {
			t.Errorf("Reader.%s is a %v: it may hide a transport", field.Name, kind)
		}
	}
}

// Whatever a Reader offers is called, and the server must have seen reads only.
func TestEveryMethodOfAReaderOnlyReads(t *testing.T) {
	client, server, _ := connected(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		switch {
		case strings.Contains(r.URL.Path, "_search"):
			fmt.Fprint(w, `{"_scroll_id":"s","hits":{"hits":[]}}`)
		case strings.HasPrefix(r.URL.Path, "/_cat"):
			fmt.Fprint(w, `[]`)
		case r.URL.Path == "/":
			fmt.Fprint(w, mainOpenSearch)
		default:
			fmt.Fprint(w, `{}`)
		}
	})
	reader := client.Reader
	for method := range reflect.TypeOf(reader).Methods() {
		arguments := []reflect.Value{reflect.ValueOf(reader)}
		for n := 1; n < method.Type.NumIn(); n++ {
			switch in := method.Type.In(n); {
			case in.String() == "context.Context":
				arguments = append(arguments, reflect.ValueOf(t.Context()))
			case method.Type.IsVariadic() && n == method.Type.NumIn()-1:
				arguments = append(arguments, reflect.ValueOf("books"))
			case in == reflect.TypeFor[json.RawMessage]():
				arguments = append(arguments, reflect.ValueOf(json.RawMessage(`{}`)))
			case in == reflect.TypeFor[[]Name]():
				arguments = append(arguments, reflect.ValueOf([]Name{{Index: "books", ID: "1"}}))
			case in == reflect.TypeFor[Family]():
				arguments = append(arguments, reflect.ValueOf(IngestPipelines))
			case in.Kind() == reflect.String:
				arguments = append(arguments, reflect.ValueOf("books"))
			default:
				t.Fatalf("%s takes a %v: teach this test", method.Name, in)
			}
		}
		results := method.Func.Call(arguments)
		if results[0].Kind() == reflect.Func { // a stream: pull it dry
			yield := reflect.MakeFunc(results[0].Type().In(0), func([]reflect.Value) []reflect.Value { return []reflect.Value{reflect.ValueOf(true)} })
			results[0].Call([]reflect.Value{yield})
		}
	}
	if len(server.asked()) < 10 {
		t.Errorf("only %d requests were seen: %v", len(server.asked()), server.asked())
	}
	for _, request := range server.asked() {
		method, uri, _ := strings.Cut(request, " ")
		path, _, _ := strings.Cut(uri, "?")
		if !isRead(method, path) {
			t.Errorf("a Reader sent %s", request)
		}
	}
}
