// Package pipeline makes a chain of transforms out of a configuration, in the form that the Java tools take:
//
//	"ProviderName"                                                  one transform with its defaults
//	[{"ProviderName": configuration}, "OtherProvider", …]           several, one after the other
//
// The kinds there are stand in one table (kinds.go). What one transform makes of a message goes through the next ones, message by message.
// A chain knows what may be known of it before the first document: whether it changes addresses, and where it sends the documents of a type.
package pipeline
