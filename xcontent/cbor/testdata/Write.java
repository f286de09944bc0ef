import com.fasterxml.jackson.core.*;
import com.fasterxml.jackson.dataformat.cbor.*;
import java.io.*;
import java.math.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;

/**
 * Writes jackson-VERSION.txt with the jackson-dataformat-cbor on the class path: per case a line with the CBOR in hex
 * and, after a tab, the JSON that copyCurrentStructure makes of it, as Elasticsearch does, or ERROR. The cases are those of
 * cases.txt, most of them of RFC 8949, appendix A, and documents that this program encodes with Jackson.
 */
public class Write {
    static final Random random = new Random(3);

    public static void main(String[] args) throws Exception {
        List<String> cases = new ArrayList<>(Files.readAllLines(Path.of("cases.txt")));
        for (int i = 0; i < 24; i++) {
            cases.add(HexFormat.of().formatHex(encode(i % 2 == 0)));
        }
        StringBuilder out = new StringBuilder();
        for (String hex : cases) {
            out.append(hex).append('\t').append(json(HexFormat.of().parseHex(hex))).append('\n');
        }
        Files.writeString(Path.of("jackson-" + new CBORFactory().version() + ".txt"), out.toString());
    }

    static byte[] encode(boolean minimal) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        CBORFactory factory = new CBORFactory();
        factory.configure(CBORGenerator.Feature.WRITE_TYPE_HEADER, true);
        factory.configure(CBORGenerator.Feature.WRITE_MINIMAL_INTS, minimal);
        try (CBORGenerator generator = factory.createGenerator(out)) {
            generator.writeStartObject();
            for (int i = 0; i < 6; i++) {
                generator.writeFieldName(text(12) + i);
                value(generator, 0);
            }
            generator.writeEndObject();
        }
        return out.toByteArray();
    }

    static void value(CBORGenerator generator, int depth) throws IOException {
        switch (random.nextInt(depth > 4 ? 11 : 14)) {
            case 0: generator.writeNumber(random.nextInt(40) - 20); break;
            case 1: generator.writeNumber(random.nextInt()); break;
            case 2: generator.writeNumber(random.nextLong()); break;
            case 3: generator.writeNumber(new BigInteger(120, random).subtract(BigInteger.ONE.shiftLeft(119))); break;
            case 4: generator.writeNumber(new BigDecimal(new BigInteger(90, random), random.nextInt(40) - 20)); break;
            case 5: generator.writeNumber(random.nextFloat() * 1000); break;
            case 6: generator.writeNumber(random.nextDouble() * 1e9); break;
            case 7: generator.writeBoolean(random.nextBoolean()); break;
            case 8: generator.writeNull(); break;
            case 9: generator.writeBinary(text(30).getBytes(StandardCharsets.UTF_8)); break;
            case 10: generator.writeString(text(random.nextInt(30) == 0 ? 600 : 40)); break;
            case 11:
                generator.writeStartArray();
                for (int i = random.nextInt(5); i > 0; i--) {
                    value(generator, depth + 1);
                }
                generator.writeEndArray();
                break;
            default:
                generator.writeStartObject();
                for (int i = random.nextInt(4); i > 0; i--) {
                    generator.writeFieldName(text(40) + i);
                    value(generator, depth + 1);
                }
                generator.writeEndObject();
        }
    }

    static String text(int most) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(most); i > 0; i--) {
            text.appendCodePoint(new int[] {'a' + random.nextInt(26), random.nextInt(128), 0xe9, 0x20ac, 0x1f600}[random.nextInt(12) < 9 ? 0 : 1 + random.nextInt(4)]);
        }
        return text.toString();
    }

    static String json(byte[] cbor) {
        StringWriter out = new StringWriter();
        try (JsonParser parser = new CBORFactory().createParser(cbor); JsonGenerator generator = new JsonFactory().createGenerator(out).enable(JsonGenerator.Feature.ESCAPE_NON_ASCII)) {
            parser.nextToken();
            generator.copyCurrentStructure(parser);
        } catch (Exception e) {
            return "ERROR";
        }
        return out.toString();
    }
}
