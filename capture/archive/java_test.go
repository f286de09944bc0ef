package archive

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path"
	"strconv"
	"testing"
	"testing/fstest"

	"migassist/capture"
)

const captures = "../../testdata/captures/"

// said is what a client wrote down of one request.
type said struct {
	Client, N, Status int
	Method, Path      string
	Body              *string
	Response          string
}

// Every exchange that a client of the Java proxy wrote down is in the capture, with these bytes, and nothing else is.
func TestCapturesOfTheJavaProxyReassemble(t *testing.T) {
	for _, c := range []struct {
		name   string
		source func(*testing.T) capture.Source
		log    string
		// beside the log: curl's first question, a pipelined connection of three
		besides int
		faults  map[capture.FaultKind]int
	}{
		{"kafka", openExport, "client-log-1.ndjson.gz", 0, map[capture.FaultKind]int{capture.CutOff: 1}},
		{"files", openFiles, "client-log-2.ndjson.gz", 4, map[capture.FaultKind]int{capture.CutOff: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			exchanges, faults := assemble(t, c.source(t))
			byClient := map[int][]*capture.Exchange{}
			besides := 0
			for _, e := range exchanges {
				client, err := strconv.Atoi(string(e.Request.Head.Get("x-client")))
				switch {
				case err == nil:
					byClient[client] = append(byClient[client], e)
				case e.Request.Whole:
					besides++
				}
			}
			for _, want := range readLog(t, c.log) {
				if len(byClient[want.Client]) == 0 {
					t.Fatalf("request %d of client %d is not in the capture", want.N, want.Client)
				}
				compare(t, byClient[want.Client][0], want)
				byClient[want.Client] = byClient[want.Client][1:]
			}
			for client, left := range byClient {
				if len(left) != 0 {
					t.Errorf("client %d: %d exchanges that it did not write down", client, len(left))
				}
			}
			if besides != c.besides {
				t.Errorf("%d exchanges of no client, want %d", besides, c.besides)
			}
			for kind, n := range faults {
				if n != c.faults[kind] {
					t.Errorf("%d faults %s, want %d", n, kind, c.faults[kind])
				}
			}
		})
	}
}

func compare(t *testing.T, e *capture.Exchange, want said) {
	t.Helper()
	if e.Response == nil {
		t.Fatalf("client %d, %d: no answer", want.Client, want.N)
	}
	body := ""
	if want.Body != nil {
		body = *want.Body
	}
	head := e.Request.Head
	if string(head.Method) != want.Method || string(head.Target) != want.Path || string(e.Request.Body) != body {
		t.Fatalf("client %d, %d: %s %s with %d bytes; it sent %s %s with %d", want.Client, want.N, head.Method, head.Target, len(e.Request.Body), want.Method, want.Path, len(body))
	}
	if e.Response.Head.Status != want.Status || string(e.Response.Body) != want.Response {
		t.Fatalf("client %d, %d: %d %q; it saw %d %q", want.Client, want.N, e.Response.Head.Status, e.Response.Body, want.Status, want.Response)
	}
}

func assemble(t *testing.T, source capture.Source) (exchanges []*capture.Exchange, faults map[capture.FaultKind]int) {
	t.Helper()
	faults = map[capture.FaultKind]int{}
	a := &capture.Assembler{
		Exchange: func(e *capture.Exchange) { exchanges = append(exchanges, e) },
		Fault:    func(f capture.Fault) { faults[f.Kind]++; t.Log(f) },
	}
	var s capture.Stream
	for {
		entry, err := source.Next(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = capture.Decode(entry.Value, &s)
		}
		if err != nil {
			t.Fatal(err)
		}
		if s.Connection != string(entry.Key) {
			t.Fatalf("key %s of a stream of %s", entry.Key, s.Connection)
		}
		if s.Unknown != 0 {
			t.Fatalf("%d fields of %s %d are not known", s.Unknown, s.Connection, s.Number)
		}
		a.Add(&s)
	}
	if a.Open() != 0 {
		t.Errorf("%d connections without an end", a.Open())
	}
	return exchanges, faults
}

func openExport(t *testing.T) capture.Source {
	t.Helper()
	file, err := os.Open(captures + "kafka-export-1.proto.gz")
	if err != nil {
		t.Fatal(err)
	}
	lines, err := NewLines("export", file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lines.Close() })
	return lines
}

func openFiles(t *testing.T) capture.Source {
	t.Helper()
	folder := fstest.MapFS{}
	unpacked := tar.NewReader(unzip(t, "protocap-2.tar.gz"))
	for {
		head, err := unpacked.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if head.Typeflag == tar.TypeReg {
			content, err := io.ReadAll(unpacked)
			if err != nil {
				t.Fatal(err)
			}
			folder[path.Clean(head.Name)] = &fstest.MapFile{Data: content}
		}
	}
	files, err := NewFiles("protocap", folder)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func unzip(t *testing.T, name string) io.Reader {
	t.Helper()
	content, err := os.ReadFile(captures + name)
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return unzipped
}

func readLog(t *testing.T, name string) (log []said) {
	t.Helper()
	scanner := bufio.NewScanner(unzip(t, name))
	scanner.Buffer(nil, MaxLine)
	for scanner.Scan() {
		var line said
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		log = append(log, line)
	}
	if len(log) == 0 || scanner.Err() != nil {
		t.Fatalf("%s: %d lines, %v", name, len(log), scanner.Err())
	}
	return log
}
