package vigie.agent.source;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.event.Place;
import vigie.agent.event.Severity;
import vigie.base.syslog.SyslogMessage;
import vigie.base.syslog.SyslogParser;
import vigie.base.time.Clock;

/**
 * One log file, through its rotations. What is read is always one open file, at an offset where a
 * line begins; after it come the files that rotation has set aside since, then what has the name
 * now. So the rest of a renamed file is read before the new one, and of a copy before the file that
 * was truncated. One thread.
 */
final class TailedFile implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(TailedFile.class);
  private static final long QUIET = Duration.ofSeconds(2).toNanos();
  private static final long NEVER_FOLLOWED = Duration.ofSeconds(10).toNanos();
  private static final long RECORD_OVER = Duration.ofSeconds(1).toNanos();
  private static final int MOST_RECORD = LineCutter.MOST_LINE;

  final Path path;
  final FilesConfig.Entry entry;
  private final String source;
  private final LineStream lines;
  private final KnownFiles known;
  private final FileMeters meters;
  private final LineCutter cutter;
  private final Clock clock;
  private final ZoneId zone;
  private final SyslogParser parser;
  private final Joining.Run joining;
  private final LineCutter.Progress progress = new LineCutter.Progress();

  private @Nullable FileChannel channel;
  private FileIdentity file = new FileIdentity("", 0, 0, 0);
  private boolean isLive; // the open file is the one that has, or had, the name
  private long seen; // its size when it was read last
  private long grew; // when it grew last, monotonic
  private long caughtUpAt; // up to this offset lines are old
  private Instant oldTime = Instant.EPOCH; // of those that don't say when they were written
  private boolean fromStart;
  private boolean catchesUp; // until the end is reached: lines were written before we looked
  private @Nullable Path next; // an older file that comes before the one with the name
  private @Nullable FileIdentity resume; // where to go on after a fault
  private boolean gone;
  private String trouble = "";

  // The record that may still go on.
  private final StringBuilder record = new StringBuilder();
  private boolean isRecordOpen;
  private long recordEnd;
  private boolean isRecordOld;
  private long given; // up to here records were given away
  private @Nullable FileIdentity refused; // where the first began that was not taken any more

  /**
   * @param cursor where to go on; null at the first sight
   * @param isFresh whether it came while the agent ran: all of it is new then
   */
  TailedFile(
      Path path,
      FilesConfig.Entry entry,
      @Nullable String cursor,
      boolean isFresh,
      LineStream lines,
      FileSource.Tools tools) {
    this.path = path;
    this.entry = entry;
    this.source = source(path);
    this.lines = lines;
    this.known = tools.known();
    this.meters = tools.meters();
    this.cutter = tools.cutter();
    this.clock = tools.clock();
    this.zone = tools.zone();
    this.parser = new SyslogParser(zone);
    this.joining = entry.joining().run();
    this.fromStart = isFresh || entry.fromStart();
    this.catchesUp = !isFresh;
    this.resume = cursor == null ? null : FileIdentity.parse(cursor);
  }

  /** The source's name in lines, events and places. */
  static String source(Path path) {
    return "file:" + path;
  }

  LineStream lines() {
    return lines;
  }

  boolean isInTrouble() {
    return !trouble.isEmpty();
  }

  /** Whether it has gone and nothing of it is left to be read. */
  boolean isOver() {
    return channel == null && next == null && gone;
  }

  /** Where to go on, all records given away; null where nothing was read yet. */
  @Nullable String end() {
    flush();
    FileIdentity open = channel == null ? resume : file.at(progress.offset);
    FileIdentity at = refused == null ? open : refused;
    return at == null ? null : at.cursor();
  }

  /** Bytes that wait to be read. */
  long behind() {
    return channel == null || seen < file.offset() ? 0 : seen - file.offset();
  }

  /** Opens what was read last; where that was rotated, with what came after. */
  private void goOn(FileIdentity was) throws IOException {
    resume = null;
    fromStart = true;
    if (Files.isRegularFile(path) && open(path)) {
      if (file.inode().equals(was.inode()) && isAsBefore(was)) {
        startAt(was.offset());
        return;
      }
      shut(false);
    }
    Path first = Generations.since(path, was, false).peek();
    if (first == null) {
      first = Generations.since(path, was, true).peek();
    }
    if (first != null && open(first)) {
      isLive = false;
      startAt(was.offset());
    } else {
      meters.lost.increment();
      log.warn(
          "the file that was read last is gone, its rest is lost path={} fix=\"let logrotate keep"
              + " one uncompressed (delaycompress)\"",
          path);
    }
  }

  private boolean isAsBefore(FileIdentity was) throws IOException {
    FileChannel open = channel;
    return open != null && open.size() >= was.offset() && was.isHeadOf(open);
  }

  private void startAt(long offset) throws IOException {
    progress.offset = offset;
    given = offset;
    file = file.at(offset);
    caughtUpAt = catchesUp ? seen : 0;
  }

  /**
   * Reads what is there, up to a bound.
   *
   * @return whether there is more
   */
  boolean turn() {
    try {
      BasicFileAttributes now = attributes();
      FileIdentity was = resume;
      if (was != null) {
        goOn(was);
      }
      if (channel == null && !openNext(now)) {
        return false;
      }
      boolean isNamed = now != null && FileIdentity.inode(now).equals(file.inode());
      if (isLive && isNamed && wasTruncated()) {
        onTruncated();
        return true;
      }
      read(!isLive);
      if (!progress.atEnd) {
        return true;
      }
      if (!isLive || (!isNamed && isFollowed(now))) {
        read(true);
        shut(true);
        Deque<Path> since = Generations.since(path, file, false);
        since.poll();
        next = since.peek();
        return true;
      }
      catchesUp = false;
      return false;
    } catch (IOException e) {
      troubled(e);
      resume = channel == null ? resume : file.at(progress.offset);
      shut(false);
      return false;
    }
  }

  /** What has the name now; null where that is nothing that can be read. */
  private @Nullable BasicFileAttributes attributes() throws IOException {
    try {
      BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
      gone = false;
      if (now.isRegularFile()) {
        return now;
      }
      fromStart = true; // what takes its place is new
      troubled(FileTrouble.kind(now, path));
      return null;
    } catch (NoSuchFileException e) {
      gone = true;
      if (channel == null && next == null && !entry.isGlob()) {
        troubled(FileTrouble.MISSING);
      }
      fromStart = true;
      catchesUp = catchesUp && (channel != null || resume != null);
      return null;
    }
  }

  private boolean openNext(@Nullable BasicFileAttributes now) throws IOException {
    Path older = next;
    if (older != null) {
      next = null;
      boolean opened = open(older);
      isLive = false;
      startAt(0);
      return opened;
    }
    if (now == null || !open(path)) {
      return false;
    }
    long end = seen - seen % entry.encoding().width();
    startAt(fromStart && !known.contains(file) ? 0 : end);
    fromStart = true;
    return true;
  }

  /** Opens a file and notes which it is; false where another took the name meanwhile. */
  private boolean open(Path which) throws IOException {
    BasicFileAttributes before = Files.readAttributes(which, BasicFileAttributes.class);
    if (!before.isRegularFile()) {
      return false;
    }
    FileChannel opened = FileChannel.open(which);
    channel = opened;
    String inode = FileIdentity.inode(before);
    BasicFileAttributes after = Files.readAttributes(which, BasicFileAttributes.class);
    if (!inode.equals(FileIdentity.inode(after))) {
      shut(false);
      return false;
    }
    file = new FileIdentity(inode, 0, 0, 0).withHead(opened);
    isLive = true;
    seen = opened.size();
    grew = clock.nanos();
    oldTime = before.lastModifiedTime().toInstant();
    progress.skipping = false;
    progress.atEnd = false;
    if (!trouble.isEmpty()) {
      log.info("log file is read now path={}", path);
      trouble = "";
    }
    return true;
  }

  /**
   * @param done whether all of it was read
   */
  private void shut(boolean done) {
    FileChannel open = channel;
    channel = null;
    if (open != null) {
      if (done) {
        flush();
        known.add(file);
      }
      try {
        open.close();
      } catch (IOException e) {
        log.debug("closing failed path={}", path, e);
      }
    }
  }

  /** It is shorter than what was read, or begins otherwise. */
  private boolean wasTruncated() throws IOException {
    FileChannel open = channel;
    if (open == null) {
      return false;
    }
    long size = open.size();
    return size < progress.offset || (size != seen && !file.isHeadOf(open));
  }

  /** Reads on in the copy that was made before, if there is one; then the file from its start. */
  private void onTruncated() throws IOException {
    FileIdentity was = file.at(progress.offset);
    Path copy = Generations.since(path, was, true).peekFirst();
    flush();
    shut(false);
    if (copy != null && open(copy)) {
      isLive = false;
      startAt(was.offset());
    }
  }

  private void read(boolean last) throws IOException {
    FileChannel open = channel;
    if (open == null) {
      return;
    }
    long size = open.size();
    if (size == seen && progress.atEnd && !last) {
      if (isRecordOpen && clock.nanos() - grew >= RECORD_OVER) {
        flush();
      }
      return;
    }
    if (size != seen) {
      grew = clock.nanos();
    }
    seen = size;
    if (file.headLength() < FileIdentity.MOST_HEAD) {
      file = file.withHead(open);
    }
    long cut = progress.cut;
    cutter.read(open, entry.encoding(), last, progress, this::take);
    meters.cut.increment((double) (progress.cut - cut));
    file = file.at(progress.offset);
  }

  /** Whether whoever writes has gone on to the new file, and the old one has been quiet since. */
  private boolean isFollowed(@Nullable BasicFileAttributes now) {
    boolean isBegun = now != null && now.size() > 0;
    return clock.nanos() - grew >= (isBegun ? QUIET : NEVER_FOLLOWED);
  }

  private void take(String line, long end) {
    boolean isOld = end <= caughtUpAt;
    if (isRecordOpen && joining.joins(line)) {
      if (record.length() + line.length() < MOST_RECORD) {
        record.append('\n').append(line);
      }
      recordEnd = end;
      return;
    }
    if (isRecordOpen) {
      flush();
    } else {
      joining.joins(line); // it may open a trace
    }
    record.append(line);
    isRecordOpen = true;
    recordEnd = end;
    isRecordOld = isOld;
    if (entry.joining().kind() == Joining.Kind.NONE) {
      flush();
    }
  }

  /** Gives the record away. */
  private void flush() {
    if (!isRecordOpen) {
      return;
    }
    String text = record.toString();
    record.setLength(0);
    isRecordOpen = false;
    if (!text.isEmpty() && refused == null) {
      try {
        lines.accept(line(text));
      } catch (UncheckedIOException ending) {
        refused = file.at(given);
      }
    }
    given = recordEnd;
  }

  private Line line(String text) {
    Place place = new Place(source, file.at(recordEnd).cursor());
    if (entry.headers() && looksLikeHeader(text)) {
      SyslogMessage message = parser.parse(("<14>" + text).getBytes(StandardCharsets.UTF_8), now());
      if (message != null && !message.app().isEmpty()) {
        Instant time = message.time();
        return new Line(
            time == null ? now() : time,
            source,
            "",
            message.app(),
            Severity.INFORMATIONAL,
            message.text(),
            place);
      }
    }
    return new Line(time(text), source, "", "", Severity.INFORMATIONAL, text, place);
  }

  private Instant now() {
    return clock.now();
  }

  private Instant time(String text) {
    if (!isRecordOld) {
      return now();
    }
    Instant told = LineTime.of(text, zone);
    return told == null ? oldTime : told;
  }

  /** {@code Mar 1 10:00:00 host} or {@code 2026-03-01T10:00:00}, as syslog daemons begin. */
  private static boolean looksLikeHeader(String text) {
    if (text.length() < 20) {
      return false;
    }
    boolean old = text.charAt(3) == ' ' && text.charAt(6) == ' ' && text.charAt(9) == ':';
    boolean iso = text.charAt(4) == '-' && text.charAt(10) == 'T';
    return old || iso;
  }

  private void troubled(IOException e) {
    if (e instanceof NoSuchFileException) {
      return; // gone between two looks; the next one tells
    }
    troubled(
        e instanceof AccessDeniedException
            ? FileTrouble.denied(path)
            : String.valueOf(e.getMessage()));
  }

  /** Tells it once. */
  private void troubled(String what) {
    if (!what.equals(trouble)) {
      trouble = what;
      log.warn("log file is not read path={} cause=\"{}\"", path, what);
    }
  }

  /** What waits for its rest is told as it is. */
  @Override
  public void close() {
    shut(true);
  }
}
