package filelease

import (
	"fmt"
	"syscall"
)

// networkFileSystems are by the numbers of statfs(2), linux/magic.h and the modules' own sources.
var networkFileSystems = map[uint32]string{
	0x6969:     "NFS",
	0x517b:     "SMB",
	0xff534d42: "CIFS",
	0xfe534d42: "SMB2",
	0x01021997: "9P",
	0x65735546: "FUSE, behind which may be another machine",
	0x00c36400: "Ceph",
	0x5346414f: "AFS",
	0x6b414653: "AFS",
	0x73757245: "Coda",
	0x564c:     "NCP",
	0x0bd00bd0: "Lustre",
	0x47504653: "GPFS",
	0x19830326: "BeeGFS",
	0x01161970: "GFS2",
	0x7461636f: "OCFS2",
	0x786f4256: "a shared folder of VirtualBox",
	0xbacbacbc: "a shared folder of VMware",
	0x7c7c6673: "a shared folder of Parallels",
	0x013111a8: "IBRIX",
}

// networkFileSystem names the file system of a folder if it is one that several machines may share.
func networkFileSystem(folder string) (string, error) {
	var found syscall.Statfs_t
	if err := syscall.Statfs(folder, &found); err != nil {
		return "", fmt.Errorf("%s: %w", folder, err)
	}
	return networkFileSystems[uint32(found.Type)], nil
}
