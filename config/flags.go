package config

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// configFlag names the flag, and in capitals after EnvPrefix the variable, with the file to read.
const configFlag = "config"

// secretForms are the ways beside the literal to give a secret outside the
// file: target.password has --target-password-env and MIGASSIST_TARGET_PASSWORD_FILE.
var secretForms = []struct {
	suffix string
	usage  string
	secret func(string) Secret
}{
	{"", "", Literal},
	{"env", "`NAME` of the environment variable with --", FromEnvironment},
	{"file", "`FILE` with --", FromFile},
}

// addFlags declares the flags of the sections' keys.
func addFlags(flags *pflag.FlagSet, sections []string) {
	defaults := Default()
	for _, k := range keys {
		if !k.within(sections) {
			continue
		}
		field := k.field(defaults)
		usage := k.usage
		if len(k.enum) > 0 {
			usage += ": " + strings.Join(k.enum, ", ")
		}
		flag := flags.VarPF(newFlagText(field), k.flag, k.short, usage)
		if _, isBool := field.(*bool); isBool {
			flag.NoOptDefVal = "true"
		}
		if _, isSecret := field.(*Secret); isSecret {
			for _, form := range secretForms[1:] {
				flags.Var(newFlagText(field), k.flag+"-"+form.suffix, form.usage+k.flag)
			}
		}
	}
}

// flagText is a flag's value as it was typed. It is parsed with the rest of the
// configuration, not on the spot, so that all problems are reported together.
type flagText struct {
	kind    string // what pflag calls the type
	many    bool   // given several times, it is one list
	standby string // the default, until something is typed
	typed   []string
}

var _ pflag.Value = (*flagText)(nil)

// newFlagText takes the field's default as the text to show.
func newFlagText(field any) *flagText {
	text := &flagText{kind: "value"}
	switch field.(type) {
	case *bool:
		text.kind = "bool"
	case *[]string, *map[string]string:
		text.many = true
	}
	if shown := format(field); shown != "" && shown != "0" && shown != "false" {
		text.standby = shown
	}
	return text
}

// Set takes one occurrence.
func (t *flagText) Set(text string) error {
	t.typed = append(t.typed, text)
	return nil
}

// Type is for pflag's help.
func (t *flagText) Type() string { return t.kind }

// String is the default for the help, and afterwards what was typed.
func (t *flagText) String() string {
	if len(t.typed) == 0 {
		return t.standby
	}
	if !t.many {
		return t.typed[len(t.typed)-1]
	}
	return t.joined()
}

// joined makes one text of the occurrences of a list; one that does not parse is
// given as it is, so that its problem is found.
func (t *flagText) joined() string {
	if len(t.typed) == 1 {
		return t.typed[0]
	}
	var all []string
	for _, text := range t.typed {
		items, err := parseList(text)
		if err != nil {
			return text
		}
		all = append(all, items...)
	}
	asJSON, err := json.Marshal(all)
	if err != nil { // strings always marshal
		return strings.Join(all, ",")
	}
	return string(asJSON)
}

// Enums gives, by flag name, the values of the flags that have a short list of them, for shell completion.
func Enums() map[string][]string {
	enums := map[string][]string{}
	for _, k := range keys {
		if len(k.enum) > 0 {
			enums[k.flag] = slices.Clone(k.enum)
		}
	}
	return enums
}
