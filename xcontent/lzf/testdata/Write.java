import com.ning.compress.lzf.LZFEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;

/** Writes the vectors beside it with com.ning:compress-lzf 1.0.2, the library inside Elasticsearch 1.x and 2.x. */
public class Write {
    public static void main(String[] args) throws Exception {
        Random random = new Random(7);
        StringBuilder text = new StringBuilder("{\"words\":[");
        for (int i = 0; text.length() < 150_000; i++) {
            text.append(i == 0 ? "" : ",").append('"').append(Integer.toString(random.nextInt(500), 36)).append("é\"");
        }
        byte[] noise = new byte[70_000];
        random.nextBytes(noise);
        write("text", text.append("]}").toString().getBytes(StandardCharsets.UTF_8));
        write("run", "a".repeat(100_000).getBytes(StandardCharsets.UTF_8));
        write("noise", Arrays.copyOf(noise, 3000));
        write("short", "{\"a\":1}".getBytes(StandardCharsets.UTF_8));
        byte[] mixed = Arrays.copyOf(noise, 70_000);
        Arrays.fill(mixed, 5_000, 69_000, (byte) 'x');
        write("mixed", mixed);
    }

    static void write(String name, byte[] plain) throws Exception {
        Files.write(Path.of(name + ".lzf"), LZFEncoder.encode(plain));
        byte[] sum = java.security.MessageDigest.getInstance("SHA-256").digest(plain);
        Files.writeString(Path.of(name + ".sha256"), plain.length + " " + HexFormat.of().formatHex(sum) + "\n");
    }
}
