package order

import "slices"

// untie looks whether the oldest request that still waits does so in a circle, and lets one of the circle go. That may not be enough.
func (o *Order) untie() bool {
	var oldest *Work
	for w := range o.standing {
		if w.queued == 0 && (!w.begun || w.split) && (oldest == nil || w.settled < oldest.settled) {
			oldest = w
		}
	}
	circle := o.circle(oldest)
	if len(circle) == 0 {
		return false
	}
	o.untied++
	for _, remedy := range []func(*Work) bool{o.divide, o.loosen, o.overtake, o.force} {
		if slices.ContainsFunc(circle, remedy) {
			return true
		}
	}
	return false
}

// divide lets the writes of a request go one by one, where that helps. Then the order of every document is still right.
func (o *Order) divide(w *Work) bool {
	if !w.Divisible || w.split || !w.free() || !w.more() {
		return false
	}
	w.split = true
	o.reviewAll(w)
	o.consider(w)
	return true
}

// loosen lets a request go that waits for a barrier, or a barrier, whose time was not exact enough.
func (o *Order) loosen(w *Work) bool {
	if w.waits == 0 || w.loose {
		return false
	}
	w.loose = true
	o.consider(w)
	return true
}

// overtake lets a request go before others of its connection: the source carried out pipelined ones in any order.
func (o *Order) overtake(w *Work) bool {
	if w.previous == nil || w.overtook {
		return false
	}
	w.overtook = true
	o.consider(w)
	return true
}

// force lets a request go whatever it waits for.
func (o *Order) force(w *Work) bool {
	if w.forced {
		return false
	}
	w.forced = true
	o.reviewAll(w)
	return true
}

func (o *Order) reviewAll(w *Work) {
	for _, t := range w.touches {
		if !t.given {
			o.review(t.doc, 0, len(t.doc.touches))
		}
	}
}

// circle follows what each waits for, from one on, and returns those that wait for each other; none where the way ends at what is under way or not
// settled.
func (o *Order) circle(w *Work) []*Work {
	var way []*Work
	at := map[*Work]int{}
	for w != nil && w.settled > 0 && w.queued == 0 && (!w.begun || w.split) {
		if first, seen := at[w]; seen {
			return way[first:]
		}
		at[w] = len(way)
		way = append(way, w)
		w = o.blocker(w)
	}
	return nil
}

// blocker is one that a request waits for.
func (o *Order) blocker(w *Work) *Work {
	if w.previous != nil && !w.overtook {
		return w.previous
	}
	if w.waits > 0 && !w.loose {
		for other := range o.standing {
			if other.settled < w.settled && w.barred(other) {
				return other
			}
		}
	}
	for _, t := range w.touches {
		if t.given || t.clear {
			continue
		}
		if other := t.behind(); other != nil {
			return other
		}
	}
	return nil
}

// barred tells whether one before it is, or has, a barrier between the two.
func (w *Work) barred(before *Work) bool {
	if w.Barrier != nil {
		return w.bars(before)
	}
	return before.Barrier != nil && before.bars(w)
}

// behind is the first request that uses the document before this one.
func (t *touch) behind() *Work {
	for _, other := range t.doc.touches {
		if other == t {
			break
		}
		if other.work != t.work && (other.write >= 0 || t.write >= 0) {
			return other.work
		}
	}
	return nil
}
