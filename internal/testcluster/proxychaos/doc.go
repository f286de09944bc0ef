// Package proxychaos holds the capture proxy to its word: official clients notice no difference through it, and nothing that was acknowledged is
// lost while all around it fails: brokers that are killed, frozen and started again, a
// spill that is full, upstreams that reset, clients that stall, and kills of the proxy itself. All of it lies in tests.
package proxychaos
