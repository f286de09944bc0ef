package edit

import (
	"errors"
	"fmt"
	"slices"

	"migassist/xcontent/tree"
)

// policy is what is done where a field is to come to and there is one already.
type policy int

const (
	usual   policy = iota // what the operation does without being told: set replaces, rename and copy fail
	fail                  // it is an error
	replace               // the new one takes its place
	keep                  // nothing is done
)

// policies are the values of ifExists.
func policies() map[string]policy {
	return map[string]policy{"fail": fail, "replace": replace, "keep": keep}
}

// or returns the policy, or another one where none was chosen.
func (p policy) or(other policy) policy {
	if p == usual {
		return other
	}
	return p
}

var errExists = errors.New(`there is a field of that name already; "ifExists": "replace" lets the new one take its place, "keep" leaves both as they are`)

// change is one thing done to a document. It does not change itself.
type change interface {
	apply(root *tree.Value, exists policy) error
}

// removal removes a field.
type removal struct{ at path }

func (r removal) apply(root *tree.Value, _ policy) error {
	err := within(root, r.at.parent(), false, func(holder *tree.Value) error {
		holder.Remove(r.at.last())
		return nil
	})
	return during("remove", r.at.String, err)
}

// setting gives a field a value, a new one each time: what lies in a document can be changed by what comes next.
type setting struct {
	at    path
	value *tree.Value // not looked into, so that goroutines can share it
}

func (s setting) apply(root *tree.Value, exists policy) error {
	err := within(root, s.at.parent(), true, func(holder *tree.Value) error {
		if exists != usual && exists != replace && holder.Get(s.at.last()) != nil {
			if exists == keep {
				return nil
			}
			return &misplaced{path{s.at.last()}.String(), errExists}
		}
		holder.Set(s.at.last(), s.value.Clone())
		return nil
	})
	return during("set", s.at.String, err)
}

// moving brings a field elsewhere.
type moving struct {
	pair
	stays bool // it is copied
}

func (m moving) apply(root *tree.Value, exists policy) error {
	err := within(root, m.within, false, func(common *tree.Value) error { return m.move(common, exists.or(fail)) })
	if m.stays {
		return during("copy", m.String, err)
	}
	return during("rename", m.String, err)
}

// move does it in one object that both places are in.
func (m moving) move(common *tree.Value, exists policy) error {
	holder, err := object(common, m.from.parent(), false)
	if err != nil || holder == nil {
		return err
	}
	value := holder.Get(m.from.last())
	switch {
	case value == nil:
		return nil
	case m.wraps() && !m.stays:
		common.Set(m.from[0], nested(m.to[1:], value))
		return nil
	}
	there, err := object(common, m.to.parent(), false)
	if err != nil {
		return err
	}
	if there.Get(m.to.last()) != nil && exists != replace && (m.stays || !m.unwraps() || !alone(common, m.from)) {
		if exists == keep {
			return nil
		}
		return &misplaced{m.to.String(), errExists}
	}
	if m.stays {
		value = value.Clone()
	} else if len(m.from) == 1 && len(m.to) == 1 {
		common.Rename(m.from[0], m.to[0])
		return nil
	} else {
		holder.Remove(m.from.last())
	}
	if there, err = object(common, m.to.parent(), true); err != nil {
		return err
	}
	there.Set(m.to.last(), value)
	return nil
}

// nested returns a value in objects of one member each.
func nested(names path, value *tree.Value) *tree.Value {
	for _, name := range slices.Backward(names) {
		o := tree.NewObject()
		o.Set(name, value)
		value = o
	}
	return value
}

// alone tells whether the objects on the way to a field have nothing else in them.
func alone(common *tree.Value, from path) bool {
	for _, name := range from.parent() {
		if common = common.Get(name); common.Len() != 1 {
			return false
		}
	}
	return true
}

// during says what was being done.
func during(verb string, what func() string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", verb, what(), err)
}
