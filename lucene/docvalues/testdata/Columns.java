import java.io.File;
import java.io.PrintWriter;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.nio.file.*;
import java.util.*;
import org.apache.lucene.document.*;
import org.apache.lucene.index.*;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.util.*;

/**
 * Writes an index of two segments whose documents have nothing but columns, of every kind and coded in every way: the
 * first small, of many fields, merged so that one of them has no value left; the second of three blocks of
 * 65536 documents. Then numeric and binary updates in generations. expected.txt says what was put in, per field as runs:
 *
 *   first last step value value …      documents first, first+step … last have these values; bytes in hexadecimal, "-": none
 *
 * The same source compiles against Lucene 4.8 to 10.3; columns.sh beside it does all.
 *
 *   java -cp lucene-core-VERSION.jar Columns.java FOLDER speed|compression
 */
public class Columns {
  static final int SMALL = 330, LARGE = 2 * 65536 + 9000;

  /** The documents of a segment: per field its kind, and per document its values, Long or byte[]. */
  static class Segment {
    final int docs;
    final Map<String, String> kinds = new LinkedHashMap<>();
    final Map<String, Object[][]> values = new HashMap<>();

    Segment(int docs) {
      this.docs = docs;
    }

    void put(String kind, String field, Values values) {
      if (kind.equals("sorted_numeric") && !has("org.apache.lucene.document.SortedNumericDocValuesField")) return;
      Object[][] all = new Object[docs][];
      for (int i = 0; i < docs; i++) {
        all[i] = values.of(i);
        Arrays.sort(all[i], Columns::compare);
        if (kind.equals("sorted_set")) all[i] = distinct(all[i]);
      }
      kinds.put(field, kind);
      this.values.put(field, all);
    }
  }

  interface Values {
    Object[] of(int i);
  }

  static int compare(Object a, Object b) {
    if (a instanceof Long) return Long.compare((Long) a, (Long) b);
    return new BytesRef((byte[]) a).compareTo(new BytesRef((byte[]) b));
  }

  static Object[] distinct(Object[] sorted) {
    List<Object> out = new ArrayList<>();
    for (Object o : sorted) if (out.isEmpty() || compare(out.get(out.size() - 1), o) != 0) out.add(o);
    return out.toArray();
  }

  static final Object[] NONE = {};

  static Object[] one(long v) {
    return new Object[] {v};
  }

  static Object[] one(String s) {
    return new Object[] {s.getBytes()};
  }

  static Object[] some(int n, java.util.function.IntFunction<Object> f) {
    Object[] out = new Object[n];
    for (int k = 0; k < n; k++) out[k] = f.apply(k);
    return out;
  }

  static final long[] ODD = {Long.MIN_VALUE, Long.MAX_VALUE, -1, 0, 77, 1L << 40};

  static long mix(long i) {
    i = (i ^ (i >>> 30)) * 0xbf58476d1ce4e5b9L;
    i = (i ^ (i >>> 27)) * 0x94d049bb133111ebL;
    return i ^ (i >>> 31);
  }

  static Segment small() {
    Segment s = new Segment(SMALL);
    s.put("numeric", "n_const", i -> one(42));
    s.put("numeric", "n_gcd", i -> one(-7000L + 1000L * (mix(i) & 0x3fff)));
    s.put("numeric", "n_gcd_sparse", i -> i % 3 == 0 ? NONE : one(86_400_000L * (mix(i) & 0xffff)));
    s.put("numeric", "n_table", i -> one(ODD[i * 7 % 6]));
    s.put("numeric", "n_table_big", i -> one(mix(i % 20)));
    s.put("numeric", "n_range", i -> one(i % 2 == 0 ? Long.MIN_VALUE + mix(i) % 1000 : Long.MAX_VALUE - i));
    s.put("numeric", "n_sparse", i -> i % 7 == 2 ? one(mix(i) % 100000) : NONE);
    s.put("numeric", "n_rare", i -> i % 200 == 100 ? one(5L * i) : NONE);
    s.put("numeric", "n_rare_same", i -> i % 200 == 50 ? one(9) : NONE);
    s.put("numeric", "n_one", i -> i == 17 ? one(-1) : NONE);
    s.put("numeric", "n_zero_or_none", i -> i % 2 == 0 ? one(0) : NONE);
    for (int bits : new int[] {1, 2, 4, 7, 8, 11, 16, 20, 24, 27, 32, 40, 47, 56, 62})
      s.put("numeric", "n_bits" + bits, i -> one(3 + (mix(i * 31 + bits) & ((1L << bits) - 1))));
    s.put("binary", "b_fixed", i -> one(String.format("%08d", i)));
    s.put("binary", "b_fixed_sparse", i -> i % 4 == 1 ? one(String.format("%04d", i)) : NONE);
    s.put("binary", "b_var", i -> one("abcdefghijklmnopqrstuvwxyz".substring(0, i % 27)));
    s.put("binary", "b_var_sparse", i -> i % 5 == 0 ? one("x" + i + "yyyyyyyyyyyyyyy".substring(i % 15)) : NONE);
    s.put("binary", "b_empty", i -> one(""));
    s.put("binary", "b_long", i -> i % 100 == 30 ? new Object[] {new byte[70_000 + i]} : NONE);
    s.put("sorted", "s_one", i -> one("only"));
    s.put("sorted", "s_few", i -> one("term" + i % 3));
    s.put("sorted", "s_many", i -> one("prefix-" + (mix(i) & 0x3fff)));
    s.put("sorted", "s_fixed", i -> one(String.format("%06d", (i * 7) % 200)));
    s.put("sorted", "s_sparse", i -> i % 6 == 0 ? one("v" + i / 12) : NONE);
    s.put("sorted", "s_rare", i -> i % 150 == 40 ? one("rare" + i) : NONE);
    s.put("sorted", "s_long", i -> one(longTerm(i)));
    s.put("sorted", "s_empty_term", i -> i % 2 == 0 ? one("") : one("e" + i % 5));
    s.put("sorted_set", "ss_single", i -> one("t" + i % 70));
    s.put("sorted_set", "ss_single_sparse", i -> i % 3 == 0 ? one("t" + i % 40) : NONE);
    s.put("sorted_set", "ss_multi", i -> some((int) (mix(i) & 7), k -> ("value" + (mix(i * 10 + k) & 0x3ff)).getBytes()));
    s.put("sorted_set", "ss_table", i -> some(i % 4, k -> ("tag" + k).getBytes()));
    s.put("sorted_set", "ss_long", i -> some(1 + i % 3, k -> longTerm(i * 3 + k).getBytes()));
    s.put("sorted_set", "ss_rare", i -> i % 100 == 3 ? some(2, k -> ("r" + i + k).getBytes()) : NONE);
    s.put("sorted_set", "ss_full", i -> some(2, k -> ("both" + (i % 2 + k)).getBytes()));
    s.put("sorted_numeric", "sn_single", i -> one(mix(i) & 0x1ffff));
    s.put("sorted_numeric", "sn_single_sparse", i -> i % 3 == 1 ? one(i) : NONE);
    s.put("sorted_numeric", "sn_multi", i -> some((int) (mix(i) & 3), k -> mix(i * 10 + k) & 0xffff));
    s.put("sorted_numeric", "sn_dup", i -> some(1 + i % 3, k -> 5L * (i / 7)));
    s.put("sorted_numeric", "sn_table", i -> some(i % 4, k -> -10L * k));
    s.put("sorted_numeric", "sn_neg", i -> i % 4 == 3 ? NONE : some(2 + i % 2, k -> mix((i * 5 + k) % 90)));
    s.put("sorted_numeric", "sn_rare", i -> i % 120 == 7 ? some(3, k -> (long) k) : NONE);
    return s;
  }

  /** Shares more than 15 bytes with its neighbours, and goes on for more than 16. */
  static String longTerm(int i) {
    StringBuilder s = new StringBuilder("a common beginning of many bytes ");
    for (int k = 0; k < 3 + i % 5; k++) s.append(i % 50).append(" and then ");
    if (i % 40 == 0) for (int k = 0; k < 300; k++) s.append("longer");
    return s.toString();
  }

  static Segment large() {
    Segment s = new Segment(LARGE);
    s.put("numeric", "l_all", i -> one(i % 300));
    s.put("numeric", "l_mixed", i -> i < 65536 || i < 131072 && i % 2 == 0 || i % 100 == 0 ? one(i % 1000) : NONE);
    s.put("numeric", "l_hole", i -> i > 131072 && i % 50 == 0 || i == 3 ? one(i) : NONE);
    s.put("numeric", "l_dense", i -> i % 16 < 15 ? one(1) : NONE);
    s.put("numeric", "l_vary", i -> one(i < 16384 ? i % 4 : i < 50000 ? 1L << 41 : (1L << 40) + 3 * (i % 300)));
    s.put("numeric", "l_vary_sparse", i -> i % 4 == 3 ? one(i < 66000 ? i % 8 : (1L << 50) + i % 512) : NONE);
    s.put("binary", "l_binary", i -> one("zzzz".substring(0, i % 4)));
    s.put("binary", "l_binary_sparse", i -> i % 64 == 9 ? one("zz".substring(0, i / 64 % 2)) : NONE);
    s.put("sorted", "l_sorted", i -> i % 8 < 7 ? one("k" + i % 100) : NONE);
    s.put("sorted", "l_terms", i -> i % 90 == 5 ? one("shared-beginning-" + Long.toString(mix(i) >>> 34, 36) + (i % 9000 == 5 ? longTerm(i) + longTerm(0) : "")) : NONE);
    s.put("sorted_set", "l_set", i -> some(i % 3, k -> ("k" + (i + k) % 10).getBytes()));
    s.put("sorted_numeric", "l_multi", i -> some(i % 3, k -> (long) (i + k) % 10));
    s.put("sorted_numeric", "l_single", i -> one(i / 1000));
    return s;
  }

  static String id(int segment, int i) {
    return segment + "-" + i;
  }

  static Document doc(int segment, Segment s, int i) throws Exception {
    Document d = new Document();
    if (i % 10 == 0) d.add(new StringField("id", id(segment, i), org.apache.lucene.document.Field.Store.NO));
    for (Map.Entry<String, String> field : s.kinds.entrySet())
      for (Object v : s.values.get(field.getKey())[i]) d.add(field(field.getValue(), field.getKey(), v));
    return d;
  }

  static IndexableField field(String kind, String name, Object v) throws Exception {
    switch (kind) {
      case "numeric":
        if (name.equals("n_gcd")) return skipping("NumericDocValuesField", name, long.class, v);
        return new NumericDocValuesField(name, (Long) v);
      case "binary":
        return new BinaryDocValuesField(name, new BytesRef((byte[]) v));
      case "sorted":
        return new SortedDocValuesField(name, new BytesRef((byte[]) v));
      case "sorted_set":
        if (name.equals("ss_multi")) return skipping("SortedSetDocValuesField", name, BytesRef.class, new BytesRef((byte[]) v));
        return new SortedSetDocValuesField(name, new BytesRef((byte[]) v));
      default:
        return (IndexableField)
            Class.forName("org.apache.lucene.document.SortedNumericDocValuesField").getConstructor(String.class, long.class).newInstance(name, v);
    }
  }

  /** A field with a skip index, where this Lucene has them. */
  static IndexableField skipping(String type, String name, Class<?> of, Object v) throws Exception {
    Class<?> c = Class.forName("org.apache.lucene.document." + type);
    try {
      return (IndexableField) c.getMethod("indexedField", String.class, of).invoke(null, name, v);
    } catch (NoSuchMethodException e) {
      return (IndexableField) c.getConstructor(String.class, of).newInstance(name, v);
    }
  }

  public static void main(String[] args) throws Exception {
    Path folder = Paths.get(args[0]);
    Files.createDirectories(folder);
    boolean compress = args[1].equals("compression");
    Segment small = small(), large = large();
    try (FSDirectory dir = open(folder)) {
      try (IndexWriter w = new IndexWriter(dir, config(compress))) {
        for (int i = 0; i < SMALL / 2; i++) w.addDocument(doc(0, small, i));
        Document doomed = new Document();
        doomed.add(new StringField("id", "doomed", org.apache.lucene.document.Field.Store.NO));
        for (String kind : new TreeSet<>(small.kinds.values()))
          doomed.add(field(kind, "none_" + kind, kind.contains("numeric") ? (Object) 1L : "x".getBytes()));
        w.addDocument(doomed);
        w.commit();
        for (int i = SMALL / 2; i < SMALL; i++) w.addDocument(doc(0, small, i));
        w.deleteDocuments(new Term("id", "doomed"));
        w.forceMerge(1);
      }
      for (String kind : new TreeSet<>(small.kinds.values())) small.put(kind, "none_" + kind, i -> NONE);
      IndexWriterConfig config = config(compress).setMergePolicy(noMerges());
      try (IndexWriter w = new IndexWriter(dir, config)) {
        for (int i = 0; i < LARGE; i++) w.addDocument(doc(1, large, i));
        w.commit();
        update(w, small, large);
      }
    }
    try (PrintWriter out = new PrintWriter(folder.resolve("expected.txt").toFile(), "UTF-8")) {
      print(out, small);
      print(out, large);
    }
    System.exit(0);
  }

  /** Changes values of documents, in two generations, the first of which the second does not supersede. */
  static void update(IndexWriter w, Segment small, Segment large) throws Exception {
    for (int i = 0; i < SMALL; i += 30) {
      w.updateNumericDocValue(new Term("id", id(0, i)), "n_sparse", 1000L + i);
      small.values.get("n_sparse")[i] = one(1000L + i);
      w.updateBinaryDocValue(new Term("id", id(0, i)), "b_var_sparse", new BytesRef("updated" + i));
      small.values.get("b_var_sparse")[i] = one("updated" + i);
    }
    w.commit();
    for (int i = 0; i < LARGE; i += 20000) {
      w.updateNumericDocValue(new Term("id", id(1, i)), "l_dense", (long) i);
      large.values.get("l_dense")[i] = one(i);
    }
    for (int i = 0; i < SMALL; i += 60) {
      w.updateNumericDocValue(new Term("id", id(0, i)), "n_rare", -1L);
      small.values.get("n_rare")[i] = one(-1);
    }
    w.commit();
  }

  static void print(PrintWriter out, Segment s) {
    out.printf("segment %d%n", s.docs);
    for (Map.Entry<String, String> field : s.kinds.entrySet()) {
      out.printf("field %s %s%n", field.getKey(), field.getValue());
      Object[][] values = s.values.get(field.getKey());
      java.util.BitSet done = new java.util.BitSet();
      for (int i = 0; i < s.docs; i++) {
        if (values[i].length == 0 || done.get(i)) continue;
        int step = 0, last = i;
        for (int next = i + 1; next < Math.min(s.docs, i + 2000) && step == 0; next++)
          if (!done.get(next) && same(values[i], values[next])) step = next - i;
        while (step > 0 && last + step < s.docs && !done.get(last + step) && same(values[i], values[last + step])) done.set(last += step);
        out.printf("%d %d %d", i, last, Math.max(step, 1));
        for (Object v : values[i]) out.print(" " + text(v));
        out.println();
      }
    }
  }

  static boolean same(Object[] a, Object[] b) {
    if (a.length != b.length) return false;
    for (int k = 0; k < a.length; k++) if (compare(a[k], b[k]) != 0) return false;
    return true;
  }

  static String text(Object v) {
    if (v instanceof Long) return v.toString();
    StringBuilder s = new StringBuilder();
    for (byte b : (byte[]) v) s.append(Character.forDigit(b >> 4 & 15, 16)).append(Character.forDigit(b & 15, 16));
    return s.length() == 0 ? "-" : s.toString();
  }

  static boolean has(String name) {
    try {
      Class.forName(name);
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  static IndexWriterConfig config(boolean compress) throws Exception {
    IndexWriterConfig config = null;
    for (Constructor<?> c : IndexWriterConfig.class.getConstructors()) {
      Class<?>[] p = c.getParameterTypes();
      if (p.length == 1 && p[0].getSimpleName().equals("Analyzer")) config = (IndexWriterConfig) c.newInstance(new Object[] {null});
    }
    if (config == null) config = (IndexWriterConfig) IndexWriterConfig.class.getConstructors()[0].newInstance(version(), null);
    config.setUseCompoundFile(false);
    config.setMaxBufferedDocs(1 << 20);
    config.setRAMBufferSizeMB(1024);
    for (Method m : config.getMergePolicy().getClass().getMethods())
      if (m.getName().equals("setNoCFSRatio")) m.invoke(config.getMergePolicy(), 0.0);
    if (compress) config.setCodec(high());
    return config;
  }

  static Object version() throws Exception {
    try {
      return Version.class.getField("LATEST").get(null);
    } catch (NoSuchFieldException e) {
      return Version.class.getField("LUCENE_CURRENT").get(null);
    }
  }

  static MergePolicy noMerges() throws Exception {
    try {
      return (MergePolicy) NoMergePolicy.class.getField("INSTANCE").get(null);
    } catch (NoSuchFieldException e) {
      return (MergePolicy) NoMergePolicy.class.getField("NO_COMPOUND_FILES").get(null);
    }
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
}
