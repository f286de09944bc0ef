//go:build !unix

package proxy

import (
	"context"
	"errors"
	"net"
)

var errNoHandover = errors.New("sockets can't be handed over on this operating system")

// Successor has the listening sockets of the process before.
type Successor struct{ Listeners []net.Listener }

// TakeOver is not possible here.
func TakeOver(context.Context, string) (*Successor, error) { return nil, errNoHandover }

// Accepting is not possible here.
func (*Successor) Accepting() error { return errNoHandover }

// Inherited is not possible here.
func Inherited(uintptr) (net.Listener, error) { return nil, errNoHandover }

// AwaitSuccessor is not possible here.
func AwaitSuccessor(context.Context, string, ...net.Listener) error { return errNoHandover }
