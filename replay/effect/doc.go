// Package effect tells what a captured exchange did on the source: which documents it wrote, under which ids and sequence numbers, and
// whether the source carried that out.
//
//	POST /_bulk                                    {"items":[
//	{"index":{"_index":"shop"}}           <──┐       {"index":{"_index":"shop","_id":"x1","_seq_no":7,"status":201}},
//	{"n":1}                                  │
//	{"delete":{"_index":"shop","_id":"2"}} <─┼─┐     {"delete":{"_index":"shop","_id":"2","status":409,"error":…}}]}
//	                                         │ │
//	Operation{Index, ID: x1, AutoID, SeqNo: 7, Applied: Yes}
//	Operation{Delete, ID: 2, Status: 409, Applied: No}
//
// What has no document of its own, such as a by-query or a new mapping, has a [Scope] instead: the indices for which it is a barrier.
//
// Body and answer are read as far as that takes. Compressed ones are unpacked, SMILE becomes JSON, and byte ranges are of what
// comes out of that ([Effect.Body]). Whatever can't be understood is an [Error] beside an effect that is true as far as it goes, and
// a barrier for everything. The package sends nothing and keeps nothing.
package effect
