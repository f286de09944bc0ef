//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// script makes wrk send the requests of a workload in turn, and print what came as JSON. A Go string in quotes is one of Lua as well, as
// long as it is ASCII.
const script = `local requests, last = {}, 0
function init(args)
%s
  last = math.random(#requests)
end
function request()
  last = last %% #requests + 1
  return requests[last]
end
function done(summary, latency, each)
  local e = summary.errors
  io.write(string.format('` + mark + `{"requests":%%d,"microseconds":%%d,"bytes":%%d,"p50":%%d,"p99":%%d,"most":%%d,' ..
    '"connect":%%d,"read":%%d,"write":%%d,"status":%%d,"timeout":%%d}\n', summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(99), latency.max, e.connect, e.read, e.write, e.status, e.timeout))
end
`

// mark begins the line with the result.
const mark = "result "

// threads of wrk. One sends up to 160,000 requests a second; two spread the connections over both processors, as clients would.
const threads = 2

// writeScript writes the workload's script into dir.
func (w workload) writeScript(dir string) (string, error) {
	var b strings.Builder
	for _, r := range w.requests {
		headers := `{["Accept"]="application/json"}`
		body := "nil"
		if r.body != "" {
			headers = fmt.Sprintf(`{["Accept"]="application/json",["Content-Type"]=%q}`, r.kind)
			body = strconv.Quote(r.body)
		}
		fmt.Fprintf(&b, "  table.insert(requests, wrk.format(%q, %q, %s, %s))\n", r.method, r.path, headers, body)
	}
	path := filepath.Join(dir, w.name+".lua")
	return path, os.WriteFile(path, fmt.Appendf(nil, script, b.String()), 0o600)
}

// summary is what wrk says of a run.
type summary struct {
	Requests     int64
	Microseconds int64
	Bytes        int64
	P50, P99     int64 // microseconds
	Most         int64

	Connect, Read, Write, Status, Timeout int64 // errors
}

func (s summary) rate() float64 { return float64(s.Requests) / (float64(s.Microseconds) / 1e6) }

// fault says what went wrong, "" if nothing did.
func (s summary) fault(answer int) string {
	switch errs := s.Connect + s.Read + s.Write + s.Status + s.Timeout; {
	case errs > 0:
		return fmt.Sprintf("%d of %d requests failed: %d connect, %d read, %d write, %d timeout, %d not 2xx or 3xx",
			errs, s.Requests, s.Connect, s.Read, s.Write, s.Timeout, s.Status)
	case s.Requests == 0:
		return "not one answer came"
	case s.Bytes < s.Requests*int64(answer):
		return fmt.Sprintf("answers have %d bytes each on average, the upstream's more than %d", s.Bytes/s.Requests, answer)
	}
	return ""
}

// wrk runs wrk against an address.
func (s *site) wrk(ctx context.Context, address, script string, connections int, span time.Duration) (summary, error) {
	const grace = 20 * time.Second
	ctx, cancel := context.WithTimeout(ctx, span+grace)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.tools["wrk"], "-t", strconv.Itoa(threads), "-c", strconv.Itoa(connections),
		"-d", strconv.Itoa(int(span.Seconds())), "--timeout", "5", "-s", script, "http://"+address)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return summary{}, fmt.Errorf("run wrk against %s: %w: %s", address, err, bytes.TrimSpace(out))
	}
	return parse(out)
}

// parse finds the line of the script in what wrk prints.
func parse(out []byte) (summary, error) {
	_, line, ok := bytes.Cut(out, []byte("\n"+mark))
	if !ok {
		return summary{}, fmt.Errorf("wrk printed no result: %s", bytes.TrimSpace(out))
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	var s summary
	if err := json.Unmarshal(line, &s); err != nil {
		return summary{}, fmt.Errorf("read the result of wrk %q: %w", line, err)
	}
	if s.Microseconds <= 0 {
		return summary{}, errors.New("wrk ran for no time")
	}
	return s, nil
}
