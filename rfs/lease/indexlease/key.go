package indexlease

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"migassist/cluster"
)

// maxID is the bytes that servers take for a document's id.
const maxID = 512

// maxKey is far below the 32766 bytes of a term in Lucene.
const maxKey = 8 << 10

var escapes = strings.NewReplacer("~", "~0", "/", "~1")

// id is the document's id for a key. Different keys have different ids: "~" is followed by 0 or 1 in those that are
// spelled out, by 2 in those that are hashed.
func id(key string) string {
	if spelled := escapes.Replace(key); len(spelled) <= maxID {
		return spelled
	}
	sum := sha256.Sum256([]byte(key))
	return "~2" + hex.EncodeToString(sum[:])
}

func checkKey(key string) error {
	switch {
	case key == "":
		return fmt.Errorf("a record without a key")
	case len(key) > maxKey:
		return fmt.Errorf("the key %.40s… has %d bytes, more than %d", key, len(key), maxKey)
	case !utf8.ValidString(key):
		return fmt.Errorf("the key %q is not UTF-8", key)
	}
	return nil
}

// beyond is the least text above all those that begin with prefix, false where there is none. The order of code points is
// that of the bytes in UTF-8.
func beyond(prefix string) (string, bool) {
	runes := []rune(prefix)
	for len(runes) > 0 {
		last := &runes[len(runes)-1]
		if *last == utf8.MaxRune {
			runes = runes[:len(runes)-1]
			continue
		}
		if *last++; *last == 0xD800 { // no text has the surrogates
			*last = 0xE000
		}
		return string(runes), true
	}
	return "", false
}

// version names one write of a record.
type version struct {
	generation string
	cluster.Revision
}

func (v version) String() string { return fmt.Sprintf("%s:%d:%d", v.generation, v.Term, v.SeqNo) }

func parseVersion(text string) (version, error) {
	parts := strings.Split(text, ":")
	if len(parts) == 3 && generationName.MatchString(parts[0]) {
		term, errTerm := strconv.ParseInt(parts[1], 10, 64)
		seqNo, errSeqNo := strconv.ParseInt(parts[2], 10, 64)
		if errTerm == nil && errSeqNo == nil && term > 0 && seqNo >= 0 {
			return version{parts[0], cluster.Revision{SeqNo: seqNo, Term: term}}, nil
		}
	}
	return version{}, fmt.Errorf("%q is no version of a record in an index; want GENERATION:PRIMARY_TERM:SEQ_NO", text)
}
