// Package input reads foreign bytes: a cursor that remembers its first error, and the envelope that
// Lucene and the snapshot repositories put around every file.
//
//	+--------+-------+---------+--------------------------+-----------+--------+-----------+-------+
//	| magic  | codec | version | segment id, suffix       | body      | magic  | algorithm | CRC32 |
//	| i32 BE | Str   | i32 BE  | 16 bytes, u8 len + bytes |           | i32 BE | i32 BE 0  | i64 BE|
//	+--------+-------+---------+--------------------------+-----------+--------+-----------+-------+
//	 header: every file          index header only                     footer: the CRC covers all before it
//
// A decoder reads straight down and asks for the error once, at the end. With a [Trace] attached, the
// same decoder prints what it read: offset, bytes, meaning.
//
// It is not a format: what lies between header and footer belongs to the packages above.
// Source of the envelope: org.apache.lucene.codecs.CodecUtil.
package input
