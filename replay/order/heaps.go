package order

// byEnd is those that are not settled; the one that was answered first is the first.
type byEnd []*Work

func (h byEnd) Len() int { return len(h) }
func (h byEnd) Less(i, j int) bool {
	if h[i].End.Equal(h[j].End) {
		return h[i].number < h[j].number
	}
	return h[i].End.Before(h[j].End)
}
func (h byEnd) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *byEnd) Push(x any)   { *h = append(*h, x.(*Work)) }
func (h *byEnd) Pop() any {
	last := len(*h) - 1
	w := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return w
}

// byBegin is those that can be sent; the one that is due first is the first.
type byBegin []*Work

func (h byBegin) Len() int { return len(h) }
func (h byBegin) Less(i, j int) bool {
	if h[i].Begin.Equal(h[j].Begin) {
		return h[i].number < h[j].number
	}
	return h[i].Begin.Before(h[j].Begin)
}

func (h byBegin) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].queued, h[j].queued = i+1, j+1
}

func (h *byBegin) Push(x any) {
	w := x.(*Work)
	*h = append(*h, w)
	w.queued = len(*h)
}

func (h *byBegin) Pop() any {
	last := len(*h) - 1
	w := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	w.queued = 0
	return w
}
