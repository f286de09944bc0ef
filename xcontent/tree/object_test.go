package tree_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"migassist/xcontent/tree"
)

// list is an object as simple as can be: all members, of several of a name the last counts.
type list []struct{ name, value string }

func (l list) last(name string) int {
	for i, m := range slices.Backward(l) {
		if m.name == name {
			return i
		}
	}
	return -1
}

// without removes the members of a name, but for one; what is kept may move.
func (l list) without(name string, but int) (left list) {
	for i, m := range l {
		if i == but || m.name != name {
			left = append(left, m)
		}
	}
	return left
}

func (l list) set(name, value string) list {
	i := l.last(name)
	if i < 0 {
		return append(l, struct{ name, value string }{name, value})
	}
	l[i].value = value
	return l.without(name, i)
}

func (l list) rename(from, to string) list {
	i := l.last(from)
	if i < 0 || from == to {
		return l
	}
	l[i].name = "\x00"
	l = l.without(from, -1).without(to, -1)
	l[l.last("\x00")].name = to
	return l
}

func (l list) String() string {
	var parts []string
	for _, m := range l {
		parts = append(parts, fmt.Sprintf("%q:%s", m.name, m.value))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// FuzzObject does to an object, and to a list of members, what the bytes say, with names that repeat.
func FuzzObject(f *testing.F) {
	f.Add([]byte("\x05\x01\x02\x03\x01\x02\x00\x01\x10\x02\x11\x03\x01\x21"))
	many := []byte{200}
	for i := range 800 {
		many = append(many, byte(i*7), byte(i/3))
	}
	f.Add(many)
	f.Fuzz(func(t *testing.T, program []byte) {
		if len(program) > 0 && len(program) < 4000 {
			edit(t, program)
		}
	})
}

func TestObjectsAreAsLists(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		program := make([]byte, 1+random.IntN(1000))
		for i := range program {
			program[i] = byte(random.Uint32())
		}
		edit(t, program)
	}
}

func edit(t *testing.T, program []byte) {
	t.Helper()
	var model list
	begin := min(int(program[0]), len(program)-1)
	for i, b := range program[1 : 1+begin] {
		model = append(model, struct{ name, value string }{fmt.Sprint("n", b%90), fmt.Sprint(i)})
	}
	v := parse(t, model.String())
	for i, rest := 0, program[1+begin:]; i+1 < len(rest); i += 2 {
		name, other := fmt.Sprint("n", rest[i]%90), fmt.Sprint("n", rest[i+1]%90)
		switch rest[i+1] / 52 {
		case 0:
			v.Set(name, tree.NewNumber(fmt.Sprint(i)))
			model = model.set(name, fmt.Sprint(i))
		case 1, 2:
			if was := model.last(name) >= 0; v.Remove(name) != was {
				t.Fatalf("remove %s: it was there: %v", name, was)
			}
			model = model.without(name, -1)
		case 3:
			v.Rename(name, other)
			model = model.rename(name, other)
		default:
			check(t, v, model)
		}
	}
	check(t, v, model)
	check(t, v.Clone(), model)
}

func check(t *testing.T, v *tree.Value, model list) {
	t.Helper()
	if got := v.String(); got != model.String() {
		t.Fatalf("got  %s\nwant %s", got, model)
	}
	var seen list
	for name, value := range v.Members() {
		seen = append(seen, struct{ name, value string }{name, value.String()})
	}
	var want list
	for i, m := range model {
		if model.last(m.name) == i {
			want = append(want, m)
		}
		if got := v.Get(m.name); got == nil || got.String() != model[model.last(m.name)].value {
			t.Fatalf("%s is %v in %s", m.name, got, model)
		}
	}
	if seen.String() != want.String() || v.Len() != len(want) {
		t.Fatalf("%d members %s, want %d: %s", v.Len(), seen, len(want), want)
	}
}
