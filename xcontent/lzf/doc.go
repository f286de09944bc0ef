// Package lzf undoes LZF, the compression of Elasticsearch 1.x: of blobs in snapshot repositories and of
// document sources under "_source": {"compress": true}.
//
//	+-----+-----+------------+----------------------------+   a chunk; its bytes as they are
//	| 'Z' | 'V' | 0 | u16 n  | n bytes                    |
//	+-----+-----+------------+----------------------------+
//	| 'Z' | 'V' | 1 | u16 n  | u16 m | n bytes of LZF     |   a chunk; m bytes when decompressed
//	+-----+-----+------------+----------------------------+
//
//	LZF:  000lllll  l+1 literal bytes                        numbers are big-endian
//	      lllooooo  oooooooo            copy l+2 bytes from o+1 bytes back (l is 1 to 6)
//	      111ooooo  llllllll  oooooooo  copy l+9 bytes from o+1 bytes back
//
// A stream is chunks to its end; every chunk stands alone. It does not compress.
//
// Sources of the format: liblzf's lzf_d.c for the data, LZFChunk and LZFDecoder of github.com/ning/compress,
// which Elasticsearch shipped, for the chunks.
package lzf
