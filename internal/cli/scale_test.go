//go:build linux

package cli

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	manyIndices = 10_000
	wideFields  = 5_000
	// What planning them may take. It is wanted in 10 s (7 s on the machine of 2026, of two processors); the time is that of the processors,
	// as the machine may do other things as well, and three times as much, as it may be slow.
	mostPlanning = 30 * time.Second
	mostResident = 256 << 20
)

// TestTenThousandIndicesArePlanned in bounded memory and time: each with twenty fields of its own, one with five thousand.
func TestTenThousandIndicesArePlanned(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	from, to := httptest.NewServer(http.HandlerFunc(manyIndicesOf)), startSandbox(t)
	t.Cleanup(from.Close)
	dir := t.TempDir()
	for _, output := range []string{"text and html", "json"} {
		t.Run(output, func(t *testing.T) {
			file := filepath.Join(dir, strings.Fields(output)[0])
			args := []string{"migassist", "metadata", "evaluate", "--source-host", from.URL, "--target-host", to.URL()}
			if output == "json" {
				args = append(args, "--output", "json")
			} else {
				args = append(args, "--report", file)
			}
			m := runMeasured(t, args, file)
			t.Logf("%v, %v of processors, %d MiB resident, %d MiB written", m.took.Round(time.Millisecond), m.worked.Round(time.Millisecond), m.resident>>20, m.written>>20)
			if m.worked > mostPlanning || m.resident > mostResident {
				t.Errorf("planning %d indices took %v and %d MiB, at most %v and %d MiB are allowed", manyIndices, m.worked, m.resident>>20, mostPlanning, mostResident>>20)
			}
		})
	}
}

// measured is what a run of the command took.
type measured struct {
	took, worked      time.Duration // by the clock, and of processors
	resident, written int64         // bytes: of memory at most, and of output
}

func runMeasured(t *testing.T, args []string, file string) (m measured) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(file + ".out")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	var problems bytes.Buffer
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Args, cmd.Stdout, cmd.Stderr = args, out, &problems
	started := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for running := true; running; {
		m.resident = max(m.resident, highWater(cmd.Process.Pid))
		select {
		case err = <-ended:
			running = false
		case <-time.After(5 * time.Millisecond):
		}
	}
	m.took, m.worked = time.Since(started), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
	if code := cmd.ProcessState.ExitCode(); code != 0 && code != 3 {
		t.Fatalf("%v: %v\n%.2000s", args, err, &problems)
	}
	for _, one := range []string{file, file + ".out"} {
		if info, err := os.Stat(one); err == nil {
			m.written += info.Size()
		}
	}
	if m.written < 1<<20 {
		t.Errorf("it wrote %d bytes of %d indices", m.written, manyIndices)
	}
	return m
}

// highWater is the most memory that a process has had, in bytes; 0 once it is gone.
func highWater(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, found := bytes.Cut(status, []byte("VmHWM:"))
	if !found {
		return 0
	}
	kib, err := strconv.ParseInt(string(bytes.Fields(after)[0]), 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}

// manyIndicesOf answers for a cluster with many indices, as Elasticsearch 7.10.2 does.
func manyIndicesOf(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	var out bytes.Buffer
	switch path := strings.Trim(r.URL.Path, "/"); {
	case path == "":
		out.WriteString(`{"name":"n","cluster_name":"many","cluster_uuid":"manymanymanymanymany","version":{"number":"7.10.2","build_flavor":"oss","lucene_version":"8.7.0","minimum_index_compatibility_version":"6.0.0-beta1"},"tagline":"You Know, for Search"}`)
	case path == "_cluster/state/metadata" && strings.Contains(r.URL.Query().Get("filter_path"), "routing_num_shards"):
		out.WriteString(`{"metadata":{"indices":{`)
		for i := range manyIndices {
			fmt.Fprintf(&out, `%s"index-%05d":{"state":"open","routing_num_shards":768}`, comma(i), i)
		}
		out.WriteString(`}}}`)
	case strings.HasPrefix(path, "index-"):
		out.WriteByte('{')
		for i, name := range strings.Split(path, ",") {
			fmt.Fprintf(&out, `%s%q:`, comma(i), name)
			definition(&out, name)
		}
		out.WriteByte('}')
	case path == "_nodes" || strings.HasPrefix(path, "_nodes/"):
		out.WriteString(`{"nodes":{}}`)
	default:
		out.WriteString(`{}`)
	}
	w.Write(out.Bytes())
}

func definition(out io.Writer, name string) {
	fields := 20
	if name == "index-00000" {
		fields = wideFields
	}
	fmt.Fprintf(out, `{"aliases":{"all":{},"of-%s":{"is_write_index":true}},"mappings":{"_doc":{"dynamic":"strict","properties":{`, name)
	for i := range fields {
		field := fmt.Sprintf("%s_field_%d", name, i) // no two indices have the same
		switch i % 4 {
		case 0:
			fmt.Fprintf(out, `%s%q:{"type":"text","fields":{"keyword":{"type":"keyword","ignore_above":256}}}`, comma(i), field)
		case 1:
			fmt.Fprintf(out, `%s%q:{"type":"keyword","doc_values":false}`, comma(i), field)
		case 2:
			fmt.Fprintf(out, `%s%q:{"properties":{"at":{"type":"date"},"by":{"type":"flattened"}}}`, comma(i), field)
		case 3:
			fmt.Fprintf(out, `%s%q:{"type":"long"}`, comma(i), field)
		}
	}
	fmt.Fprintf(out, `}}},"settings":{"index.number_of_shards":"3","index.number_of_replicas":"1","index.uuid":"u-%s","index.creation_date":"1600000000000","index.version.created":"7100299","index.provided_name":%q,"index.mapping.total_fields.limit":"9000","index.refresh_interval":"30s"}}`, name, name)
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}
