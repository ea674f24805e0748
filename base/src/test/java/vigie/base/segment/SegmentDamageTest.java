package vigie.base.segment;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a torn write and changed bytes cost, at every place of small segments. */
class SegmentDamageTest {
  // Kept, since java.util.logging forgets a level with its logger.
  private static final Logger QUIET = Logger.getLogger("vigie");

  @BeforeAll
  static void silenceThousandsOfExpectedFaults() {
    QUIET.setLevel(Level.OFF);
  }

  @AfterAll
  static void speakAgain() {
    QUIET.setLevel(null);
  }

  private static final Path FOLDER = Path.of("/log");
  private static final SegmentOptions OPTIONS = new SegmentOptions("test", 1, 250, 1000);
  private static final int RECORDS = 20;

  private final ForgetfulFiles files = new ForgetfulFiles(0);
  private final List<Path> segments = new ArrayList<>();
  private final Map<Path, byte[]> contents = new HashMap<>();
  // Where each record begins in its file, and the first number of each file.
  private final List<Integer> starts = new ArrayList<>();
  private final List<Integer> firsts = new ArrayList<>();

  SegmentDamageTest() throws IOException {
    try (SegmentLog log = open()) {
      long before = 0;
      for (int i = 1; i <= RECORDS; i++) {
        log.append(text(i).getBytes(UTF_8));
        boolean rolled = log.segmentStarts().size() > firsts.size();
        if (rolled) {
          firsts.add(i);
          segments.add(FOLDER.resolve(SegmentFormat.name(i)));
        }
        int end = files.get(segments.get(segments.size() - 1)).length;
        starts.add(rolled ? SegmentFormat.HEADER : (int) before);
        before = end;
      }
    }
    assertThat(segments).hasSizeGreaterThan(2);
    for (Path segment : segments) {
      contents.put(segment, files.get(segment));
    }
  }

  /** Ends what is open and puts all back as it was. */
  private void restore() throws IOException {
    files.powerCut(ForgetfulFiles.Forget.NOTHING);
    for (String name : files.list(FOLDER)) {
      files.delete(FOLDER.resolve(name));
    }
    contents.forEach(files::put);
  }

  private SegmentLog open() throws IOException {
    return SegmentLog.open(FOLDER, OPTIONS, files);
  }

  private static String text(int number) {
    return "record " + "x".repeat(number % 7) + number;
  }

  private static String line(int number) {
    return number + ":" + text(number);
  }

  private List<String> all(int... without) {
    List<String> lines = new ArrayList<>();
    for (int i = 1; i <= RECORDS; i++) {
      int number = i;
      if (Arrays.stream(without).noneMatch(lost -> lost == number)) {
        lines.add(line(i));
      }
    }
    return lines;
  }

  /** The record that a byte belongs to, 0 for a header. */
  private int recordAt(int segment, int offset) {
    int last = segment + 1 < firsts.size() ? firsts.get(segment + 1) - 1 : RECORDS;
    int found = 0;
    for (int i = firsts.get(segment); i <= last; i++) {
      found = starts.get(i - 1) <= offset ? i : found;
    }
    return found;
  }

  @Test
  void givenLastSegmentCutOffAnywhere_whenOpened_thenWholeRecordsStayAndNumbersGoOn()
      throws IOException {
    int last = segments.size() - 1;
    byte[] whole = files.get(segments.get(last));
    for (int length = 0; length < whole.length; length++) {
      files.put(segments.get(last), Arrays.copyOf(whole, length));
      int torn = Math.max(firsts.get(last), recordAt(last, length));
      try (SegmentLog log = open()) {
        assertThat(log.nextNumber()).as("cut at %d", length).isEqualTo(torn);
        int start = starts.get(torn - 1);
        assertThat(log.tornBytes())
            .isEqualTo(length < SegmentFormat.HEADER ? length : length - start);
        assertThat(log.append("next".getBytes(UTF_8))).isEqualTo(torn);
        log.sync();
        List<String> expected = new ArrayList<>(all().subList(0, torn - 1));
        expected.add(torn + ":next");
        assertThat(SegmentLogTest.read(log, 1)).isEqualTo(expected);
        assertThat(log.faults()).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0x01, 0x80, 0xff})
  void givenOneByteChangedAnywhere_whenRead_thenOnlyItsRecordIsLostAndThePlaceIsTold(int flip)
      throws IOException {
    for (int segment = 0; segment < segments.size(); segment++) {
      byte[] whole = files.get(segments.get(segment));
      for (int offset = 0; offset < whole.length; offset++) {
        byte[] damaged = whole.clone();
        damaged[offset] ^= (byte) flip;
        files.put(segments.get(segment), damaged);
        check(segment, offset);
        restore();
      }
    }
  }

  private void check(int segment, int offset) throws IOException {
    String at = segments.get(segment) + " at " + offset;
    SegmentLog log = open();
    int lost = recordAt(segment, offset);
    if (lost == RECORDS) {
      // Nobody can tell it from a torn write.
      assertThat(log.nextNumber()).as(at).isEqualTo(RECORDS);
      assertThat(log.tornBytes()).as(at).isPositive();
      assertThat(SegmentLogTest.read(log, 1)).as(at).isEqualTo(all(lost));
      return;
    }
    assertThat(log.nextNumber()).as(at).isEqualTo(RECORDS + 1);
    assertThat(SegmentLogTest.read(log, 1)).as(at).isEqualTo(all(lost));
    boolean header = offset < SegmentFormat.HEADER;
    assertThat(log.faults())
        .as(at)
        .containsExactly(
            new SegmentFault(
                segments.get(segment),
                header ? 0 : starts.get(lost - 1),
                header ? 0 : lost,
                header ? -1 : lost));
    assertThat(log.append("next".getBytes(UTF_8))).isEqualTo(RECORDS + 1);
  }

  @Test
  void givenRandomPiecesOverwritten_whenRead_thenWhatComesIsTrue() throws IOException {
    for (int seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      int segment = random.nextInt(segments.size());
      byte[] whole = files.get(segments.get(segment));
      byte[] damaged = whole.clone();
      int from = random.nextInt(whole.length);
      int to = Math.min(whole.length, from + 1 + random.nextInt(120));
      for (int i = from; i < to; i++) {
        damaged[i] = (byte) (random.nextBoolean() ? 0 : random.nextInt());
      }
      files.put(segments.get(segment), damaged);
      SegmentLog log = open();
      List<String> read = SegmentLogTest.read(log, 1);
      assertThat(all()).as("seed %d", seed).containsAll(read);
      assertThat(read).as("seed %d", seed).doesNotHaveDuplicates().hasSizeGreaterThan(RECORDS - 9);
      restore();
    }
  }

  @Test
  void givenBytesThatLookLikeLengths_whenARecordBeforeThemIsDamaged_thenTheNextOnesAreFound()
      throws IOException {
    // What a time in microseconds looks like where a length would stand: less than a record's most.
    byte[] record = new byte[200];
    for (int i = 1; i < record.length; i += 4) {
      record[i] = 0x0f;
    }
    ForgetfulFiles disk = new ForgetfulFiles(0);
    SegmentOptions large = new SegmentOptions("test", 1, 1 << 20, 1 << 20);
    try (SegmentLog log = SegmentLog.open(FOLDER, large, disk)) {
      for (int i = 0; i < RECORDS; i++) {
        log.append(record);
      }
    }
    Path file = FOLDER.resolve(SegmentFormat.name(1));
    byte[] damaged = disk.get(file);
    damaged[SegmentFormat.HEADER] ^= 1;
    disk.put(file, damaged);
    try (SegmentLog log = SegmentLog.open(FOLDER, large, disk)) {
      assertThat(log.nextNumber()).isEqualTo(RECORDS + 1);
      assertThat(SegmentLogTest.read(log, 1)).hasSize(RECORDS - 1);
    }
  }

  @Test
  void givenEmptiedSegment_whenRead_thenItsRecordsAreToldAsLost() throws IOException {
    files.put(segments.get(1), new byte[0]);
    try (SegmentLog log = open()) {
      int from = firsts.get(1);
      int to = firsts.get(2) - 1;
      assertThat(SegmentLogTest.read(log, 1))
          .hasSize(RECORDS - (to - from + 1))
          .doesNotContain(line(from), line(to));
      assertThat(log.faults())
          .contains(new SegmentFault(segments.get(1), SegmentFormat.HEADER, from, to));
    }
  }

  @Test
  void givenSegmentGone_whenRead_thenItsRecordsAreToldAsLost() throws IOException {
    files.delete(segments.get(1));
    try (SegmentLog log = open()) {
      assertThat(SegmentLogTest.read(log, 1)).contains(line(1), line(RECORDS));
      assertThat(log.faults().get(0).toString())
          .matches("/log/0+1\\.seg is damaged at byte \\d+; records \\d+ to \\d+ are lost");
    }
  }
}
