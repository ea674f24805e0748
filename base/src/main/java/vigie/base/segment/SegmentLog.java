package vigie.base.segment;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A durable log of records, numbered from 1 by one for ever, in a folder of segment files (drawn in
 * {@link SegmentFormat}). Safe for all threads: writers wait for each other, readers for nobody.
 *
 * <p>A record is in the log when {@code append} returns (a killed process loses nothing) and
 * certain when {@link #sync} has returned (nor does a power cut). Readers see what is certain, so
 * that a number once read is never given to another record.
 *
 * <p>After an {@code IOException} from {@code append}, {@code sync} or {@code roll}, {@link
 * #nextNumber} tells what the log still holds: after a failed sync everything since the last good
 * one is gone from it, and whoever wants it there appends it again. The log itself stays usable.
 */
public final class SegmentLog implements Closeable {
  private static final Logger log = LoggerFactory.getLogger(SegmentLog.class);
  private static final int BUFFER = 64 << 10;
  private static final byte[] ZEROS = new byte[BUFFER];
  private static final int MOST_FAULTS = 16;
  // A record whose header is torn, too, is taken to have at least so many bytes.
  private static final int LEAST_TORN = 64;

  private final Path folder;
  private final SegmentOptions options;
  private final FileLayer files;
  private final Closeable lock;
  private final CRC32C crc = new CRC32C();
  private final List<SegmentFault> faults = new ArrayList<>();

  // What follows is guarded by this, but view, which is swapped whole.
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
  private volatile View view;
  private @Nullable DataFile active;
  private long end;
  // Up to here the file is certain to be there, from end on as zeros.
  private long aheadEnd;
  private long nextNumber;
  private boolean mustRoll;
  private boolean deletionUnsynced;
  private boolean suspect;
  private boolean closed;
  private long tornBytes;
  private long tornRecords;
  private long faultCount;
  private long lostRecords;

  private SegmentLog(Path folder, SegmentOptions options, FileLayer files, Closeable lock) {
    this.folder = folder;
    this.options = options;
    this.files = files;
    this.lock = lock;
    this.view = new View(List.of(), 0, 1);
  }

  /**
   * Opens the log in a folder, which is made if absent, and holds the folder until closed. Writes
   * nothing but the lock. Scans the last segment only: a record at its end that a crash left
   * incomplete is cut off. A segment whose records have an older layout is read, but not appended
   * to.
   *
   * @throws FolderHeldException if another process has the folder
   * @throws SegmentFormatException if a segment is of a newer version or of other content
   */
  public static SegmentLog open(Path folder, SegmentOptions options, FileLayer files)
      throws IOException {
    files.createFolders(folder);
    Closeable lock = files.lock(folder);
    SegmentLog opened = new SegmentLog(folder, options, files, lock);
    try {
      opened.load();
      return opened;
    } catch (IOException | RuntimeException e) {
      SegmentFormat.closeQuietly(opened.active);
      lock.close();
      throw e;
    }
  }

  private synchronized void load() throws IOException {
    TreeMap<Long, Path> found = new TreeMap<>();
    for (String name : files.list(folder)) {
      long first = SegmentFormat.first(name);
      if (first >= 1) {
        found.put(first, folder.resolve(name));
      }
    }
    List<Segment> segments = new ArrayList<>();
    nextNumber = 1;
    for (var entry : found.entrySet()) {
      Path file = entry.getValue();
      if (entry.getKey().equals(found.lastKey())) {
        loadLast(file, entry.getKey(), segments);
      } else {
        try (DataFile data = files.openToRead(file)) {
          Segment segment = new Segment(file, entry.getKey(), data.sizeBytes());
          if (SegmentFormat.check(data, file, options, segment.first()) == 0) {
            damaged(segment, 0, 0, -1);
          }
          segments.add(segment);
        }
      }
    }
    if (active == null && !segments.isEmpty()) {
      end = segments.get(segments.size() - 1).sizeBytes();
    }
    if (!found.isEmpty()) {
      files.syncFolder(folder); // names, too, may be in memory only
    }
    view = new View(List.copyOf(segments), end, nextNumber);
  }

  /** Finds the end of the last segment and leaves it open. */
  private void loadLast(Path file, long first, List<Segment> segments) throws IOException {
    DataFile data = files.open(file);
    active = data;
    int version = SegmentFormat.check(data, file, options, first);
    boolean whole = version > 0;
    long size = data.sizeBytes();
    SegmentScan scan =
        new SegmentScan(data, first, options.mostRecordBytes(), SegmentScan.newWindow());
    while (scan.next(size, Long.MAX_VALUE)) {
      // only its end is wanted
    }
    nextNumber = scan.expected();
    end = scan.position();
    // Records of two layouts never stand in one file, whose header names only one.
    mustRoll = version != options.contentVersion();
    if (mustRoll && nextNumber == first) {
      // A crash while it was made: the first append makes it anew under the same name.
      tornBytes = whole ? 0 : size;
      tornRecords = whole ? 0 : tornRecords(data, Math.min(size, SegmentFormat.HEADER), size);
      SegmentFormat.closeQuietly(data);
      active = null;
      return;
    }
    Segment segment = new Segment(file, first, end);
    segments.add(segment);
    if (!whole) {
      damaged(segment, 0, 0, -1);
    }
    long torn = options.aheadBytes() > 0 ? endWithoutZeros(data, end, size) : size;
    if (torn > end) {
      tornBytes = torn - end;
      tornRecords = tornRecords(data, end, torn);
      log.warn("cut an incomplete record off file={} offset={} bytes={}", file, end, tornBytes);
    }
    if (size > end) {
      data.truncate(end);
    }
    // What a killed process left may be in memory only, and readers are shown certain records.
    data.sync();
  }

  /** Behind the last byte from {@code from} on that is not zero. */
  private static long endWithoutZeros(DataFile data, long from, long size) throws IOException {
    ByteBuffer part = ByteBuffer.allocate(BUFFER);
    long last = from;
    for (long at = from; at < size; at += part.limit()) {
      part.clear().limit((int) Math.min(BUFFER, size - at));
      part.limit(data.read(part, at));
      for (int i = part.limit() - 1; i >= 0; i--) {
        if (part.get(i) != 0) {
          last = at + i + 1;
          break;
        }
      }
      if (part.limit() == 0) {
        break;
      }
    }
    return last;
  }

  /** How many records may have been there, by their headers as far as these are whole. */
  private long tornRecords(DataFile data, long from, long size) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(SegmentFormat.RECORD_HEADER);
    long count = 0;
    long at = from;
    while (at < size) {
      header.clear();
      data.read(header, at);
      int claimed = header.getInt(4);
      if (header.hasRemaining()
          || claimed < 1
          || claimed > options.mostRecordBytes()
          || header.getLong(8) != nextNumber + count) {
        return count + (size - at) / LEAST_TORN + 1;
      }
      count++;
      at += SegmentFormat.RECORD_HEADER + claimed;
    }
    return count;
  }

  /** Appends one record with one write; see {@link #append(List)}. */
  public long append(byte[] record) throws IOException {
    return append(List.of(ByteBuffer.wrap(record)));
  }

  /** Appends one record with one write; see {@link #append(List)}. */
  public long append(ByteBuffer record) throws IOException {
    return append(List.of(record));
  }

  /**
   * Appends all records or none, with as few writes as possible. What remains in each buffer is the
   * record; the buffers come back as they were.
   *
   * @return the number of the first; those of the others follow by one
   * @throws IllegalArgumentException if one is empty or larger than {@link
   *     SegmentOptions#mostRecordBytes}, or if there is none
   */
  public synchronized long append(List<ByteBuffer> records) throws IOException {
    long bytes = 0;
    for (int i = 0; i < records.size(); i++) {
      bytes += SegmentFormat.RECORD_HEADER + checkedSize(records.get(i));
    }
    if (bytes == 0) {
      throw new IllegalArgumentException("no record to append");
    }
    ensureOpen();
    repair();
    if (needsNext(bytes)) {
      makeNext();
    }
    long first = nextNumber;
    try {
      writeAhead(required(active), end + bytes, bytes);
      write(required(active), records);
    } catch (IOException e) {
      throw failed("write", e);
    }
    end += bytes;
    nextNumber += records.size();
    return first;
  }

  /**
   * Cuts the last segment off from record {@code number} on, which must be in it or missing there;
   * what was cut counts as torn. For use before the first append.
   */
  public synchronized void cutFrom(long number) throws IOException {
    ensureOpen();
    DataFile data = required(active);
    Segment segment = lastSegment();
    SegmentScan scan =
        new SegmentScan(data, segment.first(), options.mostRecordBytes(), SegmentScan.newWindow());
    while (scan.next(end, number)) {
      // only the end of what stays is wanted
    }
    log.warn(
        "cut records off whose write was not finished file={} from={}", segment.file(), number);
    tornBytes += end - scan.position();
    tornRecords += nextNumber - number;
    end = scan.position();
    nextNumber = number;
    data.truncate(end);
    aheadEnd = end;
    data.sync();
    view = new View(view.resized(end), end, nextNumber);
  }

  private boolean needsNext(long bytes) {
    return active == null
        || mustRoll
        || (end > SegmentFormat.HEADER && end + bytes > options.segmentBytes());
  }

  /**
   * Whether the next append would be the first of its segment.
   *
   * @param records how many it has
   * @param bytes what they have together
   */
  public synchronized boolean beginsSegment(int records, long bytes) {
    return end <= SegmentFormat.HEADER
        || needsNext(bytes + (long) records * SegmentFormat.RECORD_HEADER);
  }

  /**
   * Leaves out the numbers below {@code number}, so that none of them is ever given to a record; to
   * readers they are lost. Writes nothing; the next append begins a segment. For use while all is
   * synced.
   */
  public synchronized void skipTo(long number) {
    if (number < nextNumber || (!view.segments().isEmpty() && lastSegment().first() == number)) {
      return; // an empty segment begins with it already
    }
    nextNumber = number;
    mustRoll = true;
    view = new View(view.segments(), view.durableEnd(), number);
  }

  private int checkedSize(ByteBuffer record) {
    int size = record.remaining();
    if (size < 1 || size > options.mostRecordBytes()) {
      throw new IllegalArgumentException(
          "a record of " + size + " bytes; 1 to " + options.mostRecordBytes() + " are possible");
    }
    return size;
  }

  private void write(DataFile data, List<ByteBuffer> records) throws IOException {
    long position = end;
    buffer.clear();
    for (int i = 0; i < records.size(); i++) {
      ByteBuffer record = records.get(i);
      int size = record.remaining();
      int start = record.position();
      if (buffer.remaining() < SegmentFormat.RECORD_HEADER + size) {
        position = flush(data, position);
      }
      int header = buffer.position();
      if (buffer.remaining() >= SegmentFormat.RECORD_HEADER + size) {
        buffer.putInt(0).putInt(size).putLong(nextNumber + i);
        buffer.put(buffer.position(), record, start, size);
        int behind = buffer.position() + size;
        crc.reset();
        crc.update(buffer.limit(behind).position(header + 4));
        buffer.limit(BUFFER).putInt(header, (int) crc.getValue());
        continue;
      }
      buffer.putInt(0).putInt(size).putLong(nextNumber + i);
      crc.reset();
      crc.update(buffer.duplicate().flip().position(header + 4));
      crc.update(record);
      buffer.putInt(header, (int) crc.getValue());
      record.position(start);
      for (int copied = 0; copied < size; ) {
        if (!buffer.hasRemaining()) {
          position = flush(data, position);
        }
        int part = Math.min(buffer.remaining(), size - copied);
        buffer.put(buffer.position(), record, start + copied, part);
        buffer.position(buffer.position() + part);
        copied += part;
      }
    }
    flush(data, position);
  }

  /**
   * Zeros behind what comes next, so that the syncs of what follows need not write the size of the
   * file. A large batch makes that a small part of its sync.
   */
  private void writeAhead(DataFile data, long from, long bytes) {
    if (from <= aheadEnd || bytes > options.aheadBytes() / 16) {
      return;
    }
    long to = Math.min(from + options.aheadBytes(), options.segmentBytes());
    try {
      for (long at = from; at < to; at += BUFFER) {
        buffer.clear().put(ZEROS, 0, (int) Math.min(BUFFER, to - at)).flip();
        data.write(buffer, at);
      }
      aheadEnd = to;
    } catch (IOException e) {
      aheadEnd = Long.MAX_VALUE; // the records may still find room; not tried again in this segment
    }
  }

  /** Takes the zeros away that no record came to. */
  private void trim(@Nullable DataFile data) throws IOException {
    if (data != null && aheadEnd > end) {
      data.truncate(end);
      aheadEnd = end;
    }
  }

  private long flush(DataFile data, long position) throws IOException {
    buffer.flip();
    int bytes = buffer.remaining();
    data.write(buffer, position);
    buffer.clear();
    return position + bytes;
  }

  /**
   * Makes every record so far certain with one fdatasync; nothing happens where all are.
   *
   * @throws IOException if the disk refuses. The records since the last good sync are then taken
   *     out of the log again, since no later sync could be believed about them.
   */
  public synchronized void sync() throws IOException {
    ensureOpen();
    if (nextNumber == view.durableNext()) {
      return;
    }
    try {
      repair();
      required(active).sync();
    } catch (IOException e) {
      nextNumber = view.durableNext();
      end = view.durableEnd();
      throw failed("sync", e);
    }
    view = new View(view.resized(end), end, nextNumber);
  }

  /** Ends the active segment, after a sync, and begins a new one; nothing where it is empty. */
  public synchronized void roll() throws IOException {
    ensureOpen();
    repair();
    if (!view.segments().isEmpty() && nextNumber > lastSegment().first()) {
      makeNext();
    }
  }

  private void makeNext() throws IOException {
    sync();
    // Said before it is tried: a half-made successor must not be overtaken by records appended
    // here.
    mustRoll = true;
    Segment segment =
        new Segment(
            folder.resolve(SegmentFormat.name(nextNumber)), nextNumber, SegmentFormat.HEADER);
    DataFile made = null;
    try {
      trim(active);
      made = files.create(segment.file());
      made.write(SegmentFormat.header(options, nextNumber), 0);
      made.sync();
      files.syncFolder(folder);
    } catch (IOException e) {
      SegmentFormat.closeQuietly(made);
      throw new IOException(
          "cannot make segment " + segment.file() + ": " + FileLayer.reason(e), e);
    }
    SegmentFormat.closeQuietly(active);
    List<Segment> segments = new ArrayList<>(view.segments());
    segments.add(segment);
    active = made;
    end = SegmentFormat.HEADER;
    aheadEnd = end;
    mustRoll = false;
    view = new View(List.copyOf(segments), end, nextNumber);
  }

  private IOException failed(String verb, IOException e) {
    suspect = true;
    IOException told =
        new IOException(
            "cannot " + verb + " segment " + lastSegment().file() + ": " + FileLayer.reason(e), e);
    try {
      repair();
    } catch (IOException again) {
      told.addSuppressed(again); // tried again before the next write
    }
    return told;
  }

  /** After a failure: opens the file anew and cuts it to what is known to be good. */
  private void repair() throws IOException {
    if (!suspect) {
      return;
    }
    SegmentFormat.closeQuietly(active);
    try {
      DataFile opened = files.open(lastSegment().file());
      active = opened;
      opened.truncate(end);
      aheadEnd = end;
    } catch (IOException e) {
      throw new IOException(
          "cannot reopen segment " + lastSegment().file() + ": " + FileLayer.reason(e), e);
    }
    suspect = false;
  }

  /**
   * Deletes the segments whose records all have numbers below {@code number}, oldest first; the
   * active segment always stays.
   */
  public synchronized void dropBefore(long number) throws IOException {
    ensureOpen();
    while (canDropBefore(number)) {
      List<Segment> segments = view.segments();
      Path oldest = segments.get(0).file();
      try {
        syncDeletion();
        files.delete(oldest);
        deletionUnsynced = true;
        view =
            new View(
                List.copyOf(segments.subList(1, segments.size())),
                view.durableEnd(),
                view.durableNext());
        syncDeletion();
      } catch (IOException e) {
        throw new IOException("cannot delete segment " + oldest + ": " + FileLayer.reason(e), e);
      }
    }
  }

  /** Whether {@link #dropBefore} would delete anything. */
  public boolean canDropBefore(long number) {
    View now = view;
    return now.segments().size() > 1 && now.nextOf(0) <= number;
  }

  /** One deletion at a time, so that a power cut leaves no hole in the middle. */
  private void syncDeletion() throws IOException {
    if (deletionUnsynced) {
      files.syncFolder(folder);
      deletionUnsynced = false;
    }
  }

  /**
   * A reader that begins with record {@code from}, or with the oldest there is, and sees what is
   * synced. To be closed by the caller.
   */
  public SegmentReader reader(long from) {
    return new SegmentReader(this, from);
  }

  /** Number of the oldest record; equal to {@link #nextNumber} where there is none. */
  public long firstNumber() {
    return view.first();
  }

  /** The number that the next record gets. */
  public synchronized long nextNumber() {
    return nextNumber;
  }

  /** Number behind the last record that is certain; readers come up to it. */
  public long syncedNext() {
    return view.durableNext();
  }

  /** First numbers of the segments, ascending; what lies between two is dropped as one. */
  public List<Long> segmentStarts() {
    return view.segments().stream().map(Segment::first).toList();
  }

  /**
   * First number of the oldest segment from which on all take no more than so much on the disk; the
   * last segment's where that alone is larger.
   */
  public long firstWithin(long bytes) {
    View now = view;
    List<Segment> segments = now.segments();
    long left = bytes - now.durableEnd();
    int index = segments.size() - 1;
    while (index > 0 && left - segments.get(index - 1).sizeBytes() >= 0) {
      left -= segments.get(--index).sizeBytes();
    }
    return index < 0 ? now.first() : segments.get(index).first();
  }

  /** First number of the segment that is appended to; -1 before the first append. */
  public synchronized long activeStart() {
    return active == null ? -1 : lastSegment().first();
  }

  /** What the segments take on the disk. */
  public synchronized long sizeBytes() {
    long total = end - view.durableEnd();
    for (Segment segment : view.segments()) {
      total += segment.sizeBytes();
    }
    return total;
  }

  /** What was cut off the last segment when it was opened: records that a crash left incomplete. */
  public synchronized long tornBytes() {
    return tornBytes;
  }

  /** How many records that may have been, at most; their numbers are given again. */
  public synchronized long tornRecords() {
    return tornRecords;
  }

  /** How much damage was met since the log was opened. */
  public synchronized long faultCount() {
    return faultCount;
  }

  /** How many records that has cost. */
  public synchronized long lostRecords() {
    return lostRecords;
  }

  /** The last 16 of it. */
  public synchronized List<SegmentFault> faults() {
    return List.copyOf(faults);
  }

  synchronized void damaged(Segment segment, long offset, long from, long to) {
    SegmentFault fault = new SegmentFault(segment.file(), offset, from, to);
    if (faults.contains(fault)) {
      return;
    }
    if (faults.size() == MOST_FAULTS) {
      faults.remove(0);
    }
    faults.add(fault);
    faultCount++;
    lostRecords += to - from + 1;
    log.error(
        "segment is damaged file={} offset={} lost={}", segment.file(), offset, to - from + 1);
  }

  FileLayer files() {
    return files;
  }

  SegmentOptions options() {
    return options;
  }

  View view() {
    return view;
  }

  private Segment lastSegment() {
    List<Segment> segments = view.segments();
    return segments.get(segments.size() - 1);
  }

  private static DataFile required(@Nullable DataFile active) {
    if (active == null) {
      throw new IllegalStateException("BUG: no active segment");
    }
    return active;
  }

  private void ensureOpen() throws IOException {
    if (closed) {
      throw new IOException("the log in " + folder + " is closed");
    }
  }

  /** Syncs and lets go of the folder, of which the second happens even where the first fails. */
  @Override
  public synchronized void close() throws IOException {
    if (closed) {
      return;
    }
    try {
      sync();
      trim(active);
    } finally {
      closed = true;
      SegmentFormat.closeQuietly(active);
      lock.close();
    }
  }

  /** One file; the size of the last one in a view is that of its certain part. */
  record Segment(Path file, long first, long sizeBytes) {}

  /** What readers may see, swapped whole. */
  record View(List<Segment> segments, long durableEnd, long durableNext) {
    long first() {
      return segments.isEmpty() ? durableNext : segments.get(0).first();
    }

    /** The segment whose range holds {@code number}, which is not below {@link #first}. */
    int indexOf(long number) {
      int index = segments.size() - 1;
      while (segments.get(index).first() > number) {
        index--;
      }
      return index;
    }

    /** The number behind the last one of a segment. */
    long nextOf(int index) {
      return index + 1 < segments.size() ? segments.get(index + 1).first() : durableNext;
    }

    long durableEndOf(int index) {
      return index + 1 < segments.size() ? segments.get(index).sizeBytes() : durableEnd;
    }

    List<Segment> resized(long end) {
      List<Segment> all = new ArrayList<>(segments);
      Segment last = all.remove(all.size() - 1);
      all.add(new Segment(last.file(), last.first(), end));
      return List.copyOf(all);
    }
  }
}
