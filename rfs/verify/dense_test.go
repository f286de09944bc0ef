package verify_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/rfs/verify"
)

// neighbors are documents of one index that lie in one bucket, without routing and with one, and beside them others.
func neighbors(n, others int) (docs map[verify.Key]string, near []verify.Key) {
	docs = map[verify.Key]string{}
	bucket := uint16(0)
	for i := 0; len(near) < n; i++ {
		key := verify.Key{Index: "books", ID: fmt.Sprint(i)}
		if i%3 == 0 {
			key.Routing = "r"
		}
		if i == 0 {
			bucket = verify.BucketOf(key)
		}
		switch is := verify.BucketOf(key); {
		case is == bucket:
			near = append(near, key)
		case i >= others:
			continue
		}
		docs[key] = fmt.Sprintf(`{"n":%d}`, i)
	}
	return docs, near
}

// TestSeveralOfOneBucketAreNamed: among documents of one bucket some are altered, missing and extra, and one moves to another routing. The
// target is read once, unless only it has several.
func TestSeveralOfOneBucketAreNamed(t *testing.T) {
	docs, near := neighbors(12, 600)
	for name, c := range map[string]struct {
		altered, missing, extra int
		readAgain               bool
	}{
		"two altered":             {2, 0, 0, false},
		"one of each":             {1, 1, 1, false},
		"two missing":             {0, 2, 0, false},
		"two extra":               {0, 0, 2, true},
		"several of each":         {3, 2, 3, true},
		"none of it is there":     {0, 12, 0, false},
		"nothing else was there":  {0, 0, 12, true},
		"all but one are altered": {11, 0, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := &inMemory{docs: map[verify.Key]string{}, parts: 2}
			there := map[verify.Key]string{}
			for key, content := range docs {
				source.docs[key], there[key] = content, content
			}
			var want []finding
			for i, key := range near {
				switch {
				case i < c.altered:
					there[key] = strings.Replace(docs[key], `{"n":`, `{"n":1`, 1)
					want = append(want, finding{verify.Different, key, "n", 1})
				case i < c.altered+c.missing:
					delete(there, key)
					want = append(want, finding{verify.Missing, key, "", 1})
				case i < c.altered+c.missing+c.extra:
					delete(source.docs, key)
					want = append(want, finding{verify.Extra, key, "", 1})
				}
			}
			_, client := newTarget(t, "books")
			put(t, client, there)
			got, summary := found(t, source, client, verify.Options{})
			order(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if again := summary.TargetReads > 1.1; again != c.readAgain {
				t.Errorf("the target was read %.2f times", summary.TargetReads)
			}
		})
	}
}

// TestBucketsWithTooManyToLookUpAreReadAgain: random edits among neighbors, with memory for all of them, or for some.
func TestBucketsWithTooManyToLookUpAreReadAgain(t *testing.T) {
	docs, near := neighbors(20, 500)
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 1))
		source := &inMemory{docs: docs, parts: 1 + r.IntN(3)}
		there := maps.Clone(docs)
		var want []finding
		for _, key := range near {
			switch r.IntN(4) {
			case 0:
				there[key] = `{"n":-1}`
				want = append(want, finding{verify.Different, key, "n", 1})
			case 1:
				delete(there, key)
				want = append(want, finding{verify.Missing, key, "", 1})
			}
		}
		_, client := newTarget(t, "books")
		put(t, client, there)
		memory := 0
		if seed%2 == 1 {
			memory = 19 * 2 * 200 // less than the bucket's, and more than the target has
		}
		got, _ := found(t, source, client, verify.Options{Memory: memory})
		order(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(seed, diff)
		}
	}
}

// TestOfSeveralUnderOneIDInADenseBucketTheHighestVersionStays, wherever they lie.
func TestOfSeveralUnderOneIDInADenseBucketTheHighestVersionStays(t *testing.T) {
	docs, near := neighbors(3, 0)
	source := &inMemory{docs: docs, parts: 1}
	for version, content := range []string{`{"v":0}`, `{"v":1}`, `{"v":2}`} {
		source.twice = append(source.twice, verify.Document{Index: "books", ID: []byte("twice"), Source: []byte(content), Version: int64(version + 1)})
	}
	there := map[verify.Key]string{near[0]: docs[near[0]], near[1]: `{}`, {Index: "books", ID: "twice"}: `{"v":2}`}
	_, client := newTarget(t, "books")
	put(t, client, there)
	want := []finding{{verify.Different, near[1], "n", 1}, {verify.Missing, near[2], "", 1}}
	order(want)
	for _, held := range []int{0, 1} {
		got, summary := found(t, source, client, verify.Options{}.WithHeld(held))
		if diff := cmp.Diff(want, got); diff != "" || summary.Total.Superseded != 2 {
			t.Errorf("%s\n%+v", diff, summary.Total)
		}
	}
}
