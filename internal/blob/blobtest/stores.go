package blobtest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// shelf is the objects of a bucket, for the servers that are written here from the public descriptions of the protocols.
// Each is checked against a heavier emulator by make e2e-stores.
type shelf struct {
	mu         sync.Mutex
	objects    map[string]stored
	generation int
	pageSize   int
}

type stored struct {
	data    []byte
	version string
}

func newShelf() *shelf { return &shelf{objects: map[string]stored{}, pageSize: 1000} }

func (s *shelf) put(key string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation++
	s.objects[key] = stored{data, strconv.Itoa(1700000000000000 + s.generation)}
	return nil
}

func (s *shelf) get(key string) (stored, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects[key]
	return o, ok
}

// list returns names directly below prefix, and prefixes, from the one called token on; next continues.
func (s *shelf) list(prefix, token string) (keys, prefixes []string, next string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, key := range slices.Sorted(maps.Keys(s.objects)) {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok {
			continue
		}
		name, _, deeper := strings.Cut(rest, "/")
		if deeper {
			name += "/"
		}
		full := prefix + name
		if full < token || deeper && slices.Contains(prefixes, full) {
			continue
		}
		if n++; n > s.pageSize {
			return keys, prefixes, full
		}
		if deeper {
			prefixes = append(prefixes, full)
		} else {
			keys = append(keys, full)
		}
	}
	return keys, prefixes, ""
}

// serve answers with an object, or a range of it; beyond its end it calls outside.
func serve(w http.ResponseWriter, r *http.Request, o stored, outside func()) {
	var from, to int
	if n, _ := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to); n == 2 && from >= len(o.data) {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", len(o.data)))
		outside()
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(o.data))
}

// NewGCS starts a server of Google's JSON API with a bucket that holds files. Source: "Cloud Storage JSON API", Objects: get, list.
func NewGCS(t testing.TB, files map[string][]byte) *Server {
	t.Helper()
	objects := newShelf()
	s := &Server{put: objects.put, next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { gcs(objects, w, r) })}
	for key, data := range files {
		s.Put(t, key, data)
	}
	s.start(t)
	return s
}

func gcs(objects *shelf, w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, reason, message string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": status, "message": message, "errors": []any{map[string]any{"reason": reason}}}})
	}
	key, ok := strings.CutPrefix(r.URL.EscapedPath(), "/storage/v1/b/"+Bucket+"/o")
	if !ok {
		refuse(http.StatusNotFound, "notFound", "The specified bucket does not exist.")
		return
	}
	query := r.URL.Query()
	if key == "" {
		gcsList(objects, w, query)
		return
	}
	name, err := url.PathUnescape(strings.TrimPrefix(key, "/"))
	o, there := objects.get(name)
	want := query.Get("ifGenerationMatch")
	switch {
	case err != nil || !there:
		refuse(http.StatusNotFound, "notFound", "No such object: "+Bucket+"/"+name)
	case query.Get("alt") != "media":
		refuse(http.StatusBadRequest, "invalid", "this server gives media only")
	case want != "" && want != o.version:
		refuse(http.StatusPreconditionFailed, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.")
	default:
		w.Header().Set("X-Goog-Generation", o.version)
		serve(w, r, o, func() {
			refuse(http.StatusRequestedRangeNotSatisfiable, "requestedRangeNotSatisfiable", "Request range not satisfiable")
		})
	}
}

func gcsList(objects *shelf, w http.ResponseWriter, query url.Values) {
	keys, prefixes, next := objects.list(query.Get("prefix"), query.Get("pageToken"))
	items := make([]map[string]string, 0, len(keys))
	for _, key := range keys {
		o, _ := objects.get(key)
		items = append(items, map[string]string{"name": key, "size": strconv.Itoa(len(o.data))})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"items": items, "prefixes": prefixes, "nextPageToken": next})
}

// Account is the storage account that Azure test servers have.
const Account = "account"

// NewAzure starts a server of Azure's Blob service with a container that holds files; its URL ends in the account, as
// those of emulators do. Source: "Blob Storage REST API", Get Blob, List Blobs.
func NewAzure(t testing.TB, files map[string][]byte) *Server {
	t.Helper()
	objects := newShelf()
	s := &Server{put: objects.put, next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { azure(objects, w, r) })}
	for key, data := range files {
		s.Put(t, key, data)
	}
	s.start(t)
	s.URL += "/" + Account
	return s
}

func azure(objects *shelf, w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, code string) {
		w.Header().Set("Content-Type", "application/xml")
		w.Header().Set("X-Ms-Error-Code", code)
		w.WriteHeader(status)
		fmt.Fprintf(w, "\ufeff<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>%s</Code><Message>%s, in words.\nRequestId:1\nTime:2</Message></Error>", code, code)
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/"+Account+"/"+Bucket)
	if !ok {
		refuse(http.StatusNotFound, "ContainerNotFound")
		return
	}
	if path == "" {
		azureList(objects, w, r.URL.Query())
		return
	}
	o, there := objects.get(strings.TrimPrefix(path, "/"))
	if !there {
		refuse(http.StatusNotFound, "BlobNotFound")
		return
	}
	tag := fmt.Sprintf(`"0x%s"`, o.version)
	if want := r.Header.Get("If-Match"); want != "" && want != tag {
		refuse(http.StatusPreconditionFailed, "ConditionNotMet")
		return
	}
	r.Header.Del("If-Match")
	r.Header.Set("Range", r.Header.Get("X-Ms-Range"))
	w.Header().Set("Etag", tag)
	serve(w, r, o, func() { refuse(http.StatusRequestedRangeNotSatisfiable, "InvalidRange") })
}

// azureBlobs is the XML of a listing.
type azureBlobs struct {
	XMLName xml.Name `xml:"EnumerationResults"`
	Prefix  string
	Blobs   struct {
		Blob       []azureBlob
		BlobPrefix []azurePrefix
	}
	NextMarker string
}

type azureBlob struct {
	Name       string
	Properties struct {
		Length int `xml:"Content-Length"`
	}
}

type azurePrefix struct{ Name string }

func azureList(objects *shelf, w http.ResponseWriter, query url.Values) {
	keys, prefixes, next := objects.list(query.Get("prefix"), query.Get("marker"))
	said := azureBlobs{Prefix: query.Get("prefix"), NextMarker: next}
	for _, key := range keys {
		o, _ := objects.get(key)
		item := azureBlob{Name: key}
		item.Properties.Length = len(o.data)
		said.Blobs.Blob = append(said.Blobs.Blob, item)
	}
	for _, prefix := range prefixes {
		said.Blobs.BlobPrefix = append(said.Blobs.BlobPrefix, azurePrefix{prefix})
	}
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(said)
}
