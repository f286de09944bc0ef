package leasetest_test

import (
	"testing"

	"migassist/rfs/lease"
	"migassist/rfs/lease/leasetest"
)

func TestMemory(t *testing.T) {
	leasetest.Run(t, func(*testing.T) (a, b lease.Store) {
		m := leasetest.NewMemory()
		return m, m
	})
}
