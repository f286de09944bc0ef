// Package javascript runs users' JavaScript over messages: main(context) gives the function that gets each message, and returns what stands in
// its place.
//
//	function main(context) {                        // context: bindingsObject, and the files named beside it
//	  return (ops) => {                             // a document comes as a list of one operation
//	    for (const op of ops) op.document.city = op.document.get('town');
//	    return ops;                                 // a list, one operation, or null, undefined, []: the document is dropped
//	  };
//	}
//	(() => main)();                                 // or module.exports = main, or nothing where the function is called main
//
//	tree.Value <── object, array: host objects of goja, made as the script gets to them ── script
//	     ^── commit, after the script returned: members and elements that it changed, nothing else
//
// Objects of a message are plain objects (doc.a.b = 1, delete, in, Object.keys, spread, JSON.stringify) and Maps (instanceof Map; get, set, has,
// delete, keys, values, entries, forEach, size), so that scripts for the Java implementation run. Fields come first: where a document has a field that is
// called values, doc.values is the field, as in plain objects, and Object.values(doc) does what the Map's method would. Arrays are arrays. What a script
// makes may be objects, Maps, arrays, Sets and Dates. A member that is undefined goes away; NaN, functions and the like are errors that name their place.
//
// Numbers: what is not changed stays as it is written (1.0, 1e5), and so does what is copied, doc.b = doc.a. Whole numbers beyond ±(2^53-1) are
// BigInts: exact, also as text and in JSON.stringify, compared with numbers as usual, computed with as doc.id + 1n or Number(doc.id) + 1. Fractions with more
// digits than a double has are that double in arithmetic, and exact when copied.
//
// A call has a time and a memory limit, recursion a depth, what single calls of built-in functions make a size. After a call that was stopped the
// script begins anew, with main. Otherwise its state lives from message to message; objects of a message end with it. There is no eval, no import, no file, no network.
// The limits hold mistakes, not malice: a script can do what its author can.
package javascript
