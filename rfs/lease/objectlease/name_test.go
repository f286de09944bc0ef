package objectlease

import (
	"cmp"
	"strings"
	"testing"
)

func FuzzNamesHaveTheOrderOfKeys(f *testing.F) {
	f.Add("item/8a1c0f22/logs-2020.01.01/0", "item/8a1c0f22/logs/0")
	f.Add("", "\x00")
	f.Add(strings.Repeat("a", 200), strings.Repeat("a", 200)+"\x00")
	f.Add(strings.Repeat("é", 100), strings.Repeat("é", 99)+"z")
	for c := range 256 {
		for d := range 256 {
			f.Add("a"+string([]byte{byte(c)}), "a"+string([]byte{byte(d)})+"b")
		}
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if cmp.Compare(escape(a), escape(b)) != cmp.Compare(a, b) {
			t.Errorf("%q, %q: names %q, %q", a, b, escape(a), escape(b))
		}
		if key, ok := unescape(escape(a)); !ok || key != a {
			t.Errorf("%q is %q, and back %q, %t", a, escape(a), key, ok)
		}
		if strings.HasPrefix(a, b) && !strings.HasPrefix(escape(a), escape(b)) {
			t.Errorf("%q begins with %q, %q does not begin with %q", a, b, escape(a), escape(b))
		}
		if key, ok := unescape(a); ok && escape(key) != a {
			t.Errorf("two names of %q", key)
		}
		for part := range strings.SplitSeq(escape(a), "/") {
			if len(part) > 255 || part == "" && a != "" {
				t.Errorf("a part of %d bytes", len(part))
			}
		}
	})
}
