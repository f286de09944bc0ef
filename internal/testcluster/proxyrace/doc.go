//go:build linux

// Command proxyrace measures, side by side in one run, what it costs to go through a proxy to a server: through none, through nginx,
// nginx with mirror, HAProxy, and our capture proxy without a log, with a folder as log, and with Kafka, in each durability.
//
//	go run ./internal/testcluster/proxyrace -binary bin/migassist
//
//	wrk ───────┐              ┌─> contender ─┐
//	           ├─> in turn ───┤              ├──> upstream (HAProxy, answers of 1 KB from memory)
//	generator ─┘              └─── direct ───┘
//
// It has three parts.
//
//   - race: wrk as fast as it goes, with reads and with _bulk bodies of 1 KB, at 32 and 256 connections. A round runs every contender once
//     in a fresh process, and each round begins with another contender. Printed are medians, beside nginx's.
//   - half: latency when half as many requests come as nginx could take, at fixed times whatever the answers do. A latency counts from
//     the time at which the request should have been sent, so a stall is not forgotten (wrk, which waits for answers, forgets it).
//   - memory: of our proxy with 1,000 connections that are idle, that send a request a second each, and that send all they can.
//
// Of ours, what it says that it captured must be enough for all that passed, and records that were lost or spilled on the way are shown
// beside the rate.
//
// All of it shares the machine: wrk, upstream, proxy, a mirror's second upstream and Kafka take their processor time from each other.
// That is why only ratios of one run mean something. A warning is printed when something else uses the machine meanwhile.
//
// The upstream is HAProxy and not nginx, because nginx's "return" answers before the body of a request has come: a proxy that holds
// bodies back until they are logged would look faster than it is. It needs Linux, nginx, HAProxy and wrk, and for Kafka what
// testcluster needs.
package main
