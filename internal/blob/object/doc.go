// Package object speaks to object stores: S3, Google Cloud Storage, Azure Blob Storage.
//
//	blob ── Get(key, range, version), List(prefix) ──> S3 ───> aws-sdk-go-v2
//	                                                   GCS ──> JSON API, golang.org/x/oauth2
//	                                                   Azure ─> azblob, azidentity
//
// Each asks once and answers in one vocabulary: [Content] with a body, the size of the whole object and its version, or
// an [Error] of a [Kind], with what to do about it. There is no HEAD: a range of one byte tells as much, and says why
// where it fails. Put, Scan and Delete are for the state of a run, which several processes write: a Put has a condition, always.
//
// It does not repeat, resume, cache or look ahead; that is the same for all of them and lies in blob.
package object
