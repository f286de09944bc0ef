package view

import (
	"fmt"

	"migassist/metadata"
	"migassist/metadata/rules"
)

// doings are what is done later, in words.
var doings = map[rules.LaterKind]string{
	rules.LaterSettings: "set",
	rules.LaterClose:    "close",
	rules.LaterAttach:   "attach to a policy",
	rules.LaterPolicy:   "make the policy",
}

func doing(do rules.LaterKind) string { return or(doings[do], words(string(do))) }

// waiting puts what is done later together: the same for the same reason is one remark.
func waiting(p *metadata.Plan) []remark {
	var list remarkList
	for _, step := range p.Finish {
		what, subject := doing(step.Do), "index "
		if step.Do == rules.LaterPolicy {
			subject = "policy "
		} else if step.Request != nil && len(step.Request.Body) > 0 {
			what += " " + cut(string(step.Request.Body), longLine)
		}
		list.add(fmt.Sprintf("%s (%s): %s", what, step.Rule, step.Why), subject+step.Name)
	}
	return list.remarks
}

// laterTitle is the heading of what waits.
const laterTitle = "when the documents are there"

func (h *htmlPage) later() {
	if list := waiting(h.Plan); len(list) > 0 {
		h.section("later", "When the documents are there", len(h.Plan.Finish))
		h.put("<p class=\"faint\"><code>migassist metadata finish</code> does this.</p>\n")
		h.remarks(list)
	}
}
