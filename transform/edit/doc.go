// Package edit renames, removes, sets and copies fields, without decoding the documents they are of:
//
//	[{"rename": {"old.name": "new.name"}},
//	 {"remove": ["x", "y.z"]},
//	 {"set": {"a.b": 1}, "ifExists": "keep", "index": "logs-*"},
//	 {"copy": {"a": "b"}}]
//
// Or one such object alone. What stands in it is done in the order in which it stands there.
//
// A path names members from the document inwards. A dot steps into an object; `\.` is a dot that belongs to a name, `\\` a backslash, so that
// `a.b` is the b of {"a": {"b": 1}} and `a\.b` the field of {"a.b": 1}. Where a path meets a list, it goes on in each of its elements.
//
//	rename a.b to c.d     from the innermost object that both are in, one by one through the lists on the way there: items.x to items.y
//	                      renames in each item. Within an object the field keeps its place; elsewhere it is added at the end, c made if need be
//	copy                  the same, and the field stays
//	set                   a new field is added at the end, and objects on the way there are made
//	remove                the object that held the field stays, if it is empty too
//
// A field that is not there, or that would be in null, is no error: rename, copy and remove leave such a document as it is. A path that leads
// through a text, a number or a boolean is one, and so is a rename or copy between two lists, where no element belongs to another. Where there is
// something already, ifExists decides. Bytes that are not named stay as they are; of members that share a name the last counts, and the
// others go when it is changed (package tree).
//
// Of a document's write the paths begin in the document, of other messages in the message: body.settings of an index.
package edit
