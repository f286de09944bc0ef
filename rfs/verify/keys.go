package verify

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

// longestFinding bounds a line of a file of findings: a name, and paths.
const longestFinding = 1 << 20

// ReadKeys reads the names of documents out of findings, each once. Findings that name none are an error.
func ReadKeys(findings io.Reader) ([]Key, error) {
	var keys []Key
	known := map[Key]bool{}
	lines := bufio.NewScanner(findings)
	lines.Buffer(make([]byte, 64<<10), longestFinding)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		record, err := ParseRecord(lines.Bytes())
		switch {
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", n, err)
		case record.ID == "":
			return nil, fmt.Errorf("line %d: documents of %s have ids that the target made, and can't be looked at one by one; verify all of it again", n, record.Index)
		}
		if !known[record.Key] {
			known[record.Key] = true
			keys = append(keys, record.Key)
		}
	}
	return keys, lines.Err()
}
