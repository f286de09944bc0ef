package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"migassist/cluster/version"
)

// Revision names one write of a document: no other write in the same index has the same two numbers.
type Revision struct {
	SeqNo int64
	Term  int64 // primary term
}

// Revised is a document, and the write that made it what it is.
type Revised struct {
	ID string
	Revision
	Source json.RawMessage // byte for byte as stored
}

// revised is the document as both the get API and a search show it.
type revised struct {
	ID     string          `json:"_id"`
	SeqNo  *int64          `json:"_seq_no"`
	Term   int64           `json:"_primary_term"`
	Source json.RawMessage `json:"_source"`
}

func (r revised) checked() (Revised, error) {
	if r.SeqNo == nil || r.Term == 0 {
		return Revised{}, errors.New("the answer has no _seq_no or no _primary_term")
	}
	return Revised{ID: r.ID, Revision: Revision{*r.SeqNo, r.Term}, Source: r.Source}, nil
}

// primary has reads go to the copy of a shard that is written to, where copies may be fed with segments and lag behind it:
// OpenSearch from 2.7 on. Elsewhere a write is not acknowledged before every copy has it, and 1.x takes no such preference.
func (r *Reader) primary() string {
	if v := r.info.Version; v.Flavor == version.OpenSearch && v.AtLeast(2, 7) {
		return "_primary"
	}
	return ""
}

// Document returns a document as it was written last, whether searches see it yet or not. [NotFound] tells that there is
// none, or no such index.
func (r *Reader) Document(ctx context.Context, index, id string) (Revised, error) {
	var answer revised
	request := esapi.GetRequest{Index: segment(index), DocumentID: segment(id), Realtime: new(true), Preference: r.primary()}
	if err := r.get(ctx, request, &answer); err != nil {
		return Revised{}, err
	}
	return answer.checked()
}

// Page returns the documents that one search finds, in its order, with their revisions: as of the last refresh.
// The body's "size" says how many; it must ask for "seq_no_primary_term".
func (r *Reader) Page(ctx context.Context, index string, body json.RawMessage) ([]Revised, error) {
	var answer struct {
		page
		Hits struct {
			Hits []revised `json:"hits"`
		} `json:"hits"`
	}
	request := esapi.SearchRequest{
		Index: escape([]string{index}), Body: bytes.NewReader(body), AllowPartialSearchResults: new(false), Preference: r.primary(),
	}
	if err := r.get(ctx, request, &answer); err != nil {
		return nil, err
	}
	if _, err := answer.complete(); err != nil {
		return nil, err
	}
	found := make([]Revised, len(answer.Hits.Hits))
	for i, hit := range answer.Hits.Hits {
		var err error
		if found[i], err = hit.checked(); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// DocumentWrite is a document to be written if nobody else wrote it meanwhile.
type DocumentWrite struct {
	Index  string
	ID     string
	Source json.RawMessage
	// Over is the write that it must still be as, nil where there must be none yet.
	Over *Revision
	// Patience is how long the server may wait for the shard.
	Patience time.Duration
}

// WriteDocument writes the document past any pipeline and returns the revision it got. [Conflicted] tells that somebody else
// wrote it. It is sent again only while the server certainly did nothing: after a [ConnectionError] or a 502, 503 or 504 the
// document may have been written or not.
func (c *Client) WriteDocument(ctx context.Context, w DocumentWrite) (Revision, error) {
	request := esapi.IndexRequest{
		Index: segment(w.Index), DocumentID: segment(w.ID), Body: bytes.NewReader(w.Source), Pipeline: NoPipeline, Timeout: w.Patience,
	}
	if w.Over == nil {
		request.OpType = "create"
	} else {
		request.IfSeqNo, request.IfPrimaryTerm = new(int(w.Over.SeqNo)), new(int(w.Over.Term))
	}
	var answer revised
	if err := send(ctx, c.careful, request, &answer); err != nil {
		return Revision{}, err
	}
	written, err := answer.checked()
	return written.Revision, err
}

// Conflicted reports whether a document was not written because it is not what it was to be written over.
func Conflicted(err error) bool {
	answer, ok := errors.AsType[*Error](err)
	return ok && answer.Status == http.StatusConflict
}

// MissingIndex reports whether there was no index or alias of the name given, nor came one into being by a write to it.
func MissingIndex(err error) bool {
	answer, ok := errors.AsType[*Error](err)
	return ok && (answer.Type == "index_not_found_exception" || answer.Type == "invalid_index_name_exception")
}

// Serverless tells that this is a collection of OpenSearch Serverless: no documents by id there, no sequence numbers, no refresh.
func (r *Reader) Serverless() bool { return r.serverless }
