import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.invoke.*;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Constructor;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import org.apache.lucene.codecs.*;
import org.apache.lucene.document.*;
import org.apache.lucene.index.*;
import org.apache.lucene.store.*;
import org.apache.lucene.util.*;

/**
 * Apache Lucene's half of the comparison: writes the indices that both read, and reads them as Lucene does when it merges, which is
 * the fastest way it has: the merge instance of the stored fields of each segment, document by document, over a memory-mapped folder.
 * The same source runs with Lucene 8.11 and 9.
 *
 *   java -cp lucene-core.jar Rival.java write FOLDER fast|high DOCS-PER-SEGMENT   a source per line on stdin
 *   java -cp lucene-core.jar Rival.java read FOLDER                               a pass over the folder for each line on stdin
 *
 * A pass prints: documents, bytes of _id and _source, their checksum, nanoseconds, nanoseconds of processor.
 */
public class Rival {
  public static void main(String[] args) throws Throwable {
    if (args[0].equals("write")) write(Paths.get(args[1]), args[2].equals("high"), Integer.parseInt(args[3]));
    else read(Paths.get(args[1]));
  }

  // ---- writing

  static void write(Path folder, boolean high, int perSegment) throws Exception {
    IndexWriterConfig config = new IndexWriterConfig();
    config.setMergePolicy(NoMergePolicy.INSTANCE);
    config.setUseCompoundFile(false);
    config.setMaxBufferedDocs(perSegment);
    config.setRAMBufferSizeMB(1900);
    if (high) config.setCodec(high());
    try (Directory dir = FSDirectory.open(folder); IndexWriter w = new IndexWriter(dir, config)) {
      BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8), 1 << 20);
      int n = 0;
      for (String line; (line = lines.readLine()) != null; n++) {
        Document doc = new Document();
        doc.add(new StringField("_id", id(n), Field.Store.YES));
        doc.add(new StoredField("_source", new BytesRef(line)));
        w.addDocument(doc);
      }
      w.flush();
      for (int i = 7; i < n; i += 1000) w.deleteDocuments(new Term("_id", id(i)));
      w.commit();
    }
  }

  static Codec high() throws Exception {
    for (Constructor<?> c : Codec.getDefault().getClass().getConstructors()) {
      if (c.getParameterCount() != 1 || !c.getParameterTypes()[0].isEnum()) continue;
      for (Object mode : c.getParameterTypes()[0].getEnumConstants()) if (mode.toString().equals("BEST_COMPRESSION")) return (Codec) c.newInstance(mode);
    }
    throw new IllegalStateException("no mode");
  }

  /** Fifteen bytes, as an id that Elasticsearch gives: a time that moves on, a machine, a counter. */
  static BytesRef id(int n) {
    byte[] b = new byte[15];
    long time = 0x0176_5E2A_0000L + n / 11, machine = 0x5A17_C3D4_99L;
    b[0] = (byte) n;
    b[1] = (byte) (n >> 16);
    for (int i = 0; i < 6; i++) b[2 + i] = (byte) (time >> 8 * i);
    for (int i = 0; i < 6; i++) b[8 + i] = (byte) (machine >> 8 * i);
    b[14] = (byte) (n >> 8);
    if ((b[0] & 0xFF) >= 0xFD) b[0] = 1;
    return new BytesRef(b);
  }

  // ---- reading

  static void read(Path folder) throws Throwable {
    try (Directory dir = FSDirectory.open(folder); DirectoryReader index = DirectoryReader.open(dir)) {
      BufferedReader asks = new BufferedReader(new InputStreamReader(System.in));
      System.out.println("Java " + System.getProperty("java.version") + ", Lucene " + Version.LATEST + ", " + dir.getClass().getSimpleName());
      while (asks.readLine() != null) {
        Totals totals = new Totals();
        long processor = processor(), started = System.nanoTime();
        for (LeafReaderContext leaf : index.leaves()) pass((CodecReader) leaf.reader(), totals);
        long took = System.nanoTime() - started;
        System.out.println(totals.docs + " " + totals.bytes + " " + Long.toUnsignedString(totals.sum) + " " + took + " " + (processor() - processor));
      }
    }
  }

  static void pass(CodecReader segment, Totals totals) throws Throwable {
    totals.begin(segment.getFieldInfos());
    StoredFieldsReader stored = segment.getFieldsReader().getMergeInstance();
    Bits live = segment.getLiveDocs();
    int n = segment.maxDoc();
    for (int doc = 0; doc < n; doc++) {
      if (live != null && !live.get(doc)) continue;
      VISIT.invokeExact(stored, doc, (StoredFieldVisitor) totals);
      totals.docs++;
    }
  }

  static long processor() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
  }

  /** The method that visits a document: visitDocument up to 9.4, document since. */
  static final MethodHandle VISIT = visit();

  static MethodHandle visit() {
    MethodType type = MethodType.methodType(void.class, int.class, StoredFieldVisitor.class);
    for (String name : new String[] {"document", "visitDocument"}) {
      try {
        return MethodHandles.publicLookup().findVirtual(StoredFieldsReader.class, name, type);
      } catch (ReflectiveOperationException e) {
        // the other name
      }
    }
    throw new IllegalStateException("no way to visit a document");
  }

  /** Takes _id and _source and adds up their lengths and their bytes. */
  static final class Totals extends StoredFieldVisitor {
    static final VarHandle WORD = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    long docs, bytes, sum;
    int id, source;
    byte[] buffer = new byte[1 << 16];

    void begin(FieldInfos fields) {
      id = fields.fieldInfo("_id").number;
      source = fields.fieldInfo("_source").number;
    }

    @Override
    public Status needsField(FieldInfo field) {
      return field.number == id || field.number == source ? Status.YES : Status.NO;
    }

    /** Lucene 8 hands over a copy. */
    @Override
    public void binaryField(FieldInfo field, byte[] value) {
      add(value, value.length);
    }

    /** Lucene 9 hands over where it lies, which spares the copy's memory. */
    public void binaryField(FieldInfo field, DataInput in, int length) throws IOException {
      if (buffer.length < length) buffer = new byte[length];
      in.readBytes(buffer, 0, length);
      add(buffer, length);
    }

    void add(byte[] b, int n) {
      bytes += n;
      long s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      int i = 0;
      for (; i <= n - 32; i += 32) {
        s0 += (long) WORD.get(b, i);
        s1 += (long) WORD.get(b, i + 8);
        s2 += (long) WORD.get(b, i + 16);
        s3 += (long) WORD.get(b, i + 24);
      }
      for (; i <= n - 8; i += 8) s0 += (long) WORD.get(b, i);
      long last = 0;
      for (int shift = 0; i < n; i++, shift += 8) last |= (b[i] & 0xFFL) << shift;
      sum += (s0 + 3 * s1 + 5 * s2 + 7 * s3 + last) * (n | 1);
    }
  }
}
