package vigie.collector.store.sample;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import vigie.base.segment.DataFile;
import vigie.base.segment.FileLayer;
import vigie.collector.label.Labels;

/**
 * An immutable file of samples, big-endian, named by the numbers of the first and the last block
 * that were merged into it (its own twice where it was cut from the head), ten digits each, and
 * {@code .blk}:
 *
 * <pre>
 *  offset  bytes  header
 *       0      8  magic "VIGIEBLK"
 *       8      2  version of this layout, 1
 *      10      2  zero
 *      12      4  CRC32C of bytes 0 to 11
 *      16         a region for each series: varint number of chunks; for each varint start - end of
 *                 the one before (at first: - from), varint span, varint samples, varint length;
 *                 4 CRC32C of that; then each chunk's bytes and 4 CRC32C of them
 *                 the index, drawn in {@link BlockIndex}
 *
 *  from end       footer
 *     -48      8  offset of the index
 *     -40      8  from: no sample is older, milliseconds
 *     -32      8  end: all are older
 *     -24      8  samples
 *     -16      4  CRC32C of the index
 *     -12      4  1 where there are histograms, else 0
 *      -8      4  zero
 *      -4      4  CRC32C of the footer before this
 * </pre>
 *
 * Read at given places, never mapped, so that large ones fit any address space. Safe for all
 * threads.
 */
final class Block implements Closeable {
  static final String SUFFIX = ".blk";
  private static final int HEADER = 16;
  private static final int FOOTER = 48;
  private static final long MAGIC = 0x5649474945424c4bL; // VIGIEBLK
  private static final int VERSION = 1;
  private static final int READ = 64 << 10;

  /** A region up to this is read at one stroke. */
  private static final int WHOLE = 16 << 10;

  final Path file;
  final long firstNumber;
  final long lastNumber;
  final long from;
  final long end;
  final long samples;
  final long sizeBytes;
  final boolean hasHistograms;
  private final DataFile data;
  private final long indexAt;
  private final int indexCrc;

  /** Bytes are not what was written. */
  static final class DamagedException extends IOException {
    private static final long serialVersionUID = 1;

    DamagedException(Path file, String what) {
      super(file + " is damaged: " + what);
    }
  }

  private Block(Path file, DataFile data, long first, long last, ByteBuffer footer, long size) {
    this.file = file;
    this.data = data;
    this.firstNumber = first;
    this.lastNumber = last;
    this.sizeBytes = size;
    this.indexAt = footer.getLong(0);
    this.from = footer.getLong(8);
    this.end = footer.getLong(16);
    this.samples = footer.getLong(24);
    this.indexCrc = footer.getInt(32);
    this.hasHistograms = footer.getInt(36) != 0;
  }

  static String name(long first, long last) {
    return String.format(Locale.ROOT, "%010d-%010d%s", first, last, SUFFIX);
  }

  /** The two numbers in a block's name; null if this is no block's name. */
  static long @Nullable [] numbers(String name) {
    if (!name.matches("[0-9]{10}-[0-9]{10}\\.blk")) {
      return null;
    }
    return new long[] {
      Long.parseLong(name.substring(0, 10)), Long.parseLong(name.substring(11, 21))
    };
  }

  /**
   * Opens a block, reading no more than its ends.
   *
   * @throws DamagedException if they are not whole
   * @throws IOException if it cannot be read, or is of a newer version
   */
  static Block open(FileLayer files, Path file, long first, long last) throws IOException {
    DataFile data = files.openToRead(file);
    try {
      long size = data.sizeBytes();
      ByteBuffer header = ByteBuffer.allocate(HEADER);
      data.read(header, 0);
      if (header.hasRemaining()
          || header.getLong(0) != MAGIC
          || header.getInt(12) != Buffer.crc(header.array(), 0, 12)) {
        throw new DamagedException(file, "its header");
      }
      int version = header.getShort(8);
      if (version != VERSION) {
        throw new IOException(
            file
                + " has version "
                + version
                + ", and this program reads version "
                + VERSION
                + "; run a newer vigie or set another path");
      }
      ByteBuffer footer = ByteBuffer.allocate(FOOTER);
      data.read(footer, Math.max(0, size - FOOTER));
      long indexAt = footer.getLong(0);
      if (footer.hasRemaining()
          || footer.getInt(FOOTER - 4) != Buffer.crc(footer.array(), 0, FOOTER - 4)
          || indexAt < HEADER
          || indexAt > size - FOOTER) {
        throw new DamagedException(file, "its footer");
      }
      return new Block(file, data, first, last, footer, size);
    } catch (IOException | RuntimeException e) {
      data.close();
      throw e;
    }
  }

  /** Reads the index. */
  BlockIndex index() throws IOException {
    byte[] index = read(indexAt, (int) (sizeBytes - FOOTER - indexAt));
    if (Buffer.crc(index, 0, index.length) != indexCrc) {
      throw new DamagedException(file, "its index");
    }
    try {
      return new BlockIndex(index, from);
    } catch (RuntimeException e) {
      throw new DamagedException(file, "its index, " + e.getMessage());
    }
  }

  /**
   * Adds the chunks of a series that have samples from one time to the other.
   *
   * @throws DamagedException if one is damaged; the others are added
   */
  void read(BlockIndex.Entry entry, long fromMillis, long toMillis, List<Chunk> into)
      throws IOException {
    int known = Math.min(entry.length(), WHOLE);
    byte[] region = read(entry.offset(), known);
    ByteBuffer in = ByteBuffer.wrap(region);
    try {
      int count = Buffer.count(in);
      for (int i = 0; i < 4L * count; i++) {
        Buffer.varint(in);
      }
      in.getInt();
    } catch (RuntimeException e) {
      // The directory is longer than what was read.
      known = entry.length();
      region = read(entry.offset(), known);
      in = ByteBuffer.wrap(region);
    }
    in.rewind();
    try {
      directory(entry, region, in, known, fromMillis, toMillis, into);
    } catch (RuntimeException e) {
      throw new DamagedException(file, "chunks of " + entry.labels());
    }
  }

  private void directory(
      BlockIndex.Entry entry,
      byte[] region,
      ByteBuffer in,
      int known,
      long fromMillis,
      long toMillis,
      List<Chunk> into)
      throws IOException {
    int count = Buffer.count(in);
    long[] starts = new long[count];
    int[] spans = new int[count];
    int[] samplesOf = new int[count];
    int[] lengths = new int[count];
    long before = from;
    for (int i = 0; i < count; i++) {
      starts[i] = before + Buffer.varint(in);
      spans[i] = (int) Buffer.varint(in);
      samplesOf[i] = (int) Buffer.varint(in);
      lengths[i] = (int) Buffer.varint(in);
      before = starts[i] + spans[i];
    }
    if (in.getInt(in.position()) != Buffer.crc(region, 0, in.position())) {
      throw new DamagedException(file, "chunks of " + entry.labels());
    }
    int at = in.position() + 4;
    int wantedFrom = -1;
    int wantedTo = 0;
    int position = at;
    for (int i = 0; i < count; i++) {
      if (starts[i] <= toMillis && starts[i] + spans[i] >= fromMillis) {
        wantedFrom = wantedFrom < 0 ? position : wantedFrom;
        wantedTo = position + lengths[i] + 4;
      }
      position += lengths[i] + 4;
    }
    if (wantedFrom < 0) {
      return;
    }
    byte[] bytes = region;
    int shift = 0;
    if (wantedTo > known) {
      bytes = read(entry.offset() + wantedFrom, wantedTo - wantedFrom);
      shift = wantedFrom;
    }
    boolean whole = true;
    for (int i = 0; i < count; i++) {
      if (starts[i] <= toMillis && starts[i] + spans[i] >= fromMillis) {
        int crcAt = at - shift + lengths[i];
        if (ByteBuffer.wrap(bytes).getInt(crcAt) == Buffer.crc(bytes, at - shift, lengths[i])) {
          into.add(new Chunk(starts[i], spans[i], samplesOf[i], bytes, at - shift, lengths[i]));
        } else {
          whole = false;
        }
      }
      at += lengths[i] + 4;
    }
    if (!whole) {
      throw new DamagedException(file, "a chunk of " + entry.labels());
    }
  }

  private byte[] read(long offset, int length) throws IOException {
    if (offset < 0 || length < 0 || offset + length > sizeBytes) {
      throw new DamagedException(file, "its index points outside");
    }
    byte[] bytes = new byte[length];
    // In pieces: a channel keeps a buffer of the largest read for each thread.
    for (int done = 0; done < length; ) {
      int part = Math.min(READ, length - done);
      if (data.read(ByteBuffer.wrap(bytes, done, part), offset + done) < part) {
        throw new DamagedException(file, "it is shorter than it was");
      }
      done += part;
    }
    return bytes;
  }

  /** Whether all blocks merged into the other are in this one. */
  boolean covers(long first, long last) {
    return firstNumber <= first && last <= lastNumber;
  }

  boolean overlaps(long fromMillis, long toMillis) {
    return from <= toMillis && end > fromMillis;
  }

  @Override
  public void close() throws IOException {
    data.close();
  }

  /** Writes a block to a file that nobody else uses. */
  static final class Writer implements Closeable {
    private final DataFile data;
    private final long from;
    private final long end;
    private final BlockIndex.Builder index;
    private final Buffer pending = new Buffer(2 * READ);
    private final Buffer directory = new Buffer(1024);
    private long written;
    private long samples;
    private boolean histograms;

    Writer(FileLayer files, Path file, long from, long end) throws IOException {
      this.data = files.create(file);
      this.from = from;
      this.end = end;
      this.index = new BlockIndex.Builder(from);
      pending.putLong(MAGIC);
      pending.putInt(VERSION << 16);
      pending.putCrc(0);
    }

    /** Adds a series behind all that sort before it; its chunks, one or more, in time order. */
    void add(Labels labels, List<Chunk> chunks) throws IOException {
      long offset = written + pending.length;
      directory.length = 0;
      directory.putVarint(chunks.size());
      long before = from;
      for (Chunk chunk : chunks) {
        directory.putVarint(chunk.startMillis - before);
        directory.putVarint(chunk.endMillis() - chunk.startMillis);
        directory.putVarint(chunk.count);
        directory.putVarint(chunk.length);
        before = chunk.endMillis();
        samples += chunk.count;
        histograms |= chunk.hasHistograms();
      }
      directory.putCrc(0);
      pending.putBytes(directory.bytes, 0, directory.length);
      for (Chunk chunk : chunks) {
        int at = pending.length;
        pending.putChunk(chunk);
        pending.putCrc(at);
        flushIfFull();
      }
      int length = Math.toIntExact(written + pending.length - offset);
      index.add(labels, offset, length, chunks.get(0).startMillis, before);
    }

    long samples() {
      return samples;
    }

    private void flushIfFull() throws IOException {
      if (pending.length >= READ) {
        flush(pending);
        pending.length = 0;
      }
    }

    private void flush(Buffer buffer) throws IOException {
      for (int done = 0; done < buffer.length; done += READ) {
        int part = Math.min(READ, buffer.length - done);
        data.write(ByteBuffer.wrap(buffer.bytes, done, part), written);
        written += part;
      }
    }

    /** Ends it and makes it certain. */
    void finish() throws IOException {
      flush(pending);
      long indexAt = written;
      Buffer built = index.build();
      flush(built);
      Buffer footer = new Buffer(FOOTER);
      footer.putLong(indexAt);
      footer.putLong(from);
      footer.putLong(end);
      footer.putLong(samples);
      footer.putInt(Buffer.crc(built.bytes, 0, built.length));
      footer.putInt(histograms ? 1 : 0);
      footer.putInt(0);
      footer.putCrc(0);
      flush(footer);
      data.sync();
    }

    @Override
    public void close() throws IOException {
      data.close();
    }
  }
}
