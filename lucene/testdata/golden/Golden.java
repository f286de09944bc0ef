import java.io.File;
import java.io.PrintWriter;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import java.util.zip.*;
import org.apache.lucene.document.*;
import org.apache.lucene.index.*;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.util.*;

/**
 * Writes a small index of several segments with stored values of every type, repeated ones, a document that
 * is cut into slices, hard deletes and, where this Lucene has them, soft ones, numeric updates in generations; and
 * expected.txt, every stored value of every live document as Lucene itself reads it. The same source compiles
 * against Lucene 4.2 to 10.3; golden.sh beside it does all.
 *
 *   java -cp lucene-core-VERSION.jar Golden.java FOLDER fast|high plain|compound
 */
public class Golden {
  static final String SOFT = "__soft_deletes";

  public static void main(String[] args) throws Exception {
    Path folder = Paths.get(args[0]);
    Files.createDirectories(folder);
    try (FSDirectory dir = open(folder)) {
      boolean soft = write(dir, args[1].equals("high") ? high() : null, args[2].equals("compound"));
      expected(dir, folder.resolve("expected.txt"), soft);
    }
    System.exit(0);
  }

  /** Writes the index, with the usual codec where there is none; tells whether it has soft deletes. */
  static boolean write(FSDirectory dir, org.apache.lucene.codecs.Codec codec, boolean compound) throws Exception {
    IndexWriterConfig config = config();
    boolean soft = soften(config);
    config.setMergePolicy(noMerges(compound));
    try {
      IndexWriterConfig.class.getMethod("setUseCompoundFile", boolean.class).invoke(config, compound);
    } catch (NoSuchMethodException e) {
      // an older Lucene, in which the merge policy says so
    }
    config.setMaxBufferedDocs(1 << 20);
    config.setRAMBufferSizeMB(1024);
    if (codec != null) config.setCodec(codec);
    try (IndexWriter w = new IndexWriter(dir, config)) {
      for (int i = 0; i < 40; i++) w.addDocument(doc(i));
      w.commit();
      for (int i = 40; i < 60; i++) w.addDocument(doc(i));
      w.addDocument(giant(60));
      w.addDocument(new Document()); // as a nested child is: nothing is stored
      for (int i = 61; i < 64; i++) w.addDocument(doc(i));
      w.commit();
      w.addDocument(doc(64));
      w.commit();
      for (int i = 3; i < 64; i += 7) w.deleteDocuments(new Term("id", "" + i));
      w.commit();
      if (soft) {
        for (int i = 2; i < 64; i += 9) softUpdate(w, i);
        w.commit();
      }
      for (int i = 0; i < 64; i += 17) update(w, i);
      w.deleteDocuments(new Term("id", "64"), new Term("id", "1"));
      w.addDocument(doc(65));
      w.commit();
    }
    return soft;
  }

  static IndexWriterConfig config() throws Exception {
    for (Constructor<?> c : IndexWriterConfig.class.getConstructors()) {
      Class<?>[] p = c.getParameterTypes();
      if (p.length == 1 && p[0].getSimpleName().equals("Analyzer")) return (IndexWriterConfig) c.newInstance(new Object[] {null});
      if (p.length == 2) return (IndexWriterConfig) c.newInstance(newest(), null);
    }
    throw new IllegalStateException();
  }

  /** Version.LATEST since Lucene 4.10; before, versions were an enumeration. */
  static Object newest() throws Exception {
    try {
      return Version.class.getField("LATEST").get(null);
    } catch (NoSuchFieldException e) {
      Object[] all = Version.class.getEnumConstants();
      return all[all.length - 2]; // the last is LUCENE_CURRENT
    }
  }

  static MergePolicy noMerges(boolean compound) throws Exception {
    try {
      return (MergePolicy) NoMergePolicy.class.getField("INSTANCE").get(null);
    } catch (NoSuchFieldException e) {
      return (MergePolicy) NoMergePolicy.class.getField(compound ? "COMPOUND_FILES" : "NO_COMPOUND_FILES").get(null);
    }
  }

  /** Updates a column, where this Lucene can. */
  static void update(IndexWriter w, int i) throws Exception {
    for (Method m : IndexWriter.class.getMethods()) if (m.getName().equals("updateNumericDocValue")) m.invoke(w, new Term("id", "" + i), "dense", 77L);
  }

  static boolean soften(IndexWriterConfig config) throws Exception {
    try {
      IndexWriterConfig.class.getMethod("setSoftDeletesField", String.class).invoke(config, SOFT);
      return true;
    } catch (NoSuchMethodException e) {
      return false;
    }
  }

  static void softUpdate(IndexWriter w, int i) throws Exception {
    Field[] values = {new NumericDocValuesField(SOFT, 1)};
    for (Method m : IndexWriter.class.getMethods())
      if (m.getName().equals("softUpdateDocument")) {
        m.invoke(w, new Term("id", "" + i), doc(1000 + i), values);
        return;
      }
    throw new IllegalStateException();
  }

  static FSDirectory open(Path folder) throws Exception {
    try {
      return (FSDirectory) FSDirectory.class.getMethod("open", Path.class).invoke(null, folder);
    } catch (NoSuchMethodException e) {
      return (FSDirectory) FSDirectory.class.getMethod("open", File.class).invoke(null, folder.toFile());
    }
  }

  static org.apache.lucene.codecs.Codec high() throws Exception {
    for (Constructor<?> c : org.apache.lucene.codecs.Codec.getDefault().getClass().getConstructors()) {
      if (c.getParameterCount() != 1 || !c.getParameterTypes()[0].isEnum()) continue;
      for (Object mode : c.getParameterTypes()[0].getEnumConstants())
        if (mode.toString().equals("BEST_COMPRESSION")) return (org.apache.lucene.codecs.Codec) c.newInstance(mode);
    }
    throw new IllegalStateException("no mode");
  }

  static final int[] INTS = {0, 1, -1, 63, -64, 64, 8191, -8192, 1 << 20, Integer.MAX_VALUE, Integer.MIN_VALUE};
  static final long[] LONGS = {
    0, 1, -1, 15, -16, 16, 999, 1000, -7000, 3_600_000L, -3_600_000L * 500, 86_400_000L, 86_400_000L * 19_000, 1_700_000_000_123L, Long.MAX_VALUE, Long.MIN_VALUE,
  };
  static final float[] FLOATS = {
    0f, -0f, 1f, -1f, -2f, 125f, 126f, 0.5f, -0.5f, 3.25e-12f, Float.MAX_VALUE, -Float.MAX_VALUE, Float.MIN_VALUE, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY,
  };
  static final double[] DOUBLES = {
    0d, -0d, 1d, -1d, -2d, 124d, 125d, 0.5, -0.5, 0.1, -0.1, 1e300, -1e300, 1e-300, Double.MAX_VALUE, Double.MIN_VALUE, Double.NaN, Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY, (double) Float.MAX_VALUE,
  };

  static Document doc(int i) {
    Document d = new Document();
    d.add(new StringField("id", "" + i, org.apache.lucene.document.Field.Store.NO));
    d.add(new StoredField("int", INTS[i % INTS.length]));
    d.add(new StoredField("_id", new BytesRef("" + i)));
    d.add(new StoredField("text", "é" + i + "😀"));
    d.add(new StoredField("long", LONGS[i % LONGS.length]));
    if (i % 3 == 0) d.add(new StoredField("long", 5L * i));
    d.add(new StoredField("float", FLOATS[i % FLOATS.length]));
    d.add(new StoredField("_source", new BytesRef("{\"n\":" + i + ",\"text\":\"" + words(i) + "\"}")));
    d.add(new StoredField("double", DOUBLES[i % DOUBLES.length]));
    if (i % 5 == 0) d.add(new StoredField("_routing", "r" + i));
    if (i % 4 == 0) for (int k = 0; k < 3; k++) d.add(new StoredField("text", "again" + k));
    if (i % 6 == 0) d.add(new StoredField("empty", new BytesRef("")));
    d.add(new NumericDocValuesField("dense", i));
    return d;
  }

  static String words(int i) {
    Random r = new Random(i);
    StringBuilder text = new StringBuilder();
    for (int k = r.nextInt(12); k > 0; k--) text.append(Integer.toString(r.nextInt(40), 36)).append(" word ");
    return text.toString();
  }

  /** Above twice the size of a chunk in any format, and little when compressed. */
  static Document giant(int i) {
    byte[] source = new byte[1_400_000];
    for (int k = 0; k < source.length; k++) source[k] = (byte) ('a' + k / 7 % 13 + k / 65_536);
    Document d = doc(i);
    d.removeFields("_source");
    d.add(new StoredField("_source", new BytesRef(source)));
    return d;
  }

  static void expected(FSDirectory dir, Path file, boolean soft) throws Exception {
    try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(file, StandardCharsets.UTF_8))) {
      DirectoryReader reader = DirectoryReader.open(dir);
      if (soft) {
        Class<?> wrapper = Class.forName("org.apache.lucene.index.SoftDeletesDirectoryReaderWrapper");
        reader = (DirectoryReader) wrapper.getConstructor(DirectoryReader.class, String.class).newInstance(reader, SOFT);
      }
      for (Object context : (List<?>) call(reader, "leaves")) {
        Object leaf = call(context, "reader");
        Bits live = (Bits) call(leaf, "getLiveDocs");
        int max = (Integer) call(leaf, "maxDoc");
        Object segment = leaf;
        while (!segment.getClass().getSimpleName().equals("SegmentReader")) segment = call(segment, "getDelegate");
        String name = (String) call(segment, "getSegmentName");
        for (int doc = 0; doc < max; doc++) {
          if (live != null && !live.get(doc)) continue;
          DocumentStoredFieldVisitor visitor = new DocumentStoredFieldVisitor();
          visit(segment, doc, visitor);
          out.println(name + " " + doc + line(visitor.getDocument()));
        }
      }
      reader.close();
    }
  }

  /** Calls a method whose class is another one in each Lucene. */
  static Object call(Object on, String method) throws Exception {
    Method m = on.getClass().getMethod(method);
    m.setAccessible(true);
    return m.invoke(on);
  }

  static String line(Document d) {
    StringBuilder line = new StringBuilder();
    for (IndexableField f : d.getFields()) {
      line.append(' ').append(f.name()).append('=');
      Number n = f.numericValue();
      if (n instanceof Integer) line.append("i").append(n);
      else if (n instanceof Long) line.append("l").append(n);
      else if (n instanceof Float) line.append(String.format("f%08x", Float.floatToRawIntBits((Float) n)));
      else if (n instanceof Double) line.append(String.format("d%016x", Double.doubleToRawLongBits((Double) n)));
      else if (f.stringValue() != null) line.append(bytes("s", f.stringValue().getBytes(StandardCharsets.UTF_8), 0, -1));
      else line.append(bytes("b", f.binaryValue().bytes, f.binaryValue().offset, f.binaryValue().length));
    }
    return line.toString();
  }

  static String bytes(String kind, byte[] b, int offset, int length) {
    if (length < 0) length = b.length;
    CRC32 crc = new CRC32();
    crc.update(b, offset, length);
    return String.format("%s%d:%08x", kind, length, crc.getValue());
  }

  /** IndexReader.document until Lucene 9, storedFields().document since 9.5. */
  static void visit(Object reader, int doc, StoredFieldVisitor visitor) throws Exception {
    try {
      Object fields = reader.getClass().getMethod("storedFields").invoke(reader);
      Class.forName("org.apache.lucene.index.StoredFields").getMethod("document", int.class, StoredFieldVisitor.class).invoke(fields, doc, visitor);
    } catch (NoSuchMethodException e) {
      IndexReader.class.getMethod("document", int.class, StoredFieldVisitor.class).invoke(reader, doc, visitor);
    }
  }
}
