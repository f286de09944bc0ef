// Package transform rewrites what a migration moves: writes of documents, HTTP requests, and metadata items, by rules that a user gives.
//
//	config ─ pipeline.Parse ─> *Program ─ New (one per goroutine) ─> Transformer
//	Message ─> Transformer: type mappings, JavaScript, jq, JMESPath, field edits, conditions ─> none, one or several messages
//
// A [Message] is seen in one of two ways. What needs only the address of a write, or the fields of its document, uses [Message.Write] and
// [Message.Document], and costs nothing else. What runs users' programs sees [Message.Value], the form that the Java implementation gives to
// its transformers. Both show the same tree: bytes that nobody touches stay as they are (package tree).
//
// The kinds of transforms are packages below: typemap, javascript, jq, jmespath, edit; pipeline knows all of them, and their configuration.
// It is pure: errors are returned, and nothing is logged.
package transform
