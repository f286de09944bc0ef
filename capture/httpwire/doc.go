// Package httpwire finds the borders of HTTP/1 messages in a stream of bytes, without changing or copying them (RFC 9112).
//
//	┌ head ───────────────────────────────────┐┌ body ────────────────────────────────────────────────┐
//	│ first line ─ header lines ─ empty line  ││ nothing, Content-Length bytes, chunks, or all to the │
//	└─────────────────────────────────────────┘│ end of the connection                                │
//	  FindHead, ParseRequest, ParseResponse    └──────────────────────────────────────────────────────┘
//	                                             Body.Next, run after run
//
// A head is parsed when all of it is there, since whoever forwards it must know it before the first byte leaves; a body is walked as
// it comes, cut anywhere. Requests are read strictly: what two readers could take for messages of different lengths is an error
// ([ErrAmbiguous]), as is all that is no HTTP/1. Answers come from a server that one trusts, and are read as browsers do.
//
// It is not a client and not a server, and knows nothing of what headers mean beside length.
package httpwire
