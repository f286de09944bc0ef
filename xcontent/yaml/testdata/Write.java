import com.fasterxml.jackson.core.*;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;

/**
 * Writes jackson-VERSION.txt from cases.txt with the jackson-dataformat-yaml on the class path: per case a line with the
 * case and, after a tab, the JSON that copyCurrentStructure makes of it, as Elasticsearch does, or ERROR.
 * Cases are lines; \n, \t and \\ in them are escapes.
 */
public class Write {
    public static void main(String[] args) throws Exception {
        StringBuilder out = new StringBuilder();
        for (String line : Files.readAllLines(Path.of("cases.txt"))) {
            out.append(line).append('\t').append(json(line.replace("\\\\", "\0").replace("\\n", "\n").replace("\\t", "\t").replace("\0", "\\"))).append('\n');
        }
        String version = new YAMLFactory().version().toString();
        Files.writeString(Path.of("jackson-" + version + ".txt"), out.toString());
    }

    static String json(String yaml) {
        StringWriter out = new StringWriter();
        try (JsonParser parser = new YAMLFactory().createParser(yaml.getBytes(StandardCharsets.UTF_8));
             JsonGenerator generator = new JsonFactory().createGenerator(out)) {
            parser.nextToken();
            generator.copyCurrentStructure(parser);
        } catch (Exception e) {
            return "ERROR";
        }
        return out.toString();
    }
}
