// Package blob is the read-only view of a store: named runs of bytes in a folder, and later in an
// object store.
//
//	snapshot ── List, Stat, ReadAt, Open ──> Reader ──> FS (a folder, an embedded file system)
//	                                               ──> S3, GCS, Azure: not in this version, refused by name
//
// Names are relative to the root of the store and slash-separated ("indices/x/0/snap-y.dat"); none can
// leave the root. Nothing here writes: what is read belongs to somebody else's cluster.
//
// It knows nothing of snapshots, and does not cache: who reads ranges twice keeps them.
package blob
