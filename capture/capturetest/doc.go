// Package capturetest is the contract of logs as a test: what [capture.Appender] and [capture.Source] promise, asked of a real log.
//
//	func TestContract(t *testing.T) { capturetest.Run(t, func(t *testing.T) capturetest.Log { … a new, empty log … }) }
//
// Every record that it appends says, inside, of which connection it is, which number it has there, and what sum its bytes have: so that
// loss, re-order and damage are seen whatever the log does with the records.
package capturetest
