package vigie.base.segment;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import vigie.base.fuzz.FuzzContract;

/**
 * Segments with anything written over, into or behind them: what is read is true and in order, what
 * is not read is told as lost, and the log goes on.
 */
class SegmentLogFuzzTest extends FuzzContract {
  // Kept, since java.util.logging forgets a level with its logger.
  private static final Logger QUIET = Logger.getLogger("vigie.base.segment");
  private static final Path FOLDER = Path.of("/log");
  private static final SegmentOptions OPTIONS = new SegmentOptions("test", 1, 250, 1000);
  private static final int RECORDS = 20;

  private final ForgetfulFiles files = new ForgetfulFiles(0);
  private final Map<Path, byte[]> whole = new LinkedHashMap<>();
  private final List<Path> segments = new ArrayList<>();

  SegmentLogFuzzTest() throws IOException {
    QUIET.setLevel(Level.OFF);
    try (SegmentLog log = SegmentLog.open(FOLDER, OPTIONS, files)) {
      for (int i = 1; i <= RECORDS; i++) {
        log.append(text(i).getBytes(UTF_8));
      }
    }
    for (String name : files.list(FOLDER)) {
      if (name.endsWith(".seg")) {
        segments.add(FOLDER.resolve(name));
      }
      whole.put(FOLDER.resolve(name), files.get(FOLDER.resolve(name)));
    }
    segments.sort(null);
  }

  private static String text(long number) {
    return "record " + "x".repeat((int) number % 7) + number;
  }

  @Override
  protected List<byte[]> seeds() {
    byte[] segment = whole.get(segments.get(1));
    byte[] record = Arrays.copyOfRange(segment, SegmentFormat.HEADER, segment.length);
    return List.of(
        new byte[] {0, 60, 0, 1},
        new byte[] {1, 0, 0, 0},
        damage(0x21, 50, record),
        damage(0x42, 48, new byte[40]),
        damage(0x10, 12, Arrays.copyOf(segment, 30)),
        damage(0x32, 120, new byte[] {0, 0, 0, 5, 0, 0, 0, 9}));
  }

  private static byte[] damage(int how, int at, byte[] bytes) {
    byte[] all = new byte[bytes.length + 2];
    all[0] = (byte) how;
    all[1] = (byte) at;
    System.arraycopy(bytes, 0, all, 2, bytes.length);
    return all;
  }

  @Override
  protected int rounds() {
    return 5_000;
  }

  @Override
  protected int mostBytes() {
    return 400;
  }

  /** First byte: which segment and what is done to it; second: where; the others: with what. */
  @Override
  protected void feed(byte[] bytes) throws IOException {
    if (bytes.length < 3) {
      return;
    }
    restore();
    Path file = segments.get((bytes[0] & 15) % segments.size());
    byte[] with = Arrays.copyOfRange(bytes, 2, bytes.length);
    files.put(file, damaged(whole.get(file), (bytes[0] >> 4) & 3, bytes[1] & 0xff, with));
    try (SegmentLog log = SegmentLog.open(FOLDER, OPTIONS, files)) {
      long next = log.nextNumber();
      List<String> read = SegmentLogTest.read(log, 1);
      long before = 0;
      for (String line : read) {
        long number = Long.parseLong(line.substring(0, line.indexOf(':')));
        assertThat(line).isEqualTo(number + ":" + text(number));
        assertThat(number).isGreaterThan(before).isLessThan(next);
        before = number;
      }
      assertThat(read.size() + lost(log)).isGreaterThanOrEqualTo((int) next - 1);
      assertThat(next).isBetween(1L, RECORDS + 1L);
      assertThat(log.append("next".getBytes(UTF_8))).isEqualTo(next);
    } catch (SegmentFormatException newerOrOther) {
      assertThat(newerOrOther.getMessage()).contains(file.toString());
    }
  }

  private static int lost(SegmentLog log) {
    return log.faults().stream().mapToInt(f -> (int) Math.max(0, f.to() - f.from() + 1)).sum();
  }

  private static byte[] damaged(byte[] whole, int how, int place, byte[] with) {
    int at = Math.min(place, whole.length);
    byte[] head = Arrays.copyOf(whole, at);
    int from = how == 0 ? Math.min(whole.length, at + with.length) : at;
    byte[] tail = how == 2 ? new byte[0] : Arrays.copyOfRange(whole, from, whole.length);
    if (how == 3) {
      byte[] changed = whole.clone();
      for (int i = 0; i < with.length && at + i < changed.length; i++) {
        changed[at + i] ^= with[i];
      }
      return changed;
    }
    byte[] all = Arrays.copyOf(head, at + with.length + tail.length);
    System.arraycopy(with, 0, all, at, with.length);
    System.arraycopy(tail, 0, all, at + with.length, tail.length);
    return all;
  }

  private void restore() throws IOException {
    files.powerCut(ForgetfulFiles.Forget.NOTHING);
    for (String name : files.list(FOLDER)) {
      files.delete(FOLDER.resolve(name));
    }
    whole.forEach(files::put);
  }
}
