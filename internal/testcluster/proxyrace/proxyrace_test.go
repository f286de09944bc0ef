//go:build linux

package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestRequestsAndAnswersHaveAKilobyte(t *testing.T) {
	sizes := map[string]int{"answer to a read": len(readAnswer()), "answer to a write": len(writeAnswer())}
	seen := map[string]bool{}
	for _, w := range workloads() {
		for _, r := range w.requests {
			if w.name == writes {
				sizes["body "+r.body[:50]] = len(r.body)
			}
			seen[r.path+r.body] = true
			if strings.ContainsAny(r.path+r.body, "'") {
				t.Errorf("%q can't stand in a configuration", r.body)
			}
		}
	}
	for what, size := range sizes {
		if size < 800 || size > 1300 {
			t.Errorf("%s has %d bytes", what, size)
		}
	}
	if len(seen) != 2*variants {
		t.Errorf("%d requests differ", len(seen))
	}
}

// TestLoaderCountsFromWhenARequestWasDue: one answer that takes half a second delays those behind it, and all of them count as slow.
func TestLoaderCountsFromWhenARequestWasDue(t *testing.T) {
	const stall = 500 * time.Millisecond
	var asked, wrong atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || !strings.HasPrefix(string(body), `{"index":`) {
			wrong.Add(1)
		}
		if asked.Add(1) == 10 {
			<-time.After(stall)
		}
		_, _ = io.WriteString(w, writeAnswer())
	}))
	defer server.Close()
	l, err := openLoad(strings.TrimPrefix(server.URL, "http://"), workloads()[1], 1, 100)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	came, err := l.run(t.Context(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	slow := 0
	for _, took := range l.took {
		if took > stall/5 {
			slow++
		}
	}
	if came.sent != 100 || asked.Load() != 100 || wrong.Load() != 0 {
		t.Errorf("%d sent, %d came, %d wrong", came.sent, asked.Load(), wrong.Load())
	}
	if came.most < stall || slow < 30 { // 50 are due during the stall, and 40 of these wait more than a fifth of it
		t.Errorf("%d were slow, the slowest took %v", slow, came.most)
	}
	if _, err := l.run(t.Context(), 100*time.Millisecond); err != nil || asked.Load() != 110 {
		t.Errorf("again: %d came, %v", asked.Load(), err)
	}
}

func TestLoaderFailsOnOtherAnswers(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"status":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"chunked":    func(w http.ResponseWriter, _ *http.Request) { _ = http.NewResponseController(w).Flush() },
		"connection": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		server := httptest.NewServer(answer)
		l, err := openLoad(strings.TrimPrefix(server.URL, "http://"), workloads()[0], 2, 100)
		if err != nil {
			t.Fatal(err)
		}
		if came, err := l.run(t.Context(), 100*time.Millisecond); err == nil {
			t.Errorf("%s: %+v", name, came)
		}
		if err := errors.Join(l.close(), l.close()); err != nil {
			t.Error(err)
		}
		server.Close()
	}
}

func TestAnswersMayComeInPieces(t *testing.T) {
	const answer = "HTTP/1.1 200 OK\r\nserver: x\r\ncontent-length: 3\r\n\r\nabc"
	for n := range len(answer) + 1 {
		if whole, err := complete([]byte(answer[:n])); err != nil || whole != (n == len(answer)) {
			t.Errorf("%q: %v, %v", answer[:n], whole, err)
		}
	}
	for _, bad := range []string{answer + "H", "HTTP/1.1 500 X\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"} {
		if _, err := complete([]byte(bad)); err == nil {
			t.Errorf("%q is an answer", bad)
		}
	}
}

func TestErrorsOfWrkAreFaults(t *testing.T) {
	const line = `{"requests":100,"microseconds":2000000,"bytes":%B,"p50":7,"p99":9,"most":10,"connect":0,"read":0,"write":0,"status":%S,"timeout":0}`
	for name, c := range map[string]struct {
		bytes, status string
		fault         bool
	}{
		"fine": {"120000", "0", false}, "status": {"120000", "1", true}, "short answers": {"90000", "0", true},
	} {
		out := "Running 2s test\n" + mark + strings.NewReplacer("%B", c.bytes, "%S", c.status).Replace(line) + "\nbye\n"
		s, err := parse([]byte(out))
		if err != nil || s.rate() != 50 || s.P50 != 7 || (s.fault(1000) != "") != c.fault {
			t.Errorf("%s: %+v, %v, %q", name, s, err, s.fault(1000))
		}
	}
	if _, err := parse([]byte("unable to connect\n")); err == nil {
		t.Error("no result is a result")
	}
	if (summary{}).fault(0) == "" {
		t.Error("no answers are no fault")
	}
}

func TestOthersAreWhoIsNotFromHere(t *testing.T) {
	before, err := observe()
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(300 * time.Millisecond); time.Now().Before(end); { // this is us
	}
	if out, err := exec.Command("sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done").CombinedOutput(); err != nil { // and so is this
		t.Fatalf("%v: %s", err, out)
	}
	after, err := observe()
	if err != nil || after.mine-before.mine < 200*time.Millisecond || after.all-before.all < after.mine-before.mine-5*tick {
		t.Errorf("%v of ours, %v of all, %v", after.mine-before.mine, after.all-before.all, err)
	}
}

func TestProcessIsMeasuredAndEnded(t *testing.T) {
	p, err := launch(t.TempDir(), "sleeper", "sh", "-c", "echo here; sleep 60 & wait")
	if err != nil {
		t.Fatal(err)
	}
	said := func() error {
		if string(p.tail()) != "here" {
			return errors.New("it says nothing")
		}
		return nil
	}
	if err := p.await(t.Context(), func(context.Context) error { return said() }); err != nil {
		t.Fatal(err)
	}
	if err := p.forget(); err != nil {
		t.Error(err)
	}
	if peak, err := p.peak(); err != nil || peak < 100<<10 || peak > 100<<20 {
		t.Errorf("%d bytes, %v", peak, err)
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	if _, err := p.peak(); err == nil {
		t.Error("an ended process has memory")
	}
	if err := p.stop(); err == nil {
		t.Error("a process that had ended is stopped")
	}
}

func TestCalmestCounts(t *testing.T) {
	left := []float64{0.5, 0.2, 0.3, 0}
	got, err := calmest(3, func() (float64, error) {
		one := left[0]
		left = left[1:]
		return one, nil
	}, func(others float64) float64 { return others })
	if got != 0.2 || err != nil || len(left) != 1 {
		t.Errorf("%v, %v, %v", got, err, left)
	}
}

func TestVerdictsTakeTheSlowest(t *testing.T) {
	b := &board{}
	at := cell{writes, busiest}
	for name, rate := range map[string]float64{nginx: 1000, mirror: 200, sink: 600, "ours, folder, async": 950, "ours, Kafka, async": 800, "ours, folder, group": 500} {
		b.add(at, name, sample{rate: rate})
	}
	var said []string
	for _, v := range b.judge() {
		said = append(said, strings.TrimSuffix(v.what, ", 256 connections")+" "+v.measured+" "+map[bool]string{true: "ok", false: "short"}[v.ok])
	}
	want := []string{
		"writes with async, slowest to nginx 0.80 (ours, Kafka, async) short",
		"writes with group into a folder, to nginx, mirror 2.50 (ours, folder, group) ok",
		"writes with group into a folder, to nginx, mirror to sink 0.83 (ours, folder, group) short",
	}
	if strings.Join(said, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s", strings.Join(said, "\n"))
	}
	if b.faults() != nil {
		t.Error(b.faults())
	}
	b.add(at, nginx, sample{fault: "2 of 3"})
	var table strings.Builder
	b.print(&table)
	if b.faults() == nil || !strings.Contains(table.String(), "nginx !") {
		t.Errorf("%v\n%s", b.faults(), table.String())
	}
}

// TestVerdictsSayThatTheyWereDisturbed: a reference that others slowed down makes ours look good.
func TestVerdictsSayThatTheyWereDisturbed(t *testing.T) {
	slow, fast := latencies{p99: 20 * time.Millisecond, others: 0.36}, latencies{p99: 5 * time.Millisecond}
	for want, of := range map[string]latencies{"(?) others used 36 %": slow, "wanted < 1.0 ms": fast} {
		q := quiet{samples: map[string][]latencies{direct: {of}, "ours, folder, group": {fast}}}
		var said strings.Builder
		(&board{verdicts: q.judge(reads)}).conclude(&said)
		if !strings.Contains(said.String(), want) || strings.Contains(said.String(), "(?)") != (of.others > 0) {
			t.Errorf("%s", said.String())
		}
	}
}

func TestCountsOfTheCaptureAreRead(t *testing.T) {
	const text = "# HELP x y\nmigassist_proxy_records_total 10\nmigassist_proxy_record_bytes_total 2.5e+03\n" +
		"migassist_proxy_requests_total{class=\"read\"} 7\nmigassist_proxy_spilled_records_total 3\nmigassist_proxy_lost_records_total 1\n"
	var c captured
	if err := c.read(strings.NewReader(text)); err != nil || c != (captured{10, 2500, 3, 1}) {
		t.Errorf("%+v, %v", c, err)
	}
	if err := new(captured).read(strings.NewReader(strings.Replace(text, "lost", "gone", 1))); err == nil {
		t.Error("a count that is not there is read")
	}
	if c.fault(2, 1000) != "" || c.fault(3, 1000) == "" {
		t.Error("2,500 bytes hold two answers of 1,000, not three")
	}
	b := &board{}
	b.add(cell{reads, 32}, "ours", sample{rate: 1, capturing: true, lost: 0.25})
	if v := b.losses(); len(v) != 1 || v[0].ok || v[0].measured != "25.00 % (ours, reads, 32)" {
		t.Errorf("%+v", v)
	}
}
