package object

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"migassist/internal/awsauth"
)

// S3Options say how to reach S3, or what speaks like it.
type S3Options struct {
	awsauth.Options
	// Endpoint is the URL of a store that is not Amazon's. Empty: Amazon's, or what AWS_ENDPOINT_URL_S3 says.
	Endpoint string
	// PathStyle is "auto", "on" or "off": whether the bucket stands in the path instead of the host's name. Auto, or
	// empty, is on for an Endpoint.
	PathStyle string
	UserAgent string
}

// S3 is one bucket.
type S3 struct {
	bucket  string
	options S3Options
	given   bool // the region was given, by the operator or the machine's configuration

	mu     sync.Mutex
	config aws.Config
	client *s3.Client
}

// OpenS3 prepares to read a bucket. It asks no server.
func OpenS3(ctx context.Context, bucket string, o S3Options) (*S3, error) {
	config, err := awsauth.Load(ctx, o.Options)
	if err != nil {
		return nil, err
	}
	s := &S3{bucket: bucket, options: o, config: config, given: config.Region != ""}
	if !s.given {
		config.Region = "us-east-1" // any endpoint of Amazon's tells where a bucket is, and others do not care
	}
	s.use(config.Region)
	return s, nil
}

// use makes the client for a region.
func (s *S3) use(region string) {
	config := s.config
	config.Region = region
	s.client = s3.NewFromConfig(config, func(o *s3.Options) {
		o.Retryer = aws.NopRetryer{}
		o.Logger = logging.Nop{}
		o.DisableLogOutputChecksumValidationSkipped = true
		if s.options.Endpoint != "" {
			o.BaseEndpoint = aws.String(s.options.Endpoint)
		}
		o.UsePathStyle = s.options.PathStyle == "on" || s.options.PathStyle != "off" && o.BaseEndpoint != nil
		if s.options.UserAgent != "" {
			o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue("User-Agent", s.options.UserAgent))
		}
	})
}

func (s *S3) current() *s3.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.client
}

// follow turns to the region that an error names, and tells whether it did.
func (s *S3) follow(asked *s3.Client, err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Kind != Region || e.Region == "" || s.given {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client == asked {
		s.use(e.Region)
	}
	return s.client.Options().Region != asked.Options().Region
}

// Get asks for bytes of an object.
func (s *S3) Get(ctx context.Context, r Request) (*Content, error) {
	client := s.current()
	content, err := s.get(ctx, client, r)
	if err != nil && s.follow(client, err) {
		return s.get(ctx, s.current(), r)
	}
	return content, err
}

func (s *S3) get(ctx context.Context, client *s3.Client, r Request) (*Content, error) {
	in := &s3.GetObjectInput{Bucket: &s.bucket, Key: &r.Key}
	if !r.whole() {
		in.Range = aws.String(r.rangeHeader())
	}
	if r.Version != "" {
		in.IfMatch = &r.Version
	}
	out, err := client.GetObject(ctx, in)
	if err != nil {
		return nil, s.explain(ctx, client, err)
	}
	length := int64(-1)
	if out.ContentLength != nil {
		length = *out.ContentLength
	}
	return contentOf(r, out.Body, length, aws.ToString(out.ContentRange), aws.ToString(out.ETag))
}

// List asks for one page of what lies directly below a prefix.
func (s *S3) List(ctx context.Context, prefix, token string) (*Page, error) {
	client := s.current()
	page, err := s.list(ctx, client, prefix, token)
	if err != nil && s.follow(client, err) {
		return s.list(ctx, s.current(), prefix, token)
	}
	return page, err
}

func (s *S3) list(ctx context.Context, client *s3.Client, prefix, token string) (*Page, error) {
	in := &s3.ListObjectsV2Input{Bucket: &s.bucket, Delimiter: aws.String("/"), Prefix: &prefix}
	if token != "" {
		in.ContinuationToken = &token
	}
	out, err := client.ListObjectsV2(ctx, in)
	if err != nil {
		return nil, s.explain(ctx, client, err)
	}
	if err := s.checkListing(out); err != nil {
		return nil, err
	}
	page := &Page{Items: make([]Item, 0, len(out.Contents))}
	for _, object := range out.Contents {
		page.Items = append(page.Items, Item{Key: aws.ToString(object.Key), Size: aws.ToInt64(object.Size)})
	}
	for _, folder := range out.CommonPrefixes {
		page.Prefixes = append(page.Prefixes, aws.ToString(folder.Prefix))
	}
	if aws.ToBool(out.IsTruncated) {
		page.Next = aws.ToString(out.NextContinuationToken)
	}
	return page, nil
}

// checkListing tells an empty listing from a page of HTML, say, which the library reads as one: every S3 store repeats at
// least the bucket's name, the number of keys or whether there is more.
func (s *S3) checkListing(out *s3.ListObjectsV2Output) error {
	if out.Name != nil || out.KeyCount != nil || out.IsTruncated != nil || len(out.Contents)+len(out.CommonPrefixes) > 0 {
		return nil
	}
	return &Error{Kind: Malformed, Message: "no listing of S3's", Advice: "something else answers there, a web page or a proxy for example: check --s3-endpoint", Size: -1}
}

// s3Codes are the kinds of Amazon's names for errors. Source: "Error responses" in the Amazon S3 API reference.
var s3Codes = map[string]Kind{
	"NoSuchKey": Missing, "NoSuchVersion": Missing, "NoSuchBucket": NoBucket,
	"AccessDenied": Denied, "AllAccessDisabled": Denied, "AccountProblem": Denied, "UnauthorizedAccess": Denied,
	"InvalidAccessKeyId": Credentials, "SignatureDoesNotMatch": Credentials, "InvalidToken": Credentials, "InvalidSecurity": Credentials,
	"ExpiredToken": Credentials, "ExpiredTokenException": Credentials, "TokenRefreshRequired": Credentials, "InvalidClientTokenId": Credentials,
	"PermanentRedirect": Region, "AuthorizationHeaderMalformed": Region, "IllegalLocationConstraintException": Region, "TemporaryRedirect": Region,
	"RequestTimeTooSkewed": Clock, "RequestExpired": Clock,
	"InvalidObjectState": Archived, "PreconditionFailed": Changed, "InvalidRange": OutOfRange,
	"SlowDown": Busy, "ServiceUnavailable": Busy, "Throttling": Busy, "ThrottlingException": Busy, "TooManyRequests": Busy, "RequestLimitExceeded": Busy,
	"InternalError": Broken, "RequestTimeout": Broken, "OperationAborted": Broken,
}

// explain makes an [Error] of one of the library's.
func (s *S3) explain(ctx context.Context, client *s3.Client, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var answer *smithyhttp.ResponseError
	answered := errors.As(err, &answer) && answer.HTTPStatusCode() != 0
	switch {
	case !answered && strings.Contains(err.Error(), "get identity"):
		return &Error{Kind: Credentials, Message: innermost(err), Advice: s3NoCredentials, Err: err}
	case !answered:
		return network(err, "--s3-endpoint and --s3-region")
	}
	header := answer.Response.Header
	e := &Error{Status: answer.HTTPStatusCode(), RetryAfter: retryAfter(header), Size: -1, Err: err}
	if said, ok := errors.AsType[smithy.APIError](err); ok {
		e.Code, e.Message = said.ErrorCode(), said.ErrorMessage()
	}
	kind, known := s3Codes[e.Code]
	if !known {
		kind = kindOfStatus(e.Status)
	}
	e.Kind = kind
	if _, size, ok := parseContentRange(header.Get("Content-Range")); ok && kind == OutOfRange {
		e.Size = size
	}
	s.advise(e, client, header)
	return e
}

const s3NoCredentials = "" +
	"set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, run where a role is attached, " +
	"give --s3-access-key and --s3-secret-key-file, or read a public bucket with --s3-anonymous"

// advise says what to do about an answer of Amazon's.
func (s *S3) advise(e *Error, client *s3.Client, header http.Header) {
	switch e.Kind {
	case NoBucket:
		e.Advice = fmt.Sprintf("check the name %s in --repo-uri, and --s3-endpoint and the account that is asked", strconv.Quote(s.bucket))
	case Denied:
		e.Advice = fmt.Sprintf("reading takes s3:ListBucket on arn:aws:s3:::%s and s3:GetObject on what is in it (and kms:Decrypt, where it is encrypted so)", s.bucket)
		if s.options.Anonymous {
			e.Advice = "the bucket is not public: leave out --s3-anonymous"
		}
	case Credentials:
		e.Advice = s3NoCredentials
		if strings.Contains(e.Code, "Expired") || e.Code == "TokenRefreshRequired" {
			e.Advice = "the session has ended: fetch new credentials (aws sso login, aws sts assume-role, …), then run the same command again"
		}
		if e.Code == "SignatureDoesNotMatch" {
			e.Advice = "the secret key is not that of the access key"
		}
	case Region:
		e.Region = header.Get("X-Amz-Bucket-Region")
		at := client.Options().Region
		e.Advice = fmt.Sprintf("%s was asked; give the bucket's with --s3-region", at)
		if e.Region != "" {
			e.Advice = fmt.Sprintf("the bucket is in %s, and %s was asked: give --s3-region %s", e.Region, at, e.Region)
		}
	case Clock:
		e.Advice = "set the clock of this machine (chronyc makestep, or the like)"
	case Archived:
		e.Advice = "it lies in an archive class (Glacier): restore the snapshot's objects first (aws s3api restore-object)"
	}
}

// innermost is the text of the last error in a chain, which libraries wrap in many layers.
func innermost(err error) string {
	text := err.Error()
	for err != nil {
		text = err.Error()
		err = errors.Unwrap(err)
	}
	return text
}
