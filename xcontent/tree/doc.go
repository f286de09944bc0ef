// Package tree is JSON that is parsed as far as one looks at it, and printed as it was but for what was changed.
//
//	v, err := tree.Parse(text)        // the whole text is checked once; after that nothing fails
//	user := v.Get("user")             // parses v, not what lies in it
//	user.Set("id", tree.NewNumber("7"))  // in its place, or at the end
//	v.Rename("colour", "color")
//	text, err = v.AppendJSON(nil)     // every byte that was not touched is what it was: white space, escapes, 1.0, 9007199254740993
//
// Objects keep the order of their members. Of members that share a name, readers see the last, as Jackson's maps do; the others are
// printed until one of that name is changed. A [Value] belongs to one goroutine, and its text must not change while it lives.
package tree
