//go:build !linux

package testcluster

import (
	"errors"
	"os"
	"syscall"
)

// attributes put the child into its own group. Elsewhere than on Linux a child
// cannot be made to die with us; Stop is all there is.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// giveAway has nothing to do: servers run as the current user.
func giveAway(string) error {
	if os.Getuid() == 0 {
		return errors.New("real servers refuse to run as root; run this as another user")
	}
	return nil
}
