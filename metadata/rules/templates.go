package rules

// templateRules look at what templates say beside settings, mappings and aliases.
var templateRules = []Rule{
	{
		Name: "allow-auto-create", Fidelity: Lossy, On: []Kind{IndexTemplate, ComponentTemplate},
		Why:     "a template of the target cannot overrule action.auto_create_index; add its patterns there if that setting forbids them",
		rewrite: removeRest("allow_auto_create"),
	},
	{
		Name: "template-dates", Fidelity: Lossless,
		Why:     "it says when the template was made on the source; the target keeps no such date",
		rewrite: removeRest("created_date modified_date created_date_millis modified_date_millis"),
	},
	{
		Name: "template-deprecated", Fidelity: Equivalent,
		Why:     "it only made the source warn of the template",
		rewrite: removeRest("deprecated"),
	},
}

func removeRest(names string) func(*draft) {
	return func(d *draft) {
		for _, name := range words(names) {
			d.remove(edit{in: d.Rest, at: "", key: name})
		}
	}
}
