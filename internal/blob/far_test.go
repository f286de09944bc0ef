package blob_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"migassist/internal/awsauth"
	"migassist/internal/blob"
	"migassist/internal/blob/blobtest"
	"migassist/internal/blob/object"
	"migassist/internal/retry"
)

// s3Options are those of a test server.
func s3Options(url string) object.S3Options {
	return object.S3Options{Endpoint: url, Options: awsauth.Options{Region: "eu-west-1", AccessKey: "AKIATEST", SecretKey: "secret-of-the-test"}}
}

// quick is patience for tests.
func quick(url string) blob.Options {
	return blob.Options{S3: s3Options(url), Retry: retry.Policy{Attempts: 4, First: time.Millisecond, Ceiling: 4 * time.Millisecond}}
}

func openS3(t *testing.T, options blob.Options) blob.Reader {
	t.Helper()
	r, err := blob.Open(t.Context(), "s3://"+blobtest.Bucket, options)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// below puts files under a prefix, beside others.
func below(prefix string, files map[string][]byte) map[string][]byte {
	moved := map[string][]byte{"other/index-0": []byte("not ours"), prefix + "2/index-0": []byte("not ours"), prefix + "/": nil}
	for name, data := range files {
		moved[prefix+"/"+name] = data
	}
	return moved
}

func TestS3Conforms(t *testing.T) {
	blobtest.Run(t, func(t *testing.T, files map[string][]byte) blob.Reader {
		server := blobtest.NewS3(t, below("some/prefix", files))
		r, err := blob.Open(t.Context(), "s3://"+blobtest.Bucket+"/some/prefix/", blob.Options{S3: s3Options(server.URL)})
		if err != nil {
			t.Fatal(err)
		}
		if r.URI() != "s3://bucket/some/prefix" {
			t.Errorf("URI %s", r.URI())
		}
		return r
	})
}

// TestS3ThatFailsConforms: every other request fails, each time in another way.
func TestS3ThatFailsConforms(t *testing.T) {
	blobtest.Run(t, func(t *testing.T, files map[string][]byte) blob.Reader {
		server := blobtest.NewS3(t, files)
		faults := []*blobtest.Fault{
			{Status: 503, Body: `<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>`},
			{Cut: -1},
			{Status: 500, Body: `<Error><Code>InternalError</Code></Error>`},
			{Status: 429},
			{Cut: 1},
			{Status: 502, Body: "<html>bad gateway</html>"},
		}
		server.Fail(func(_ *http.Request, before int) *blobtest.Fault {
			if before%2 == 1 {
				return nil
			}
			return faults[before/2%len(faults)]
		})
		return openS3(t, quick(server.URL))
	})
}

func TestListingsOfManyPages(t *testing.T) {
	files := map[string][]byte{}
	for i := range 2500 {
		files[fmt.Sprintf("snap-%04d.dat", i)] = nil
		files[fmt.Sprintf("dir-%04d/x", i)] = nil
	}
	server := blobtest.NewS3(t, files)
	r := openS3(t, quick(server.URL))
	entries, err := r.List(t.Context(), "")
	if err != nil || len(entries) != 2500 || entries[2499].Name != "snap-2499.dat" {
		t.Errorf("%d entries, error %v", len(entries), err)
	}
	folders, err := r.(blob.FolderLister).Folders(t.Context(), "")
	if err != nil || len(folders) != 2500 || folders[0] != "dir-0000" {
		t.Errorf("%d folders, error %v", len(folders), err)
	}
	if n := len(server.Requests()); n < 6 {
		t.Errorf("%d requests: not in pages", n)
	}
}

// noise is bytes that can be told apart.
func noise(n int) []byte {
	data := make([]byte, n)
	r := rand.New(rand.NewPCG(1, 2))
	for i := 0; i+8 <= n; i += 8 {
		binary.LittleEndian.PutUint64(data[i:], r.Uint64())
	}
	return data
}

type willRead interface{ WillRead(off, length int64) }

// readAhead opens a blob of the server, announces a range and reads it front to back.
func readAhead(t *testing.T, r blob.Reader, off, length int64, step int) ([]byte, error) {
	t.Helper()
	h, err := blob.OpenBlob(t.Context(), r, "big")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}()
	h.(willRead).WillRead(off, length)
	return io.ReadAll(&stepReader{io.NewSectionReader(h, off, length), step})
}

// stepReader reads at most so many bytes at once.
type stepReader struct {
	r    io.Reader
	step int
}

func (s *stepReader) Read(p []byte) (int, error) { return s.r.Read(p[:min(len(p), s.step)]) }

func TestWindowsComeInLargeRequestsAndNothingElse(t *testing.T) {
	data := noise(40 << 20)
	server := blobtest.NewS3(t, map[string][]byte{"big": data})
	for _, c := range []struct {
		off, length int64
		requests    int
	}{
		{0, 40 << 20, 5},
		{12345, 20 << 20, 3},
		{100, 8 << 20, 1},
		{40<<20 - 5000, 5000, 1},
		{7, 1, 1},
	} {
		server.Reset()
		got, err := readAhead(t, openS3(t, quick(server.URL)), c.off, c.length, 100_000)
		if err != nil || !bytes.Equal(got, data[c.off:c.off+c.length]) {
			t.Errorf("%+v: %d bytes, error %v", c, len(got), err)
		}
		if n := len(server.Requests()); n != c.requests || server.Bytes() != c.length {
			t.Errorf("%+v: %d bytes in %d requests: %v", c, server.Bytes(), n, server.Requests())
		}
	}
}

func TestBytesOutsideWindowsComeAsAsked(t *testing.T) {
	data := noise(1 << 20)
	server := blobtest.NewS3(t, map[string][]byte{"big": data})
	r := openS3(t, quick(server.URL))
	h, err := blob.OpenBlob(t.Context(), r, "big")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close() }()
	h.(willRead).WillRead(1000, 500)
	h.(willRead).WillRead(1400, 600) // with the one before, it is one
	h.(willRead).WillRead(2010, 1000)
	p := make([]byte, 5000)
	if _, err := h.ReadAt(p, 0); err != nil || !bytes.Equal(p, data[:5000]) {
		t.Error(err)
	}
	want := "GET /bucket/big?x-id=GetObject bytes=0-999,GET /bucket/big?x-id=GetObject bytes=1000-3009,GET /bucket/big?x-id=GetObject bytes=3010-4999"
	if got := strings.Join(server.Requests(), ","); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	// All of it is small, and was kept: nothing is asked twice, not even by the next one.
	again, err := blob.OpenBlob(t.Context(), r, "big")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close() }()
	for _, one := range []blob.Handle{h, again} {
		if _, err := one.ReadAt(p[:300], 3500); err != nil || !bytes.Equal(p[:300], data[3500:3800]) {
			t.Error(err)
		}
	}
	if n := len(server.Requests()); n != 3 {
		t.Errorf("%d requests", n)
	}
}

func TestTablesInWindowsAreReadAgainWithoutRequests(t *testing.T) {
	data := noise(1 << 20)
	server := blobtest.NewS3(t, map[string][]byte{"big": data})
	h, err := blob.OpenBlob(t.Context(), openS3(t, quick(server.URL)), "big")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close() }()
	h.(willRead).WillRead(0, 1<<20)
	p := make([]byte, 1000)
	for i := range 3000 {
		off := int64(i * 7919 % (1<<20 - 1000))
		if _, err := h.ReadAt(p, off); err != nil || !bytes.Equal(p, data[off:off+1000]) {
			t.Fatal(off, err)
		}
	}
	if n := len(server.Requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// TestManyWindowsShareTheMemory: more windows than blocks fit are read in turns; nothing is fetched twice.
func TestManyWindowsShareTheMemory(t *testing.T) {
	data := noise(48 << 20)
	server := blobtest.NewS3(t, map[string][]byte{"big": data})
	options := quick(server.URL)
	options.ReadAhead = 8 << 20
	h, err := blob.OpenBlob(t.Context(), openS3(t, options), "big")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close() }()
	const windows, each = 12, 4 << 20
	for w := range int64(windows) {
		h.(willRead).WillRead(w*each, each-1000)
	}
	p := make([]byte, 50_000)
	for off := int64(0); off < each-1000; off += int64(len(p)) {
		for w := range int64(windows) {
			part := p[:min(int64(len(p)), each-1000-off)]
			at := w*each + off
			if _, err := h.ReadAt(part, at); err != nil || !bytes.Equal(part, data[at:at+int64(len(part))]) {
				t.Fatal(at, err)
			}
		}
	}
	if want := int64(windows * (each - 1000)); server.Bytes() != want {
		t.Errorf("%d bytes, want %d", server.Bytes(), want)
	}
}

func TestABodyThatBreaksOffIsResumed(t *testing.T) {
	data := noise(20 << 20)
	server := blobtest.NewS3(t, map[string][]byte{"big": data})
	for name, fault := range map[string]blobtest.Fault{
		"cut":  {Cut: 1 << 20},
		"hang": {Cut: 3 << 20, Hang: true},
	} {
		server.Reset()
		server.Fail(func(_ *http.Request, before int) *blobtest.Fault {
			if before%2 == 0 {
				return &fault
			}
			return nil
		})
		var mu sync.Mutex
		told := 0
		options := quick(server.URL)
		options.Stall = 500 * time.Millisecond
		options.Retrying = func(blob.Retry) { mu.Lock(); told++; mu.Unlock() }
		got, err := readAhead(t, openS3(t, options), 0, 20<<20, 1<<20)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes, error %v", name, len(got), err)
		}
		if server.Bytes() != 20<<20 {
			t.Errorf("%s: %d bytes were sent: what had come was asked for again", name, server.Bytes())
		}
		if told == 0 {
			t.Errorf("%s: nobody was told", name)
		}
	}
}

func TestASlowFirstByteIsWaitedForAndThenRepeated(t *testing.T) {
	server := blobtest.NewS3(t, map[string][]byte{"big": []byte("content")})
	server.Fail(func(_ *http.Request, before int) *blobtest.Fault {
		if before == 0 {
			return &blobtest.Fault{Delay: time.Hour}
		}
		return &blobtest.Fault{Delay: 20 * time.Millisecond}
	})
	options := quick(server.URL)
	options.Stall = 500 * time.Millisecond
	got, err := blob.ReadAll(t.Context(), openS3(t, options), "big", 100)
	if string(got) != "content" || err != nil || len(server.Requests()) != 2 {
		t.Error(string(got), err, server.Requests())
	}
}

func TestAStoreThatStaysBrokenIsGivenUp(t *testing.T) {
	server := blobtest.NewS3(t, map[string][]byte{"big": []byte("content")})
	server.Fail(func(*http.Request, int) *blobtest.Fault {
		return &blobtest.Fault{Status: 503, Body: `<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>`}
	})
	_, err := blob.ReadAll(t.Context(), openS3(t, quick(server.URL)), "big", 100)
	if err == nil || !strings.Contains(err.Error(), "busy") || !strings.Contains(err.Error(), "tried 4 times") || len(server.Requests()) != 4 {
		t.Error(err, len(server.Requests()))
	}
}

func TestTheContextEndsRetries(t *testing.T) {
	server := blobtest.NewS3(t, map[string][]byte{"big": []byte("content")})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	server.Fail(func(_ *http.Request, before int) *blobtest.Fault {
		if before == 1 {
			cancel()
		}
		return &blobtest.Fault{Status: 503}
	})
	options := quick(server.URL)
	options.Retry.Attempts, options.Retry.Ceiling = 1000, time.Hour
	if _, err := blob.ReadAll(ctx, openS3(t, options), "big", 100); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestAReplacedBlobIsNamed: between two requests, before the end of a body that broke off, and in a window.
func TestAReplacedBlobIsNamed(t *testing.T) {
	for name, cut := range map[string]int64{"between requests": 0, "within a body": 100} {
		server := blobtest.NewS3(t, map[string][]byte{"big": noise(20 << 20)})
		server.Fail(func(_ *http.Request, before int) *blobtest.Fault {
			if before == 1 {
				server.Put(t, "big", make([]byte, 20<<20))
			}
			if before == 0 && cut > 0 {
				return &blobtest.Fault{Cut: cut}
			}
			return nil
		})
		got, err := readAhead(t, openS3(t, quick(server.URL)), 0, 20<<20, 1<<20)
		if !errors.Is(err, blob.ErrChanged) || !strings.Contains(err.Error(), "big") {
			t.Errorf("%s: got error %v", name, err)
		}
		if !bytes.Equal(got, noise(20 << 20)[:len(got)]) {
			t.Errorf("%s: bytes of two blobs", name)
		}
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	server := blobtest.NewS3(t, map[string][]byte{"index-0": nil})
	answer := func(status int, code, message string) *blobtest.Fault {
		return &blobtest.Fault{Status: status, Header: http.Header{"Content-Type": {"application/xml"}}, Body: fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>%s</Message></Error>`, code, message)}
	}
	elsewhere := answer(301, "PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint.")
	elsewhere.Header.Set("X-Amz-Bucket-Region", "ap-south-1")
	for want, fault := range map[string]*blobtest.Fault{
		`no such bucket (404 NoSuchBucket`:                answer(404, "NoSuchBucket", "The specified bucket does not exist"),
		`s3:ListBucket on arn:aws:s3:::bucket`:            answer(403, "AccessDenied", "Access Denied"),
		`give --s3-region ap-south-1`:                     elsewhere,
		`the session has ended`:                           answer(400, "ExpiredToken", "The provided token has expired."),
		`set the clock of this machine`:                   answer(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
		`the secret key is not that of the access key`:    answer(403, "SignatureDoesNotMatch", "no match"),
		`no valid credentials (403 InvalidAccessKeyId`:    answer(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
		`refused (400 InvalidBucketName: no such letter)`: answer(400, "InvalidBucketName", "no such letter"),
	} {
		server.Fail(func(*http.Request, int) *blobtest.Fault { return fault })
		r := openS3(t, quick(server.URL))
		_, listErr := r.List(t.Context(), "")
		_, readErr := blob.ReadAll(t.Context(), r, "index-0", 10)
		for _, err := range []error{listErr, readErr} {
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "s3://bucket") {
				t.Errorf("got error %v\nwant %s", err, want)
			}
			if err != nil && (strings.Contains(err.Error(), "secret-of-the-test") || errors.Is(err, fs.ErrNotExist)) {
				t.Errorf("got error %v", err)
			}
		}
	}
	server.Fail(func(*http.Request, int) *blobtest.Fault {
		return answer(403, "InvalidObjectState", "The operation is not valid for the object's storage class")
	})
	if _, err := blob.ReadAll(t.Context(), openS3(t, quick(server.URL)), "index-0", 10); err == nil || !strings.Contains(err.Error(), "restore") {
		t.Error(err)
	}
}

func TestAnAddressWhereNothingAnswersIsGivenUpSoon(t *testing.T) {
	for endpoint, want := range map[string]string{
		"http://127.0.0.1:1":                  "nothing listens there",
		"http://no-such-host.invalid:9000":    "no such host is known",
		"https://" + plainAddress(t) + "/foo": "plain http",
	} {
		before := time.Now()
		_, err := openS3(t, quick(endpoint)).List(t.Context(), "")
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--s3-endpoint") {
			t.Errorf("%s: got error %v", endpoint, err)
		}
		if time.Since(before) > 20*time.Second {
			t.Errorf("%s: took %s", endpoint, time.Since(before))
		}
	}
}

func plainAddress(t *testing.T) string {
	t.Helper()
	return strings.TrimPrefix(blobtest.NewS3(t, nil).URL, "http://")
}

// TestARegionThatNobodyGaveIsFollowed: a bucket elsewhere is found, unless a region was asked for by name.
// A page that is answered to everything is no empty store: its listing is refused before its text is taken for blobs.
func TestAWebPageIsNotAListing(t *testing.T) {
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html><body>Welcome to the guest network</body></html>")
	}))
	t.Cleanup(portal.Close)
	listed, err := openS3(t, quick(portal.URL)).List(t.Context(), "")
	if err == nil || !strings.Contains(err.Error(), "something else answers there") || !strings.Contains(err.Error(), "--s3-endpoint") {
		t.Errorf("got %v, %v; want an error that says that this is no S3 store", listed, err)
	}
}

func TestARegionThatNobodyGaveIsFollowed(t *testing.T) {
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	t.Setenv("AWS_CONFIG_FILE", "/nonexistent")
	server := blobtest.NewS3(t, map[string][]byte{"index-0": []byte("found")})
	server.Fail(func(r *http.Request, _ int) *blobtest.Fault {
		if strings.Contains(r.Header.Get("Authorization"), "/eu-north-1/s3/") {
			return nil
		}
		return &blobtest.Fault{Status: 400, Header: http.Header{"X-Amz-Bucket-Region": {"eu-north-1"}}, Body: `<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-north-1</Region></Error>`}
	})
	options := quick(server.URL)
	options.S3.Region = ""
	if got, err := blob.ReadAll(t.Context(), openS3(t, options), "index-0", 10); err != nil || string(got) != "found" {
		t.Errorf("got %q, error %v", got, err)
	}
	options.S3.Region = "us-west-2"
	if _, err := blob.ReadAll(t.Context(), openS3(t, options), "index-0", 10); err == nil || !strings.Contains(err.Error(), "the bucket is in eu-north-1, and us-west-2 was asked") {
		t.Error(err)
	}
}

func TestWithoutCredentialsTheErrorSaysHowToGiveThem(t *testing.T) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", "/nonexistent")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	server := blobtest.NewS3(t, map[string][]byte{"index-0": []byte("public")})
	options := quick(server.URL)
	options.S3.AccessKey, options.S3.SecretKey = "", ""
	_, err := blob.ReadAll(t.Context(), openS3(t, options), "index-0", 10)
	if err == nil || !strings.Contains(err.Error(), "AWS_PROFILE") || !errors.Is(err, fs.ErrPermission) {
		t.Error(err)
	}
	options.S3.Anonymous = true
	if got, err := blob.ReadAll(t.Context(), openS3(t, options), "index-0", 10); err != nil || string(got) != "public" {
		t.Errorf("got %q, error %v", got, err)
	}
}

func TestReadAllAsksOnce(t *testing.T) {
	server := blobtest.NewS3(t, map[string][]byte{"index-0": []byte("content")})
	r := openS3(t, quick(server.URL))
	if _, err := blob.ReadAll(t.Context(), r, "index-0", 100); err != nil || len(server.Requests()) != 1 {
		t.Error(err, server.Requests())
	}
}

func TestClosingEndsWhatIsOnItsWay(t *testing.T) {
	server := blobtest.NewS3(t, map[string][]byte{"big": noise(40 << 20)})
	server.Fail(func(r *http.Request, _ int) *blobtest.Fault {
		if strings.HasPrefix(r.Header.Get("Range"), "bytes=0-") {
			return nil
		}
		return &blobtest.Fault{Cut: 1000, Hang: true}
	})
	options := quick(server.URL)
	options.Stall = time.Hour
	h, err := blob.OpenBlob(t.Context(), openS3(t, options), "big")
	if err != nil {
		t.Fatal(err)
	}
	h.(willRead).WillRead(0, 40<<20)
	if _, err := h.ReadAt(make([]byte, 100), 0); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil { // does not wait for the requests ahead, which hang
		t.Error(err)
	}
	if _, err := h.ReadAt(make([]byte, 1), 0); err == nil {
		t.Error("read after close")
	}
}
