package deadletter_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"migassist/internal/awsauth"
	"migassist/internal/blob"
	"migassist/internal/blob/blobtest"
	"migassist/internal/blob/object"
	"migassist/rfs/deadletter"
)

func letter(index string, doc int, reason string) deadletter.Letter {
	return deadletter.Letter{
		Index: index, Shard: 1, Place: deadletter.Place{Segment: "_0", Doc: doc}, Target: index, ID: fmt.Sprint(doc), Action: fmt.Appendf(nil, `{"index":{"_index":%q,"_id":"%d"}}`, index, doc),
		Source: []byte(`{"a": 1.0}`), Class: deadletter.ClassRefused, Type: "mapper_parsing_exception", Reason: reason,
	}
}

func add(t *testing.T, w deadletter.Writer, letters ...deadletter.Letter) {
	t.Helper()
	if err := w.Add(letters, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := w.Sync(); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, place string, o blob.Options) *deadletter.Store {
	t.Helper()
	s, err := deadletter.Open(t.Context(), place, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// listed returns what a listing has, as INDEX/ID: REASON.
func listed(t *testing.T, s *deadletter.Store, session string) (*deadletter.Listing, []string) {
	t.Helper()
	l, err := s.List(t.Context(), session, "")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for r, err := range l.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if string(r.Source()) != `{"a": 1.0}` {
			t.Errorf("the document came back as %s", r.Source())
		}
		all = append(all, r.TargetIndex+"/"+r.DocumentID+": "+r.Reason)
	}
	slices.Sort(all)
	return l, all
}

// TestLettersOfManyWorkers is what becomes of letters, wherever they are.
func TestLettersOfManyWorkers(t *testing.T) {
	s3 := blobtest.NewS3(t, nil)
	for name, place := range map[string]func(t *testing.T) (string, blob.Options){
		"folder": func(t *testing.T) (string, blob.Options) {
			return filepath.Join(t.TempDir(), "not", "yet"), blob.Options{}
		},
		"s3": func(*testing.T) (string, blob.Options) {
			return "s3://" + blobtest.Bucket + "/dead", blob.Options{S3: object.S3Options{Endpoint: s3.URL, Options: awsauth.Options{Region: "us-east-1", AccessKey: "a", SecretKey: "b"}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			at, o := place(t)
			if err := open(t, at, o).Writable(t.Context()); err != nil {
				t.Fatal(err)
			}
			one := open(t, at, o).Parts(deadletter.PartsOptions{Run: "r1", Session: "s", Worker: "one"})
			two := open(t, at, o).Parts(deadletter.PartsOptions{Run: "r1", Session: "s", Worker: "two"})
			add(t, one, letter("a", 1, "x"), letter("b", 2, "x"))
			add(t, two, letter("a", 3, "x"), letter("a", 1, "y")) // 1 was sent again
			other := open(t, at, o).Parts(deadletter.PartsOptions{Run: "r9", Session: "other", Worker: "one"})
			add(t, other, letter("a", 1, "other"))

			s := open(t, at, o)
			l, got := listed(t, s, "s")
			if want := []string{"a/1: y", "a/3: x", "b/2: x"}; !slices.Equal(got, want) || l.Letters != 3 {
				t.Fatalf("got %v, want %v; %+v", got, want, l)
			}
			if _, all := listed(t, s, ""); len(all) != 4 {
				t.Errorf("of all sessions: %v", all)
			}
			var keys []deadletter.Key
			for r := range l.Records(t.Context()) {
				if r.DocumentID == "3" {
					keys = append(keys, r.Key())
				}
			}
			if err := s.Mark(t.Context(), "s", keys...); err != nil {
				t.Fatal(err)
			}
			if l, got = listed(t, s, "s"); len(got) != 2 || l.Redriven != 1 {
				t.Errorf("after one was redriven: %v, %+v", got, l)
			}
			again := open(t, at, o).Parts(deadletter.PartsOptions{Run: "r2", Session: "s", Worker: "three"})
			if err := again.Add([]deadletter.Letter{letter("b", 2, "in the new run")}, time.Now().Add(time.Minute)); err != nil || again.Sync() != nil {
				t.Fatal(err)
			}
			if l, got = listed(t, s, "s"); len(got) != 1 || l.Earlier != 3 {
				t.Errorf("of the session begun anew: %v, %+v", got, l)
			}
		})
	}
}

// TestOneFile reads the file of a machine's workers, whose last record a kill may have torn, and notes beside it what was redriven.
func TestOneFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "dead.ndjson")
	w, err := deadletter.OpenFile(name, "r")
	if err != nil {
		t.Fatal(err)
	}
	add(t, w, letter("a", 1, "x"), letter("a", 2, "x"))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"format":1,"run":"r","workIt`); err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	s := open(t, name, blob.Options{})
	l, got := listed(t, s, "")
	if len(got) != 2 {
		t.Fatal(got)
	}
	for r := range l.Records(t.Context()) {
		if err := s.Mark(t.Context(), "default", r.Key()); err != nil {
			t.Fatal(err)
		}
		break
	}
	if _, got = listed(t, s, ""); len(got) != 1 {
		t.Errorf("after one was redriven: %v", got)
	}
}

func TestWhatIsNoLetterIsNamed(t *testing.T) {
	for content, want := range map[string]string{"{\n": "line 1 of", `{"format":2}` + "\n": "format 2", "\x1f\x8bx": "read the dead letters"} {
		name := filepath.Join(t.TempDir(), "dead.ndjson")
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := open(t, name, blob.Options{}).List(t.Context(), "", ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", content, err)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := deadletter.Open(t.Context(), filepath.Join(file, "below"), blob.Options{}); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("%v", err)
	}
}
