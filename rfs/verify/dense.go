package verify

import "context"

// settle takes a document that the target was found to have under a name of the source out of its dense bucket.
func (e *examination) settle(doc *Document) error {
	h, at, err := e.place(doc)
	if err != nil || at != inChosen {
		return err
	}
	s, c := e.suspect[h.key], e.dense[h.bucket]
	if s == nil || c == nil || s.settled {
		return nil
	}
	s.settled = true
	c.undo(&h, ofTarget)
	return nil
}

// extraInDense finds what is left in the dense buckets when all that the source has, and the target under the same names, is taken out: what
// only the target has. Its sums name one of a bucket; where there are more the target is read again for them.
func (e *examination) extraInDense(ctx context.Context) error {
	rest := map[uint16]bool{}
	for bucket, c := range e.dense {
		if !c.differs() {
			continue
		}
		if s := e.alone(c, bucket); s != nil && c.target == 1 && c.source == 0 {
			s.target = 1
			e.suspect[keyHash(e.names, s.key)] = s
			continue
		}
		rest[bucket] = true
	}
	e.dense = nil
	if len(rest) == 0 {
		return nil
	}
	e.chosen = rest
	e.progress.begin("target, differing buckets")
	return e.readTarget(ctx)
}
