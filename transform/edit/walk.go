package edit

import (
	"errors"
	"fmt"
	"strconv"

	"migassist/xcontent/tree"
)

// misplaced is an error at a place of a document.
type misplaced struct {
	place string
	cause error
}

func (m *misplaced) Error() string { return m.place + ": " + m.cause.Error() }

func (m *misplaced) Unwrap() error { return m.cause }

// in says that an error is of a member or element, or of what lies in it.
func in(name string, err error) error {
	if inner, ok := errors.AsType[*misplaced](err); ok {
		return &misplaced{name + "." + inner.place, inner.cause}
	}
	return &misplaced{name, err}
}

// noObject says that a path leads through something that has no members.
func noObject(v *tree.Value) error {
	return fmt.Errorf("it is a %s in this document, where an object is wanted", v.Kind())
}

var errList = errors.New("it is a list in this document, and which of its elements is meant is not known: in JavaScript or jq it can be said")

// within calls do with each object that names lead to, through lists. With makes, objects that are not there are made; else, and in lists, what
// is not there or null leads nowhere.
func within(v *tree.Value, names path, makes bool, do func(*tree.Value) error) error {
	switch v.Kind() {
	case tree.Null:
		return nil
	case tree.Array:
		for i, element := range v.Elements() {
			if err := within(element, names, makes, do); err != nil {
				return in(strconv.Itoa(i), err)
			}
		}
		return nil
	case tree.Object:
	default:
		return noObject(v)
	}
	if len(names) == 0 {
		return do(v)
	}
	next := v.Get(names[0])
	if makes && next.Kind() == tree.Null {
		next = tree.NewObject()
		v.Set(names[0], next)
	}
	if err := within(next, names[1:], makes, do); err != nil {
		return in(path(names[:1]).String(), err)
	}
	return nil
}

// object returns the object that names lead to from another one, not through lists that have elements; nil: it is not there. With makes it is
// made, and lists are in the way.
func object(v *tree.Value, names path, makes bool) (*tree.Value, error) {
	for i, name := range names {
		next := v.Get(name)
		switch next.Kind() {
		case tree.Object:
		case tree.Null:
			if !makes {
				return nil, nil
			}
			next = tree.NewObject()
			v.Set(name, next)
		case tree.Array:
			if !makes && next.Len() == 0 {
				return nil, nil
			}
			return nil, &misplaced{names[:i+1].String(), errList}
		default:
			return nil, &misplaced{names[:i+1].String(), noObject(next)}
		}
		v = next
	}
	return v, nil
}
