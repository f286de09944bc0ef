// Package leasetest holds every lease.Store to one suite, and has a store in memory for tests of what stands above.
package leasetest
