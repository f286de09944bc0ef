package capturetest

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"testing"
	"testing/fstest"

	"migassist/capture"
	"migassist/capture/archive"
)

// Java is one of the two captures in testdata/captures, which the Java proxy made in front of a real server.
type Java struct {
	Index     string
	Exchanges []*capture.Exchange
	Final     map[string]json.RawMessage // the documents of the index afterwards, by id
	Client    []Seen
}

// Seen is what a client sent and saw.
type Seen struct {
	Client   int     `json:"client"`
	N        int     `json:"n"`
	Method   string  `json:"method"`
	Path     string  `json:"path"`
	Body     *string `json:"body"`
	Status   int     `json:"status"`
	Response string  `json:"response"`
}

// ReadJava reads capture 1 or 2. root is the folder of the module.
func ReadJava(tb testing.TB, root string, number int) *Java {
	tb.Helper()
	folder := filepath.Join(root, "testdata", "captures")
	j := &Java{Index: fmt.Sprintf("shop-%d", number), Final: map[string]json.RawMessage{}}
	j.assemble(tb, openJava(tb, folder, number))
	for _, line := range lines(tb, filepath.Join(folder, fmt.Sprintf("client-log-%d.ndjson.gz", number))) {
		var seen Seen
		if err := json.Unmarshal(line, &seen); err != nil {
			tb.Fatal(err)
		}
		j.Client = append(j.Client, seen)
	}
	for _, line := range lines(tb, filepath.Join(folder, fmt.Sprintf("final-docs-%d.ndjson.gz", number))) {
		var document struct {
			ID     string          `json:"_id"`
			Source json.RawMessage `json:"_source"`
		}
		if err := json.Unmarshal(line, &document); err != nil {
			tb.Fatal(err)
		}
		j.Final[document.ID] = document.Source
	}
	if len(j.Exchanges) == 0 || len(j.Client) == 0 || len(j.Final) == 0 {
		tb.Fatalf("capture %d: %d exchanges, %d lines of clients, %d documents", number, len(j.Exchanges), len(j.Client), len(j.Final))
	}
	return j
}

func (j *Java) assemble(tb testing.TB, source capture.Source) {
	tb.Helper()
	a := capture.Assembler{
		Exchange: func(x *capture.Exchange) { j.Exchanges = append(j.Exchanges, x) },
		Fault:    func(capture.Fault) {},
	}
	for {
		entry, err := source.Next(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		var s capture.Stream
		if err == nil {
			err = capture.Decode(entry.Value, &s)
		}
		if err != nil {
			tb.Fatal(err)
		}
		a.Add(&s)
	}
	a.End()
}

func openJava(tb testing.TB, folder string, number int) capture.Source {
	tb.Helper()
	if number == 1 {
		file, err := os.Open(filepath.Join(folder, "kafka-export-1.proto.gz"))
		if err != nil {
			tb.Fatal(err)
		}
		export, err := archive.NewLines("export", file)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { _ = export.Close() })
		return export
	}
	files, err := archive.NewFiles("protocap", untar(tb, unzip(tb, filepath.Join(folder, "protocap-2.tar.gz"))))
	if err != nil {
		tb.Fatal(err)
	}
	return files
}

func untar(tb testing.TB, r io.Reader) fstest.MapFS {
	tb.Helper()
	folder := fstest.MapFS{}
	for unpacked := tar.NewReader(r); ; {
		head, err := unpacked.Next()
		if errors.Is(err, io.EOF) {
			return folder
		}
		if err != nil {
			tb.Fatal(err)
		}
		if head.Typeflag != tar.TypeReg {
			continue
		}
		content, err := io.ReadAll(unpacked)
		if err != nil {
			tb.Fatal(err)
		}
		folder[path.Clean(head.Name)] = &fstest.MapFile{Data: content}
	}
}

func unzip(tb testing.TB, name string) io.Reader {
	tb.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		tb.Fatal(err)
	}
	return unzipped
}

func lines(tb testing.TB, name string) (all [][]byte) {
	tb.Helper()
	scanner := bufio.NewScanner(unzip(tb, name))
	scanner.Buffer(nil, archive.MaxLine)
	for scanner.Scan() {
		all = append(all, bytes.Clone(scanner.Bytes()))
	}
	if scanner.Err() != nil {
		tb.Fatal(scanner.Err())
	}
	return all
}
