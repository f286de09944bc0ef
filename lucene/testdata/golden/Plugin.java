import com.github.luben.zstd.*;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.*;
import java.util.Arrays;
import java.util.zip.*;
import net.jpountz.lz4.LZ4FrameOutputStream;
import org.apache.lucene.codecs.*;
import org.apache.lucene.codecs.compressing.*;
import org.apache.lucene.codecs.lucene90.compressing.Lucene90CompressingStoredFieldsFormat;
import org.apache.lucene.index.*;
import org.apache.lucene.store.*;
import org.apache.lucene.util.BytesRef;

/**
 * Writes the index of Golden.java with the stored fields of OpenSearch's custom-codecs, of which no server was to be had.
 * The ways to compress were written from its public source, after the reader in Go and by the same hand: what
 * they prove is that the reader takes what the real libraries make, not that the source was read rightly.
 * expected.txt is that of a plain index, which has the same documents.
 * golden.sh runs it.
 *
 *   java -cp lucene-core.jar:zstd-jni.jar:lz4-java.jar Plugin.java FOLDER zstd|zstd-no-dict|qat-lz4|qat-deflate|qat-zstd
 */
public class Plugin {
  static final int PARTS = 10;

  public static void main(String[] args) throws Exception {
    Path folder = Paths.get(args[0]);
    Files.createDirectories(folder);
    Codec usual = Codec.getDefault();
    String name = args[1].replace("-", "").replace("zstdnodict", "zstdnodict").toUpperCase() + "912";
    Codec codec = new FilterCodec(name, usual) {
      @Override
      public StoredFieldsFormat storedFieldsFormat() {
        return format(args[1]);
      }
    };
    try (FSDirectory dir = FSDirectory.open(folder)) {
      Golden.write(dir, codec, false);
    }
    Path plain = Files.createTempDirectory("golden");
    try (FSDirectory dir = FSDirectory.open(plain)) {
      Golden.expected(dir, folder.resolve("expected.txt"), Golden.write(dir, null, false));
    }
    System.exit(0);
  }

  static StoredFieldsFormat format(String kind) {
    switch (kind) {
      case "zstd": return format("CustomStoredFieldsZstd", kind, 10 * 48 * 1024, 4096);
      case "zstd-no-dict": return format("CustomStoredFieldsZstdNoDict", kind, 10 * 48 * 1024, 4096);
      case "qat-lz4": return format("QatStoredFieldsLz4", kind, 10 * 8 * 1024, 4096);
      case "qat-deflate": return format("QatStoredFieldsDeflate", kind, 10 * 48 * 1024, 4096);
      default: return format("QatStoredFieldsZstd", kind, 10 * 48 * 1024, 4096);
    }
  }

  static StoredFieldsFormat format(String name, String kind, int chunk, int docs) {
    CompressionMode mode = new CompressionMode() {
      @Override
      public Compressor newCompressor() {
        return new Compressor() {
          @Override
          public void compress(ByteBuffersDataInput in, DataOutput out) throws IOException {
            byte[] data = new byte[(int) in.length()];
            in.readBytes(data, 0, data.length);
            if (kind.equals("zstd")) preset(data, out);
            else blocks(kind, data, out);
          }

          @Override
          public void close() {}
        };
      }

      @Override
      public Decompressor newDecompressor() {
        return new Decompressor() {
          @Override
          public void decompress(DataInput in, int original, int offset, int length, BytesRef bytes) {
            throw new UnsupportedOperationException("nothing is read here");
          }

          @Override
          public Decompressor clone() {
            return this;
          }
        };
      }
    };
    return new Lucene90CompressingStoredFieldsFormat(name, mode, chunk, docs, 10);
  }

  /** The first sixtieth is a dictionary of ten blocks. */
  static void preset(byte[] data, DataOutput out) throws IOException {
    int dictionary = data.length / (PARTS * 6), block = (data.length - dictionary + PARTS - 1) / PARTS;
    out.writeVInt(dictionary);
    out.writeVInt(block);
    write(out, dictionary == 0 ? new byte[0] : Zstd.compress(Arrays.copyOf(data, dictionary), 6));
    try (ZstdCompressCtx context = new ZstdCompressCtx()) {
      context.setLevel(6);
      context.loadDict(new ZstdDictCompress(data, 0, dictionary, 6));
      for (int at = dictionary; at < data.length; at += block) write(out, context.compress(Arrays.copyOfRange(data, at, Math.min(at + block, data.length))));
    }
  }

  static void blocks(String kind, byte[] data, DataOutput out) throws IOException {
    int block = (data.length + PARTS - 1) / PARTS;
    out.writeVInt(block);
    for (int at = 0; at < data.length; at += block) {
      byte[] part = Arrays.copyOfRange(data, at, Math.min(at + block, data.length));
      switch (kind) {
        case "qat-lz4": write(out, frames(part)); break;
        case "qat-deflate": write(out, members(part)); break;
        default: write(out, Zstd.compress(part, 6));
      }
    }
  }

  static void write(DataOutput out, byte[] data) throws IOException {
    out.writeVInt(data.length);
    out.writeBytes(data, data.length);
  }

  /** How much the hardware takes at once. */
  static final int BUFFER = 64 * 1024;

  static byte[] frames(byte[] data) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int at = 0; at < data.length; at += BUFFER) {
      byte[] part = Arrays.copyOfRange(data, at, Math.min(at + BUFFER, data.length));
      try (OutputStream frame = new LZ4FrameOutputStream(all, LZ4FrameOutputStream.BLOCKSIZE.SIZE_64KB, part.length,
          LZ4FrameOutputStream.FLG.Bits.BLOCK_INDEPENDENCE, LZ4FrameOutputStream.FLG.Bits.CONTENT_CHECKSUM, LZ4FrameOutputStream.FLG.Bits.CONTENT_SIZE)) {
        frame.write(part);
      }
    }
    return all.toByteArray();
  }

  /** RFC 1952 with the field "QZ" that says both sizes. */
  static byte[] members(byte[] data) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int at = 0; at < data.length; at += BUFFER) {
      byte[] part = Arrays.copyOfRange(data, at, Math.min(at + BUFFER, data.length)), packed = new byte[part.length + 1024];
      Deflater deflater = new Deflater(6, true);
      deflater.setInput(part);
      deflater.finish();
      int size = deflater.deflate(packed);
      CRC32 crc = new CRC32();
      crc.update(part);
      ByteBuffer member = ByteBuffer.allocate(10 + 2 + 12 + size + 8).order(ByteOrder.LITTLE_ENDIAN);
      member.put(new byte[] {0x1f, (byte) 0x8b, 8, 4, 0, 0, 0, 0, 0, (byte) 255}).putShort((short) 12).put(new byte[] {'Q', 'Z'}).putShort((short) 8);
      member.putInt(part.length).putInt(size).put(packed, 0, size).putInt((int) crc.getValue()).putInt(part.length);
      all.write(member.array(), 0, member.array().length);
    }
    return all.toByteArray();
  }
}
