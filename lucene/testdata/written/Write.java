import java.io.PrintWriter;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import java.util.zip.CRC32;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.codecs.Codec;
import org.apache.lucene.document.*;
import org.apache.lucene.index.*;
import org.apache.lucene.search.*;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.util.*;

/**
 * Writes an index that has everything which the reader of stored fields must get past: every kind of doc
 * values, every type of stored value, points, vectors, an index sort, hard and soft deletes in generations; and
 * expected.txt, which documents Lucene itself sees as live. The same source compiles against Lucene 8.7 to 10.3:
 *
 *   javac -cp lucene-core-VERSION.jar Write.java
 *   java -cp lucene-core-VERSION.jar:. Write FOLDER small|large|long fast|high plain|compound|sorted
 *   (cd FOLDER && zip ../lucene-VERSION-fast-plain.zip segments_* *.si *.fnm *.fd? *.liv *.dv? *.cf? expected.txt)
 *
 * The zips beside this file are such, of "small". Any others are read by
 * go test ./lucene -run LuceneWrote -written FOLDER-OF-ZIPS
 */
public class Write {
  static final String SOFT = "__soft_deletes";

  public static void main(String[] args) throws Exception {
    Path folder = Paths.get(args[0]);
    Files.createDirectories(folder);
    IndexWriterConfig config = new IndexWriterConfig(new StandardAnalyzer());
    config.setSoftDeletesField(SOFT);
    config.setMergePolicy(NoMergePolicy.INSTANCE);
    config.setUseCompoundFile(args[3].equals("compound"));
    config.setMaxBufferedDocs(1 << 20);
    config.setRAMBufferSizeMB(1024);
    if (args[2].equals("high")) config.setCodec(high());
    if (args[3].equals("sorted")) config.setIndexSort(new Sort(new SortField("gcd", SortField.Type.LONG, true), new SortedSetSortField("set", false)));
    try (FSDirectory dir = FSDirectory.open(folder); IndexWriter w = new IndexWriter(dir, config)) {
      switch (args[1]) {
        case "small": small(w); break;
        case "large": large(w); break;
        default: big(w);
      }
      w.commit();
      expected(dir, folder.resolve("expected.txt"));
    }
  }

  static Codec high() throws Exception {
    for (Constructor<?> c : Codec.getDefault().getClass().getConstructors()) {
      if (c.getParameterCount() != 1 || !c.getParameterTypes()[0].isEnum()) continue;
      for (Object mode : c.getParameterTypes()[0].getEnumConstants()) if (mode.toString().equals("BEST_COMPRESSION")) return (Codec) c.newInstance(mode);
    }
    throw new IllegalStateException("no mode");
  }

  static void small(IndexWriter w) throws Exception {
    for (int i = 0; i < 90; i++) w.addDocument(doc(i));
    w.flush();
    for (int i = 90; i < 130; i++) w.addDocument(doc(i));
    Document tombstone = new Document();
    tombstone.add(new NumericDocValuesField(SOFT, 1));
    w.addDocument(tombstone);
    w.commit();
    for (int i = 3; i < 120; i += 7) w.softUpdateDocument(id(i), doc(1000 + i), new NumericDocValuesField(SOFT, 1));
    w.commit();
    for (int i = 5; i < 130; i += 11) w.deleteDocuments(id(i));
    w.commit();
    for (int i = 9; i < 130; i += 13) w.softUpdateDocument(id(i), doc(2000 + i), new NumericDocValuesField(SOFT, 1));
    for (int i = 0; i < 130; i += 17) w.updateNumericDocValue(id(i), "dense", 77);
    w.commit();
    w.softUpdateDocument(id(1), doc(3001), new NumericDocValuesField(SOFT, 1));
    w.deleteDocuments(id(2));
  }

  /** Soft deletes in sparse, dense, full and empty blocks of 65536 documents. */
  static void large(IndexWriter w) throws Exception {
    int n = 65536 * 5 + 1234;
    for (int i = 0; i < n; i++) {
      Document d = new Document();
      d.add(new StoredField("_id", new BytesRef("" + i)));
      d.add(new StoredField("_source", new BytesRef("{\"n\":" + i + "}")));
      boolean deleted = i < 65536 ? i % 100 == 0 : i < 2 * 65536 ? i % 3 == 0 : i < 3 * 65536 ? true : i < 4 * 65536 ? false : i % 7 == 1;
      if (deleted) d.add(new NumericDocValuesField(SOFT, 1));
      w.addDocument(d);
    }
  }

  /** More chunks than a block of the chunk index holds; some of them of one document cut into slices. */
  static void big(IndexWriter w) throws Exception {
    byte[] blank = new byte[100_000];
    byte[] giant = new byte[3_000_000];
    for (int i = 0; i < 2600; i++) {
      byte[] source = i % 700 == 699 ? giant : i % 3 == 0 ? blank : Arrays.copyOf(blank, 10_000 + 31 * i);
      Arrays.fill(source, (byte) ('a' + i % 26));
      byte[] number = ("" + i).getBytes(StandardCharsets.UTF_8);
      System.arraycopy(number, 0, source, source.length / 2, number.length);
      Document d = new Document();
      d.add(new StoredField("_id", new BytesRef("" + i)));
      d.add(new StoredField("_source", new BytesRef(source)));
      if (i % 5 == 0) d.add(new NumericDocValuesField(SOFT, 1));
      w.addDocument(d);
    }
  }

  static Term id(int i) { return new Term("id", "" + i); }

  static Document doc(int i) throws Exception {
    Random r = new Random(i);
    Document d = new Document();
    d.add(new StringField("id", "" + i, Field.Store.NO));
    d.add(new StoredField("before-int", i * 7919 - 5000));
    d.add(new StoredField("before-string", "é" + i));
    d.add(new StoredField("_id", new BytesRef("" + i)));
    d.add(new StoredField("long", i % 3 == 0 ? 86400000L * i : i % 3 == 1 ? 1000L * i - 7000 : r.nextLong()));
    d.add(new StoredField("float", i % 3 == 0 ? (float) i : i % 3 == 1 ? -1.5f * i : 0.25f * i));
    d.add(new StoredField("double", i % 4 == 0 ? (double) i : i % 4 == 1 ? -0.1 * i : i % 4 == 2 ? 1e300 * i : 0.5 * i));
    StringBuilder text = new StringBuilder("{\"n\":" + i + ",\"text\":\"");
    for (int k = r.nextInt(12); k > 0; k--) text.append(Integer.toString(r.nextInt(40), 36)).append(" word ");
    d.add(new StoredField("_source", new BytesRef(text + "\"}")));
    if (i % 5 == 0) d.add(new StoredField("_routing", "r" + i));

    d.add(new NumericDocValuesField("dense", i));
    d.add(new NumericDocValuesField("gcd", 1_000_000L * (i % 50) + 17));
    d.add(new NumericDocValuesField("constant", 4));
    d.add(new NumericDocValuesField("table", i % 2 == 0 ? Long.MIN_VALUE / 3 : i % 3 == 0 ? 5 : Long.MAX_VALUE / 5));
    if (i % 3 == 0) d.add(new NumericDocValuesField("sparse", r.nextLong()));
    d.add(new BinaryDocValuesField("binary-fixed", new BytesRef("abcd")));
    d.add(new BinaryDocValuesField("binary", new BytesRef("x".repeat(i % 9))));
    if (i % 4 == 0) d.add(new BinaryDocValuesField("binary-sparse", new BytesRef("y".repeat(1 + i % 5))));
    d.add(new SortedDocValuesField("sorted", new BytesRef("term" + i % 70)));
    if (i % 6 == 0) d.add(new SortedDocValuesField("sorted-sparse", new BytesRef("t" + i)));
    d.add(new SortedSetDocValuesField("set-one", new BytesRef("only" + i % 3)));
    for (int k = 0; k <= i % 4; k++) d.add(new SortedSetDocValuesField("set", new BytesRef("s" + (i + k * 31) % 90)));
    d.add(new SortedNumericDocValuesField("numbers-one", i));
    for (int k = 0; k < i % 4; k++) d.add(new SortedNumericDocValuesField("numbers", (long) i * k));
    d.add(new IntPoint("point", i, i + 1));
    vector(d, i);
    skipped(d, i);
    return d;
  }

  /** A field of vectors, where this Lucene has them. */
  static void vector(Document d, int i) throws Exception {
    for (String name : new String[] {"KnnFloatVectorField", "KnnVectorField"}) {
      try {
        Class<?> c = Class.forName("org.apache.lucene.document." + name);
        d.add((IndexableField) c.getConstructor(String.class, float[].class).newInstance("vector", new float[] {i + 1, 2, 3}));
        return;
      } catch (ClassNotFoundException e) {
        // an older Lucene
      }
    }
  }

  /** A field with a skip index, where this Lucene has them. */
  static void skipped(Document d, int i) throws Exception {
    try {
      Method m = NumericDocValuesField.class.getMethod("indexedField", String.class, long.class);
      d.add((IndexableField) m.invoke(null, "skipped", (long) i));
    } catch (NoSuchMethodException e) {
      // an older Lucene
    }
  }

  static void expected(FSDirectory dir, Path file) throws Exception {
    try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(file));
        DirectoryReader reader = new SoftDeletesDirectoryReaderWrapper(DirectoryReader.open(dir), SOFT)) {
      for (LeafReaderContext leaf : reader.leaves()) {
        SegmentReader segment = segmentOf(leaf.reader());
        Bits live = leaf.reader().getLiveDocs();
        for (int doc = 0; doc < leaf.reader().maxDoc(); doc++) {
          if (live != null && !live.get(doc)) continue;
          DocumentStoredFieldVisitor visitor = new DocumentStoredFieldVisitor();
          visit(segment, doc, visitor);
          Document d = visitor.getDocument();
          BytesRef id = d.getBinaryValue("_id"), source = d.getBinaryValue("_source");
          CRC32 crc = new CRC32();
          crc.update(source.bytes, source.offset, source.length);
          out.printf("%s %d %s %s %d %08x%n", segment.getSegmentName(), doc, id.utf8ToString(),
              d.get("_routing") == null ? "-" : d.get("_routing"), source.length, crc.getValue());
        }
      }
    }
  }

  static SegmentReader segmentOf(LeafReader leaf) {
    return (SegmentReader) (leaf instanceof CodecReader ? FilterCodecReader.unwrap((CodecReader) leaf) : FilterLeafReader.unwrap(leaf));
  }

  /** LeafReader.document until Lucene 9, storedFields().document since 9.5. */
  static void visit(LeafReader reader, int doc, StoredFieldVisitor visitor) throws Exception {
    try {
      Object fields = LeafReader.class.getMethod("storedFields").invoke(reader);
      Class.forName("org.apache.lucene.index.StoredFields").getMethod("document", int.class, StoredFieldVisitor.class).invoke(fields, doc, visitor);
    } catch (NoSuchMethodException e) {
      IndexReader.class.getMethod("document", int.class, StoredFieldVisitor.class).invoke(reader, doc, visitor);
    }
  }
}
