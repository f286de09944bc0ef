// Package capture is the record of traffic: what passed through a proxy, when, and how it becomes requests and answers again.
//
//	bytes of a connection ─> Encoder ─> Record ─> Appender ═ log ═> Source ─> Record ─> Decode ─> Assembler ─> Exchange
//	                         (proxy)             filelog, kafkalog                      (replay)
//
// A [Record] is a TrafficStream, in the protobuf form of the Java implementation, so that either side reads what the other wrote: some
// observations of one connection, each with its time, numbered per connection from 1 without holes.
//
//	┌ 1 connectionId ─ 5 nodeId ─ 6 priorRequestsReceived ─ 7 lastObservationWasUnterminatedRead ─┐
//	│ 2 observation: 1 time, and one of 4 read · 5 readSegment · 8 write · 9 writeSegment         │
//	│ 2 …            10 disconnect · 11 close · 12 connectionException · 14 segmentEnd            │
//	│ 2 …            15 endOfMessageIndicator · 16 requestDropped                                 │
//	└ 3 number, or 4 numberOfThisLastChunk ─ 1000 gap ────────────────────────────────────────────┘
//
// Fields from 1000 on are ours; the Java implementation skips them. Requests are found by reading HTTP (capture/httpwire), not by the
// end-of-message observations: of pipelined requests the Java proxy marks only the last.
//
// [Appender] and [Source] are the contract of logs; capture/capturetest is its suite. This package opens no file and asks no server.
package capture
