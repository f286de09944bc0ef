package testcluster

import (
	"archive/zip"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// agentJar is the file of the agent in a distribution that needs it; byte-buddy lies beside.
const agentJar = "agent/agent.jar"

// agentSource answers the question for the boot class path, which Elasticsearch 1.x asks
// at its start and Java 9 and later refuse, with an empty string.
const agentSource = `import java.lang.instrument.Instrumentation;
import net.bytebuddy.agent.builder.AgentBuilder;
import net.bytebuddy.implementation.FixedValue;
import net.bytebuddy.matcher.ElementMatchers;

public class Agent {
    public static void premain(String arguments, Instrumentation instrumentation) {
        new AgentBuilder.Default()
            .disableClassFormatChanges()
            .with(AgentBuilder.RedefinitionStrategy.RETRANSFORMATION)
            .ignore(ElementMatchers.none())
            .type(ElementMatchers.named("sun.management.RuntimeImpl"))
            .transform((builder, type, loader, module, domain) ->
                builder.method(ElementMatchers.named("getBootClassPath")).intercept(FixedValue.value("")))
            .installOn(instrumentation);
    }
}
`

// agentManifest makes a jar an agent that may change classes already loaded.
const agentManifest = "Manifest-Version: 1.0\nPremain-Class: Agent\nCan-Retransform-Classes: true\nCan-Redefine-Classes: true\nClass-Path: byte-buddy.jar\n"

// buildAgent compiles the agent into home, with the byte-buddy that lies in files.
func buildAgent(ctx context.Context, java, files, home string) error {
	dir := filepath.Join(home, filepath.Dir(agentJar))
	if err := mkdirPublic(dir); err != nil {
		return err
	}
	buddy, source := filepath.Join(dir, "byte-buddy.jar"), filepath.Join(dir, "Agent.java")
	if err := os.Rename(filepath.Join(files, byteBuddy.file()), buddy); err != nil {
		return err
	}
	if err := writePublic(source, []byte(agentSource)); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(java, "bin", "javac"), "-proc:none", "-cp", buddy, "-d", dir, source)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("compile the agent (a JDK is needed; Debian: apt-get install openjdk-17-jdk-headless): %w\n%s", err, out)
	}
	return packAgent(dir, filepath.Join(home, agentJar))
}

// packAgent writes the classes in dir, and the manifest, into a jar.
func packAgent(dir, jar string) error {
	classes, err := fs.Glob(os.DirFS(dir), "*.class")
	if err != nil {
		return err
	}
	file, err := os.Create(jar)
	if err != nil {
		return err
	}
	defer file.Close()
	archive := zip.NewWriter(file)
	for _, name := range append([]string{"META-INF/MANIFEST.MF"}, classes...) {
		content := []byte(agentManifest)
		if filepath.Ext(name) == ".class" {
			if content, err = os.ReadFile(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
		entry, err := archive.Create(name)
		if err != nil {
			return err
		}
		if _, err := entry.Write(content); err != nil {
			return err
		}
	}
	return archive.Close()
}
