// Package jq rewrites messages with filters in jq's language.
//
//	{"script": ".document.price |= tonumber | select(.document.active)"}      or the filter alone, as a string
//
// A filter gets one message: of a document's write {"schema","operation","document"}. It may give none, which drops the document, one, or several.
// Fields that it does not touch keep their bytes, and numbers are exact unless the filter computes with them. There is no environment, no
// input and no module to be had in it.
package jq
