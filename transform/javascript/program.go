package javascript

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"

	"migassist/transform"
	"migassist/xcontent/tree"
)

// Limits bound what the script does with one message.
type Limits struct {
	Time   time.Duration // 0: 5 s
	Memory int64         // bytes that the heap may grow by; 0: 256 MiB
}

// Options are what does not stand in the configuration.
type Options struct {
	Folder string // files of the configuration are relative to it
	Limits Limits
	Log    func(line string) // gets what the script gives to console.log and its like; may be called by several goroutines. nil: nothing does
}

// Program is a script with its context. It does not change.
type Program struct {
	name    string
	code    *goja.Program
	context []byte // JSON
	sum     [sha256.Size]byte
	options Options

	alone sync.RWMutex // held for writing by a call that seemed to need too much memory, and is tried again while no other runs
}

// The keys of the configuration, as the Java implementation has them.
const (
	keyScript       = "initializationScript"
	keyScriptFile   = "initializationScriptFile"
	keyResource     = "initializationResourcePath"
	keyContext      = "bindingsObject"
	keyContextFiles = "bindingsObjectFiles"
	keyContextDirs  = "bindingsObjectDirs"
)

var known = []string{keyScript, keyScriptFile, keyContext, keyContextFiles, keyContextDirs}

// Parse reads a configuration: one of initializationScript (the text) and initializationScriptFile (its path); bindingsObject (JSON, or a string
// that holds JSON), bindingsObjectFiles ({"name": path or {"path"}}) and bindingsObjectDirs ([path or {"path"}], each file under its name) are the
// context; where a name comes several times, bindingsObject counts before files before directories. It runs the script and its main once. All
// problems that can be told apart are reported together.
func Parse(config json.RawMessage, o Options) (*Program, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(config, &keys); err != nil || keys == nil {
		return nil, fmt.Errorf("it wants an object with the keys %s", strings.Join(known, ", "))
	}
	if o.Limits.Time <= 0 {
		o.Limits.Time = 5 * time.Second
	}
	if o.Limits.Memory <= 0 {
		o.Limits.Memory = 256 << 20
	}
	var problems []error
	for key := range keys {
		if key != keyResource && !slices.Contains(known, key) {
			problems = append(problems, fmt.Errorf("key %q is not known, known are %s", key, strings.Join(known, ", ")))
		}
	}
	p := &Program{options: o}
	text, err := p.readScript(keys)
	problems = append(problems, err, limitRegexps(o.Limits.Time))
	if p.context, err = readContext(keys, o.Folder); err != nil {
		problems = append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	if p.code, err = compile(p.name, text); err != nil {
		return nil, err
	}
	p.sum = sha256.Sum256(append(append([]byte(text), 0), p.context...))
	t := &transformer{program: p}
	if err := t.start(context.Background()); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Program) readScript(keys map[string]json.RawMessage) (string, error) {
	if _, ok := keys[keyResource]; ok {
		return "", fmt.Errorf("%s names a script in a jar of the Java implementation: give the script with %s", keyResource, keyScriptFile)
	}
	var inline, file string
	if err := errors.Join(text(keys, keyScript, &inline), text(keys, keyScriptFile, &file)); err != nil {
		return "", err
	}
	_, isInline := keys[keyScript]
	_, isFile := keys[keyScriptFile]
	switch {
	case isInline == isFile:
		return "", fmt.Errorf("it wants one of %s and %s", keyScript, keyScriptFile)
	case isInline:
		p.name = keyScript
		return inline, nil
	case strings.HasPrefix(file, "s3://"):
		return "", fmt.Errorf("%s: %s: scripts are read from local files, copy it", keyScriptFile, file)
	}
	p.name = filepath.Base(file)
	return readFile(p.options.Folder, file)
}

// text reads a string of the configuration.
func text(keys map[string]json.RawMessage, key string, into *string) error {
	if raw, ok := keys[key]; ok {
		if err := json.Unmarshal(raw, into); err != nil {
			return fmt.Errorf("%s: it is no string", key)
		}
	}
	return nil
}

func readFile(folder, path string) (string, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(folder, path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the script or its context: %w", err)
	}
	if !utf8.Valid(content) {
		return "", fmt.Errorf("read %s: it is not UTF-8", path)
	}
	return string(content), nil
}

func compile(name, text string) (*goja.Program, error) {
	// source maps would be read from disk
	parsed, err := parser.ParseFile(nil, name, text, 0, parser.WithDisableSourceMaps)
	if err != nil {
		var list parser.ErrorList
		if errors.As(err, &list) && len(list) > 0 {
			return nil, fmt.Errorf("%s line %d: %s", name, list[0].Position.Line, list[0].Message)
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	code, err := goja.CompileAST(parsed, false)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return code, nil
}

// String names the program in errors: "JavaScript convert.js".
func (p *Program) String() string { return "JavaScript " + p.name }

// Fingerprint differs where script or context do.
func (p *Program) Fingerprint() string { return hex.EncodeToString(p.sum[:]) }

// New returns a transformer, with a state of the script of its own.
func (p *Program) New() transform.Transformer { return &transformer{program: p} }

// readContext puts together what main gets.
func readContext(keys map[string]json.RawMessage, folder string) ([]byte, error) {
	files := tree.NewObject()
	if err := errors.Join(readDirs(keys, folder, files), readFiles(keys, folder, files)); err != nil {
		return nil, err
	}
	own, err := tree.Parse(fallback(keys[keyContext], `{}`))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", keyContext, err)
	}
	if own.Kind() == tree.String {
		if own, err = tree.Parse([]byte(own.Text())); err != nil {
			return nil, fmt.Errorf("%s is a string that is not JSON: %w", keyContext, err)
		}
	}
	switch {
	case own.Kind() == tree.Null:
		own = tree.NewObject()
	case own.Kind() != tree.Object && files.Len() > 0:
		return nil, fmt.Errorf("%s has to be an object where %s or %s add to it", keyContext, keyContextFiles, keyContextDirs)
	}
	for name, v := range own.Members() {
		files.Set(name, v)
	}
	if own.Kind() != tree.Object {
		files = own
	}
	return files.AppendJSON(nil)
}

func fallback(raw json.RawMessage, otherwise string) []byte {
	if raw == nil {
		return []byte(otherwise)
	}
	return raw
}

func readFiles(keys map[string]json.RawMessage, folder string, into *tree.Value) error {
	files, err := tree.Parse(fallback(keys[keyContextFiles], `{}`))
	if err != nil || files.Kind() != tree.Object {
		return fmt.Errorf(`%s: it wants an object {"name": path, …}`, keyContextFiles)
	}
	for name, v := range files.Members() {
		path, err := pathOf(v)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", keyContextFiles, name, err)
		}
		content, err := readFile(folder, path)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", keyContextFiles, name, err)
		}
		into.Set(name, tree.NewString(content))
	}
	return nil
}

func readDirs(keys map[string]json.RawMessage, folder string, into *tree.Value) error {
	dirs, err := tree.Parse(fallback(keys[keyContextDirs], `[]`))
	if err != nil || dirs.Kind() != tree.Array {
		return fmt.Errorf("%s: it wants a list of paths", keyContextDirs)
	}
	for i, v := range dirs.Elements() {
		path, err := pathOf(v)
		if err == nil {
			err = readDir(folder, path, into)
		}
		if err != nil {
			return fmt.Errorf("%s[%d]: %w", keyContextDirs, i, err)
		}
	}
	return nil
}

func readDir(folder, path string, into *tree.Value) error {
	if !filepath.IsAbs(path) {
		path = filepath.Join(folder, path)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		file := filepath.Join(path, entry.Name())
		if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
			continue // mounted volumes have folders and links to them beside the files
		}
		content, err := readFile("", file)
		if err != nil {
			return err
		}
		into.Set(entry.Name(), tree.NewString(content))
	}
	return nil
}

func pathOf(v *tree.Value) (string, error) {
	if v.Kind() == tree.Object {
		v = v.Get("path")
	}
	if v.Kind() != tree.String || v.Text() == "" {
		return "", errors.New(`it wants a path, or {"path": …}`)
	}
	return v.Text(), nil
}
