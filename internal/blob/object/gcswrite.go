package object

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Put writes an object on its condition and returns its version, a generation. An error of kind [Changed] says that the
// condition does not hold and nothing was written; after one that is [Error.Retryable] it may have been written. Google lets one
// object be written about once in a second and answers with 429 beyond.
func (g *GCS) Put(ctx context.Context, w Write) (version string, err error) {
	query := url.Values{"uploadType": {"media"}, "name": {w.Key}, "ifGenerationMatch": {cmp.Or(w.Version, "0")}, "fields": {"generation"}}
	address := strings.Replace(g.base, "/storage/v1/", "/upload/storage/v1/", 1) + "?" + query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(w.Body))
	if err != nil {
		return "", noURL(err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := g.send(ctx, request, false)
	if err != nil {
		return "", putFailed(mayWrite(err, g.writing()))
	}
	defer func() { _ = answer.Body.Close() }()
	var said struct {
		Generation string `json:"generation"`
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxAnswer)).Decode(&said); err != nil {
		if stopped := ended(ctx); stopped != nil {
			return "", stopped
		}
		return "", &Error{Kind: Broken, Status: answer.StatusCode, Message: "an answer to a write that breaks off", Err: err, Size: -1}
	}
	if said.Generation == "" {
		return "", &Error{Kind: Malformed, Message: "a write without generation", Size: -1}
	}
	return said.Generation, nil
}

// Delete removes an object; that it is not there is no error.
func (g *GCS) Delete(ctx context.Context, key string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodDelete, g.base+"/"+url.PathEscape(key), http.NoBody)
	if err != nil {
		return noURL(err)
	}
	answer, err := g.send(ctx, request, false)
	if err != nil {
		return deleted(mayWrite(err, g.writing()))
	}
	_ = answer.Body.Close()
	return nil
}

func (g *GCS) writing() string {
	return fmt.Sprintf("the run's state takes storage.objects.get, .list, .create and .delete on gs://%s (role Storage Object User)", g.bucket)
}

// Scan asks for one page of all that lies below a prefix, with versions.
func (g *GCS) Scan(ctx context.Context, q Scan) (*Page, error) {
	limit := min(q.Limit, 999)
	query := url.Values{"prefix": {q.Prefix}, "fields": {"items(name,size,generation),nextPageToken"}}
	if q.After != "" {
		query.Set("startOffset", q.After) // with it, which Scan.page drops
		limit++
	}
	if q.Token != "" {
		query.Set("pageToken", q.Token)
	}
	query.Set("maxResults", strconv.Itoa(limit))
	said, err := g.listing(ctx, query)
	if err != nil {
		return nil, mayWrite(err, g.writing())
	}
	page, err := said.page()
	if err != nil {
		return nil, err
	}
	return q.page(page)
}
