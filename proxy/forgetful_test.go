package proxy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"migassist/capture"
	"migassist/capture/filelog"
	"migassist/proxy/spool"
)

// forgetful is a disk that keeps only what was synced: of files their bytes at the last sync, of folders the names at the last sync of the folder.
type forgetful struct {
	mu     sync.Mutex
	synced map[string][]byte // of files, by name
	named  map[string]bool   // files whose names were synced
	made   map[string]bool
}

type forgetfulFile struct {
	*os.File
	disk *forgetful
}

func (f *forgetful) OpenFile(name string, flag int, mode os.FileMode) (filelog.File, error) {
	file, err := os.OpenFile(name, flag, mode)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made[name] = true
	return forgetfulFile{file, f}, err
}

func (f *forgetful) SyncFolder(folder string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name := range f.made {
		if filepath.Dir(name) == folder {
			f.named[name] = true
		}
	}
	return nil
}

// Sync takes a moment, as that of a disk does.
func (f forgetfulFile) Sync() error {
	<-time.After(time.Duration(rand.IntN(1000)) * time.Microsecond)
	content, err := os.ReadFile(f.Name())
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.disk.synced[f.Name()] = content
	return err
}

// crash gives what is left, in a folder of its own.
func (f *forgetful) crash(t *testing.T, node string) string {
	t.Helper()
	f.mu.Lock()
	synced, named := maps.Clone(f.synced), maps.Clone(f.named)
	f.mu.Unlock()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, node), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range synced {
		if named[name] {
			if err := os.WriteFile(filepath.Join(root, node, filepath.Base(name)), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

// At any moment, what clients saw acknowledged until then is in what a disk that forgets has left.
func TestAcknowledgedWritesSurviveADiskThatForgets(t *testing.T) {
	disk := &forgetful{synced: map[string][]byte{}, named: map[string]bool{}, made: map[string]bool{}}
	log, err := filelog.Open(t.TempDir(), "n", filelog.Options{Files: disk, SegmentBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	s, err := spool.Open(spool.Options{Log: log, Node: "n", Reject: true, Logger: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Run(context.Background()) }()
	r := newRig(t, func(o *Options) { o.Spool, o.Reject = s, true })
	playing(t, r, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "{}")
	})

	var mu sync.Mutex
	acknowledged := map[string]bool{}
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for n := range 8 {
		clients.Go(func() {
			client := &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}
			for i := 0; ; i++ {
				select {
				case <-stop:
					client.CloseIdleConnections()
					return
				default:
				}
				id := fmt.Sprintf("%d-%d", n, i)
				body := id + strings.Repeat(" ", rand.IntN(1+rand.IntN(20_000)))
				answer, err := client.Post("http://"+r.address+"/i/_doc", "application/json", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
				<-time.After(time.Millisecond) // the test reads all of it again and again
				if answer.StatusCode == http.StatusOK {
					mu.Lock()
					acknowledged[id] = true
					mu.Unlock()
				}
			}
		})
	}
	for range 6 {
		<-time.After(time.Duration(20+rand.IntN(40)) * time.Millisecond)
		mu.Lock()
		seen := slices.Collect(maps.Keys(acknowledged))
		mu.Unlock()
		left := requestsIn(t, disk.crash(t, "n"))
		for _, id := range seen {
			if !left[id] {
				t.Fatalf("%s was acknowledged, and is not in what the disk has left: %d of %d are", id, len(left), len(seen))
			}
		}
	}
	close(stop)
	clients.Wait()
	r.stop()
	s.Close()
	<-ended
	if len(acknowledged) < 100 {
		t.Errorf("only %d writes", len(acknowledged))
	}
}

// requestsIn are the first words of the whole requests in a folder.
func requestsIn(t *testing.T, root string) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	reader, err := filelog.Read(root, filelog.Reading{})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	a := capture.Assembler{Fault: func(f capture.Fault) {
		if f.Kind == capture.Missing || f.Kind == capture.Unreadable {
			t.Errorf("%+v", f)
		}
	}, Exchange: func(e *capture.Exchange) {
		if e.Request.Whole {
			ids[string(bytes.TrimSpace(e.Request.Body))] = true
		}
	}}
	var stream capture.Stream
	for {
		entry, err := reader.Next(t.Context())
		if err != nil {
			break
		}
		if err := capture.Decode(entry.Value, &stream); err != nil {
			t.Fatal(err)
		}
		a.Add(&stream)
	}
	a.End()
	return ids
}

// Ten processes, one after the other, take over a listening socket while clients connect: none is refused, none is cut.
func TestTenTakeoversRefuseNobody(t *testing.T) {
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(upstream) }()
	defer server.Close()
	socket := filepath.Join(t.TempDir(), "next")
	first, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := first.Addr().String()
	var processes sync.WaitGroup
	// process is one: it takes over, serves, and ends when the next one has taken over.
	process := func(ctx context.Context, listener net.Listener) {
		r, err := New(Options{Upstreams: urls(upstream), Changes: mutates, Logger: zerolog.Nop(), Limits: Limits{Drain: 5 * time.Second}})
		if err != nil {
			t.Error(err)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		processes.Go(func() {
			_ = AwaitSuccessor(ctx, socket, listener)
			cancel()
		})
		processes.Go(func() {
			if err := r.Run(ctx, listener, nil); err != nil {
				t.Error(err)
			}
		})
	}
	all, end := context.WithCancel(t.Context())
	process(all, first)
	connections := make(chan struct{}, 10_000)
	for range cap(connections) {
		connections <- struct{}{}
	}
	close(connections)
	var clients sync.WaitGroup
	for range 16 {
		clients.Go(func() {
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
			for range connections {
				answer, err := client.Get("http://" + address + "/a")
				if err != nil {
					t.Error(err)
					continue
				}
				if body, err := io.ReadAll(answer.Body); err != nil || string(body) != "{}" {
					t.Errorf("%q, %v", body, err)
				}
				_ = answer.Body.Close()
			}
		})
	}
	for n := range 10 {
		var s *Successor
		for deadline := time.Now().Add(10 * time.Second); s == nil && time.Now().Before(deadline); {
			<-time.After(time.Duration(max(1, 200-len(connections)/50)) * time.Millisecond)
			if s, err = TakeOver(t.Context(), socket); err != nil {
				t.Fatal(err)
			}
		}
		if s == nil {
			t.Fatalf("takeover %d: nobody waits at the socket", n)
		}
		process(all, s.Listeners[0])
		if err := s.Accepting(); err != nil {
			t.Fatal(err)
		}
	}
	clients.Wait()
	end()
	processes.Wait()
}
