// Package filelease is a lease.Store in one file, for the processes of one machine.
//
// The file is a journal that is only appended to, one line a write. The last line of a key is its record.
//
//	migassist-lease 2 9f1c0a7be2d34455                             header: format, identity
//	5f0c9a1e 1 0 o "item/0a1b2c3d/books/0" {"state":"waiting",…}   checksum, number, synced, open or closed, key, body
//	c02b77d0 2 0 o "item/0a1b2c3d/books/0" {"state":"leased",…}
//	31fe0c52 3 167 x                                               everything before it was cleared
//
// The checksum (CRC-32C, hexadecimal) covers the line behind it. Numbers rise; a record's version is the file's identity and its number. Synced is how many
// bytes of the file were known to be on the disk by then.
//
// Every operation holds the lock of the file (flock, which ends with its process) and first reads what others have appended. What a call has
// written survives the end of the process, however it ends. The disk is synced once a second of writing, and by Sync and Close: when the machine
// itself loses power, the writes of about the last second may be gone, a line here and there, or all behind one. Then the journal ends before the first of
// them, which is where the run was a moment ago: all workers ran on this machine, so none is left that knows better. A line that is
// damaged and had been synced is an error.
//
// A write takes about 30 µs, which is mostly system calls, and a sync whatever the disk takes, once a second and process.
//
// A line cut short by the end of its writer is cut off by the next one. When most of the file is of the past, a writer
// replaces it by one of the present: temporary file, sync, rename; others notice that the name has another file.
//
// On Windows the lock is a file beside it that nobody else can open, and the journal is not replaced while it is in use.
// A process that is stopped (SIGSTOP) in the middle of an operation keeps the others waiting until it goes on or ends.
//
// Locks of network file systems are not to be relied on, nor is it that one machine sees at once what another wrote. Such are refused by name.
package filelease
