// Package view writes plans and reports of metadata for people and for programs.
// It decides nothing: what it writes is in the plan or in the report already.
//
//	Plan, Report ── row: an item, what becomes of it, in one line
//	                 ├─ PlanText, ReportText   a terminal; alike items of large plans in one line; diffs with Style.Details
//	                 ├─ PlanJSON, ReportJSON   all of it, and the names of the Java implementation
//	                 └─ HTML                   one file for a browser, what is lost first; items that changed alike are shown once
//
// Work and output grow with the plan, never faster: alike items are found by a
// key, and a diff is written from the changes, not by comparing documents.
package view
