package telemetry

import (
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestMetricsAreWrittenAsPrometheusReadsThem(t *testing.T) {
	var text strings.Builder
	err := WriteMetrics(&text, []Metric{
		{Name: "b_total", Kind: Counter, Help: "Of b.\nAnd \\.", Value: 12345678},
		{Name: "a", Kind: Gauge, Help: "Of a.", Labels: []Label{{"state", `say "x"\` + "\n"}, {"n", "1"}}, Value: 0.5},
		{Name: "a", Kind: Gauge, Help: "Of a.", Labels: []Label{{"state", "y"}}, Value: math.Inf(1)},
	})
	want := `# HELP a Of a.
# TYPE a gauge
a{state="say \"x\"\\\n",n="1"} 0.5
a{state="y"} +Inf
# HELP b_total Of b.\nAnd \\.
# TYPE b_total counter
b_total 1.2345678e+07
`
	if err != nil || text.String() != want {
		t.Errorf("%v, got\n%swant\n%s", err, text.String(), want)
	}
}

func get(t *testing.T, url string) (code int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestTheEndpointSaysWhatAilsTheWorker(t *testing.T) {
	var ails error
	e := Endpoint{Metrics: func() []Metric { return []Metric{{Name: "m", Kind: Gauge, Help: "h", Value: 7}} }, Health: func() error { return ails }}
	serving, err := e.Serve(t.Context(), "0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + serving.Address()
	if host, _, _ := net.SplitHostPort(serving.Address()); host != "127.0.0.1" {
		t.Errorf("it listens on %s", serving.Address())
	}
	if code, body := get(t, base+"/metrics"); code != http.StatusOK || !strings.Contains(body, "\nm 7\n") {
		t.Errorf("%d %s", code, body)
	}
	if code, body := get(t, base+"/healthz"); code != http.StatusOK || body != "ok\n" {
		t.Errorf("%d %s", code, body)
	}
	ails = errors.New("the coordinator is away")
	if code, body := get(t, base+"/healthz"); code != http.StatusServiceUnavailable || body != "the coordinator is away\n" {
		t.Errorf("%d %s", code, body)
	}
	if _, err := e.Serve(t.Context(), serving.Address()); err == nil || !strings.Contains(err.Error(), "--metrics-address") {
		t.Errorf("a port that is taken: %v", err)
	}
	if err := serving.Close(); err != nil {
		t.Error(err)
	}
}

func TestAddressesToListenOn(t *testing.T) {
	for given, want := range map[string]string{
		"9100": "127.0.0.1:9100", ":9100": "127.0.0.1:9100", "0.0.0.0:9100": "0.0.0.0:9100", "[::1]:9100": "[::1]:9100", "worker:0": "worker:0",
		"": "", "host": "", "host:x": "", "1:2:3": "", "99999": "", "-1": "",
	} {
		got, err := listenAddress(given)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v", given, got, err)
		}
	}
}
