package blobtest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
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
	s.putIf(key, data, anyway)
	return nil
}

// conditions of a write. Each is checked together with the write.
const (
	anyway  = ""
	absent  = "absent"
	present = "version " // and which
)

// putIf puts an object where the condition holds, and returns its version.
func (s *shelf) putIf(key string, data []byte, condition string) (version string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, there := s.objects[key]
	if condition == absent && there || strings.HasPrefix(condition, present) && (!there || condition != present+old.version) {
		return "", false
	}
	s.generation++
	version = strconv.Itoa(1700000000000000 + s.generation)
	s.objects[key] = stored{data, version}
	return version, true
}

func (s *shelf) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.objects))
}

func (s *shelf) remove(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, there := s.objects[key]
	delete(s.objects, key)
	return there
}

// scan returns objects at whatever depth below prefix, from the key called from on; next continues.
func (s *shelf) scan(prefix, from string, limit int) (keys []string, objects []stored, next string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(s.objects)) {
		if !strings.HasPrefix(key, prefix) || key < from {
			continue
		}
		if len(keys) == min(cmp.Or(limit, s.pageSize), s.pageSize) {
			return keys, objects, key
		}
		keys, objects = append(keys, key), append(objects, s.objects[key])
	}
	return keys, objects, ""
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

// NewGCS starts a server of Google's JSON API with a bucket that holds files. Source: "Cloud Storage JSON API", Objects: get, list,
// insert, delete; "Request preconditions".
func NewGCS(t testing.TB, files map[string][]byte) *Server {
	t.Helper()
	objects := newShelf()
	s := &Server{put: objects.put, keys: objects.all, next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { gcs(objects, w, r) })}
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
	if r.URL.Path == "/upload/storage/v1/b/"+Bucket+"/o" && r.Method == http.MethodPost {
		gcsInsert(objects, w, r, refuse)
		return
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
	case r.Method == http.MethodDelete:
		objects.remove(name)
		w.WriteHeader(http.StatusNoContent)
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

// gcsInsert is a simple upload: the name in the query, the body as it is.
func gcsInsert(objects *shelf, w http.ResponseWriter, r *http.Request, refuse func(status int, reason, message string)) {
	query := r.URL.Query()
	data, err := io.ReadAll(r.Body)
	if err != nil || query.Get("uploadType") != "media" || query.Get("name") == "" {
		refuse(http.StatusBadRequest, "invalid", "this server takes simple uploads only")
		return
	}
	condition := anyway
	switch want := query.Get("ifGenerationMatch"); want {
	case "":
	case "0":
		condition = absent
	default:
		condition = present + want
	}
	version, ok := objects.putIf(query.Get("name"), data, condition)
	if !ok {
		refuse(http.StatusPreconditionFailed, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"name": query.Get("name"), "generation": version})
}

func gcsList(objects *shelf, w http.ResponseWriter, query url.Values) {
	var items []map[string]string
	var prefixes []string
	var next string
	add := func(key string, o stored) {
		items = append(items, map[string]string{"name": key, "size": strconv.Itoa(len(o.data)), "generation": o.version})
	}
	if query.Get("delimiter") == "" {
		limit, _ := strconv.Atoi(query.Get("maxResults"))
		keys, found, more := objects.scan(query.Get("prefix"), max(query.Get("startOffset"), query.Get("pageToken")), limit)
		for n, key := range keys {
			add(key, found[n])
		}
		next = more
	} else {
		var keys []string
		keys, prefixes, next = objects.list(query.Get("prefix"), query.Get("pageToken"))
		for _, key := range keys {
			o, _ := objects.get(key)
			add(key, o)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"items": items, "prefixes": prefixes, "nextPageToken": next})
}

// Account is the storage account that Azure test servers have.
const Account = "account"

// NewAzure starts a server of Azure's Blob service with a container that holds files; its URL ends in the account, as
// those of emulators do. Source: "Blob Storage REST API", Get Blob, List Blobs, Put Blob, Delete Blob; "Specifying conditional headers".
func NewAzure(t testing.TB, files map[string][]byte) *Server {
	t.Helper()
	objects := newShelf()
	s := &Server{put: objects.put, keys: objects.all, next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { azure(objects, w, r) })}
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
	key := strings.TrimPrefix(path, "/")
	if r.Method == http.MethodPut {
		azurePut(objects, w, r, key, refuse)
		return
	}
	o, there := objects.get(key)
	if !there {
		refuse(http.StatusNotFound, "BlobNotFound")
		return
	}
	tag := fmt.Sprintf(`"0x%s"`, o.version)
	if want := r.Header.Get("If-Match"); want != "" && want != tag {
		refuse(http.StatusPreconditionFailed, "ConditionNotMet")
		return
	}
	if r.Method == http.MethodDelete {
		objects.remove(key)
		w.WriteHeader(http.StatusAccepted)
		return
	}
	r.Header.Del("If-Match")
	r.Header.Set("Range", r.Header.Get("X-Ms-Range"))
	w.Header().Set("Etag", tag)
	serve(w, r, o, func() { refuse(http.StatusRequestedRangeNotSatisfiable, "InvalidRange") })
}

// azurePut is Put Blob of a block blob. Where one is that was to be created the service answers with 409, not 412.
func azurePut(objects *shelf, w http.ResponseWriter, r *http.Request, key string, refuse func(status int, code string)) {
	data, err := io.ReadAll(r.Body)
	if err != nil || r.Header.Get("X-Ms-Blob-Type") != "BlockBlob" {
		refuse(http.StatusBadRequest, "InvalidHeaderValue")
		return
	}
	condition := anyway
	want := r.Header.Get("If-Match")
	switch {
	case r.Header.Get("If-None-Match") == "*":
		condition = absent
	case want != "":
		condition = present + strings.TrimSuffix(strings.TrimPrefix(want, `"0x`), `"`)
	}
	version, ok := objects.putIf(key, data, condition)
	switch {
	case !ok && condition == absent:
		refuse(http.StatusConflict, "BlobAlreadyExists")
	case !ok:
		refuse(http.StatusPreconditionFailed, "ConditionNotMet")
	default:
		w.Header().Set("Etag", fmt.Sprintf(`"0x%s"`, version))
		w.WriteHeader(http.StatusCreated)
	}
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
		Length int    `xml:"Content-Length"`
		Etag   string // without quotes, as the service lists it
	}
}

type azurePrefix struct{ Name string }

func azureList(objects *shelf, w http.ResponseWriter, query url.Values) {
	said := azureBlobs{Prefix: query.Get("prefix")}
	add := func(key string, o stored) {
		item := azureBlob{Name: key}
		item.Properties.Length = len(o.data)
		item.Properties.Etag = "0x" + o.version
		said.Blobs.Blob = append(said.Blobs.Blob, item)
	}
	var prefixes []string
	if query.Get("delimiter") == "" {
		limit, _ := strconv.Atoi(query.Get("maxresults"))
		keys, found, next := objects.scan(query.Get("prefix"), max(query.Get("startFrom"), query.Get("marker")), limit)
		for n, key := range keys {
			add(key, found[n])
		}
		said.NextMarker = next
	} else {
		var keys []string
		keys, prefixes, said.NextMarker = objects.list(query.Get("prefix"), query.Get("marker"))
		for _, key := range keys {
			o, _ := objects.get(key)
			add(key, o)
		}
	}
	for _, prefix := range prefixes {
		said.Blobs.BlobPrefix = append(said.Blobs.BlobPrefix, azurePrefix{prefix})
	}
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(said)
}
