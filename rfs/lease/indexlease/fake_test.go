package indexlease

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// fake answers what a Store asks of one index, in the forms of OpenSearch 2.19.1; the real servers hold it to that (real_test.go).
type fake struct {
	mu        sync.Mutex
	index     map[string]any
	alias     string
	documents map[string]document
	seqNo     int64
	writes    int
	// before and after see each write; true means that it ended the request. after comes when the write was carried out.
	before, after func(w http.ResponseWriter, n int) bool
}

type document struct {
	seqNo  int64
	source json.RawMessage
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	name, rest, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case name == "":
		answer(w, 200, `{"cluster_name":"c","cluster_uuid":"u","version":{"distribution":"opensearch","number":"2.19.1"}}`)
	case name == "_cluster":
		answer(w, 200, `{}`)
	case rest == "" && r.Method == http.MethodPut:
		f.create(w, r, name)
	case f.index == nil || name != f.alias && rest != "":
		answer(w, 404, `{"error":{"type":"index_not_found_exception","reason":"no such index"},"status":404}`)
	case rest == "" && r.Method == http.MethodGet:
		shown, _ := json.Marshal(map[string]any{name: f.index})
		answer(w, 200, string(shown))
	case r.Method == http.MethodGet:
		f.get(w, strings.TrimPrefix(rest, "_doc/"))
	case r.Method == http.MethodPut:
		f.put(w, r, strings.TrimPrefix(rest, "_doc/"))
	default:
		answer(w, 400, `{"error":{"type":"illegal_argument_exception","reason":"not known to the fake"},"status":400}`)
	}
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

func (f *fake) create(w http.ResponseWriter, r *http.Request, name string) {
	var body struct {
		Mappings map[string]any            `json:"mappings"`
		Aliases  map[string]map[string]any `json:"aliases"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || f.index != nil {
		answer(w, 400, `{"error":{"type":"resource_already_exists_exception","reason":"index exists"},"status":400}`)
		return
	}
	f.index = map[string]any{"settings": map[string]any{}, "mappings": body.Mappings, "aliases": body.Aliases}
	f.documents = map[string]document{}
	f.seqNo = 0
	for alias := range body.Aliases {
		f.alias = alias
	}
	answer(w, 200, `{"acknowledged":true,"shards_acknowledged":true,"index":"`+name+`"}`)
}

func (f *fake) get(w http.ResponseWriter, id string) {
	d, found := f.documents[id]
	if !found {
		answer(w, 404, `{"_index":"i","_id":"x","found":false}`)
		return
	}
	answer(w, 200, fmt.Sprintf(`{"_id":%q,"_seq_no":%d,"_primary_term":1,"found":true,"_source":%s}`, id, d.seqNo, d.source))
}

func (f *fake) put(w http.ResponseWriter, r *http.Request, id string) {
	f.writes++
	if f.before != nil && f.before(w, f.writes) {
		return
	}
	d, found := f.documents[id]
	q := r.URL.Query()
	if q.Get("op_type") == "create" && found || q.Has("if_seq_no") && (!found || q.Get("if_seq_no") != fmt.Sprint(d.seqNo)) {
		answer(w, 409, `{"error":{"type":"version_conflict_engine_exception","reason":"conflict"},"status":409}`)
		return
	}
	var source json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&source); err != nil {
		answer(w, 400, `{"error":{"type":"mapper_parsing_exception","reason":"no JSON"},"status":400}`)
		return
	}
	f.documents[id] = document{f.seqNo, source}
	f.seqNo++
	if f.after != nil && f.after(w, f.writes) {
		return
	}
	answer(w, 201, fmt.Sprintf(`{"_id":%q,"_seq_no":%d,"_primary_term":1,"result":"created"}`, id, f.seqNo-1))
}
