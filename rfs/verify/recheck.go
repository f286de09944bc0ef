package verify

import (
	"context"
	"fmt"
)

// Recheck reads again just the documents of the given names, as a finding has them, on both sides, tells the Finder of those that still differ, and
// returns what it came to: the counts are of these documents. A name without an id is not looked for.
func (v *Verification) Recheck(ctx context.Context, keys []Key) (*Summary, error) {
	began := v.options.Now()
	v.state = &state{table: newTable()}
	v.state.begin(0, nil)
	v.reset(newNames())
	v.progress.begin("source, documents of the findings")
	e := &examination{Verification: v, indices: map[int32]bool{}, chosen: map[uint16]bool{}, known: true, suspect: map[[16]byte]*suspect{}, unseen: map[string]int64{}}
	v.digests = newPool()
	for _, key := range keys {
		hash := keyHash(v.names, key)
		e.suspect[hash] = &suspect{key: key}
		e.chosen[uint16(hash[0])<<8|uint16(hash[1])] = true
		e.indices[v.names.number(key.Index)] = true
	}
	if err := v.refresh(ctx, indicesOfKeys(keys)); err != nil {
		return nil, err
	}
	asked := map[string]int64{}
	for _, s := range e.suspect {
		asked[s.key.Index]++
	}
	if err := e.run(ctx, len(keys) == 0); err != nil {
		return nil, err
	}
	v.warn()
	v.summary.Rechecked = true
	for index, n := range asked {
		c := v.count(index)
		c.Source = n - e.unseen[index]
		c.Equal = c.Source - c.Missing - c.Different
		c.Target = c.Equal + c.Extra + c.Different
		c.Superseded = 0
		v.summary.Indices = append(v.summary.Indices, IndexCounts{index, *c})
		if gone := e.unseen[index] - c.Extra; gone > 0 {
			v.summary.Problems = append(v.summary.Problems, fmt.Sprintf("%d of the documents for %s are on neither side", gone, index))
		}
	}
	v.summary.Seconds = v.options.Now().Sub(began).Seconds()
	v.summary.finish()
	return v.summary, nil
}

func indicesOfKeys(keys []Key) []string {
	differences := make([]Difference, len(keys))
	for i, key := range keys {
		differences[i].Key = key
	}
	return indicesOf(differences)
}
