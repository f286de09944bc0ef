// Package lz4 decompresses LZ4 blocks, the raw format without a frame, from memory to memory.
//
//	block     sequence | sequence | … | the last one ends with its literals
//	sequence  +---------------------+--------+----------+-----------+--------+
//	          | literals<<4 | match | more…  | literals | offset    | more…  |      a length of 15 goes on: bytes that add up, the last below 255
//	          | u8                  |        |          | u16 LE >0 |        |      a match is 4 bytes longer than it says
//	          +---------------------+--------+----------+-----------+--------+
//
// A block does not say how long it is, so a decoder that is told how many bytes to make finds the end of the input by itself, which old
// stored fields need. What lies before the output serves as dictionary, which newer ones need.
//
// It is not a compressor. Source: the description of the block format in the LZ4 repository, and org.apache.lucene.util.compress.LZ4.
package lz4
