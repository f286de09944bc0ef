// Package blob is the read-only view of a store: named runs of bytes in a folder or in an object store.
//
//	snapshot ── List, Stat, ReadAt, Open ──> Reader ──> FS (a folder, an embedded file system)
//	                                               └──> far ──> object (S3, Google Cloud Storage, Azure Blob Storage)
//
// Names are relative to the root of the store and slash-separated ("indices/x/0/snap-y.dat"); none can
// leave the root. What is read belongs to somebody else's cluster, and nothing of it is written.
//
// In a far store every question is a request. What failed for now is asked again, with pauses; a body that breaks off
// goes on where it broke; all bytes of a blob are of one version. Ranges announced with WillRead come in large
// requests, a few of them ahead of the reader, within a bounded memory; nothing is written to disk.
//
// The one view that writes is [Cells]: small objects of this program's own, each written on the condition that no other
// process did meanwhile. It is never opened on a repository.
//
// It knows nothing of snapshots.
package blob
