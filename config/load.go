package config

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// DefaultFile is read from the working directory when no other file is named.
const DefaultFile = "migassist.yaml"

// Scope is what one command takes from the configuration: the sections whose
// keys are its flags, and what they must hold.
type Scope struct {
	sections []string
	check    func(*Config) Problems
}

// AddGlobalFlags declares the flags that every command has: --config and those of the log.
func AddGlobalFlags(flags *pflag.FlagSet) {
	flags.String(configFlag, "", "configuration `FILE` (default "+DefaultFile+", if there is one)")
	addFlags(flags, []string{"log"})
}

// AddFlags declares the flags of the scope's sections.
func (s Scope) AddFlags(flags *pflag.FlagSet) { addFlags(flags, s.sections) }

// Load fills the tree from all sources and checks what the scope needs. The whole
// file is checked, also what other commands need of it. The error is of type
// Problems and holds all of them; the tree is given even then, so that what it
// says of the log can be obeyed.
func (s Scope) Load(flags *pflag.FlagSet) (*Config, error) {
	tree := Default()
	problems := loadFile(tree, flags)
	problems = append(problems, unknownVariables(os.Environ())...)
	problems = append(problems, overlay(tree, flags)...)
	if s.check != nil {
		problems = append(problems, news(problems, tree.placed(s.check(tree)))...)
	}
	if len(problems) > 0 {
		return tree, problems
	}
	return tree, nil
}

// placed adds to each problem the place its key came from.
func (c *Config) placed(problems Problems) Problems {
	for i := range problems {
		problems[i].Place = c.origins[problems[i].Key]
	}
	return problems
}

// news leaves out the problems of keys that have one already: what did not parse is not missing.
func news(known, found Problems) Problems {
	return slices.DeleteFunc(found, func(p Problem) bool {
		return slices.ContainsFunc(known, func(k Problem) bool { return k.Key == p.Key })
	})
}

// loadFile reads the file named by flag or variable, which must be there, or the default one, which need not.
func loadFile(tree *Config, flags *pflag.FlagSet) Problems {
	name, place := "", ""
	if flag := flags.Lookup(configFlag); flag != nil && flag.Changed {
		name, place = flag.Value.String(), "--"+configFlag
	} else if variable := configVariable(); os.Getenv(variable) != "" {
		name, place = os.Getenv(variable), variable
	}
	named := place != ""
	if !named {
		name = DefaultFile
	}
	content, err := os.ReadFile(name)
	switch {
	case !named && errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return Problems{{Place: place, What: err.Error()}}
	}
	return readFile(tree, name, content)
}

func configVariable() string { return EnvPrefix + strings.ToUpper(configFlag) }

// unknownVariables finds variables with our prefix that nothing reads.
func unknownVariables(environment []string) Problems {
	known := []string{configVariable()}
	for _, k := range keys {
		known = append(known, k.env())
		if _, isSecret := k.field(Default()).(*Secret); isSecret {
			for _, form := range secretForms[1:] {
				known = append(known, k.env()+"_"+strings.ToUpper(form.suffix))
			}
		}
	}
	var problems Problems
	for _, variable := range slices.Sorted(slices.Values(environment)) {
		name, _, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, EnvPrefix) || slices.Contains(known, name) {
			continue
		}
		if meant := Closest(name, known); meant != "" {
			problems.add("", name, "unknown variable; did you mean %s?", meant)
		} else {
			problems.add("", name, "unknown variable; those there are stand in docs/configuration.md")
		}
	}
	return problems
}

// overlay puts environment and flags over what the file said. An empty variable counts as not set.
func overlay(tree *Config, flags *pflag.FlagSet) Problems {
	o := &overlayer{tree: tree, flags: flags, merged: viper.New()}
	for _, k := range keys {
		field := k.field(tree)
		if secret, isSecret := field.(*Secret); isSecret {
			o.secret(k, secret)
			continue
		}
		said, found := o.said(k.path, k.flag, k.env())
		if !found {
			continue
		}
		if err := assign(field, said.text, k.enum); err != nil {
			o.problems.add(k.path, said.place, "%s", err)
			continue
		}
		tree.origins[k.path] = said.place
	}
	return o.problems
}

// overlayer asks viper, for one key after the other, what environment and flags say.
type overlayer struct {
	tree     *Config
	flags    *pflag.FlagSet
	merged   *viper.Viper
	problems Problems
}

// saying is a value in words, and who said it.
type saying struct {
	text   string
	place  string
	byFlag bool
}

func (o *overlayer) said(path, flagName, variable string) (saying, bool) {
	flag := o.flags.Lookup(flagName)
	if flag != nil {
		if err := o.merged.BindFlagValue(path, boundFlag{flag}); err != nil {
			o.problems.add(path, "--"+flagName, "%s", err)
		}
	}
	if err := o.merged.BindEnv(path, variable); err != nil {
		o.problems.add(path, variable, "%s", err)
	}
	if !o.merged.IsSet(path) {
		return saying{}, false
	}
	said := saying{text: o.merged.GetString(path), place: variable}
	if flag != nil && flag.Changed {
		said.place, said.byFlag = "--"+flagName, true
	}
	return said, true
}

// secret reads the three forms of a secret. Flags go over variables; two forms in one of them contradict each other.
func (o *overlayer) secret(k key, field *Secret) {
	var chosen saying
	var value Secret
	for _, form := range secretForms {
		path, flag, variable := k.path, k.flag, k.env()
		if form.suffix != "" {
			path, flag, variable = path+"_"+form.suffix, flag+"-"+form.suffix, variable+"_"+strings.ToUpper(form.suffix)
		}
		said, found := o.said(path, flag, variable)
		switch {
		case !found || chosen.byFlag && !said.byFlag:
			continue
		case chosen.place != "" && chosen.byFlag == said.byFlag:
			o.problems.add(k.path, said.place, "is given beside %s; give one of the two", chosen.place)
			continue
		}
		chosen, value = said, form.secret(said.text)
	}
	if chosen.place != "" {
		*field = value
		o.tree.origins[k.path] = chosen.place
	}
}

// boundFlag shows a flag to viper as text, whatever its type: viper's own reading of types forgives too much.
type boundFlag struct{ flag *pflag.Flag }

var _ viper.FlagValue = boundFlag{}

func (f boundFlag) HasChanged() bool    { return f.flag.Changed }
func (f boundFlag) Name() string        { return f.flag.Name }
func (f boundFlag) ValueString() string { return f.flag.Value.String() }
func (f boundFlag) ValueType() string   { return "string" }
