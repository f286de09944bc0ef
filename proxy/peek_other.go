//go:build !unix

package proxy

import "net"

// peek can't look here: the first request finds out.
func peek(*net.TCPConn) bool { return true }
