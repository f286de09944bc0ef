package metadata

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster"
	"migassist/metadata/rules"
	"migassist/selection"
)

// living is a cluster that answers as told, by path; what it is not told it does not know. Indices are in its state, and shown one by one.
type living struct {
	*httptest.Server
	main    string
	answers map[string]string
	refuses map[string]int // by path: the status
	indices map[string]string

	mu    sync.Mutex
	asked []string
}

const (
	oldMain = `{"cluster_name":"c","cluster_uuid":"u","version":{"number":"7.10.2","build_flavor":"oss"},"tagline":"You Know, for Search"}`
	newMain = `{"cluster_name":"c","cluster_uuid":"u","version":{"distribution":"opensearch","number":"2.19.1"},"tagline":"The OpenSearch Project: https://opensearch.org/"}`
)

func newLiving(t *testing.T, main string) *living {
	t.Helper()
	l := &living{main: main, answers: map[string]string{}, refuses: map[string]int{}, indices: map[string]string{}}
	l.Server = httptest.NewServer(l)
	t.Cleanup(l.Close)
	return l
}

func (l *living) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	path := r.URL.Path
	l.asked = append(l.asked, r.Method+" "+path)
	if status := l.refuses[path]; status != 0 {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error":{"type":"security_exception","reason":"no permissions for [%s]"},"status":%d}`, path, status)
		return
	}
	if answer, told := l.answers[path]; told {
		fmt.Fprint(w, answer)
		return
	}
	switch filter := r.URL.Query().Get("filter_path"); {
	case path == "/":
		fmt.Fprint(w, l.main)
	case path == "/_cluster/state/metadata" && strings.Contains(filter, "indices.*.state"):
		l.state(w)
	case strings.HasPrefix(path, "/_"):
		fmt.Fprint(w, `{}`)
	default:
		l.show(w, strings.Split(path[1:], ","))
	}
}

func (l *living) state(w http.ResponseWriter) {
	facts := map[string]cluster.Facts{}
	for name := range l.indices {
		facts[name] = cluster.Facts{State: "open", RoutingShards: 1024}
	}
	body, _ := json.Marshal(map[string]any{"metadata": map[string]any{"indices": facts}})
	_, _ = w.Write(body)
}

func (l *living) show(w http.ResponseWriter, names []string) {
	shown := map[string]json.RawMessage{}
	for _, name := range names {
		body, there := l.indices[name]
		if !there || body == "" {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprintf(w, `{"error":{"type":"index_not_found_exception","reason":"no such index [%s]"},"status":404}`, name)
			return
		}
		shown[name] = json.RawMessage(body)
	}
	body, _ := json.Marshal(shown)
	_, _ = w.Write(body)
}

func (l *living) connect(t *testing.T) *cluster.Reader {
	t.Helper()
	reader, err := cluster.ConnectReader(t.Context(), cluster.Options{URL: l.URL, Side: "source", Retry: cluster.Retry{Attempts: 2, First: time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	return reader
}

// read is what of a cluster there is to plan with.
func (l *living) read(t *testing.T) *Source {
	t.Helper()
	source, err := ReadCluster(t.Context(), l.connect(t))
	if err != nil {
		t.Fatal(err)
	}
	return source
}

const plainIndex = `{"aliases":{},"mappings":{"_doc":{"properties":{"a":{"type":"keyword"}}}},"settings":{"index.number_of_shards":"1"}}`

// Indices that are asked for in their order come several with a request; one that is gone since, or whose mapping is no object, is refused, and the others are not.
func TestIndicesOfAClusterAreReadSeveralAtOnce(t *testing.T) {
	source := newLiving(t, oldMain)
	for i := range 200 {
		source.indices[fmt.Sprintf("index-%03d", i)] = plainIndex
	}
	source.indices["index-100"] = "" // listed, and then not there
	source.indices["index-150"] = `{"aliases":{},"mappings":["no","object"],"settings":{"index.number_of_shards":"1"}}`
	source.indices["index-160"] = `{"aliases":{},"mappings":{},"settings":{"index.number_of_shards":"1","index.mode":"logsdb"}}`
	from := source.read(t)
	plan, err := NewPlan(t.Context(), Input{Source: from, Target: newTarget()})
	if err != nil {
		t.Fatal(err)
	}
	refused := map[string]string{}
	for _, step := range plan.Steps {
		if step.Action == Refused {
			refused[step.Name] = step.Reason
		} else if routing := step.After.Part("settings")["index.number_of_routing_shards"]; routing != "1024" {
			t.Errorf("%s has %v virtual shards", step.Name, routing)
		}
	}
	for name, why := range map[string]string{"index-100": "no such index", "index-150": "read mapping of index index-150: it is no JSON object", "index-160": "index.mode is logsdb"} {
		if !strings.Contains(refused[name], why) {
			t.Errorf("%s is refused for %q", name, refused[name])
		}
	}
	if len(refused) != 3 || plan.Counts.Create != 197 {
		t.Errorf("refused: %v; %+v", refused, plan.Counts)
	}
	shown := 0
	for _, request := range source.asked {
		if strings.HasPrefix(request, "GET /index-") {
			shown++
		}
	}
	if shown > 30 {
		t.Errorf("%d requests for 200 indices", shown)
	}
}

// A plan that lacks what its user may not see would not be whole, so that there is none.
func TestWhatASourceRefusesIsNamed(t *testing.T) {
	for path, what := range map[string]string{
		"/_ingest/pipeline":        "list the ingest pipelines",
		"/_cluster/settings":       "read the persistent settings",
		"/_cluster/state/metadata": "/_cluster/state/metadata",
		"/_template":               "list the legacy templates",
		"/_index_template":         "list the index templates",
		"/_component_template":     "list the component templates",
		"/_plugins/_ism/policies":  "list the policies",
		"/_data_stream":            "list the data streams",
		"/_search/pipeline":        "list the search pipelines",
	} {
		for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
			source := newLiving(t, newMain)
			source.refuses[path] = status
			_, err := ReadCluster(t.Context(), source.connect(t))
			for _, word := range []string{what, source.URL, "no permissions for", "--source-username"} {
				if err == nil || !strings.Contains(err.Error(), word) {
					t.Errorf("%s answers %d: %v does not say %q", path, status, err, word)
				}
			}
		}
	}
}

// A cluster is not moved to itself, by whatever addresses it is reached.
func TestAClusterIsNotItsOwnTarget(t *testing.T) {
	from := newLiving(t, oldMain).read(t)
	to := newTarget()
	to.info.UUID = from.Origin.UUID
	if _, err := NewPlan(t.Context(), Input{Source: from, Target: to}); err == nil || !strings.Contains(err.Error(), "are one cluster") {
		t.Errorf("got %v", err)
	}
}

// A source that is away in the middle ends the plan, not each of its indices.
func TestASourceThatGoesAwayEndsThePlan(t *testing.T) {
	source := newLiving(t, oldMain)
	source.indices["a"], source.indices["b"] = plainIndex, plainIndex
	from := source.read(t)
	source.Close()
	_, err := NewPlan(t.Context(), Input{Source: from, Target: newTarget()})
	if err == nil || !strings.Contains(err.Error(), "read index a of "+source.URL) || strings.Contains(err.Error(), "index b") {
		t.Errorf("got %v", err)
	}
	source = newLiving(t, oldMain)
	source.indices["a"], source.indices["b"] = plainIndex, plainIndex
	from = source.read(t)
	source.refuses["/a"] = http.StatusForbidden
	plan, err := NewPlan(t.Context(), Input{Source: from, Target: newTarget(), Indices: selection.Allowlist{}})
	if err != nil || plan.Counts.Refused != 1 || plan.Counts.Create != 1 {
		t.Errorf("%v: %+v", err, plan)
	}
}

// What a build does not have is a note, and the rest of the plan is made.
func TestWhatABuildDoesNotHaveIsANote(t *testing.T) {
	source := newLiving(t, newMain)
	source.refuses["/_plugins/_ism/policies"] = http.StatusMethodNotAllowed
	from := source.read(t)
	want := []string{"the source is a build that has no index state management (the plugin opensearch-index-management), and so no policies"}
	if diff := cmp.Diff(want, from.Notes); diff != "" {
		t.Error(diff)
	}
}

// Of ILM and ISM, which no build to be had has: as their public reference shows them.
func TestPoliciesOfAClusterAreReadFromItsAPI(t *testing.T) {
	old, recent := newLiving(t, oldMain), newLiving(t, newMain)
	old.answers["/_ilm/policy"] = `{"weekly":{"version":3,"modified_date":"2024-01-01","policy":{"phases":{"hot":{"min_age":"0ms","actions":{}}}},"in_use_by":{"indices":["a"]}}}`
	recent.answers["/_plugins/_ism/policies"] = `{"policies":[{"_id":"weekly","_seq_no":1,"policy":{"policy_id":"weekly","default_state":"hot","states":[]}}],"total_policies":1}`
	recent.indices[".opendistro-ism-config"] = plainIndex
	for of, want := range map[*living]string{
		old:    `{"policy":{"phases":{"hot":{"actions":{},"min_age":"0ms"}}}}`,
		recent: `{"policy":{"default_state":"hot","policy_id":"weekly","states":[]}}`,
	} {
		from := of.read(t)
		if len(from.Items) != 1 || from.Items[0].Kind != rules.Policy || from.Items[0].Name != "weekly" {
			t.Fatalf("items: %v", from.Items)
		}
		body, err := json.Marshal(from.Items[0].Rest)
		if err != nil || string(body) != want {
			t.Errorf("%s: %v", body, err)
		}
		if len(from.Gaps) > 0 {
			t.Errorf("gaps: %v", from.Gaps)
		}
	}
}
