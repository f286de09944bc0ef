// Package stores holds object stores against heavier servers than those in the tests of internal/blob: versitygw, which
// verifies signatures, Azurite, and fake-gcs-server; and reads a shard of any size from S3, with requests, bytes and
// memory measured from outside. Its tests are built with the tag e2e: make e2e-stores.
//
// The servers are programs of their own (tools/stores/go.mod, npm), named by environment variables; a test whose server
// is not there is skipped, and says so.
package stores
