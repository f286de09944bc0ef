package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// NoPipeline switches the default ingest pipeline of an index off for a request.
const NoPipeline = "_none"

// BulkRequest is a bulk with choices.
type BulkRequest struct {
	Body     []byte // action line, source line, ...; each ends in a line break
	Index    string // for actions that name none
	Pipeline string // "" runs the default pipeline of each index, NoPipeline none
	Refresh  string // "true", "wait_for", or "" for neither
}

// BulkResult is the server's answer to a bulk.
type BulkResult struct {
	Took   int64 // milliseconds
	Errors bool  // at least one item has an error
	// Created counts the actions of which the server said that they made a document (201), not that they wrote over one.
	Created int
	// Items has an element per action, in their order, when Errors is true; otherwise it is nil, for
	// then every action was carried out.
	Items []BulkItem
}

// BulkItem is what became of one action.
type BulkItem struct {
	Action string // index, create, update, delete
	Status int
	Error  *ItemError // nil when the action was carried out, or a delete found nothing (404)
}

// Retryable reports whether the same action may succeed later.
func (i BulkItem) Retryable() bool {
	return i.Error != nil && (retryableStatus(i.Status) || retryableType(i.Error.Type))
}

// TooLarge reports whether the action, with the others of its request that go to the same shard, needs more than the server has
// when it does nothing else.
func (i BulkItem) TooLarge() bool {
	return i.Error != nil && tooLargeForPressure(i.Status, i.Error.Reason)
}

// ItemError says why an action was refused.
type ItemError struct {
	Type     string     `json:"type"`
	Reason   string     `json:"reason"`
	CausedBy *ItemError `json:"caused_by,omitempty"`
}

// Error reads "mapper_parsing_exception: failed to parse field [n]: For input string: \"x\"".
func (e *ItemError) Error() string {
	text := []string{e.Type, e.Reason}
	for cause := e.CausedBy; cause != nil; cause = cause.CausedBy {
		if cause.Reason != "" {
			text = append(text, cause.Reason)
		}
	}
	return strings.Join(text, ": ")
}

// Bulk sends the actions past any default pipeline, once. See [Client.SendBulk].
func (c *Client) Bulk(ctx context.Context, body []byte) (BulkResult, error) {
	return c.SendBulk(ctx, BulkRequest{Body: body, Pipeline: NoPipeline})
}

// SendBulk sends the actions once. An error means that nothing is known of any of them; it is
// [Retryable] or not as that of any request. The body's bytes may be reused once it returns, whatever
// the outcome.
func (c *Client) SendBulk(ctx context.Context, bulk BulkRequest) (BulkResult, error) {
	use := c.gzip.use()
	if use == off || len(bulk.Body) < worthCompressing {
		return c.sendBulk(ctx, bulk, nil)
	}
	result, err := c.sendCompressed(ctx, bulk)
	switch {
	case use == proven:
	case err == nil:
		c.gzip.set(proven)
	case refusesEncoding(err): // then nothing was acted upon
		if result, err = c.sendBulk(ctx, bulk, nil); err == nil {
			c.gzip.set(off)
		}
	}
	return result, err
}

func (c *Client) sendCompressed(ctx context.Context, bulk BulkRequest) (BulkResult, error) {
	buffer, err := c.gzip.compress(bulk.Body)
	if err != nil {
		return BulkResult{}, fmt.Errorf("compress a bulk: %w", err)
	}
	defer c.gzip.recycle(buffer)
	bulk.Body = buffer.Bytes()
	return c.sendBulk(ctx, bulk, http.Header{"Content-Encoding": {"gzip"}})
}

// refusesEncoding reports whether a request of which nothing was carried out may have been refused for its being compressed:
// servers and what stands before them answer so in many ways.
func refusesEncoding(err error) bool {
	switch status(err) {
	case http.StatusBadRequest, http.StatusNotAcceptable, http.StatusUnsupportedMediaType, http.StatusNotImplemented:
		return true
	}
	return false
}

// sendBulk sends a body as it is.
func (c *Client) sendBulk(ctx context.Context, bulk BulkRequest, header http.Header) (BulkResult, error) {
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/x-ndjson")
	answer, err := esapi.BulkRequest{
		Index:    url.PathEscape(bulk.Index),
		Body:     bytes.NewReader(bulk.Body),
		Pipeline: bulk.Pipeline,
		Refresh:  bulk.Refresh,
		Header:   header,
		// The status stays for every item: without it the filter drops the items that went well, and
		// with them the positions of the others.
		FilterPath: []string{"took", "errors", "items.*.status", "items.*.error"},
	}.Do(ctx, c.bulk)
	if err != nil {
		return BulkResult{}, err
	}
	defer answer.Body.Close()
	var begin bytes.Buffer // of the answer, for the error
	in := io.TeeReader(answer.Body, &head{&begin})
	items := json.NewDecoder(in)
	result, err := decodeBulk(items)
	if err == nil && !result.Errors {
		result.Created, err = countCreated(io.MultiReader(items.Buffered(), in))
	}
	if err != nil {
		return BulkResult{}, fmt.Errorf("POST /_bulk, answered in the target's place by something between? %w", &answerError{body: begin.Bytes(), err: err})
	}
	return result, nil
}

// head keeps the first bytes that are written to it.
type head struct{ *bytes.Buffer }

func (h *head) Write(p []byte) (int, error) {
	const enough = 1000
	h.Buffer.Write(p[:min(len(p), max(0, enough-h.Len()))])
	return len(p), nil
}

// decodeBulk reads the answer; it stops before the items where the server says that none failed.
func decodeBulk(in *json.Decoder) (BulkResult, error) {
	var result BulkResult
	if err := expect(in, json.Delim('{')); err != nil {
		return result, err
	}
	known := false
	for in.More() {
		key, err := in.Token()
		if err != nil {
			return result, err
		}
		switch key {
		case "took":
			err = in.Decode(&result.Took)
		case "errors":
			err = in.Decode(&result.Errors)
			known = true
			if err == nil && !result.Errors {
				return BulkResult{Took: result.Took}, nil
			}
		case "items":
			result.Items, err = decodeItems(in)
			for _, item := range result.Items {
				if item.Status == http.StatusCreated {
					result.Created++
				}
			}
		default:
			var skipped json.RawMessage
			err = in.Decode(&skipped)
		}
		if err != nil {
			return result, err
		}
	}
	if !known {
		return result, errors.New("it does not say whether there were errors")
	}
	return result, expect(in, json.Delim('}'))
}

// created is how an item says that it made a document.
var created = []byte(`"status":201`)

// countCreated counts the items that made a document, in what the decoder left of an answer without errors: parsing all of it would cost
// more than the count is worth.
func countCreated(in io.Reader) (n int, err error) {
	buffer := make([]byte, 32<<10)
	for kept := 0; ; {
		read, err := in.Read(buffer[kept:])
		some := buffer[:kept+read]
		n += bytes.Count(some, created)
		kept = copy(buffer, some[max(0, len(some)-len(created)+1):])
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// bulkOutcome is what the filter leaves of an item, below the name of its action.
type bulkOutcome struct {
	Status int        `json:"status"`
	Error  *itemError `json:"error"`
}

// itemError takes the plain text that 1.x says instead of an object.
type itemError struct{ ItemError }

// UnmarshalJSON reads both forms.
func (e *itemError) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &e.Reason)
	}
	return json.Unmarshal(data, &e.ItemError)
}

// outcomes is an item: one of its four fields is there.
type outcomes struct {
	Index  *bulkOutcome `json:"index"`
	Create *bulkOutcome `json:"create"`
	Update *bulkOutcome `json:"update"`
	Delete *bulkOutcome `json:"delete"`
}

func decodeItems(in *json.Decoder) ([]BulkItem, error) {
	var raw []outcomes
	if err := in.Decode(&raw); err != nil {
		return nil, err
	}
	items := make([]BulkItem, len(raw))
	for i, each := range raw {
		item, err := each.item()
		if err != nil {
			return nil, fmt.Errorf("item %d %w", i, err)
		}
		items[i] = item
	}
	return items, nil
}

func (o outcomes) item() (BulkItem, error) {
	var item BulkItem
	for _, each := range [...]struct {
		action  string
		outcome *bulkOutcome
	}{{"index", o.Index}, {"create", o.Create}, {"update", o.Update}, {"delete", o.Delete}} {
		if each.outcome == nil {
			continue
		}
		if item.Action != "" {
			return BulkItem{}, errors.New("has more than one action")
		}
		item.Action, item.Status = each.action, each.outcome.Status
		if each.outcome.Error != nil {
			item.Error = &each.outcome.Error.ItemError
		}
	}
	switch {
	case item.Action == "":
		return BulkItem{}, errors.New("has no action")
	case item.Status == 0:
		return BulkItem{}, errors.New("has no status")
	}
	return item, nil
}

func expect(in *json.Decoder, want json.Delim) error {
	got, err := in.Token()
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%v where %v was expected", got, want)
	}
	return nil
}
