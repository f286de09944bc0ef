package rfs

// IDCollision says what becomes of documents of several mapping types or indices that come to one target under the same id.
type IDCollision string

// What becomes of documents with the same id.
const (
	CollisionStop       IDCollision = "stop"        // ids are read first, and nothing is written if one is there twice; the zero value too
	CollisionPrefix     IDCollision = "prefix-type" // every id gets its type, or index, in front: TYPE:ID
	CollisionKeepNewest IDCollision = "keep-newest" // the document of the index that was created last stays
	CollisionUnchecked  IDCollision = "unchecked"   // ids are not read: the operator knows that none is there twice
)
