package rules

// LaterKind is what is done to an index once its documents are there.
type LaterKind string

// The kinds of what is done later.
const (
	// LaterSettings puts the Body's flat settings.
	LaterSettings LaterKind = "settings"
	// LaterClose closes the index.
	LaterClose LaterKind = "close"
	// LaterAttach gives the index to a policy of ISM: {"policy_id": NAME}.
	LaterAttach LaterKind = "attach_policy"
)

// Later is what would alter or refuse the backfill, and so waits until it is over.
type Later struct {
	Do   LaterKind      `json:"do"`
	Body map[string]any `json:"body,omitempty"`
	Rule string         `json:"rule"`
	Why  string         `json:"why"`
}

// later adds what waits, in the name of the rule at work.
func (d *draft) later(do LaterKind, body map[string]any, why string) {
	d.waiting = append(d.waiting, Later{Do: do, Body: body, Rule: d.rule.Name, Why: why})
}
