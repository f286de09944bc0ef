package ship

import (
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/rs/zerolog"

	"migassist/capture"
	"migassist/capture/filelog"
	"migassist/internal/blob"
)

func fill(t *testing.T, l *filelog.Log, n int) {
	t.Helper()
	for range n {
		if err := l.Append(t.Context(), []capture.Record{{Key: []byte("k"), Value: make([]byte, 1000)}}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestClosedSegmentsAndLeftoversAreShipped(t *testing.T) {
	root, to := t.TempDir(), filepath.Join(t.TempDir(), "shipped")
	dead, err := filelog.Open(root, "dead", filelog.Options{SegmentBytes: 5000})
	if err != nil {
		t.Fatal(err)
	}
	fill(t, dead, 20)
	_ = dead.Close()
	s, err := New(t.Context(), root, to, blob.Options{}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	live, err := filelog.Open(root, "live", filelog.Options{SegmentBytes: 5000, Closed: s.Closed})
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	if err := s.Leftovers(); err != nil {
		t.Fatal(err)
	}
	fill(t, live, 20)
	if err := s.Flush(t.Context()); err != nil || s.Waiting() != 0 {
		t.Fatalf("%v, %d wait", err, s.Waiting())
	}
	r, err := filelog.Read(to, filelog.Reading{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	records := map[string]int{}
	for {
		entry, err := r.Next(t.Context())
		if err != nil {
			break
		}
		records[entry.Position.Part]++
	}
	if records["dead"] != 20 || records["live"] < 12 || records["live"] >= 20 {
		t.Errorf("shipped %v", records)
	}
	shipped := s.Shipped.Load()
	if err := s.Leftovers(); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(t.Context()); err != nil || s.Shipped.Load() == shipped {
		t.Errorf("again: %v", err)
	}
}

func TestSegmentsGoToAnObjectStore(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	backend := s3mem.New()
	if err := backend.CreateBucket("bucket"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	defer server.Close()
	root := t.TempDir()
	var o blob.Options
	o.S3.Endpoint, o.S3.Region = server.URL, "us-east-1"
	s, err := New(t.Context(), root, "s3://bucket/capture", o, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	l, err := filelog.Open(root, "n", filelog.Options{SegmentBytes: 5000, Closed: s.Closed})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	fill(t, l, 20)
	if err := s.Flush(t.Context()); err != nil || s.Shipped.Load() < 3 {
		t.Fatalf("%d shipped, %v", s.Shipped.Load(), err)
	}
	if _, err := backend.HeadObject("bucket", "capture/n/00000000000000000000.log"); err != nil {
		t.Error(err)
	}
}
