package object

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
)

// GCSOptions say how to reach Google Cloud Storage.
type GCSOptions struct {
	// Endpoint is the URL of what speaks its JSON API instead of Google's.
	Endpoint string
	// CredentialsFile is a JSON file of a service account, a user, or a federated identity. Empty: what
	// GOOGLE_APPLICATION_CREDENTIALS, gcloud or the machine's metadata server say.
	CredentialsFile string
	// Anonymous sends no credentials. Over plain http none are sent anyway.
	Anonymous bool
	// Writing asks for credentials that may write, too.
	Writing   bool
	UserAgent string
}

// GCS is one bucket. It speaks the JSON API: storage.googleapis.com/storage/v1.
type GCS struct {
	bucket  string
	base    string // up to and with "/o"
	options GCSOptions
	client  *http.Client

	mu     sync.Mutex
	tokens oauth2.TokenSource // once they are needed
}

const (
	gcsEndpoint = "https://storage.googleapis.com"
	gcsReading  = "https://www.googleapis.com/auth/devstorage.read_only"
	gcsWriting  = "https://www.googleapis.com/auth/devstorage.read_write"
)

// OpenGCS prepares to read a bucket. It asks no server.
func OpenGCS(_ context.Context, bucket string, o GCSOptions) (*GCS, error) {
	endpoint := strings.TrimSuffix(cmp.Or(o.Endpoint, gcsEndpoint), "/")
	o.Anonymous = o.Anonymous || strings.HasPrefix(endpoint, "http://")
	return &GCS{
		bucket: bucket, base: endpoint + "/storage/v1/b/" + url.PathEscape(bucket) + "/o", options: o,
		client: &http.Client{Transport: newTransport()},
	}, nil
}

// Get asks for bytes of an object.
func (g *GCS) Get(ctx context.Context, r Request) (*Content, error) {
	query := url.Values{"alt": {"media"}}
	if r.Version != "" {
		query.Set("ifGenerationMatch", r.Version)
	}
	header := http.Header{"Accept-Encoding": {"gzip"}} // as it is stored: nothing is unpacked on the way
	if !r.whole() {
		header.Set("Range", r.rangeHeader())
	}
	answer, err := g.ask(ctx, g.base+"/"+url.PathEscape(r.Key)+"?"+query.Encode(), header, false) //nolint:bodyclose // by who asked
	if err != nil {
		return nil, err
	}
	return contentOf(r, answer.Body, answer.ContentLength, answer.Header.Get("Content-Range"), answer.Header.Get("X-Goog-Generation"))
}

// List asks for one page of what lies directly below a prefix.
func (g *GCS) List(ctx context.Context, prefix, token string) (*Page, error) {
	query := url.Values{"delimiter": {"/"}, "prefix": {prefix}, "fields": {"items(name,size),prefixes,nextPageToken"}}
	if token != "" {
		query.Set("pageToken", token)
	}
	said, err := g.listing(ctx, query)
	if err != nil {
		return nil, err
	}
	return said.page()
}

// gcsListing is what Google answers with.
type gcsListing struct {
	Items []struct {
		Name       string `json:"name"`
		Size       string `json:"size"`
		Generation string `json:"generation"`
	} `json:"items"`
	Prefixes []string `json:"prefixes"`
	Next     string   `json:"nextPageToken"`
}

func (g *GCS) listing(ctx context.Context, query url.Values) (*gcsListing, error) {
	answer, err := g.ask(ctx, g.base+"?"+query.Encode(), nil, true)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	said := &gcsListing{}
	if err := json.NewDecoder(answer.Body).Decode(said); err != nil {
		if stopped := ended(ctx); stopped != nil {
			return nil, stopped
		}
		return nil, &Error{Kind: Broken, Status: answer.StatusCode, Message: "a listing that breaks off", Err: err}
	}
	return said, nil
}

func (l *gcsListing) page() (*Page, error) {
	page := &Page{Prefixes: l.Prefixes, Next: l.Next}
	for _, item := range l.Items {
		size, err := strconv.ParseInt(item.Size, 10, 64)
		if err != nil {
			return nil, &Error{Kind: Malformed, Message: fmt.Sprintf("size %q of %s", item.Size, item.Name)}
		}
		page.Items = append(page.Items, Item{Key: item.Name, Size: size, Version: item.Generation})
	}
	return page, nil
}

// ask sends one request; an answer that is no success is an error.
func (g *GCS) ask(ctx context.Context, address string, header http.Header, listing bool) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, noURL(err)
	}
	maps.Copy(request.Header, header)
	return g.send(ctx, request, listing)
}

func noURL(err error) error {
	return &Error{Kind: Other, Message: "the endpoint is no URL", Advice: "check --gcs-endpoint", Err: err}
}

// send is what all requests have in common.
func (g *GCS) send(ctx context.Context, request *http.Request, listing bool) (*http.Response, error) {
	if g.options.UserAgent != "" {
		request.Header.Set("User-Agent", g.options.UserAgent)
	}
	if err := g.authorize(ctx, request); err != nil {
		return nil, err
	}
	answer, err := g.client.Do(request)
	if stopped := ended(ctx); stopped != nil && err != nil {
		return nil, stopped
	}
	if err != nil {
		return nil, network(err, "--gcs-endpoint")
	}
	if answer.StatusCode < 300 {
		return answer, nil
	}
	defer func() { _ = answer.Body.Close() }()
	return nil, g.explain(answer, listing)
}

const gcsNoCredentials = "name a service account's key with GOOGLE_APPLICATION_CREDENTIALS or --gcs-credentials-file, log in with " +
	"gcloud auth application-default login, run where a service account is attached, or read a public bucket with --gcs-anonymous"

// authorize adds a token, fetching one where it is time.
func (g *GCS) authorize(ctx context.Context, request *http.Request) error {
	if g.options.Anonymous {
		return nil
	}
	tokens, err := g.source(ctx)
	if err == nil {
		var token *oauth2.Token
		if token, err = tokens.Token(); err == nil {
			token.SetAuthHeader(request)
			return nil
		}
	}
	if stopped := ended(ctx); stopped != nil {
		return stopped
	}
	return &Error{Kind: Credentials, Message: innermost(err), Advice: gcsNoCredentials, Err: err}
}

// source finds the credentials, once. It outlives the request that needed it first.
func (g *GCS) source(ctx context.Context) (oauth2.TokenSource, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.tokens != nil {
		return g.tokens, nil
	}
	lasting := context.WithValue(context.WithoutCancel(ctx), oauth2.HTTPClient, g.client)
	scope := gcsReading
	if g.options.Writing {
		scope = gcsWriting
	}
	var found *google.Credentials
	var err error
	if g.options.CredentialsFile == "" {
		found, err = google.FindDefaultCredentials(lasting, scope)
	} else {
		found, err = credentialsIn(lasting, g.options.CredentialsFile, scope)
	}
	if err != nil {
		return nil, err
	}
	g.tokens = oauth2.ReuseTokenSource(nil, found.TokenSource)
	return g.tokens, nil
}

// credentialsIn reads a file of credentials, of whatever type it says.
func credentialsIn(ctx context.Context, file, scope string) (*google.Credentials, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var head struct {
		Type google.CredentialsType `json:"type"`
	}
	if err := json.Unmarshal(text, &head); err != nil || head.Type == "" {
		return nil, fmt.Errorf("%s is not the JSON of Google credentials", file)
	}
	return google.CredentialsFromJSONWithType(ctx, text, head.Type, scope)
}

// explain makes an [Error] of an answer.
func (g *GCS) explain(answer *http.Response, listing bool) error {
	e := &Error{Status: answer.StatusCode, Kind: kindOfStatus(answer.StatusCode), RetryAfter: retryAfter(answer.Header), Size: -1}
	e.Message, e.Code = wordsOf(answer.Body)
	switch e.Kind {
	case Missing:
		if listing || strings.Contains(e.Message, "bucket does not exist") {
			e.Kind = NoBucket
			e.Advice = fmt.Sprintf("check the name %q in --repo-uri", g.bucket)
		}
	case OutOfRange:
		if _, size, ok := parseContentRange(answer.Header.Get("Content-Range")); ok {
			e.Size = size
		}
	case Denied:
		e.Advice = fmt.Sprintf("reading takes storage.objects.get and storage.objects.list on gs://%s (role Storage Object Viewer)", g.bucket)
		if g.options.Anonymous {
			e.Advice += "; no credentials were sent, for --gcs-anonymous or an http:// endpoint"
		}
		if strings.Contains(strings.ToLower(e.Code), "ratelimit") {
			e.Kind, e.Advice = Busy, ""
		}
	case Credentials:
		e.Advice = gcsNoCredentials
	}
	return e
}
