package testcluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// newClient makes a client that talks to loopback only: no proxy, no compression,
// bodies as they are.
func newClient(trust *tls.Config) *http.Client {
	return &http.Client{
		Timeout:   5 * time.Minute,
		Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 8, TLSClientConfig: trust},
	}
}

// Do sends a request and returns the body of the answer. An answer of 400 or more is
// an error that carries the server's words. A path that ends in _bulk is sent as NDJSON.
func (s *Server) Do(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	kind := "application/json"
	if strings.Contains(path, "_bulk") {
		kind = "application/x-ndjson"
	}
	return s.DoAs(ctx, method, path, kind, body)
}

// DoAs is Do with a content type of one's own.
func (s *Server) DoAs(ctx context.Context, method, path, contentType string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if len(body) > 0 {
		request.Header.Set("Content-Type", contentType)
	}
	if s.Spec.Secure {
		request.SetBasicAuth(Username, Password)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, answer[:min(len(answer), 2000)])
	}
	return answer, nil
}

// Bulk sends a bulk body and fails when one of its items failed.
func (s *Server) Bulk(ctx context.Context, path string, body []byte) error {
	answer, err := s.Do(ctx, "POST", path, body)
	if err != nil {
		return err
	}
	var result struct {
		Errors bool                             `json:"errors"`
		Items  []map[string]struct{ Error any } `json:"items"`
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		return fmt.Errorf("read the answer of %s: %w", path, err)
	}
	if !result.Errors {
		return nil
	}
	for _, item := range result.Items {
		for action, outcome := range item {
			if outcome.Error != nil {
				return fmt.Errorf("%s: %s refused: %v", path, action, outcome.Error)
			}
		}
	}
	return fmt.Errorf("%s: errors without an item that has one", path)
}

// Get decodes the answer of a GET into a value.
func (s *Server) Get(ctx context.Context, path string, into any) error {
	answer, err := s.Do(ctx, "GET", path, nil)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("read the answer of GET %s: %w", path, err)
	}
	return nil
}
