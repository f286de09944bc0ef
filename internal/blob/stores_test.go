package blob_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"migassist/internal/blob"
	"migassist/internal/blob/blobtest"
	"migassist/internal/blob/object"
)

// stores are the object stores besides S3, each with a server in this process.
var stores = map[string]struct {
	scheme string
	start  func(testing.TB, map[string][]byte) *blobtest.Server
}{
	"gcs":   {"gs", blobtest.NewGCS},
	"azure": {"az", blobtest.NewAzure},
}

// reach has the options for all test servers.
func reach(url string) blob.Options {
	o := quick(url)
	o.GCS = object.GCSOptions{Endpoint: url}
	o.Azure = object.AzureOptions{Account: blobtest.Account, Endpoint: url, Key: base64.StdEncoding.EncodeToString([]byte("secret-of-the-test"))}
	return o
}

func openStore(t *testing.T, scheme string, o blob.Options) blob.Reader {
	t.Helper()
	r, err := blob.Open(t.Context(), scheme+"://"+blobtest.Bucket, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOtherStoresConform(t *testing.T) {
	for name, store := range stores {
		t.Run(name, func(t *testing.T) {
			blobtest.Run(t, func(t *testing.T, files map[string][]byte) blob.Reader {
				server := store.start(t, below("some/prefix", files))
				r, err := blob.Open(t.Context(), store.scheme+"://"+blobtest.Bucket+"/some/prefix", reach(server.URL))
				if err != nil {
					t.Fatal(err)
				}
				return r
			})
		})
	}
}

func TestOtherStoresThatFailConform(t *testing.T) {
	for name, store := range stores {
		t.Run(name, func(t *testing.T) {
			blobtest.Run(t, func(t *testing.T, files map[string][]byte) blob.Reader {
				server := store.start(t, files)
				faults := []*blobtest.Fault{{Status: 503}, {Cut: -1}, {Status: 500}, {Cut: 1}, {Status: 429, Header: http.Header{"Retry-After": {"0"}}}}
				server.Fail(func(_ *http.Request, before int) *blobtest.Fault {
					if before%2 == 1 {
						return nil
					}
					return faults[before/2%len(faults)]
				})
				return openStore(t, store.scheme, reach(server.URL))
			})
		})
	}
}

func TestOtherStoresReadAheadAndResume(t *testing.T) {
	data := noise(20 << 20)
	for name, store := range stores {
		t.Run(name, func(t *testing.T) {
			server := store.start(t, map[string][]byte{"big": data})
			server.Fail(func(_ *http.Request, before int) *blobtest.Fault {
				if before%2 == 0 {
					return &blobtest.Fault{Cut: 1 << 20}
				}
				return nil
			})
			got, err := readAhead(t, openStore(t, store.scheme, reach(server.URL)), 0, 20<<20, 1<<20)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes, error %v", len(got), err)
			}
			if server.Bytes() != 20<<20 || len(server.Requests()) > 9 {
				t.Errorf("%d bytes in %d requests", server.Bytes(), len(server.Requests()))
			}
		})
	}
}

func TestOtherStoresNameAReplacedBlob(t *testing.T) {
	for name, store := range stores {
		t.Run(name, func(t *testing.T) {
			server := store.start(t, map[string][]byte{"big": noise(20 << 20)})
			server.Fail(func(_ *http.Request, before int) *blobtest.Fault {
				if before == 1 {
					server.Put(t, "big", make([]byte, 20<<20))
				}
				return nil
			})
			if _, err := readAhead(t, openStore(t, store.scheme, reach(server.URL)), 0, 20<<20, 1<<20); !errors.Is(err, blob.ErrChanged) {
				t.Errorf("got error %v", err)
			}
		})
	}
}

func TestErrorsOfOtherStoresSayWhatToDo(t *testing.T) {
	google := func(status int, reason, message string) *blobtest.Fault {
		return &blobtest.Fault{Status: status, Body: fmt.Sprintf(`{"error":{"code":%d,"message":%q,"errors":[{"reason":%q}]}}`, status, message, reason)}
	}
	microsoft := func(status int, code, message string) *blobtest.Fault {
		return &blobtest.Fault{Status: status, Header: http.Header{"X-Ms-Error-Code": {code}, "Content-Type": {"application/xml"}}, Body: fmt.Sprintf("<Error><Code>%s</Code><Message>%s\nRequestId:1</Message></Error>", code, message)}
	}
	for _, c := range []struct {
		store string
		fault *blobtest.Fault
		want  string
	}{
		{"gcs", google(404, "notFound", "The specified bucket does not exist."), `no such bucket (404 notFound: The specified bucket does not exist.); check the name "bucket"`},
		{"gcs", google(403, "forbidden", "x does not have storage.objects.list access"), "role Storage Object Viewer"},
		{"gcs", google(401, "authError", "Invalid Credentials"), "gcloud auth application-default login"},
		{"azure", microsoft(404, "ContainerNotFound", "The specified container does not exist."), `check the container's name "bucket"`},
		{"azure", microsoft(403, "AuthorizationPermissionMismatch", "no"), "Storage Blob Data Reader"},
		{"azure", microsoft(403, "AuthenticationFailed", "Server failed to authenticate the request."), "the key is not one of the account's"},
		{"azure", microsoft(409, "BlobArchived", "This operation is not permitted on an archived blob."), "rehydrate"},
	} {
		server := stores[c.store].start(t, map[string][]byte{"index-0": nil})
		server.Fail(func(*http.Request, int) *blobtest.Fault { return c.fault })
		r := openStore(t, stores[c.store].scheme, reach(server.URL))
		_, listErr := r.List(t.Context(), "")
		_, readErr := blob.ReadAll(t.Context(), r, "index-0", 10)
		for _, err := range []error{listErr, readErr} {
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "RequestId") || errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got error %v\nwant %s", err, c.want)
			}
		}
	}
}

// TestTokensOfAServiceAccount: a key file is exchanged for a token, which is sent; over http nothing is.
func TestTokensOfAServiceAccount(t *testing.T) {
	exchanges := 0
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		exchanges++
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"access_token":"token-of-the-test","expires_in":3600,"token_type":"Bearer"}`)
	}))
	t.Cleanup(tokens.Close)
	var sent []string
	store := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, r.Header.Get("Authorization"))
		fmt.Fprint(w, "content")
	}))
	t.Cleanup(store.Close)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: store.Certificate().Raw}
	if err := os.WriteFile(authority, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", authority)
	r := openStore(t, "gs", blob.Options{GCS: object.GCSOptions{Endpoint: store.URL, CredentialsFile: serviceAccount(t, tokens.URL)}})
	for range 2 {
		if got, err := blob.ReadAll(t.Context(), r, "index-0", 10); err != nil || string(got) != "content" {
			t.Fatalf("got %q, error %v", got, err)
		}
	}
	if exchanges != 1 || len(sent) != 2 || sent[1] != "Bearer token-of-the-test" {
		t.Errorf("%d exchanges, sent %q", exchanges, sent)
	}
}

// serviceAccount writes the key file of one that is known nowhere.
func serviceAccount(t *testing.T, tokenURL string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "reader@project.iam.gserviceaccount.com", "private_key_id": "1", "token_uri": tokenURL,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestASharedAccessSignatureIsSentAndNotShown: in the query of every request, in no message.
func TestASharedAccessSignatureIsSentAndNotShown(t *testing.T) {
	server := blobtest.NewAzure(t, map[string][]byte{"index-0": []byte("content")})
	o := quick(server.URL)
	o.Azure = object.AzureOptions{Endpoint: server.URL, SAS: "?sv=2024-01-01&sp=rl&sig=secret-signature"}
	r := openStore(t, "az", o)
	if got, err := blob.ReadAll(t.Context(), r, "index-0", 10); err != nil || string(got) != "content" {
		t.Fatalf("got %q, error %v", got, err)
	}
	if _, err := r.List(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	for _, request := range server.Requests() {
		if !strings.Contains(request, "sig=secret-signature") {
			t.Errorf("sent without the signature: %s", request)
		}
	}
	for _, fault := range []*blobtest.Fault{{Cut: -1}, {Status: 403, Header: http.Header{"X-Ms-Error-Code": {"AuthenticationFailed"}}}} {
		server.Fail(func(*http.Request, int) *blobtest.Fault { return fault })
		if _, err := r.List(t.Context(), ""); err == nil || strings.Contains(err.Error(), "secret-signature") {
			t.Errorf("got error %v", err)
		}
	}
}

func TestOtherSpellingsAreAnsweredWithOurs(t *testing.T) {
	for uri, want := range map[string]string{
		"s3a://bucket/path":                                                  "write s3://bucket/path",
		"https://bucket.s3.eu-west-1.amazonaws.com/a/b":                      "write s3://bucket/a/b --s3-region eu-west-1",
		"https://s3.eu-west-1.amazonaws.com/bucket/a":                        "write s3://bucket/a --s3-region eu-west-1",
		"https://s3.amazonaws.com/bucket":                                    "write s3://bucket",
		"gcs://bucket/a":                                                     "write gs://bucket/a",
		"https://storage.googleapis.com/bucket/a":                            "write gs://bucket/a",
		"https://storage.cloud.google.com/bucket":                            "write gs://bucket",
		"https://acme.blob.core.windows.net/container/a?sv=1&sig=the-secret": "write az://container/a --azure-account acme",
		"https://acme.blob.core.windows.net/container":                       "write az://container --azure-account acme",
		"abfss://container@acme.dfs.core.windows.net/a":                      "write az://container/a --azure-account acme",
		"wasbs://container@acme.blob.core.windows.net":                       "write az://container --azure-account acme",
		"s3://user:the-secret@bucket/x":                                      "without user, password or token",
		"s3://":                                                              "is no name of a bucket",
		"az://c/x?sig=the-secret":                                            "is no name of a container; write az://CONTAINER/PREFIX",
		"az://container/x?sv=2024&sig=the-secret":                            "az://container/x carries a signature or token; give it with --azure-sas-file",
		"s3://bucket/x?X-Amz-Signature=the-secret":                           "s3://bucket/x carries a signature or token",
		"s3://bucket/a//b":                                                   "no empty, . or .. parts",
		"az://container/x":                                                   "--azure-account",
	} {
		_, err := blob.Open(t.Context(), uri, blob.Options{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "the-secret") {
			t.Errorf("open %s: got error %v\nwant %s", uri, err, want)
		}
	}
}
