package snapshot

import (
	"context"
	"fmt"
	"hash/adler32"
	"strconv"
	"strings"
	"sync"

	"migassist/cluster/version"
	"migassist/lucene/input"
)

// adler proves a file that Lucene before 4.8 wrote (Elasticsearch to 1.1): it has no footer, but Elasticsearch recorded an
// Adler32 of the whole. Source: LegacyVerification of Elasticsearch 1.7.
type adler struct {
	recorded string // base 36

	mu     sync.Mutex
	proven bool
}

// withoutFooter moves a checksum that is not that of a footer to where it belongs: Elasticsearch recorded no
// version then, or one as LUCENE_47.
func (f *ShardFile) withoutFooter() {
	text := f.Written
	if digits, ok := strings.CutPrefix(text, "LUCENE_"); ok && len(digits) > 1 {
		text = digits[:1] + "." + strings.Trim(digits[1:], "_.")
	}
	if v, err := version.ParseNumber(version.Unknown, text); err == nil && v.AtLeast(4, 8) {
		return
	}
	if f.Checksum != "" && !f.Virtual {
		f.adler = &adler{recorded: f.Checksum}
	}
	f.Checksum = ""
}

// prove reads the file front to back, once, and compares the checksum. Such files cannot be verified in passing,
// for what reads them does not read all of them.
func (a *adler) prove(ctx context.Context, f input.File) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.proven {
		return nil
	}
	want, err := strconv.ParseUint(a.recorded, 36, 32)
	if err != nil {
		return &input.CorruptError{File: f.Name(), Want: "a recorded checksum in base 36", Got: strconv.Quote(a.recorded)}
	}
	input.WillRead(f, 0, f.Size())
	sum := adler32.New()
	buffer := make([]byte, min(f.Size(), 256<<10))
	for off := int64(0); off < f.Size(); off += int64(len(buffer)) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		p := buffer[:min(int64(len(buffer)), f.Size()-off)]
		if err := input.ReadFull(f, p, off); err != nil {
			return err
		}
		_, _ = sum.Write(p)
	}
	if uint64(sum.Sum32()) != want {
		return &input.CorruptError{File: f.Name(), Want: fmt.Sprintf("Adler32 %08x as the snapshot recorded", want), Got: fmt.Sprintf("%08x", sum.Sum32())}
	}
	a.proven = true
	return nil
}
