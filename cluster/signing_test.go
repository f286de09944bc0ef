package cluster

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"migassist/internal/awsauth"
)

const (
	testKeyID  = "AKIDEXAMPLE"
	testSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)

// signatureOf computes Signature Version 4 from its description, apart from any library. Source: "Signature Version 4 for
// API requests", AWS documentation.
func signatureOf(r *http.Request, signed []string, payload, date, region, service, secret string) string {
	var headers strings.Builder
	for _, name := range signed {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		fmt.Fprintf(&headers, "%s:%s\n", name, strings.TrimSpace(value))
	}
	var path []string
	for part := range strings.SplitSeq(r.URL.EscapedPath(), "/") { // escaped once more, for all services but S3
		path = append(path, strings.ReplaceAll(url.QueryEscape(part), "+", "%20"))
	}
	var query []string
	for name, values := range r.URL.Query() {
		for _, value := range values {
			query = append(query, strings.ReplaceAll(url.QueryEscape(name)+"="+url.QueryEscape(value), "+", "%20"))
		}
	}
	slices.Sort(query)
	canonical := strings.Join([]string{r.Method, strings.Join(path, "/"), strings.Join(query, "&"), headers.String(), strings.Join(signed, ";"), payload}, "\n")
	scope := strings.Join([]string{date[:8], region, service, "aws4_request"}, "/")
	sum := sha256.Sum256([]byte(canonical))
	key := []byte("AWS4" + secret)
	for part := range strings.SplitSeq(scope, "/") {
		key = mac(key, part)
	}
	return hex.EncodeToString(mac(key, "AWS4-HMAC-SHA256\n"+date+"\n"+scope+"\n"+hex.EncodeToString(sum[:])))
}

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// The verifier is tried on Amazon's own test vector, get-vanilla.
func TestTheVerifierKnowsAmazonsVector(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "http://example.amazonaws.com/", http.NoBody)
	r.Header.Set("X-Amz-Date", "20150830T123600Z")
	empty := sha256.Sum256(nil)
	got := signatureOf(r, []string{"host", "x-amz-date"}, hex.EncodeToString(empty[:]), "20150830T123600Z", "us-east-1", "service", testSecret)
	if got != "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" {
		t.Errorf("signature %s", got)
	}
}

// verifying answers as a script does, once the signature is right.
type verifying struct {
	*script
	t               *testing.T
	region, service string
	token           string
}

func (v *verifying) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	sum := sha256.Sum256(body)
	payload := hex.EncodeToString(sum[:])
	header := r.Header.Get("Authorization")
	_, rest, _ := strings.Cut(header, "SignedHeaders=")
	list, got, _ := strings.Cut(rest, ", Signature=")
	want := signatureOf(r, strings.Split(list, ";"), payload, r.Header.Get("X-Amz-Date"), v.region, v.service, testSecret)
	scope := "Credential=" + testKeyID + "/20150830/" + v.region + "/" + v.service + "/aws4_request"
	switch {
	case got != want || !strings.Contains(header, scope):
		v.t.Errorf("%s %s: %s, want signature %s", r.Method, r.URL, header, want)
	case r.Header.Get("X-Amz-Content-Sha256") != payload || strings.Contains(list, "content-length"):
		v.t.Errorf("%s %s: hash of the body %q, signed %s", r.Method, r.URL, r.Header.Get("X-Amz-Content-Sha256"), list)
	case r.Header.Get("X-Amz-Security-Token") != v.token:
		v.t.Errorf("%s %s: token %q", r.Method, r.URL, r.Header.Get("X-Amz-Security-Token"))
	}
	v.script.ServeHTTP(w, r)
}

func TestEveryRequestIsSigned(t *testing.T) {
	for _, service := range []string{managed, serverless} {
		t.Run(service, func(t *testing.T) {
			s := &verifying{t: t, region: "eu-west-1", service: service, token: "session", script: &script{answer: func(w http.ResponseWriter, r *http.Request, _ int) {
				if strings.HasPrefix(r.URL.Path, "/_cat/indices") {
					fmt.Fprint(w, `[]`)
					return
				}
				fmt.Fprint(w, `{"acknowledged":true,"count":3,"errors":false,"items":[]}`)
			}}}
			server := httptest.NewServer(s)
			t.Cleanup(server.Close)
			client, err := Connect(t.Context(), Options{URL: server.URL, Signing: Signing{
				Service: service, Options: awsauth.Options{Region: "eu-west-1", AccessKey: testKeyID, SecretKey: testSecret, SessionToken: "session"},
				Now: func() time.Time { return time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC) },
			}})
			if err != nil {
				t.Fatal(err)
			}
			if service == serverless && (client.Version() != serverlessVersion || slices.Contains(s.asked(), "GET /")) {
				t.Errorf("version %s, asked %q", client.Version(), s.asked())
			}
			if _, err := client.Count(t.Context(), "odd name+ü%2F,other"); err != nil {
				t.Error(err)
			}
			if err := client.PutTemplate(t.Context(), "a b", []byte(`{"index_patterns":["b"]}`)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSigningWithoutCredentialsOrRegionSaysSo(t *testing.T) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_REGION", "AWS_DEFAULT_REGION"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", "/nonexistent")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	for want, o := range map[string]Options{
		"AWS_PROFILE":                        {URL: "http://127.0.0.1:1", Signing: Signing{Service: managed, Options: awsauth.Options{Region: "eu-west-1"}}},
		"give --target-aws-region":           {URL: "http://127.0.0.1:1", Signing: Signing{Service: managed}},
		"wants es or aoss":                   {URL: "http://127.0.0.1:1", Signing: Signing{Service: "s3"}},
		"given more than once":               {URL: "http://127.0.0.1:1", APIKey: "k", Signing: Signing{Service: managed}},
		"--target-client-cert-key":           {URL: "https://127.0.0.1:1", ClientCertFile: "/nonexistent", ClientKeyFile: "/nonexistent"},
		"more than once: give user and pass": {URL: "http://127.0.0.1:1", APIKey: "k", Username: "u", Password: "p"},
	} {
		if _, err := Connect(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
}

func TestTheRegionIsInTheHostsName(t *testing.T) {
	for host, want := range map[string]string{
		"search-logs-abc123.eu-west-1.es.amazonaws.com":   "eu-west-1",
		"vpc-logs-abc.us-gov-west-1.es.amazonaws.com:443": "us-gov-west-1",
		"abc123.us-east-1.aoss.amazonaws.com":             "us-east-1",
		"search-logs.cn-north-1.es.amazonaws.com.cn":      "cn-north-1",
		"opensearch.example.com":                          "",
		"es.amazonaws.com":                                "",
	} {
		if got := regionIn(host); got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
}
