package rules

// LaterKind is what is done to an index once its documents are there.
type LaterKind string

// The kinds of what is done later, in the order in which it is done: a closed index can be given settings, but one that is blocked
// can't be closed.
const (
	// LaterPolicy makes a policy of ISM that takes indices by their names: {"policy": {…}}.
	LaterPolicy LaterKind = "create_policy"
	// LaterAttach gives the index to a policy of ISM: {"policy_id": NAME}.
	LaterAttach LaterKind = "attach_policy"
	// LaterClose closes the index.
	LaterClose LaterKind = "close"
	// LaterSettings puts the Body's flat settings.
	LaterSettings LaterKind = "settings"
)

// LaterKinds are all of them, in that order.
var LaterKinds = []LaterKind{LaterPolicy, LaterAttach, LaterClose, LaterSettings}

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
