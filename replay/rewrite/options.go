package rewrite

import "migassist/replay/effect"

// Options are what is rewritten. The zero value does what a replay needs by default, to a target with the same paths and names.
type Options struct {
	Refused    bool // what the source refused is sent too
	TargetIDs  bool // documents that got their id from the source get another one from the target
	Types      bool // types stay, in paths and bodies
	Conditions bool // if_seq_no, if_primary_term and internal versions stay, as the source knew them
	Versions   Versions

	Index  func(name string) string // what an index, or an alias, is called on the target; nil: the same
	Prefix string                   // before every path, as "/search"

	RemoveAuth    bool   // the captured Authorization is not sent
	Authorization string // sent in its place; empty: none
	Headers       []Field
	Unpack        bool // compressed bodies are sent plain; otherwise only those that had to be changed

	IDs IDs // nil: ids stay as captured
}

// Versions says which version documents are written with.
type Versions uint8

// Which versions documents are written with.
const (
	// NoVersions has the target count its own.
	NoVersions Versions = iota
	// SeqNo gives index and delete, and create as an index, the source's sequence number + 1 as an external version, as a backfill with
	// --doc-versions seqno does: what is newer on the target stays.
	SeqNo
)

// Field is a header line.
type Field struct{ Name, Value string }

// Request is what the target gets.
type Request struct {
	Skip   Reason // why it gets nothing; the other fields are empty then
	Method string
	Target string // path and query
	Header []Field
	Body   []byte // the captured bytes where nothing had to be changed
	// Operations are those of the effect that are sent, by their place in it; nil where all of them are.
	Operations []int
}

// Reason says why something is not sent.
type Reason string

// The reasons there are.
const (
	NotApplied Reason = "not_applied" // the source refused it
	NoID       Reason = "no_id"       // the source made an id that is not known
	Decided    Reason = "decided"     // the caller does not want it
	CutOff     Reason = "cut_off"     // the captured request has no end
	Unread     Reason = "unread"      // the body of the bulk can't be understood
)

// Note is something that was left out, or could not be rewritten.
type Note struct {
	Kind NoteKind
	Item int // of the bulk; -1 where it is about the request
	What string
}

// NoteKind says what a note is about.
type NoteKind string

// The kinds of notes.
const (
	LeftOut      NoteKind = "left_out"      // What is the Reason
	NoEquivalent NoteKind = "no_equivalent" // the target has no such route, or parameter
	WidenedTypes NoteKind = "types"         // a search of some types of an index becomes one of all its documents
	Expression   NoteKind = "expression"    // a name with wildcards or dates can't be mapped
	UnknownID    NoteKind = "unknown_id"    // of a scroll, and the like, that the target gave no counterpart of
	Unversioned  NoteKind = "unversioned"   // a write that can't have the version of its sequence number
	NotJSON      NoteKind = "not_json"      // a body that should be rewritten, and is sent as it is
)

// Rewriter rewrites requests. Any number of goroutines may use it.
type Rewriter struct{ options Options }

// New returns a rewriter.
func New(options Options) *Rewriter { return &Rewriter{options} }

// Decide tells whether an operation is wanted. It is asked for those that would be sent.
type Decide func(o *effect.Operation) bool
