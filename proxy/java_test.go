package proxy

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net"
	"os"
	"path"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"migassist/capture"
)

// shape is an observation without its time. Bytes that came in several reads or writes are one; of a read, what follows is told.
type shape struct {
	Kind                   capture.Kind
	Data                   string
	FirstLine, HeaderBytes int
}

// shapes joins what lies next to each other in one direction, within segments or not.
func shapes(streams []capture.Stream) (all []shape) {
	for _, s := range streams {
		for _, o := range s.Observations {
			one := shape{Kind: o.Kind, Data: string(o.Data), FirstLine: o.FirstLine, HeaderBytes: o.HeaderBytes}
			switch o.Kind {
			case capture.SegmentEnd:
				continue
			case capture.ReadSegment:
				one.Kind = capture.Read
			case capture.WriteSegment:
				one.Kind = capture.Write
			}
			if last := len(all) - 1; last >= 0 && all[last].Kind == one.Kind && one.Data != "" {
				all[last].Data += one.Data
				continue
			}
			all = append(all, one)
		}
	}
	return all
}

// The same traffic, played through this proxy by connections that say what the Java proxy saw, is captured in the same shape, observation
// by observation. Pipelined requests are the exception: the Java proxy marks the end of one of them only.
func TestCapturesHaveTheShapeOfTheJavaProxys(t *testing.T) {
	byConnection := javaCapture(t)
	if len(byConnection) < 8 {
		t.Fatalf("%d connections in the capture of the Java proxy", len(byConnection))
	}
	r := newRig(t, nil)
	for id, streams := range byConnection {
		want := shapes(streams)
		if strings.Count(want[0].Data, " HTTP/1.1\r\n") > 1 {
			continue
		}
		play(t, r, want)
		got := shapes(ours(t, r))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s (-Java +ours):\n%.3000s", id, diff)
		}
		requests := 0
		for _, s := range streams {
			if s.PriorRequests != requests {
				t.Fatalf("%s %d: %d requests before", id, s.Number, s.PriorRequests)
			}
			for _, o := range s.Observations {
				if o.Kind == capture.EndOfMessage {
					requests++
				}
			}
		}
	}
}

// play says and answers what was observed, in its order.
func play(t *testing.T, r *rig, observed []shape) {
	t.Helper()
	client, err := net.Dial("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var upstream net.Conn
	_ = client.SetDeadline(time.Now().Add(20 * time.Second))
	for _, o := range observed {
		switch o.Kind {
		case capture.Read:
			sent := make(chan error, 1)
			go func() {
				_, err := io.WriteString(client, o.Data)
				sent <- err
			}()
			if upstream == nil {
				if upstream, err = r.upstream.Accept(); err != nil {
					t.Fatal(err)
				}
				defer upstream.Close()
				_ = upstream.SetDeadline(time.Now().Add(20 * time.Second))
			}
			if got := receive(t, upstream, len(o.Data)); got != o.Data {
				t.Fatal("the upstream got other bytes")
			}
			if err := <-sent; err != nil {
				t.Fatal(err)
			}
		case capture.Write:
			send(t, upstream, o.Data)
			if got := receive(t, client, len(o.Data)); got != o.Data {
				t.Fatal("the client got other bytes")
			}
		}
	}
}

// ours waits for the last record of the connection.
func ours(t *testing.T, r *rig) (streams []capture.Stream) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		for _, record := range r.log.take() {
			var s capture.Stream
			if err := capture.Decode(record.Value, &s); err != nil {
				t.Fatal(err)
			}
			if streams = append(streams, s); s.Last {
				return streams
			}
		}
		<-time.After(time.Millisecond)
	}
	t.Fatal("the end of the connection is not in the log")
	return nil
}

// javaCapture reads the files of the Java proxy.
func javaCapture(t *testing.T) map[string][]capture.Stream {
	t.Helper()
	content, err := os.ReadFile("../testdata/captures/protocap-2.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	byConnection := map[string][]capture.Stream{}
	for files := tar.NewReader(unzipped); ; {
		head, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if path.Ext(head.Name) != ".protocap" {
			continue
		}
		value, err := io.ReadAll(files)
		if err != nil {
			t.Fatal(err)
		}
		var s capture.Stream
		if err := capture.Decode(value, &s); err != nil {
			t.Fatal(err)
		}
		byConnection[s.Connection] = append(byConnection[s.Connection], s)
	}
	for _, streams := range byConnection {
		sort.Slice(streams, func(i, j int) bool { return streams[i].Number < streams[j].Number })
	}
	return byConnection
}
