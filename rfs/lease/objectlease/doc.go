// Package objectlease keeps the records of a run in an object store: S3 and what speaks like it, Google Cloud Storage, Azure
// Blob Storage. It is for fleets whose target cannot hold them.
//
//	s3://bucket/prefix/SESSION/item.2F8a1c0f22.2Flogs.2F0        one object per record, its key escaped
//
//	{"format":1,"key":"item/8a1c0f22/logs/0","open":true,"write":"5e0f…"}      padded
//	{…the record's body…}
//
// A record's version is the store's own: an ETag or a generation. S3 makes ETags of the bytes, so every write carries a number that
// no other has. Whether a record is open shows in a listing by the parity of the object's size, so open records are found
// without reading any, and no index beside them can be wrong.
//
// Requests: one per Get, Put and removal, and one per thousand records that a list passes over. Sync needs none:
// these stores list what was written before. What they promise is tried before the first record of a session is written, and a
// store that ignores conditions is refused.
package objectlease
