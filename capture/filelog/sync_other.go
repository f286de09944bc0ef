//go:build !linux

package filelog

import "os"

// dataSynced syncs a file.
type dataSynced struct{ *os.File }
