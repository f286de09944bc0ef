package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"migassist/internal/blob/object"
)

// ErrUnsupported is wrapped by the error for a store that this version cannot read.
var ErrUnsupported = errors.New("not in this version")

// strangers are the stores that are known and not supported, with the command that brings one into a folder; %s stands
// for its URI.
var strangers = map[string]struct{ store, fetch string }{
	"hdfs":  {"HDFS", "hdfs dfs -get %s FOLDER"},
	"http":  {"a repository behind HTTP", "wget --mirror %s"},
	"https": {"a repository behind HTTP", "wget --mirror %s"},
}

// opener makes the client of an object store, which asks no server yet.
type opener func(ctx context.Context, bucket string, o Options) (objects, error)

// openers by the scheme of the URI.
var openers = map[string]opener{
	"s3": func(ctx context.Context, bucket string, o Options) (objects, error) {
		return object.OpenS3(ctx, bucket, o.S3)
	},
	"gs": func(ctx context.Context, bucket string, o Options) (objects, error) {
		return object.OpenGCS(ctx, bucket, o.GCS)
	},
	"az": func(ctx context.Context, bucket string, o Options) (objects, error) {
		return object.OpenAzure(ctx, bucket, o.Azure)
	},
}

// Open returns the store at uri: file:///absolute/path or a bare absolute path, whose folder must exist, or
// s3://bucket/prefix, gs://bucket/prefix or az://container/prefix, which are asked nothing yet.
func Open(ctx context.Context, uri string, o Options) (Reader, error) {
	if scheme, rest, ok := strings.Cut(uri, "://"); ok {
		if open, known := openers[strings.ToLower(scheme)]; known {
			store, err := openFar(ctx, strings.ToLower(scheme), rest, open, o.withDefaults())
			if err != nil {
				return nil, err
			}
			return store, nil
		}
	}
	folder, err := folderOf(uri)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(folder)
	if err != nil {
		return nil, fmt.Errorf("open repository %s: %w", uri, err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("open repository %s: it is a file, a folder is needed", uri)
	}
	return fromFolder(folder), nil
}

// bucketName is what buckets and containers may be called, wherever they are.
const bucketName = `^[A-Za-z0-9$][A-Za-z0-9._-]{1,221}$`

// carriesSecret tells whether a query, pasted with an address, has what lets its reader in; a prefix may have a question mark,
// but errors and logs show it.
func carriesSecret(query string) bool {
	for parameter := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(strings.ToLower(parameter), "=")
		if name == "sig" || strings.HasSuffix(name, "signature") || strings.HasSuffix(name, "token") {
			return true
		}
	}
	return false
}

// openFar opens what follows the scheme: a bucket, and perhaps a prefix, both as they are, nothing escaped.
func openFar(ctx context.Context, scheme, rest string, open opener, o Options) (*far, error) {
	bucket, prefix, _ := strings.Cut(rest, "/")
	prefix = strings.Trim(prefix, "/")
	if valid, err := regexp.MatchString(bucketName, bucket); err != nil || !valid {
		root := "bucket"
		if scheme == "az" {
			root = "container"
		}
		return nil, fmt.Errorf("open repository: what follows %s:// is no name of a %s; write %s://%s/PREFIX, without user, password or token", scheme, root, scheme, strings.ToUpper(root))
	}
	if place, query, _ := strings.Cut(prefix, "?"); carriesSecret(query) {
		return nil, fmt.Errorf("open repository: %s://%s/%s carries a signature or token; give it with --azure-sas-file, --s3-session-token-file or what --help names, not in the URI", scheme, bucket, place)
	}
	if prefix != "" && !fs.ValidPath(prefix) {
		return nil, fmt.Errorf("open repository %s://%s/%s: a prefix has no empty, . or .. parts", scheme, bucket, prefix)
	}
	uri := strings.TrimSuffix(scheme+"://"+bucket+"/"+prefix, "/")
	objects, err := open(ctx, bucket, o)
	if err != nil {
		return nil, fmt.Errorf("open repository %s: %w", uri, err)
	}
	return newFar(objects, uri, prefix, o), nil
}

// folderOf returns the folder that uri means.
func folderOf(uri string) (string, error) {
	if filepath.IsAbs(uri) {
		return filepath.Clean(uri), nil
	}
	if uri == "" {
		return "", errors.New("open repository: no URI given; write file:///absolute/path")
	}
	if scheme, _, ok := strings.Cut(uri, "://"); !ok || scheme == "" {
		return "", relative(uri)
	}
	u, err := url.Parse(uri)
	if err != nil {
		return "", fmt.Errorf("open repository: %w; write file:///absolute/path", err)
	}
	if u.Scheme != "file" {
		return "", refuse(u)
	}
	switch {
	case u.Host != "" && u.Host != "localhost":
		return "", fmt.Errorf("open repository %s: %q stands where a host would; write file:///%s%s with three slashes for a folder of this machine", uri, u.Host, u.Host, u.Path)
	case u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("open repository %s: a folder has no query or fragment; write ? as %%3F and # as %%23", uri)
	case !filepath.IsAbs(u.Path):
		return "", fmt.Errorf("open repository %s: no path in it; write file:///absolute/path", uri)
	}
	return filepath.Clean(u.Path), nil
}

// relative is the error for a relative path, which would mean another folder from another place.
func relative(uri string) error {
	hint := "file:///absolute/path"
	if abs, err := filepath.Abs(uri); err == nil {
		hint = abs
	}
	return fmt.Errorf("open repository %s: a relative path; write %s", uri, hint)
}

func refuse(u *url.URL) error {
	u.RawQuery, u.ForceQuery, u.Fragment = "", false, "" // may be a token
	if instead := spelledRight(u); instead != "" {
		return fmt.Errorf("open repository %s: write %s", u.Redacted(), instead)
	}
	known, ok := strangers[strings.ToLower(u.Scheme)]
	if !ok {
		return fmt.Errorf("open repository %s: scheme %q is %w; write file:///absolute/path, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX", u.Redacted(), u.Scheme, ErrUnsupported)
	}
	return fmt.Errorf("open repository %s: reading %s is %w; copy the repository to a folder (%s) and give file:///that/folder",
		u.Redacted(), known.store, ErrUnsupported, fmt.Sprintf(known.fetch, u.Redacted()))
}

// spellings are other ways in which the same stores are written, and how they are written here.
var spellings = []struct {
	other string // an expression, compiled where it is needed
	ours  string
}{
	{`^s3[an]://([^/]+)/?(.*)$`, "s3://$1/$2"},
	{`^https?://([^/]+)\.s3[.-]([a-z0-9-]+)\.amazonaws\.com[^/]*/?(.*)$`, "s3://$1/$3 --s3-region $2"},
	{`^https?://([^/]+)\.s3\.amazonaws\.com/?(.*)$`, "s3://$1/$2"},
	{`^https?://s3[.-]([a-z0-9-]+)\.amazonaws\.com[^/]*/([^/]+)/?(.*)$`, "s3://$2/$3 --s3-region $1"},
	{`^https?://s3\.amazonaws\.com/([^/]+)/?(.*)$`, "s3://$1/$2"},
	{`^gcs://([^/]+)/?(.*)$`, "gs://$1/$2"},
	{`^https?://storage\.(?:googleapis|cloud\.google)\.com/([^/]+)/?(.*)$`, "gs://$1/$2"},
	{`^https?://([^./]+)\.(?:blob|dfs)\.core\.windows\.net/([^/]+)/?(.*)$`, "az://$2/$3 --azure-account $1"},
	{`^(?:wasbs?|abfss?)://([^@/]+)@([^./]+)\.(?:blob|dfs)\.core\.windows\.net/?(.*)$`, "az://$1/$3 --azure-account $2"},
	{`^azure://([^/]+)/?(.*)$`, "az://$1/$2"},
}

// spelledRight is how a URI is written here, or empty.
func spelledRight(u *url.URL) string {
	text := u.String()
	for _, s := range spellings {
		if other := regexp.MustCompile(s.other); other.MatchString(text) {
			return strings.ReplaceAll(strings.TrimSuffix(other.ReplaceAllString(text, s.ours), "/"), "/ --", " --")
		}
	}
	return ""
}
