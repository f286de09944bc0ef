package filelease_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"migassist/rfs/lease"
	"migassist/rfs/lease/filelease"
	"migassist/rfs/lease/leasetest"
)

func open(t *testing.T, path string) lease.Store {
	t.Helper()
	s, err := filelease.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func put(t *testing.T, s lease.Store, r lease.Record) string {
	t.Helper()
	version, err := s.Put(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return version
}

func get(t *testing.T, s lease.Store, key string) lease.Record {
	t.Helper()
	r, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestStore(t *testing.T) {
	leasetest.Run(t, func(t *testing.T) (a, b lease.Store) {
		path := filepath.Join(t.TempDir(), "state")
		return open(t, path), open(t, path)
	})
}

func TestStateOutlivesTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	s := open(t, path)
	version := put(t, s, lease.Record{Key: "item/1/a", Open: true, Body: []byte("{ \"n\": 1,\n \"m\": 2 }")})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	if r := get(t, s, "item/1/a"); r.Version != version || !r.Open || string(r.Body) != `{"n":1,"m":2}` {
		t.Errorf("%+v (%s)", r, r.Body)
	}
	put(t, s, lease.Record{Key: "item/1/a", Version: version, Body: []byte(`{}`)})
	if found, err := os.Stat(path); err != nil || found.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", found.Mode(), err)
	}
}

// TestTheTailOfAKilledWriterIsCutOff cuts the file at every byte of its last lines, as the end of a process or a full disk does.
func TestTheTailOfAKilledWriterIsCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	s := open(t, path)
	first := put(t, s, lease.Record{Key: "run", Body: []byte(`{"n":1}`)})
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, lease.Record{Key: "run", Version: first, Body: []byte(`{"n":2}`)})
	more, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := len(whole); cut < len(more); cut++ {
		for _, tail := range []string{"", "\x00\x00\x00\x00", "\xff\xff\n", "\n", "deadbeef 7 0 o \"run\" {}\n"} {
			other := filepath.Join(t.TempDir(), "state")
			if err := os.WriteFile(other, append(more[:cut:cut], tail...), 0o600); err != nil {
				t.Fatal(err)
			}
			s := open(t, other)
			r := get(t, s, "run")
			want := `{"n":1}`
			if cut == len(more)-1 && tail == "\n" {
				want = `{"n":2}` // it is whole again
			}
			if string(r.Body) != want {
				t.Fatalf("cut at %d with %q behind it: %s", cut, tail, r.Body)
			}
			version := put(t, s, lease.Record{Key: "run", Version: r.Version, Body: []byte(`{"n":3}`)})
			if r := get(t, open(t, other), "run"); r.Version != version || string(r.Body) != `{"n":3}` {
				t.Fatalf("cut at %d with %q behind it, written again: %+v (%s)", cut, tail, r, r.Body)
			}
		}
	}
	for cut := range len("migassist-lease 2 0123456789abcdef\n") {
		other := filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(other, more[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		put(t, open(t, other), lease.Record{Key: "run", Body: []byte(`{}`)})
	}
}

// TestDamageOfWhatWasSyncedIsAnError flips every byte behind the header. What a sync has promised must not vanish in silence.
func TestDamageOfWhatWasSyncedIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	s := open(t, path)
	version := ""
	for n := range 3 {
		version = put(t, s, lease.Record{Key: "run", Version: version, Body: fmt.Appendf(nil, `{"n":%d}`, n)})
		if err := s.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(whole), "\n")
	begin, end := len(lines[0]), len(whole)-len(lines[3])
	for at := begin; at < end; at++ {
		damaged := append([]byte(nil), whole...)
		damaged[at] ^= 4
		other := filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(other, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := filelease.Open(other); err == nil || !strings.Contains(err.Error(), "is damaged") {
			t.Fatalf("byte %d: %v, %v", at, s, err)
		}
		if left, err := os.ReadFile(other); err != nil || len(left) != len(whole) {
			t.Fatalf("byte %d: %d bytes are left, %v", at, len(left), err)
		}
	}
}

func TestFilesOfOthersAreRefusedByName(t *testing.T) {
	folder := t.TempDir()
	for name, c := range map[string]struct{ text, want string }{
		"newer":   {"migassist-lease 3 0123456789abcdef\n", "format 3"},
		"json":    {`{"format":1,"source":{"repository":"x"},"target":"y","items":[]}`, "earlier version (format 1)"},
		"pretty":  {"{\n  \"format\": 1,\n  \"source\": {", "earlier version (format 1)"},
		"text":    {"hello\n", "not a state file"},
		"header":  {"migassist-lease 2 xyz\n", "not a state file"},
		"ndjson":  {`{"index":{}}` + "\n", "not a state file"},
		"nothing": {strings.Repeat("\x00", 100), "not a state file"},
	} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := filelease.Open(path)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) || !errors.Is(err, lease.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
		if left, err := os.ReadFile(path); err != nil || string(left) != c.text {
			t.Errorf("%s was changed to %q, %v", name, left, err)
		}
	}
	if _, err := filelease.Open(folder); err == nil || !strings.Contains(err.Error(), "no file") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := filelease.Open(filepath.Join(folder, "none", "state")); err == nil || !strings.Contains(err.Error(), "--state-file") {
		t.Errorf("no folder: %v", err)
	}
}

// TestCompactionKeepsWhatCounts has two views write ten times as much as is kept of it.
func TestCompactionKeepsWhatCounts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	stores := []lease.Store{open(t, path), open(t, path)}
	versions := make([]string, 20)
	kept := put(t, stores[0], lease.Record{Key: "run", Body: []byte(`{"kept":true}`)})
	filler := strings.Repeat("x", 40_000)
	var largest, size int64
	for n := range 1500 {
		k := n % len(versions)
		versions[k] = put(t, stores[n/3%2], lease.Record{
			Key: fmt.Sprintf("item/%08x/i", k), Version: versions[k], Open: n%2 == 0,
			Body: fmt.Appendf(nil, `{"n":%d,"filler":%q}`, n, filler),
		})
		found, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		size = found.Size()
		largest = max(largest, size)
	}
	if largest > 16<<20 || size > 16<<20 {
		t.Errorf("the file grew to %d bytes, and has %d in the end", largest, size)
	}
	for n, s := range append(stores, open(t, path)) {
		for k, version := range versions {
			r := get(t, s, fmt.Sprintf("item/%08x/i", k))
			if r.Version != version || !strings.HasPrefix(string(r.Body), fmt.Sprintf(`{"n":%d,`, 1480+k)) {
				t.Fatalf("view %d: item %d has version %q, want %q (%.30s)", n, k, r.Version, version, r.Body)
			}
		}
		if r := get(t, s, "run"); r.Version != kept {
			t.Errorf("view %d: %+v", n, r)
		}
	}
	if left, err := filepath.Glob(path + "*"); err != nil || len(left) != 1 {
		t.Errorf("%q, %v", left, err)
	}
}

func TestAFileThatIsRemovedInUseIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	s := open(t, path)
	version := put(t, s, lease.Record{Key: "run", Body: []byte(`{}`)})
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), lease.Record{Key: "run", Version: version, Body: []byte(`{}`)}); !errors.Is(err, lease.ErrRefused) || !strings.Contains(err.Error(), "removed") {
		t.Error(err)
	}
	// A new file of the name has its own versions.
	put(t, open(t, path), lease.Record{Key: "run", Body: []byte(`{}`)})
	if _, err := s.Put(t.Context(), lease.Record{Key: "run", Version: version, Body: []byte(`{}`)}); !errors.Is(err, lease.ErrConflict) {
		t.Error(err)
	}
}

func TestAStoreThatWasClosedSaysSo(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), "run"); !errors.Is(err, filelease.ErrClosed) {
		t.Error(err)
	}
}

// What the processes that are killed get to know.
var (
	counter     = flag.String("filelease.counter", "", "count in this file until killed")
	counterName = flag.String("filelease.name", "", "under this name")
)

// TestNoCheckpointIsLostWhenProcessesAreKilled has processes count in one file, each saying what it has written, and kills them at any moment.
func TestNoCheckpointIsLostWhenProcessesAreKilled(t *testing.T) {
	if *counter != "" {
		count(t, *counter)
		return
	}
	path := filepath.Join(t.TempDir(), "state")
	said := make([]int, 4)
	kills := 0
	var all sync.WaitGroup
	var mu sync.Mutex
	stop := time.Now().Add(3 * time.Second)
	for n := range said {
		all.Go(func() {
			for life := 0; time.Now().Before(stop); life++ {
				last := countUntilKilled(t, path, n, time.Duration(20+(n*37+life*53)%120)*time.Millisecond)
				mu.Lock()
				said[n] = max(said[n], last)
				kills++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	s := open(t, path)
	total := 0
	for n, last := range said {
		var found struct{ N int }
		if err := json.Unmarshal(get(t, s, fmt.Sprintf("worker/%d", n)).Body, &found); err != nil {
			t.Fatal(err)
		}
		if found.N < last || found.N > last+1 {
			t.Errorf("process %d said %d, the file says %d", n, last, found.N)
		}
		total += found.N
	}
	if kills < 12 || total < 100 {
		t.Errorf("only %d writes and %d kills", total, kills)
	}
	t.Logf("%d writes, %d kills", total, kills)
}

// count writes numbers until it is killed.
func count(t *testing.T, path string) {
	s := open(t, path)
	key := "worker/" + *counterName
	r, err := s.Get(t.Context(), key)
	if err != nil && !errors.Is(err, lease.ErrNotFound) {
		t.Fatal(err)
	}
	var at struct{ N int }
	if err == nil {
		if err := json.Unmarshal(r.Body, &at); err != nil {
			t.Fatal(err)
		}
	}
	filler := strings.Repeat("y", 20_000)
	for r.Key = key; ; {
		at.N++
		r.Body = fmt.Appendf(nil, `{"n":%d,"filler":%q}`, at.N, filler)
		if r.Version, err = s.Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(os.Stdout, "said %d\n", at.N)
	}
}

// countUntilKilled returns the last number that a process said it has written.
func countUntilKilled(t *testing.T, path string, n int, life time.Duration) (last int) {
	command := exec.Command(os.Args[0], "-test.run", "^TestNoCheckpointIsLostWhenProcessesAreKilled$",
		"-filelease.counter", path, "-filelease.name", strconv.Itoa(n))
	out, err := command.StdoutPipe()
	if err != nil {
		t.Error(err)
		return 0
	}
	if err := command.Start(); err != nil {
		t.Error(err)
		return 0
	}
	timer := time.AfterFunc(life, func() { command.Process.Kill() })
	defer timer.Stop()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, err := fmt.Sscanf(lines.Text(), "said %d", &last); err != nil && strings.Contains(lines.Text(), "FAIL") {
			t.Errorf("process %d: %s", n, lines.Text())
		}
	}
	command.Wait()
	return last
}

func BenchmarkPut(b *testing.B) {
	s, err := filelease.Open(filepath.Join(b.TempDir(), "state"))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	body := fmt.Appendf(nil, `{"filler":%q}`, strings.Repeat("x", 600))
	version := ""
	for b.Loop() {
		if version, err = s.Put(b.Context(), lease.Record{Key: "item/0a1b2c3d/books/0", Version: version, Open: true, Body: body}); err != nil {
			b.Fatal(err)
		}
	}
}
