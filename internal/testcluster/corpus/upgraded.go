package corpus

import (
	"context"
	"fmt"

	"migassist/internal/testcluster"
)

// Upgraded loads what a cluster gets that is upgraded in place from Elasticsearch 5.6 to 6.8, 7.10 and 7.17: indices
// made by the first of its versions are written on by the later ones, as far as these open them. It knows the step by
// the server's version.
func Upgraded(ctx context.Context, s *testcluster.Server) error {
	steps := map[string][]func(context.Context, *testcluster.Server) error{
		"5.6.16":  {makeFive},
		"6.8.23":  {writeOn("five", "doc"), mergeOn("five-merged", "doc"), makeOf("six"), makeOf("six-merged")},
		"7.10.2":  {writeOn("six", "_doc"), makeOf("seven")},
		"7.17.28": {writeOn("six", "_doc"), mergeOn("six-merged", "_doc"), writeOn("seven", "_doc")},
	}
	for _, step := range steps[s.Spec.Version] {
		if err := step(ctx, s); err != nil {
			return fmt.Errorf("upgraded to %s: %w", s.Spec.Version, err)
		}
	}
	return nil
}

// Outdated are the indices that the next version would refuse to open: they have to be deleted before.
func Outdated(s testcluster.Spec) string {
	if s.AtLeast(testcluster.Elasticsearch, 6) && !s.AtLeast(testcluster.Elasticsearch, 7) {
		return "five,five-merged,types,family"
	}
	return ""
}

// makeFive makes the indices of Elasticsearch 5, several types and parents among them.
func makeFive(ctx context.Context, s *testcluster.Server) error {
	for _, name := range []string{"five", "five-merged"} {
		if err := makeOf(name)(ctx, s); err != nil {
			return err
		}
	}
	for _, index := range ancient() {
		if index.name != "types" && index.name != "family" {
			continue
		}
		l := newLoader(ctx, s, index.name)
		loadIndex(index, l)
		l.flush()
		if err := l.err(); err != nil {
			return err
		}
	}
	return nil
}

func makeOf(name string) func(context.Context, *testcluster.Server) error {
	return func(ctx context.Context, s *testcluster.Server) error {
		l := newLoader(ctx, s, name)
		l.do("PUT", "/"+name, l.dialect.body(settings(1, "", few), false))
		inSegments(2, 12)(l)
		l.delete("doc-3", "")
		l.put("doc-4", "", `{"made":"anew"}`)
		l.flush()
		return l.err()
	}
}

// writeOn updates, deletes and adds in an index of an earlier version.
func writeOn(name, kind string) func(context.Context, *testcluster.Server) error {
	return func(ctx context.Context, s *testcluster.Server) error {
		l := newLoader(ctx, s, name)
		l.of(kind, "")
		version := s.Spec.Version
		for i := range 5 {
			l.put(fmt.Sprintf("doc-%d", i*3), "", fmt.Sprintf(`{"by":%q,"n":%d}`, version, i))
			l.put(fmt.Sprintf("%s-%d", version, i), "", l.article(i))
		}
		l.flush()
		l.delete("doc-1", "")
		l.delete(version+"-2", "")
		l.flush()
		return l.err()
	}
}

// mergeOn is writeOn, and then the whole index in one segment of the later version.
func mergeOn(name, kind string) func(context.Context, *testcluster.Server) error {
	return func(ctx context.Context, s *testcluster.Server) error {
		if err := writeOn(name, kind)(ctx, s); err != nil {
			return err
		}
		l := newLoader(ctx, s, name)
		l.merge()
		l.flush()
		return l.err()
	}
}
