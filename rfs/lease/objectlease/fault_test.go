package objectlease_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"migassist/internal/blob/blobtest"
	"migassist/rfs/lease"
	"migassist/rfs/lease/objectlease"
)

// each runs a test against every store, with a session that has the record "begun".
func each(t *testing.T, f func(t *testing.T, server *blobtest.Server, s *objectlease.Store, version string)) {
	t.Helper()
	for name, store := range stores {
		t.Run(name, func(t *testing.T) {
			server := store.start(t, nil)
			s := open(t, store.scheme, server.URL, "s")
			version, err := s.Put(t.Context(), lease.Record{Key: "begun", Open: true, Body: []byte(`{"n":1}`)})
			if err != nil {
				t.Fatal(err)
			}
			f(t, server, s, version)
		})
	}
}

// writes tells whether a request writes an object.
func writes(r *http.Request) bool {
	return r.Method == http.MethodPut || strings.HasPrefix(r.URL.Path, "/upload/")
}

// failWrites fails the first writes so, one after the other.
func failWrites(server *blobtest.Server, faults ...*blobtest.Fault) {
	var n atomic.Int32
	server.Fail(func(r *http.Request, _ int) *blobtest.Fault {
		if writes(r) {
			if at := int(n.Add(1)) - 1; at < len(faults) {
				return faults[at]
			}
		}
		return nil
	})
}

func TestAnAnswerThatIsLostIsNoConflict(t *testing.T) {
	each(t, func(t *testing.T, server *blobtest.Server, s *objectlease.Store, version string) {
		failWrites(server, &blobtest.Fault{Status: 503}, &blobtest.Fault{Cut: -1}, &blobtest.Fault{Status: 500})
		version, err := s.Put(t.Context(), lease.Record{Key: "begun", Version: version, Body: []byte(`{"n":2}`)})
		if err != nil {
			t.Fatal(err)
		}
		failWrites(server, &blobtest.Fault{Cut: -1})
		if _, err := s.Put(t.Context(), lease.Record{Key: "new", Body: []byte(`{}`)}); err != nil {
			t.Fatal(err)
		}
		server.Fail(nil)
		r, err := s.Get(t.Context(), "begun")
		if err != nil || r.Version != version || string(r.Body) != `{"n":2}` {
			t.Errorf("got %+v, %v; the version was %q", r, err, version)
		}
		if _, err := s.Put(t.Context(), lease.Record{Key: "begun", Version: version, Body: []byte(`{"n":3}`)}); err != nil {
			t.Errorf("the version of a settled write is good for nothing: %v", err)
		}
	})
}

func TestAConflictAfterALostAnswerIsNotCalledOne(t *testing.T) {
	each(t, func(t *testing.T, server *blobtest.Server, s *objectlease.Store, version string) {
		var n atomic.Int32
		server.Fail(func(r *http.Request, _ int) *blobtest.Fault {
			if !writes(r) {
				return nil
			}
			switch n.Add(1) {
			case 1:
				return &blobtest.Fault{Cut: -1} // ours is written
			case 2: // and written over, before it is repeated
				server.Put(t, "some/prefix/s/begun", []byte(`{"format":1,"key":"begun","open":true,"write":"another"} `+"\n{}"))
			}
			return nil
		})
		_, err := s.Put(t.Context(), lease.Record{Key: "begun", Version: version, Body: []byte(`{"n":2}`)})
		if err == nil || errors.Is(err, lease.ErrConflict) {
			t.Errorf("it was written, and the error says %v", err)
		}
	})
}

func TestWhatIsNotWrittenForSureIsAConflict(t *testing.T) {
	each(t, func(t *testing.T, server *blobtest.Server, s *objectlease.Store, version string) {
		failWrites(server, &blobtest.Fault{Status: 429, Header: http.Header{"Retry-After": {"0"}}})
		if _, err := s.Put(t.Context(), lease.Record{Key: "begun", Body: []byte(`{}`)}); !errors.Is(err, lease.ErrConflict) {
			t.Errorf("create what is there: %v", err)
		}
		if _, err := s.Put(t.Context(), lease.Record{Key: "gone", Version: version, Body: []byte(`{}`)}); !errors.Is(err, lease.ErrConflict) {
			t.Errorf("replace what is not there: %v", err)
		}
	})
}

func TestS3NamesConflictsInSeveralWays(t *testing.T) {
	server := blobtest.NewS3(t, nil)
	s := open(t, "s3", server.URL, "s")
	version, err := s.Put(t.Context(), lease.Record{Key: "k", Body: []byte(`{}`)})
	if err != nil {
		t.Fatal(err)
	}
	code := func(status int, name string) *blobtest.Fault {
		return &blobtest.Fault{Status: status, Body: fmt.Sprintf("<Error><Code>%s</Code><Message>in words</Message></Error>", name)}
	}
	failWrites(server, code(404, "NoSuchKey"))
	if _, err := s.Put(t.Context(), lease.Record{Key: "k", Version: version, Body: []byte(`{}`)}); !errors.Is(err, lease.ErrConflict) {
		t.Errorf("404 to If-Match: %v", err)
	}
	failWrites(server, code(409, "ConditionalRequestConflict"))
	if version, err = s.Put(t.Context(), lease.Record{Key: "k", Version: version, Body: []byte(`{}`)}); err != nil {
		t.Errorf("409 is to be repeated: %v", err)
	}
	failWrites(server, code(409, "ConditionalRequestConflict"), code(412, "PreconditionFailed"))
	if _, err = s.Put(t.Context(), lease.Record{Key: "k", Version: version, Body: []byte(`{}`)}); !errors.Is(err, lease.ErrConflict) {
		t.Errorf("409, then 412: %v", err)
	}
	for _, c := range []struct {
		fault *blobtest.Fault
		want  string
	}{
		{code(404, "NoSuchBucket"), "no such bucket"},
		{code(403, "AccessDenied"), "s3:PutObject"},
		{code(501, "NotImplemented"), "knows no conditional writes"},
	} {
		failWrites(server, c.fault)
		_, err := s.Put(t.Context(), lease.Record{Key: "k", Version: version, Body: []byte(`{}`)})
		if err == nil || errors.Is(err, lease.ErrConflict) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "--repo-uri") {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

func TestAStoreThatIgnoresConditionsIsRefused(t *testing.T) {
	for name, store := range stores {
		for _, header := range []string{"If-Match", "If-None-Match"} {
			t.Run(name+" "+header, func(t *testing.T) {
				server := store.start(t, nil)
				server.Fail(func(r *http.Request, _ int) *blobtest.Fault {
					query := r.URL.Query()
					if g := query.Get("ifGenerationMatch"); g != "" && writes(r) && (g == "0") == (header == "If-None-Match") {
						query.Del("ifGenerationMatch")
						r.URL.RawQuery = query.Encode()
					}
					if writes(r) {
						r.Header.Del(header)
					}
					return nil
				})
				_, err := open(t, store.scheme, server.URL, "s").Put(t.Context(), lease.Record{Key: "k", Body: []byte(`{}`)})
				if !errors.Is(err, objectlease.ErrUnfit) || !strings.Contains(err.Error(), header) {
					t.Errorf("got %v", err)
				}
				server.Reset()
				if list, err := open(t, store.scheme, server.URL, "s").List(t.Context(), "", "", false, 10); err != nil || len(list) > 0 {
					t.Errorf("written all the same: %v, %v", list, err)
				}
			})
		}
	}
}

func TestTheTrialLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, server *blobtest.Server, s *objectlease.Store, _ string) {
		server.Reset()
		if _, err := s.Put(t.Context(), lease.Record{Key: "second", Body: []byte(`{}`)}); err != nil {
			t.Fatal(err)
		}
		if asked := server.Requests(); len(asked) != 1 {
			t.Errorf("a second write takes %q", asked)
		}
		if err := s.Clear(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left := server.Keys(); len(left) > 0 {
			t.Errorf("left: %q", left)
		}
	})
}

func TestAListWithoutOpenOnesTakesOneRequestPerThousand(t *testing.T) {
	each(t, func(t *testing.T, server *blobtest.Server, s *objectlease.Store, _ string) {
		for n := range 1500 {
			if _, err := s.Put(t.Context(), lease.Record{Key: fmt.Sprintf("item/%04d", n), Open: n == 1400, Body: []byte(`{}`)}); err != nil {
				t.Fatal(err)
			}
		}
		server.Reset()
		page, err := s.List(t.Context(), "item/", "", true, 10)
		if err != nil || len(page) != 1 || page[0].Key != "item/1400" {
			t.Fatalf("got %v, %v", page, err)
		}
		if asked := server.Requests(); len(asked) > 3 {
			t.Errorf("%d requests: %q", len(asked), asked)
		}
	})
}

func TestAzureThatCannotStartAtANameIsWalked(t *testing.T) {
	server := blobtest.NewAzure(t, nil)
	s := open(t, "az", server.URL, "s")
	for n := range 20 {
		if _, err := s.Put(t.Context(), lease.Record{Key: fmt.Sprintf("item/%04d", n), Open: true, Body: []byte(`{}`)}); err != nil {
			t.Fatal(err)
		}
	}
	for name, fault := range map[string]*blobtest.Fault{"ignored": nil, "refused": {Status: http.StatusBadRequest, Header: http.Header{"X-Ms-Error-Code": {"InvalidQueryParameterValue"}}}} {
		t.Run(name, func(t *testing.T) {
			server.Fail(func(r *http.Request, _ int) *blobtest.Fault {
				query := r.URL.Query()
				if !query.Has("startFrom") {
					return nil
				}
				query.Del("startFrom")
				r.URL.RawQuery = query.Encode()
				return fault
			})
			page, err := s.List(t.Context(), "item/", "item/0011", false, 3)
			if err != nil || len(page) != 3 || page[0].Key != "item/0012" {
				t.Errorf("got %v, %v", page, err)
			}
		})
	}
}

func TestAStoreThatMayNotBeListedIsToldWhatItTakes(t *testing.T) {
	want := map[string]string{"s3": "s3:PutObject", "gcs": "Storage Object User", "azure": "sp=rcwdl"}
	for name, store := range stores {
		t.Run(name, func(t *testing.T) {
			server := store.start(t, nil)
			server.Fail(func(*http.Request, int) *blobtest.Fault { return &blobtest.Fault{Status: http.StatusForbidden} })
			_, err := objectlease.Open(t.Context(), store.scheme+"://"+blobtest.Bucket+"/p", reach(server.URL), "s")
			if err == nil || !strings.Contains(err.Error(), want[name]) {
				t.Errorf("got %v, want %s", err, want[name])
			}
		})
	}
}
