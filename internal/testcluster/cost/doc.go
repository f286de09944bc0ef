// Package cost measures what a run of our command costs: time, processor time and memory as the operating system counts them,
// and documents and bytes as the run's own summary does. It is for benchmarks, and measures whole processes, their start included.
package cost
