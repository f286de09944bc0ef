package testcluster

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// nobody is the user as whom root starts servers: they refuse to run as root.
const nobody = 65534

// attributes put the child into its own group, let it die with us, and take root away.
func attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() == 0 {
		attr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody, NoSetGroups: false}
	}
	return attr
}

// giveAway makes dir, and all in it, the property of the user who runs the servers.
func giveAway(dir string) error {
	if os.Getuid() != 0 {
		return nil
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := os.Lchown(path, nobody, nobody); err != nil {
			return fmt.Errorf("hand over to the servers' user: %w", err)
		}
		return nil
	})
}
