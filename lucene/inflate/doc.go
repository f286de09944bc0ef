// Package inflate decompresses DEFLATE streams from memory to memory, where it is known how many bytes they make.
//
//	stream      block | block | … | the last one says so
//	block       +------+--------+--------------------------------------------------+
//	            | last | kind   | stored: the bytes                                |
//	            | u1   | u2     | fixed:          literals and matches, end        |
//	            |      |        | dynamic: codes, literals and matches, end        |
//	            +------+--------+--------------------------------------------------+
//	buffer      | dictionary | output |      a match is a copy of what lies before it, up to 32 KiB back
//
// The output serves as the window, and what lies before it as dictionary: nothing is copied but what the stream says. A code of
// a literal or a length is looked up in one step, its extra bits included, from 64 bits of input that are refilled by eight bytes at
// a time. Longer codes take a second step. Far from both ends of the buffers nothing is checked twice; near them, everything is.
//
// It is not a reader of gzip or zlib, and no io.Reader. Sources: RFC 1951; the layout of the tables follows libdeflate.
package inflate
