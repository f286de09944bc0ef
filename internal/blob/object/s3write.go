package object

import (
	"bytes"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Put writes an object on its condition and returns its version. An error of kind [Changed] says that the condition does not
// hold and nothing was written; after one that is [Error.Retryable] it may have been written.
func (s *S3) Put(ctx context.Context, w Write) (version string, err error) {
	client := s.current()
	version, err = s.put(ctx, client, w)
	if err != nil && s.follow(client, err) {
		return s.put(ctx, s.current(), w)
	}
	return version, err
}

func (s *S3) put(ctx context.Context, client *s3.Client, w Write) (string, error) {
	in := &s3.PutObjectInput{Bucket: &s.bucket, Key: &w.Key, Body: bytes.NewReader(w.Body), ContentType: aws.String("application/json")}
	if w.Version == "" {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = &w.Version
	}
	out, err := client.PutObject(ctx, in, plainBody)
	if err != nil {
		return "", putFailed(mayWrite(s.explain(ctx, client, err), s.writing("s3:PutObject")))
	}
	if aws.ToString(out.ETag) == "" {
		return "", &Error{Kind: Malformed, Message: "a write without ETag", Size: -1}
	}
	return *out.ETag, nil
}

// plainBody sends the body as it is, with its hash in the signature: trailing checksums are not understood everywhere.
func plainBody(o *s3.Options) {
	o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
}

// Delete removes an object; that it is not there is no error.
func (s *S3) Delete(ctx context.Context, key string) error {
	client := s.current()
	err := s.delete(ctx, client, key)
	if err != nil && s.follow(client, err) {
		err = s.delete(ctx, s.current(), key)
	}
	return deleted(err)
}

func (s *S3) delete(ctx context.Context, client *s3.Client, key string) error {
	if _, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &key}); err != nil {
		return mayWrite(s.explain(ctx, client, err), s.writing("s3:DeleteObject"))
	}
	return nil
}

func (s *S3) writing(action string) string {
	if s.options.Anonymous {
		return "no credentials were sent, and the run's state is written to: leave out --s3-anonymous"
	}
	return fmt.Sprintf("the run's state takes s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket in arn:aws:s3:::%s (and kms:GenerateDataKey and kms:Decrypt, where it is encrypted so); %s was refused", s.bucket, action)
}

// Scan asks for one page of all that lies below a prefix, with versions.
func (s *S3) Scan(ctx context.Context, q Scan) (*Page, error) {
	client := s.current()
	page, err := s.scan(ctx, client, q)
	if err != nil && s.follow(client, err) {
		return s.scan(ctx, s.current(), q)
	}
	return page, err
}

func (s *S3) scan(ctx context.Context, client *s3.Client, q Scan) (*Page, error) {
	in := &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: &q.Prefix, MaxKeys: aws.Int32(int32(min(q.Limit, 1000)))}
	switch {
	case q.Token != "":
		in.ContinuationToken = &q.Token
	case q.After != "":
		in.StartAfter = &q.After
	}
	out, err := client.ListObjectsV2(ctx, in)
	if err != nil {
		return nil, mayWrite(s.explain(ctx, client, err), s.writing("s3:ListBucket"))
	}
	if err := s.checkListing(out); err != nil {
		return nil, err
	}
	page := &Page{Items: make([]Item, 0, len(out.Contents))}
	for _, o := range out.Contents {
		page.Items = append(page.Items, Item{Key: aws.ToString(o.Key), Size: aws.ToInt64(o.Size), Version: aws.ToString(o.ETag)})
	}
	if aws.ToBool(out.IsTruncated) {
		page.Next = aws.ToString(out.NextContinuationToken)
	}
	return q.page(page)
}
