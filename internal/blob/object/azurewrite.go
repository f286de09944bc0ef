package object

import (
	"bytes"
	"context"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

const azureWriting = "the run's state takes the role Storage Blob Data Contributor on the container, or a SAS with read, create, write, delete and list (sp=rcwdl)"

// Put writes a blob on its condition and returns its version. An error of kind [Changed] says that the condition does not hold
// and nothing was written; after one that is [Error.Retryable] it may have been written.
func (a *Azure) Put(ctx context.Context, w Write) (version string, err error) {
	condition := &blob.ModifiedAccessConditions{IfMatch: new(azcore.ETag(w.Version))}
	if w.Version == "" {
		condition = &blob.ModifiedAccessConditions{IfNoneMatch: new(azcore.ETagAny)}
	}
	answer, err := a.client.NewBlockBlobClient(w.Key).Upload(ctx, streaming.NopCloser(bytes.NewReader(w.Body)), &blockblob.UploadOptions{
		AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: condition},
		HTTPHeaders:      &blob.HTTPHeaders{BlobContentType: new("application/json")},
	})
	if err != nil {
		return "", putFailed(mayWrite(a.explain(ctx, err), azureWriting))
	}
	if answer.ETag == nil || *answer.ETag == "" {
		return "", &Error{Kind: Malformed, Message: "a write without ETag", Size: -1}
	}
	return string(*answer.ETag), nil
}

// Delete removes a blob, with its snapshots; that it is not there is no error.
func (a *Azure) Delete(ctx context.Context, key string) error {
	_, err := a.client.NewBlobClient(key).Delete(ctx, &blob.DeleteOptions{DeleteSnapshots: new(blob.DeleteSnapshotsOptionTypeInclude)})
	if err != nil {
		return deleted(mayWrite(a.explain(ctx, err), azureWriting))
	}
	return nil
}

// Scan asks for one page of all that lies below a prefix, with versions. Where the service is too old to start at a name
// (before version 2026-02-06 of its protocol), it says so or gives everything, of which a page may then have nothing.
func (a *Azure) Scan(ctx context.Context, q Scan) (*Page, error) {
	options := &container.ListBlobsFlatOptions{Prefix: &q.Prefix, MaxResults: new(int32(min(q.Limit, 5000)))}
	switch {
	case q.Token != "":
		options.Marker = &q.Token
	case q.After != "" && !a.old.Load():
		options.StartFrom = &q.After // with it, which Scan.page drops
		*options.MaxResults = min(*options.MaxResults+1, 5000)
	}
	answer, err := a.client.NewListBlobsFlatPager(options).NextPage(ctx)
	if err != nil {
		explained := a.explain(ctx, err)
		if e, ok := explained.(*Error); ok && options.StartFrom != nil && e.Status == http.StatusBadRequest { //nolint:errorlint // as explain makes it
			a.old.Store(true)
			return a.Scan(ctx, q)
		}
		return nil, mayWrite(explained, azureWriting)
	}
	page := &Page{}
	if answer.NextMarker != nil {
		page.Next = *answer.NextMarker
	}
	if answer.Segment == nil {
		return page, nil
	}
	for _, item := range answer.Segment.BlobItems {
		if item.Name == nil || item.Properties == nil || item.Properties.ContentLength == nil || item.Properties.ETag == nil {
			return nil, &Error{Kind: Malformed, Message: "a blob without name, length or ETag in the listing", Size: -1}
		}
		if *item.Name > q.After {
			page.Items = append(page.Items, Item{Key: *item.Name, Size: *item.Properties.ContentLength, Version: quoted(string(*item.Properties.ETag))})
		}
	}
	return q.page(page)
}

// quoted is an ETag as headers have it: Azure's listings leave out the quotes.
func quoted(tag string) string {
	if tag == "" || tag[0] == '"' {
		return tag
	}
	return `"` + tag + `"`
}
