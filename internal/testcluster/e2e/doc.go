// Package e2e migrates between real servers with the real binary, and compares
// everything that arrived with what the source says.
//
//	ES 7.10.2 ──corpus, snapshot──> repository ──bin/migassist──> OpenSearch 2.19.1
//	    └──────────────── scan ──────── compare ─────── scan ───────────┘
//
// Its tests have the build tag e2e: `make e2e`. They need Java 17 and Maven, and fail
// with a message where these are missing.
package e2e
