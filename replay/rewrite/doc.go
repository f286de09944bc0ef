// Package rewrite makes of a captured request the one that the target gets.
//
//	captured                                 the source said           sent
//	POST /shop/_doc?refresh                  201, _id x1               PUT /shop/_doc/x1?refresh
//	PUT  /shop/order/7?parent=a              200                       PUT /shop/_doc/7?routing=a
//	POST /_bulk  two items                   one 201, one 409          POST /_bulk  the first
//	POST /_search/scroll {"scroll_id":"s"}   200                       POST /_search/scroll {"scroll_id":"t"}
//
// What the source refused is left out, documents that got their id from the source keep it, types go, names of indices are mapped, and ids
// of scrolls, points in time, asynchronous searches and tasks become those that the target gave. Each can be turned off. A request that needs none of it
// keeps its captured body, without a copy.
//
// What can't be rewritten, or is left out, is a [Note]. The package sends nothing; what it learns lies in [IDs].
package rewrite
