package cluster

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"migassist/cluster/version"
)

var noRetry = Retry{Attempts: 1}

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func TestProductAndVersionAreFound(t *testing.T) {
	refusal := func(status int) (int, string) {
		return status, `{"error":{"type":"security_exception","reason":"no permissions for [cluster:monitor/main]"},"status":403}`
	}
	for name, c := range map[string]struct {
		mainStatus int
		main       string
		node       string
		want       string
		claimed    string
	}{
		"OpenSearch":                    {200, mainOpenSearch, "", "OpenSearch 2.19.1", ""},
		"Elasticsearch":                 {200, mainElastic, "", "Elasticsearch 7.10.2", ""},
		"Elasticsearch 1":               {200, `{"status":200,"name":"n","cluster_name":"c","version":{"number":"1.7.6"},"tagline":"You Know, for Search"}`, "", "Elasticsearch 1.7.6", ""},
		"a snapshot build":              {200, strings.Replace(mainElastic, "7.10.2", "8.0.0-SNAPSHOT", 1), "", "Elasticsearch 8.0.0", ""},
		"OpenSearch posing":             {200, mainPosing, nodeOpenSearch, "OpenSearch 2.19.1", "7.10.2"},
		"main not allowed, Elastic":     {405, "", nodeElastic, "Elasticsearch 8.17.0", ""},
		"main forbidden, OpenSearch":    {403, `{"error":"x"}`, nodeOpenSearch, "OpenSearch 2.19.1", ""},
		"main not there, old Elastic":   {404, "", `{"nodes":{"n":{"version":"5.6.16"}}}`, "Elasticsearch 5.6.16", ""},
		"main a bad request, OS plugin": {400, "", `{"nodes":{"n":{"version":"3.0.0","plugins":[{"opensearch_version":"3.0.0"}]}}}`, "OpenSearch 3.0.0", ""},
	} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/":
					w.WriteHeader(c.mainStatus)
					fmt.Fprint(w, c.main)
				case r.URL.Path == "/_nodes/_local" && c.node != "":
					fmt.Fprint(w, c.node)
				default:
					status, body := refusal(403)
					w.WriteHeader(status)
					fmt.Fprint(w, body)
				}
			})
			reader, err := ConnectReader(t.Context(), Options{URL: url, Retry: noRetry})
			if err != nil {
				t.Fatal(err)
			}
			if got := reader.Version().String(); got != c.want || reader.Info().Claimed != c.claimed {
				t.Errorf("%s claiming %q, want %s claiming %q", got, reader.Info().Claimed, c.want, c.claimed)
			}
		})
	}
}

func TestWhatIsNoClusterIsSaidSo(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   []string
	}{
		"a web page":        {200, "<html>hello</html>", []string{"not as Elasticsearch or OpenSearch do", "but: <html>hello</html>"}},
		"nothing":           {200, "", []string{"not as Elasticsearch or OpenSearch do", "the answer is empty"}},
		"another JSON":      {200, `{"hello":"world"}`, []string{"not as Elasticsearch or OpenSearch do"}},
		"a broken version":  {200, `{"version":{"number":"abc"}}`, []string{`number "abc"`, "MAJOR.MINOR.PATCH"}},
		"nothing allowed":   {403, `{"Message":"User: anonymous is not authorized"}`, []string{"403 Forbidden", "User: anonymous is not authorized", "--target-username"}},
		"credentials asked": {401, "Unauthorized", []string{"401 Unauthorized", "wants credentials: give --target-username and --target-password"}},
		"a redirect":        {302, "", []string{"302 Found", "redirect", "--target-host"}},
		"a proxy's page":    {502, "<html>\n<b>bad gateway</b>\n</html>", []string{"502 Bad Gateway: <html> <b>bad gateway</b> </html>"}},
	} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			})
			_, err := Connect(t.Context(), Options{URL: url, Retry: noRetry})
			wantText(t, err, append(c.want, url)...)
		})
	}
}

func TestAWrongPathIsDoubted(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	_, err := Connect(t.Context(), Options{URL: url + "/opensearch", Retry: noRetry})
	wantText(t, err, "404", "is the path /opensearch of --target-host right?")
}

func TestAnAnswerToABulkThatIsNoneIsShown(t *testing.T) {
	client, _, _ := connected(t, func(w http.ResponseWriter, _ *http.Request, _ int) { fmt.Fprint(w, "<html>please log in</html>") })
	_, err := client.Bulk(t.Context(), []byte("{}\n{}\n"))
	wantText(t, err, "POST /_bulk", "but: <html>please log in</html>")
}

func wantText(t *testing.T, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", want)
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q lacks %q", err, w)
		}
	}
}

func TestCredentialsAreSentAndNeverShown(t *testing.T) {
	for name, options := range map[string]Options{
		"in the URL": {URL: "http://elastic:s3cret@"},
		"as options": {URL: "http://", Username: "elastic", Password: "s3cret"},
		"no password": {
			URL: "http://", Username: "elastic",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var username, password string
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				username, password, _ = r.BasicAuth()
				refuseWith(w, 401, "security_exception", "bad credentials")
			})
			options.URL += strings.TrimPrefix(url, "http://")
			options.Retry = noRetry
			_, err := Connect(t.Context(), options)
			wantText(t, err, "refuses these credentials: check --target-username and --target-password")
			if username != "elastic" || (password != "s3cret" && name != "no password") {
				t.Errorf("sent %q %q", username, password)
			}
			if strings.Contains(fmt.Sprintf("%v %+v", err, err), "s3cret") {
				t.Errorf("the password is in %v", err)
			}
			if !Unauthorized(err) {
				t.Errorf("Unauthorized(%v) is false", err)
			}
		})
	}
}

func TestWrongURLsAreExplainedWithoutTheirSecrets(t *testing.T) {
	for url, want := range map[string]string{
		"":                               "it is empty",
		"localhost:9200":                 "the scheme is neither http nor https",
		"host":                           "the scheme is neither http nor https",
		"ftp://host":                     "the scheme is neither http nor https",
		"http://":                        "it names no host",
		"http://host:9200/?q=1":          "it has a query or fragment",
		"http://host:port":               "invalid port",
		"http://elastic:s3cret%@host":    "it is not a URL",
		"http://elastic:s3cret@host:x":   "it is not a URL",
		"http://elastic:s3cret@":         "it names no host",
		"//elastic:s3cret@host:9200":     "the scheme is neither",
		"http://host/a%2fb":              "escaped characters",
		"http://elastic:s3cret@h:1/?a=b": "query or fragment",
	} {
		_, err := Connect(t.Context(), Options{URL: url, Side: "source"})
		wantText(t, err, want, "--source-host")
		if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the password is in %v", err)
		}
	}
	_, err := Connect(t.Context(), Options{URL: "http://a:b@host", Username: "c"})
	wantText(t, err, "give them once")
}

func TestAPathPrefixIsKept(t *testing.T) {
	var asked []string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.EscapedPath())
		if r.URL.Path == "/es/v1/" {
			fmt.Fprint(w, mainOpenSearch)
			return
		}
		fmt.Fprint(w, `{"acknowledged":true}`)
	})
	client, err := Connect(t.Context(), Options{URL: url + "/es/v1/"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"plain", "a%b", "a/b", "ü+?#"} {
		if err := client.PutTemplate(t.Context(), name, nil); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"GET /es/v1/", "PUT /es/v1/_template/plain", "PUT /es/v1/_template/a%25b",
		"PUT /es/v1/_template/a%2Fb", "PUT /es/v1/_template/%C3%BC+%3F%23",
	}
	if fmt.Sprint(asked) != fmt.Sprint(want) {
		t.Errorf("asked %v\nwant  %v", asked, want)
	}
}

func secure(t *testing.T) (url, authority string) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, mainElastic) }))
	server.Config.ErrorLog = nil
	server.StartTLS()
	t.Cleanup(server.Close)
	authority = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(authority, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return server.URL, authority
}

func TestPrivateAuthorityAndInsecure(t *testing.T) {
	url, authority := secure(t)
	for name, options := range map[string]Options{
		"authority": {URL: url, CACertFile: authority},
		"insecure":  {URL: url, Insecure: true},
	} {
		reader, err := ConnectReader(t.Context(), options)
		if err != nil || !reader.Version().AtLeast(7, 10) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := ConnectReader(t.Context(), Options{URL: url})
	wantText(t, err, "connect to "+url, "unknown authority", "--target-cacert", "--target-insecure")
	if Retryable(err) {
		t.Error("an unknown authority is not mended by repeating")
	}
	_, err = ConnectReader(t.Context(), Options{URL: strings.Replace(url, "127.0.0.1", "localhost", 1), CACertFile: authority, Side: "source"})
	wantText(t, err, "certificate", "use a name that is in it", "--source-insecure")
}

func TestAuthorityFilesAreChecked(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none.pem")
	_, err := Connect(t.Context(), Options{URL: "https://host", CACertFile: none})
	wantText(t, err, "--target-cacert", "no such file")
	if err := os.WriteFile(none, []byte("not a certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Connect(t.Context(), Options{URL: "https://host", CACertFile: none})
	wantText(t, err, "--target-cacert", "holds no certificate")
}

func TestMixedUpSchemesAreRecognized(t *testing.T) {
	secureURL, _ := secure(t)
	plainURL := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, mainElastic) })
	_, err := Connect(t.Context(), Options{URL: strings.Replace(plainURL, "http:", "https:", 1)})
	wantText(t, err, "the server speaks plain http there: --target-host wants http://")

	// Go's own TLS server answers plain http with 400 and a sentence; others hang up or send an alert.
	_, err = Connect(t.Context(), Options{URL: strings.Replace(secureURL, "https:", "http:", 1)})
	wantText(t, err, "400 Bad Request", "HTTPS")
	for name, last := range map[string]string{"hangs up": "", "alert": "\x15\x03\x03\x00\x02\x02\x50"} {
		_, err = Connect(t.Context(), Options{URL: "http://" + speaks(t, last), Retry: noRetry})
		wantText(t, err, "--target-host wants https://")
		if err == nil {
			t.Error(name)
		}
	}
}

// speaks is the address of a server that reads a little, says one thing, and hangs up.
func speaks(t *testing.T, last string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 4096))
			_, _ = io.WriteString(c, last)
			c.Close()
		}
	}()
	return listener.Addr().String()
}

func TestNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	listener.Close()
	p := &patience{}
	_, err = Connect(t.Context(), Options{URL: url, Retry: p.retry()})
	wantText(t, err, "connect to "+url, "connection refused", "is the cluster up")
	if !Retryable(err) {
		t.Error("a refused connection may work later")
	}
	if len(p.waits) > 0 {
		t.Errorf("waited %v for a server that never answered", p.waits)
	}
}

func TestConnectionErrorsAreDiagnosed(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for name, c := range map[string]struct {
		err       error
		transient bool
		unsent    bool
		advice    string
	}{
		"no such host":      {dial(&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}), false, true, "check --target-host"},
		"name server busy":  {dial(&net.DNSError{Err: "server misbehaving", Name: "x", IsTemporary: true}), true, true, ""},
		"firewall":          {dial(os.ErrDeadlineExceeded), true, true, "firewall"},
		"broken connection": {io.ErrUnexpectedEOF, true, false, ""},
	} {
		e := &ConnectionError{URL: "https://h", Err: c.err}
		e.diagnose("target", true, true)
		if e.Transient != c.transient || e.Unsent != c.unsent || !strings.Contains(e.Advice, c.advice) {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestASlowAnswerIsCutOff(t *testing.T) {
	release := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			fmt.Fprint(w, mainOpenSearch)
			return
		}
		<-release
	})
	defer close(release)
	client, err := Connect(t.Context(), Options{URL: url, RequestTimeout: 50 * time.Millisecond, Retry: noRetry})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Count(t.Context(), "books")
	wantText(t, err, "POST /books/_count of "+url, "did not answer in time")
	if !Retryable(err) {
		t.Error("a slow answer may be faster next time")
	}
}

func TestJSONOfTheVersionIsReadable(t *testing.T) {
	data, err := json.Marshal(Info{Name: "c", Version: version.Version{Flavor: version.OpenSearch, Major: 2}})
	if err != nil || !strings.Contains(string(data), `"OS 2.0.0"`) {
		t.Errorf("%s, %v", data, err)
	}
}

func TestOnlyTheSystemsOwnErrorsUnwrap(t *testing.T) {
	inner := errors.New("inner")
	if err := (&ConnectionError{Err: inner}); !errors.Is(err, inner) {
		t.Error("the network's error is not to be found")
	}
}
