package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// get sends a read and decodes its answer.
func (r *Reader) get(ctx context.Context, request esapi.Request, into any) error {
	return send(ctx, r.gate, request, into)
}

// send sends a request and decodes its answer, unless into is nil.
func send(ctx context.Context, over transport, request esapi.Request, into any) error {
	answer, err := request.Do(ctx, over)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if into == nil {
		return nil
	}
	body, err := io.ReadAll(answer.Body) // it is in memory
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return &answerError{body: body, err: err}
	}
	return nil
}

// answerError is an answer of success that is not the JSON it should be.
type answerError struct {
	body []byte
	err  error
}

// Error reads "the answer is no JSON of the server's but: <html> ...".
func (e *answerError) Error() string {
	if len(bytes.TrimSpace(e.body)) == 0 {
		return "the answer is empty"
	}
	return fmt.Sprintf("the answer is not the server's JSON (%v), but: %s", e.err, excerpt(e.body))
}

// Unwrap gives the error of the decoder.
func (e *answerError) Unwrap() error { return e.err }

// maxNames keeps a path of names below the 4096 bytes a server takes for its first line.
const maxNames = 3000

// requests spreads names over as few paths as they fit in, escaped. No names are no request.
func requests(names []string) [][]string {
	var all [][]string
	var some []string
	length := 0
	for _, name := range escape(names) {
		if len(some) > 0 && length+len(name) > maxNames {
			all, some, length = append(all, some), nil, 0
		}
		some = append(some, name)
		length += len(name) + 1
	}
	if len(some) > 0 {
		all = append(all, some)
	}
	return all
}

// escape readies names for a path: esapi joins them as they are. Patterns stay patterns.
func escape(names []string) []string {
	escaped := make([]string, len(names))
	for i, name := range names {
		escaped[i] = strings.ReplaceAll(segment(name), "%2A", "*")
	}
	return escaped
}

// segment escapes a name so that it is one segment of a path. Elasticsearch 6 reads a plus sign there as a space.
func segment(name string) string { return strings.ReplaceAll(url.PathEscape(name), "+", "%2B") }
