// Package demo shows a migration, with nothing but the binary: a snapshot that a real Elasticsearch 7.10.2 wrote becomes
// indices and documents on a target in memory, and every document there is compared with what that Elasticsearch
// had said of it.
//
//	embedded snapshot ── metadata ──> sandbox ── every document ──┐
//	                 └── rfs ───────────^                        compare
//	embedded answers of the real source ─────────────────────────┘
//
// It calls the same code as the commands `metadata migrate` and `rfs`. The target is package sandbox, which
// behaves like OpenSearch and is none; migrations between real servers are what the end-to-end tests do.
package demo
