package testcluster

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// installed is written last into an unpacked distribution: a folder without it is
// not one.
const installed = "installed-by-testcluster"

// maxUnpacked bounds what is taken out of one file of a zip.
const maxUnpacked = 1 << 30

// install returns the folder of the unpacked distribution, and makes it on first use.
func (d distribution) install(ctx context.Context, java string) (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	home := filepath.Join(cache, d.spec.String()+"-"+d.fingerprint())
	if _, err := os.Stat(filepath.Join(home, installed)); err == nil {
		return home, nil
	}
	work, err := os.MkdirTemp(cache, "fetch-")
	if err != nil {
		return "", fmt.Errorf("make a folder in the cache: %w", err)
	}
	defer os.RemoveAll(work) //nolint:errcheck // what is left of a download is only in the way
	if err := fetch(ctx, work, d.artifacts()); err != nil {
		return "", err
	}
	if err := d.unpack(ctx, java, work); err != nil {
		return "", err
	}
	// Two processes may do this at once; whoever renames first wins, and both are the same.
	if err := os.Rename(filepath.Join(work, d.spec.String()), home); err != nil {
		if _, found := os.Stat(filepath.Join(home, installed)); found != nil {
			return "", fmt.Errorf("keep %s in the cache (remove the folder and try again): %w", d.spec, err)
		}
	}
	return home, nil
}

// fingerprint is of all that is installed, so that a cache is not taken for what it was made for before.
func (d distribution) fingerprint() string {
	sum := sha256.New()
	fmt.Fprint(sum, d.zip, d.modules, d.agent)
	return hex.EncodeToString(sum.Sum(nil)[:4])
}

// unpack turns the fetched files in dir/files into a distribution at dir/NAME.
func (d distribution) unpack(ctx context.Context, java, dir string) error {
	if err := unzip(filepath.Join(dir, "files", d.zip.file()), dir); err != nil {
		return fmt.Errorf("unpack %s: %w", d.zip.file(), err)
	}
	home := filepath.Join(dir, d.spec.String())
	if unpacked := filepath.Join(dir, strings.TrimSuffix(d.zip.file(), ".zip")); unpacked != home {
		if err := os.Rename(unpacked, home); err != nil {
			return err
		}
	}
	for _, m := range d.modules {
		if err := d.add(m, filepath.Join(dir, "files"), home); err != nil {
			return fmt.Errorf("install %s: %w", m.name, err)
		}
	}
	if err := mkdirPublic(filepath.Join(home, "plugins")); err != nil { // older servers want to make it themselves
		return err
	}
	if d.agent == agentJar {
		if err := buildAgent(ctx, java, filepath.Join(dir, "files"), home); err != nil {
			return err
		}
	}
	if err := publish(home); err != nil {
		return fmt.Errorf("make %s readable: %w", d.spec, err)
	}
	return writePublic(filepath.Join(home, installed), nil)
}

// add installs a module from its fetched files.
func (d distribution) add(m module, files, home string) error {
	if m.artifact.kind == "zip" {
		return unzip(filepath.Join(files, m.artifact.file()), filepath.Join(home, "plugins", m.name))
	}
	folder := filepath.Join(home, "modules", m.name)
	if err := mkdirPublic(folder); err != nil {
		return err
	}
	for _, jar := range append([]artifact{m.artifact}, m.libraries...) {
		if err := os.Rename(filepath.Join(files, jar.file()), filepath.Join(folder, jar.file())); err != nil {
			return err
		}
	}
	if m.policy != "" {
		if err := writePublic(filepath.Join(folder, "plugin-security.policy"), []byte(m.policy)); err != nil {
			return err
		}
	}
	return writePublic(filepath.Join(folder, "plugin-descriptor.properties"), []byte(d.descriptor(m)))
}

// cacheDir is where distributions are kept. Root starts its servers as another
// user, who cannot look into root's home.
func cacheDir() (string, error) {
	dir := os.Getenv("TESTCLUSTER_CACHE")
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil || os.Getuid() == 0 {
			base = "/var/tmp"
		}
		dir = filepath.Join(base, "migassist-testcluster")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w", err)
	}
	return dir, mkdirPublic(dir)
}

// unzip unpacks a zip file into dir. What lies in bin folders becomes executable.
func unzip(file, dir string) error {
	archive, err := zip.OpenReader(file)
	if err != nil {
		return err
	}
	defer archive.Close()
	for _, entry := range archive.File {
		if !filepath.IsLocal(entry.Name) {
			return fmt.Errorf("%s leads out of the folder", entry.Name)
		}
		path := filepath.Join(dir, entry.Name)
		if strings.HasSuffix(entry.Name, "/") {
			err = mkdirPublic(path)
		} else {
			err = unzipFile(entry, path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func unzipFile(entry *zip.File, path string) error {
	if entry.UncompressedSize64 > maxUnpacked {
		return fmt.Errorf("%s has %d bytes: %w", entry.Name, entry.UncompressedSize64, errors.ErrUnsupported)
	}
	if err := mkdirPublic(filepath.Dir(path)); err != nil {
		return err
	}
	from, err := entry.Open()
	if err != nil {
		return fmt.Errorf("read %s: %w", entry.Name, err)
	}
	defer from.Close()
	to, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, io.LimitReader(from, maxUnpacked))
	return errors.Join(err, to.Close())
}

// publish lets every user read dir, and run what lies in a folder called bin.
func publish(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if entry.IsDir() || filepath.Base(filepath.Dir(path)) == "bin" {
			mode = 0o755
		}
		return os.Chmod(path, mode)
	})
}

func mkdirPublic(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	return nil
}

func writePublic(path string, content []byte) error { return os.WriteFile(path, content, 0o644) }
