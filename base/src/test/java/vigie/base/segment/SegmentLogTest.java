package vigie.base.segment;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentLogTest {
  private static final SegmentOptions SMALL = new SegmentOptions("test", 1, 200, 100_000);
  @TempDir Path folder;

  private SegmentLog open() throws IOException {
    return SegmentLog.open(folder, SMALL, FileLayer.disk());
  }

  static List<String> read(SegmentLog log, long from) throws IOException {
    List<String> all = new ArrayList<>();
    try (SegmentReader reader = log.reader(from)) {
      while (reader.next()) {
        all.add(reader.number() + ":" + UTF_8.decode(reader.record()));
      }
    }
    return all;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  @Test
  void givenRecords_whenReopened_thenNumbersGoOn() throws IOException {
    try (SegmentLog log = open()) {
      assertThat(log.append(bytes("a"))).isEqualTo(1);
      assertThat(log.append(List.of(ByteBuffer.wrap(bytes("b")), ByteBuffer.wrap(bytes("c")))))
          .isEqualTo(2);
    }
    try (SegmentLog log = open()) {
      assertThat(read(log, 1)).containsExactly("1:a", "2:b", "3:c");
      assertThat(log.append(bytes("d"))).isEqualTo(4);
      assertThat(log.firstNumber()).isEqualTo(1);
      assertThat(log.nextNumber()).isEqualTo(5);
    }
  }

  @Test
  void givenUnsyncedRecords_whenRead_thenOnlySyncedOnesAreSeen() throws IOException {
    try (SegmentLog log = open();
        SegmentReader reader = log.reader(1)) {
      log.append(bytes("a"));
      assertThat(reader.next()).isFalse();
      log.sync();
      assertThat(reader.next()).isTrue();
      assertThat(reader.next()).isFalse();
      log.append(bytes("b"));
      log.sync();
      assertThat(reader.next()).isTrue();
      assertThat(reader.number()).isEqualTo(2);
    }
  }

  @Test
  void givenManySegments_whenDropped_thenWholeOnesGoAndTheActiveOneStays() throws IOException {
    try (SegmentLog log = open()) {
      for (int i = 1; i <= 20; i++) {
        log.append(bytes("record " + i));
      }
      log.sync();
      assertThat(log.segmentStarts()).containsExactly(1L, 7L, 13L, 19L);
      log.dropBefore(13);
      assertThat(log.firstNumber()).isEqualTo(13);
      assertThat(read(log, 1)).startsWith("13:record 13").hasSize(8);
      log.dropBefore(21);
      assertThat(log.segmentStarts()).containsExactly(19L);
      log.roll();
      log.dropBefore(21);
      assertThat(log.sizeBytes()).isEqualTo(SegmentFormat.HEADER);
    }
    try (SegmentLog log = open()) {
      assertThat(log.firstNumber()).isEqualTo(21);
      assertThat(log.append(bytes("next"))).isEqualTo(21);
      log.sync();
      assertThat(read(log, 1)).containsExactly("21:next");
    }
  }

  @Test
  void givenRecordsLargerThanEveryBuffer_whenAppended_thenTheyComeBackWhole() throws IOException {
    String large = "x".repeat(99_000);
    try (SegmentLog log = open()) {
      log.append(List.of(ByteBuffer.wrap(bytes("a")), ByteBuffer.wrap(bytes(large))));
      log.append(bytes("b"));
      log.sync();
      assertThat(read(log, 1)).containsExactly("1:a", "2:" + large, "3:b");
      assertThatThrownBy(() -> log.append(new byte[100_001]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("100001 bytes");
      assertThatThrownBy(() -> log.append(new byte[0]))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void givenReaderInOldSegment_whenItIsDropped_thenReaderGoesOnBehindIt() throws IOException {
    try (SegmentLog log = open();
        SegmentReader reader = log.reader(1)) {
      for (int i = 1; i <= 20; i++) {
        log.append(bytes("record " + i));
      }
      log.sync();
      reader.next();
      log.dropBefore(13);
      reader.next();
      assertThat(reader.number()).isEqualTo(13);
    }
  }

  @Test
  void givenOpenLog_whenOpenedAgain_thenHolderIsNamed() throws IOException {
    try (SegmentLog log = open()) {
      assertThatThrownBy(this::open)
          .isInstanceOf(FolderHeldException.class)
          .hasMessage(
              folder
                  + " is held by process "
                  + ProcessHandle.current().pid()
                  + " (this one); stop it or set another path");
      log.append(bytes("a"));
    }
    open().close();
  }

  @Test
  void givenNewerVersion_whenOpened_thenRefusedByName() throws IOException {
    SegmentOptions newer = new SegmentOptions("test", 2, 200, 100);
    try (SegmentLog log = SegmentLog.open(folder, newer, FileLayer.disk())) {
      log.append(bytes("a"));
    }
    assertThatThrownBy(this::open)
        .isInstanceOf(SegmentFormatException.class)
        .hasMessageContaining("00000000000000000001.seg has test record version 2")
        .hasMessageContaining("reads up to version 1");
    Path segment = folder.resolve(SegmentFormat.name(1));
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(segment));
    bytes.putShort(8, (short) 7).putInt(12, SegmentFormat.crc(bytes, 0, 12));
    Files.write(segment, bytes.array());
    assertThatThrownBy(this::open)
        .isInstanceOf(SegmentFormatException.class)
        .hasMessageContaining("00000000000000000001.seg has format version 7");
  }

  @Test
  void givenOtherContent_whenOpened_thenRefused() throws IOException {
    try (SegmentLog log = open()) {
      log.append(bytes("a"));
    }
    assertThatThrownBy(() -> SegmentLog.open(folder, new SegmentOptions("spool"), FileLayer.disk()))
        .hasMessageContaining("holds test records, not spool records");
  }

  private static final SegmentOptions AHEAD = new SegmentOptions("test", 1, 4_000, 2_000, 1_000);

  @Test
  void givenZerosAhead_whenAppended_thenTheFileGrowsOnlyAfterThemAndLosesThemAtTheEnd()
      throws IOException {
    Path file = folder.resolve(SegmentFormat.name(1));
    try (SegmentLog log = SegmentLog.open(folder, AHEAD, FileLayer.disk())) {
      log.append(bytes("a"));
      long size = Files.size(file);
      for (int i = 0; i < 50; i++) {
        log.append(bytes("b"));
      }
      assertThat(Files.size(file)).isEqualTo(size).isGreaterThan(log.sizeBytes());
      log.append(new byte[1_500]);
      assertThat(Files.size(file)).as("a large one").isEqualTo(log.sizeBytes());
      log.append(bytes("c"));
      assertThat(Files.size(file)).isGreaterThan(log.sizeBytes());
      log.append(new byte[1_900]);
      assertThat(log.segmentStarts()).hasSize(2);
      assertThat(Files.size(file)).as("what is ended").isEqualTo(48 + 51 * 17 + 1_516 + 17);
      log.append(bytes("d"));
    }
    try (SegmentLog log = SegmentLog.open(folder, AHEAD, FileLayer.disk())) {
      assertThat(log.sizeBytes()).isEqualTo(2 * 48 + 53 * 17 + 1_516 + 1_916);
    }
  }

  @Test
  void givenZerosAhead_whenKilled_thenTheyAreNoTornRecordButWhatIsWrittenThereIs()
      throws IOException {
    ForgetfulFiles files = new ForgetfulFiles(1);
    Path file = folder.resolve(SegmentFormat.name(1));
    SegmentLog.open(folder, AHEAD, files).append(bytes("a"));
    files.powerCut(ForgetfulFiles.Forget.NOTHING);
    SegmentLog log = SegmentLog.open(folder, AHEAD, files);
    assertThat(log.tornBytes()).isZero();
    assertThat(log.nextNumber()).isEqualTo(2);
    assertThat(log.append(bytes("b"))).isEqualTo(2);
    log.append(bytes("c"));
    files.powerCut(ForgetfulFiles.Forget.NOTHING);
    byte[] content = files.get(file);
    content[48 + 2 * 17 - 1] = 0; // the b
    content[48 + 3 * 17 - 1] = 0; // the c
    files.put(file, content);

    SegmentLog torn = SegmentLog.open(folder, AHEAD, files);

    assertThat(torn.nextNumber()).isEqualTo(2);
    assertThat(torn.tornBytes()).isEqualTo(2 * 17 - 1);
    assertThat(torn.tornRecords()).isBetween(1L, 2L);
    torn.close();
    assertThat(files.get(file)).hasSize(48 + 17);
  }

  @Test
  void givenDiskWithoutRoomForZeros_whenAppended_thenTheRecordIsTakenAllTheSame()
      throws IOException {
    ForgetfulFiles files = new ForgetfulFiles(1);
    files.setSpaceBytes(200);
    SegmentLog log = SegmentLog.open(folder, AHEAD, files);

    assertThat(log.append(bytes("a"))).isEqualTo(1);
    log.sync();

    assertThat(read(log, 1)).containsExactly("1:a");
  }
}
