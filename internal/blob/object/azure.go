package object

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

// AzureOptions say how to reach Azure Blob Storage.
type AzureOptions struct {
	// Account is the storage account.
	Account string
	// Endpoint is the URL of the account's blob service, without the container. Empty: https://ACCOUNT.blob.core.windows.net.
	Endpoint string
	// Key is the account's key.
	Key string
	// SAS is a token, "sv=…&sig=…". Without Key or SAS the chain of azidentity is asked: environment, workload
	// identity, managed identity, the developer's tools.
	SAS string
	// Anonymous sends no credentials.
	Anonymous bool
	UserAgent string
}

// Azure is one container.
type Azure struct {
	container string
	options   AzureOptions
	client    *container.Client
	old       atomic.Bool // the service cannot start a listing at a name
}

// OpenAzure prepares to read a container. It asks no server.
func OpenAzure(_ context.Context, name string, o AzureOptions) (*Azure, error) {
	if o.Endpoint == "" && o.Account == "" {
		return nil, errors.New("the storage account is missing: give --azure-account")
	}
	address := o.Endpoint
	if address == "" {
		address = "https://" + o.Account + ".blob.core.windows.net"
	}
	address = strings.TrimSuffix(address, "/") + "/" + name
	client, err := o.client(address)
	if err != nil {
		return nil, err
	}
	return &Azure{container: name, options: o, client: client}, nil
}

func (o AzureOptions) client(address string) (*container.Client, error) {
	choices := azcore.ClientOptions{
		Retry:     policy.RetryOptions{MaxRetries: -1}, // one place repeats for all stores
		Transport: &http.Client{Transport: newTransport()},
		Telemetry: policy.TelemetryOptions{Disabled: o.UserAgent != ""},
	}
	if o.UserAgent != "" {
		choices.PerCallPolicies = append(choices.PerCallPolicies, userAgent(o.UserAgent))
	}
	options := &container.ClientOptions{ClientOptions: choices}
	switch {
	case o.Key != "":
		key, err := container.NewSharedKeyCredential(o.Account, o.Key)
		if err != nil {
			return nil, errors.New("the account's key is not base64: check --azure-key") // the library's error may repeat it
		}
		return container.NewClientWithSharedKeyCredential(address, key, options)
	case o.SAS != "":
		return container.NewClientWithNoCredential(address+"?"+strings.TrimPrefix(o.SAS, "?"), options)
	case o.Anonymous:
		return container.NewClientWithNoCredential(address, options)
	}
	identity, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		return nil, fmt.Errorf("find Azure credentials: %w", err)
	}
	return container.NewClient(address, identity, options)
}

// userAgent is a policy that says who asks.
type userAgent string

// Do implements policy.Policy.
func (u userAgent) Do(request *policy.Request) (*http.Response, error) {
	request.Raw().Header.Set("User-Agent", string(u))
	return request.Next()
}

// Get asks for bytes of a blob.
func (a *Azure) Get(ctx context.Context, r Request) (*Content, error) {
	options := &blob.DownloadStreamOptions{}
	if !r.whole() {
		options.Range = blob.HTTPRange{Offset: r.Off, Count: r.Length}
	}
	if r.Version != "" {
		options.AccessConditions = &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: new(azcore.ETag(r.Version))}}
	}
	answer, err := a.client.NewBlobClient(r.Key).DownloadStream(ctx, options)
	if err != nil {
		return nil, a.explain(ctx, err)
	}
	length, contentRange, version := int64(-1), "", ""
	if answer.ContentLength != nil {
		length = *answer.ContentLength
	}
	if answer.ContentRange != nil {
		contentRange = *answer.ContentRange
	}
	if answer.ETag != nil {
		version = string(*answer.ETag)
	}
	return contentOf(r, answer.Body, length, contentRange, version)
}

// List asks for one page of what lies directly below a prefix.
func (a *Azure) List(ctx context.Context, prefix, token string) (*Page, error) {
	options := &container.ListBlobsHierarchyOptions{Prefix: &prefix}
	if token != "" {
		options.Marker = &token
	}
	answer, err := a.client.NewListBlobsHierarchyPager("/", options).NextPage(ctx)
	if err != nil {
		return nil, a.explain(ctx, err)
	}
	page := &Page{}
	if answer.NextMarker != nil {
		page.Next = *answer.NextMarker
	}
	if answer.Segment == nil {
		return page, nil
	}
	for _, item := range answer.Segment.BlobItems {
		if item.Name == nil || item.Properties == nil || item.Properties.ContentLength == nil {
			return nil, &Error{Kind: Malformed, Message: "a blob without name or length in the listing"}
		}
		page.Items = append(page.Items, Item{Key: *item.Name, Size: *item.Properties.ContentLength})
	}
	for _, folder := range answer.Segment.BlobPrefixes {
		if folder.Name != nil {
			page.Prefixes = append(page.Prefixes, *folder.Name)
		}
	}
	return page, nil
}

// azureCodes are the kinds of Microsoft's names for errors. Source: "Blob Storage error codes" in the REST reference.
var azureCodes = map[string]Kind{
	"BlobNotFound": Missing, "ResourceNotFound": Missing, "ContainerNotFound": NoBucket, "ContainerBeingDeleted": NoBucket, "ContainerDisabled": NoBucket,
	"AuthenticationFailed": Credentials, "InvalidAuthenticationInfo": Credentials, "NoAuthenticationInformation": Credentials,
	"AuthorizationFailure": Denied, "AuthorizationPermissionMismatch": Denied, "AuthorizationProtocolMismatch": Denied, "AuthorizationResourceTypeMismatch": Denied,
	"AuthorizationServiceMismatch": Denied, "AuthorizationSourceIPMismatch": Denied, "InsufficientAccountPermissions": Denied,
	"PublicAccessNotPermitted": Denied, "AccountIsDisabled": Denied,
	"BlobArchived": Archived, "ConditionNotMet": Changed, "TargetConditionNotMet": Changed,
	"LeaseIdMissing": Other, "LeaseIdMismatchWithBlobOperation": Other, "LeaseLost": Other, // 412 all the same: someone locked the blob
	"InvalidRange": OutOfRange,
	"ServerBusy":   Busy, "InternalError": Broken, "OperationTimedOut": Broken,
}

const azureNoCredentials = "give --azure-key-file or --azure-sas-file, set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, run where a managed or " +
	"workload identity is attached, log in with az login, or read a public container with --azure-anonymous"

// explain makes an [Error] of one of the library's.
func (a *Azure) explain(ctx context.Context, err error) error {
	if stopped := ended(ctx); stopped != nil {
		return stopped
	}
	answer, answered := errors.AsType[*azcore.ResponseError](err)
	_, refused := errors.AsType[*azidentity.AuthenticationFailedError](err)
	switch {
	case refused, !answered && strings.Contains(err.Error(), "Credential"):
		return &Error{Kind: Credentials, Message: firstLine(err), Advice: azureNoCredentials, Err: err}
	case !answered:
		return network(err, "--azure-endpoint and --azure-account")
	}
	e := &Error{Status: answer.StatusCode, Code: answer.ErrorCode, Size: -1, Err: err}
	if raw := answer.RawResponse; raw != nil {
		e.RetryAfter = retryAfter(raw.Header)
		e.Message, _ = wordsOf(raw.Body)
		if _, size, ok := parseContentRange(raw.Header.Get("Content-Range")); ok {
			e.Size = size
		}
	}
	kind, known := azureCodes[e.Code]
	if !known {
		kind = kindOfStatus(e.Status)
	}
	if kind == Denied && strings.Contains(e.Message, "authenticate") { // an emulator's name for it
		kind = Credentials
	}
	e.Kind = kind
	a.advise(e)
	return e
}

// advise says what to do about an answer of Microsoft's.
func (a *Azure) advise(e *Error) {
	switch e.Kind {
	case NoBucket:
		e.Advice = fmt.Sprintf("check the container's name %q in --repo-uri, and --azure-account", a.container)
	case Denied:
		e.Advice = "reading takes the role Storage Blob Data Reader on the container, or a SAS with read and list (sp=rl), from an address that the account's firewall lets in"
	case Archived:
		e.Advice = "it lies in the archive tier: rehydrate the snapshot's blobs first (az storage blob set-tier)"
	case Credentials:
		e.Advice = azureNoCredentials
		switch {
		case strings.Contains(e.Message, "date") && a.options.Key != "":
			e.Kind, e.Advice = Clock, "set the clock of this machine (chronyc makestep, or the like)"
		case a.options.SAS != "":
			e.Advice = "the SAS is not valid for this container, or has expired: make a new one with read and list (sp=rl)"
		case a.options.Key != "":
			e.Advice = "the key is not one of the account's"
		}
	}
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
