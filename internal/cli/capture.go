package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"migassist/capture"
	"migassist/capture/archive"
	"migassist/capture/filelog"
	"migassist/capture/kafkalog"
	"migassist/config"
	"migassist/console"
)

// consoleCapture holds the verbs for what proxies captured.
func (p *program) consoleCapture() *cobra.Command {
	return p.group("capture", "Look into what proxies captured, and move it",
		`Capture reads what "migassist proxy" or the Java capture proxy left: a folder
(--capture-folder), a topic (--kafka-brokers), or files given as arguments:
exports (gzip lines key|base64) and folders of .protocap files.`,
		`  migassist console capture list --capture-folder migassist-capture`,
		p.captureList(), p.captureDump(), p.captureExport(), p.captureImport())
}

func (p *program) captureList() *cobra.Command {
	cmd := leaf("list [FILE…]", "Show what there is of a capture",
		`List shows each part of a capture (a partition, the folder of a proxy, a file):
records, connections, requests, times, and gaps in which nothing could be
captured. Damage and missing records are findings (exit code 3).`,
		`  migassist console capture list --kafka-brokers localhost:9092`, nil)
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, files []string) error {
		return p.withCapture(cmd, config.ForCapture, files, false, func(ctx context.Context, settings *config.Config, source capture.Source) error {
			list, err := console.ListCapture(ctx, source)
			if err != nil {
				return err
			}
			if err := p.print(settings.Output, list, list.WriteText); err != nil {
				return err
			}
			if list.Records == 0 {
				return errNothing
			}
			if list.Findings() {
				return errFindings
			}
			return nil
		})
	}
	config.ForCapture.AddFlags(cmd.Flags())
	return cmd
}

func (p *program) captureDump() *cobra.Command {
	var raw, follow bool
	cmd := leaf("dump [FILE…]", "Print the requests and answers of a capture",
		`Dump prints a line for each exchange: time, connection, request line, status,
bytes and milliseconds. With --raw a line for each record with its observations.
With --follow it goes on while the capture is written.`,
		`  migassist console capture dump --capture-folder migassist-capture`, nil)
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, files []string) error {
		return p.withCapture(cmd, config.ForCapture, files, follow, func(ctx context.Context, settings *config.Config, source capture.Source) error {
			faults, err := console.DumpCapture(ctx, source, p.out, console.Dump{Raw: raw, JSON: settings.Output == config.JSON})
			if err != nil {
				return err
			}
			if faults > 0 {
				return errFindings
			}
			return nil
		})
	}
	cmd.Flags().BoolVar(&raw, "raw", false, "print records, not exchanges")
	cmd.Flags().BoolVar(&follow, "follow", false, "wait for more")
	config.ForCapture.AddFlags(cmd.Flags())
	return cmd
}

func (p *program) captureExport() *cobra.Command {
	var to string
	cmd := leaf("export --to FILE [FILE…]", "Write a capture into one file",
		`Export writes all records as gzip lines key|base64, which "console capture
import", the Java implementation's kafkaImport.sh and "migassist replay" read.`,
		`  migassist console capture export --capture-folder migassist-capture --to capture.proto.gz`, nil)
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, files []string) error {
		if to == "" {
			return usageError{"--to is missing: the file to write, or - for standard output", hint(cmd)}
		}
		return p.withCapture(cmd, config.ForCapture, files, false, func(ctx context.Context, _ *config.Config, source capture.Source) error {
			return p.export(ctx, source, to)
		})
	}
	cmd.Flags().StringVar(&to, "to", "", "`FILE` to write, which must not exist; - is standard output")
	config.ForCapture.AddFlags(cmd.Flags())
	return cmd
}

// export writes to a file through a temporary one, or to standard output.
func (p *program) export(ctx context.Context, source capture.Source, to string) error {
	if to == "-" {
		_, damaged, err := console.ExportCapture(ctx, source, p.out)
		return findings(damaged, err)
	}
	if _, err := os.Stat(to); err == nil {
		return usageError{fmt.Sprintf("%s exists already", to), "name another file, or remove it"}
	}
	temporary, err := os.CreateTemp(filepath.Dir(to), filepath.Base(to)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary.Name()) }()
	records, damaged, err := console.ExportCapture(ctx, source, temporary)
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary.Name(), to); err != nil {
		return err
	}
	fmt.Fprintf(p.streams.Err, "%d records written to %s\n", records, to)
	return findings(damaged, nil)
}

func findings(n int64, err error) error {
	if err == nil && n > 0 {
		return errFindings
	}
	return err
}

func (p *program) captureImport() *cobra.Command {
	cmd := leaf("import FILE…", "Put the records of files into a capture",
		`Import appends the records of exports and of folders of .protocap files to a
folder (--capture-folder) or a topic (--kafka-brokers). What is there already
stays; readers drop records that are there twice.`,
		`  migassist console capture import kafka_export.proto.gz --kafka-brokers localhost:9092 --create-topic`, nil)
	cmd.Args = arguments("one FILE or more", 1, 1<<20)
	cmd.RunE = func(cmd *cobra.Command, files []string) error {
		settings, _, err := p.load(cmd, config.ForCaptureImport)
		if err != nil {
			return err
		}
		source, err := openFiles(files)
		if err != nil {
			return err
		}
		defer func() { _ = source.Close() }()
		to := &keptCapture{recordBytes: int(settings.Capture.RecordSize)}
		if len(settings.Kafka.Brokers) > 0 {
			err = to.openKafka(cmd.Context(), settings.Kafka)
		} else {
			to.log, err = filelog.Open(settings.Capture.Folder, fmt.Sprintf("import.%s", time.Now().UTC().Format("20060102T150405.000000000")), filelog.Options{})
		}
		if err != nil {
			return err
		}
		records, damaged, err := console.ImportCapture(cmd.Context(), source, to.log)
		fmt.Fprintf(p.streams.Err, "%d records imported\n", records)
		return errors.Join(findings(damaged, err), to.log.Close())
	}
	config.ForCaptureImport.AddFlags(cmd.Flags())
	return cmd
}

// withCapture opens the capture that arguments or configuration name.
func (p *program) withCapture(cmd *cobra.Command, scope config.Scope, files []string, follow bool, do func(context.Context, *config.Config, capture.Source) error) (err error) {
	settings, _, err := p.load(cmd, scope)
	if err != nil {
		return err
	}
	source, err := openCaptured(cmd.Context(), settings, files, follow)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	return do(cmd.Context(), settings, source)
}

func openCaptured(ctx context.Context, settings *config.Config, files []string, follow bool) (capture.Source, error) {
	if len(files) > 0 {
		if follow {
			return nil, usageError{"files do not grow: --follow is for a folder or a topic", "leave one of the two out"}
		}
		return openFiles(files)
	}
	if len(settings.Kafka.Brokers) > 0 {
		o, err := kafkaOptions(settings.Kafka)
		if err != nil {
			return nil, err
		}
		return kafkalog.OpenSource(ctx, o, kafkalog.Reading{Follow: follow})
	}
	return filelog.Read(settings.Capture.Folder, filelog.Reading{Follow: follow})
}

// openFiles opens exports, folders of .protocap files, and folders of segments, one after the other.
func openFiles(names []string) (capture.Source, error) {
	var all several
	for _, name := range names {
		source, err := openFile(name)
		if err != nil {
			return nil, errors.Join(err, all.Close())
		}
		all = append(all, source)
	}
	return &all, nil
}

func openFile(name string) (capture.Source, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		return archive.NewLines(name, file)
	}
	entries, err := os.ReadDir(name)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".protocap") {
			return archive.NewFiles(name, os.DirFS(name))
		}
	}
	return filelog.Read(name, filelog.Reading{})
}

// several are sources that are read one after the other.
type several []capture.Source

// Next returns the next entry of the first source that has one.
func (s *several) Next(ctx context.Context) (capture.Entry, error) {
	for len(*s) > 0 {
		entry, err := (*s)[0].Next(ctx)
		if !errors.Is(err, io.EOF) {
			return entry, err
		}
		if err := (*s)[0].Close(); err != nil {
			return capture.Entry{}, err
		}
		*s = (*s)[1:]
	}
	return capture.Entry{}, io.EOF
}

// Close closes the sources that are left.
func (s *several) Close() error {
	var err error
	for _, source := range *s {
		err = errors.Join(err, source.Close())
	}
	return err
}
