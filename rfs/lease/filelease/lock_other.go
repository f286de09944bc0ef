//go:build !unix && !windows

package filelease

import (
	"context"
	"errors"
	"os"
)

type lock struct{}

func newLock(string) (*lock, error) {
	return nil, errors.New("this operating system has no lock that ends with its process; share the state by --coordinator target, cluster, or an object store's address")
}

func (*lock) close() error                            { return nil }
func (*lock) acquire(context.Context, *os.File) error { return nil }
func (*lock) release(*os.File) error                  { return nil }

func full(error) bool { return false }
