package vigie.agent.source;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import vigie.agent.event.Event;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Yaml;
import vigie.base.time.ManualClock;

class FileSourceTest {
  @TempDir private Path folder;
  private ManualClock clock = new ManualClock();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Faults faults = new Faults();
  private KeptPlaces spool = new KeptPlaces();
  private Patterns patterns;
  private FileSource source;
  private String options = "";
  private String name = "app.log";
  private String match = "(?s).";

  @AfterEach
  void close() {
    if (source != null) {
      source.close();
      patterns.close();
    }
  }

  /** Begins to follow, as an agent that starts. */
  private void start() {
    String yaml =
        """
        patterns: [{name: all, match: '%s'}]
        files: [{path: '%s'%s}]
        """
            .formatted(match, folder.resolve(name), options);
    Section top = Yaml.parse(Path.of("/etc/agent.yaml"), yaml, Map.of(), faults);
    PatternsConfig config = PatternsConfig.read(top);
    FilesConfig files = FilesConfig.read(top, config);
    assertThat(faults.all()).isEmpty();
    patterns = new Patterns(config, 1_000_000, spool, clock, clock, Runnable::run, meters);
    source =
        new FileSource(files, patterns, spool, clock, ZoneOffset.UTC, clock, Runnable::run, meters);
    source.start();
    clock.runDue();
  }

  private void stop() {
    source.close();
    patterns.close();
    source = null;
  }

  private Path log() {
    return folder.resolve("app.log");
  }

  private void append(Path file, String text) throws IOException {
    Files.write(file, text.getBytes(StandardCharsets.UTF_8), CREATE, APPEND);
  }

  private void append(String text) throws IOException {
    append(log(), text);
  }

  private void seconds(int seconds) {
    clock.advance(Duration.ofSeconds(seconds));
  }

  private List<String> texts() {
    return spool.told.texts();
  }

  @Test
  void givenOldLines_whenStarted_thenOnlyNewOnesAreRead() throws IOException {
    append("old\n");
    start();
    append("one\ntw");
    seconds(1);
    assertThat(texts()).containsExactly("one");
    append("o\r\n\nthree\n");
    seconds(1);
    assertThat(texts()).containsExactly("one", "two", "three");
    assertThat(spool.told.last().fields()).containsEntry("source", "file:" + log());
    assertThat(spool.told.last().time()).isEqualTo(clock.now());
  }

  @Test
  void givenFromStart_whenStarted_thenOldLinesTooWithTheirOwnTimes() throws IOException {
    options = ", from: start";
    append("2025-12-01 10:00:00,250 old\nno time\n");
    Files.setLastModifiedTime(log(), FileTime.from(Instant.parse("2025-12-02T00:00:00Z")));
    start();
    assertThat(spool.told.events)
        .extracting(Event::time)
        .containsExactly(
            Instant.parse("2025-12-01T10:00:00.250Z"), Instant.parse("2025-12-02T00:00:00Z"));
  }

  @Test
  void givenSyslogHeaders_whenRead_thenProgramAndTimeAreTaken() throws IOException {
    start();
    append("Dec 31 23:59:58 pi sshd[812]: Accepted password for pi from 192.0.2.1 port 2 ssh2\n");
    append("2025-12-31T23:59:59.5+00:00 pi app: said\n");
    seconds(1);
    assertThat(texts())
        .containsExactly("Accepted password for pi from 192.0.2.1 port 2 ssh2", "said");
    assertThat(spool.told.events.get(0).fields()).containsEntry("identifier", "sshd");
    assertThat(spool.told.last().time()).isEqualTo(Instant.parse("2025-12-31T23:59:59.5Z"));
  }

  @Test
  void givenMissingFile_whenItAppears_thenReadFromItsStart() throws IOException {
    start();
    seconds(5);
    assertThat(meters.get("vigie.files.failing").gauge().value()).isEqualTo(1);
    append("first\n");
    seconds(1);
    assertThat(texts()).containsExactly("first");
    assertThat(meters.get("vigie.files.failing").gauge().value()).isZero();
  }

  @Test
  void givenRename_whenOldGetsMore_thenItsRestIsReadBeforeTheNew() throws IOException {
    append("");
    start();
    append("one\n");
    seconds(1);
    append("two\nhal");
    Files.move(log(), folder.resolve("app.log.1"));
    append("four\n");
    append(folder.resolve("app.log.1"), "f\nthree");
    seconds(1);
    assertThat(texts()).containsExactly("one", "two", "half");
    seconds(3);
    assertThat(texts()).containsExactly("one", "two", "half", "three", "four");
  }

  @Test
  void givenCopyTruncate_whenMoreWasWrittenBefore_thenItIsReadFromTheCopy() throws IOException {
    append("");
    start();
    append("one\n");
    seconds(1);
    append("two\n");
    copyTruncate(folder.resolve("app.log.1"));
    append("three, longer than all that was there before\n");
    seconds(2);
    assertThat(texts())
        .containsExactly("one", "two", "three, longer than all that was there before");
  }

  @Test
  void givenTruncation_whenNoCopy_thenReadFromTheStart() throws IOException {
    append("");
    start();
    append("one\n");
    seconds(1);
    Files.write(log(), new byte[0]);
    seconds(1);
    append("two\n");
    seconds(1);
    assertThat(texts()).containsExactly("one", "two");
  }

  private void copyTruncate(Path to) throws IOException {
    Files.copy(log(), to, StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel file = FileChannel.open(log(), WRITE)) {
      file.truncate(0);
    }
  }

  @Test
  void givenRestart_whenRotatedTwiceMeanwhile_thenAllGenerationsAreReadInOrder()
      throws IOException {
    append("");
    start();
    append("one\n");
    seconds(1);
    stop();
    append("two\n");
    Files.move(log(), folder.resolve("app.log.2"));
    append("three\n");
    Files.move(log(), folder.resolve("app.log.1"));
    append("four\n");
    FileTime past = FileTime.from(Instant.parse("2026-01-01T00:00:00Z"));
    Files.setLastModifiedTime(folder.resolve("app.log.1"), past);
    Files.setLastModifiedTime(folder.resolve("app.log.2"), past);
    start();
    assertThat(texts()).containsExactly("one", "two", "three", "four");
    stop();
    start();
    seconds(2);
    assertThat(texts()).hasSize(4);
  }

  @Test
  void givenRestart_whenTheFileIsGone_thenCountedAndTheNewOneRead() throws IOException {
    append("");
    start();
    append("one\n");
    seconds(1);
    stop();
    Files.delete(log());
    append("new\n");
    start();
    assertThat(texts()).containsExactly("one", "new");
    assertThat(meters.get("vigie.files.lost").counter().count()).isEqualTo(1);
  }

  @Test
  void givenGlob_whenFilesComeGoAndRotate_thenEachLineOnce() throws IOException {
    name = "*.log*";
    append("old\n");
    start();
    append("one\n");
    append(folder.resolve("b.log"), "b1\n");
    seconds(10);
    assertThat(texts()).containsExactly("one", "b1");
    Files.move(log(), folder.resolve("app.log.1"));
    append("two\n");
    append(folder.resolve("app.log.1.gz"), "gz\n");
    seconds(20);
    assertThat(texts()).containsExactly("one", "b1", "two");
    Files.delete(folder.resolve("b.log"));
    seconds(20);
    assertThat(meters.get("vigie.files.followed").gauge().value()).isEqualTo(1);
  }

  @Test
  void givenDatedGlob_whenTheLogIsRenamedToANameOfItsOwn_thenNotReadTwice() throws IOException {
    name = "app*.log";
    append("x".repeat(300) + "\n");
    start();
    append("one\n");
    seconds(1);
    Files.move(log(), folder.resolve("app20260101.log"));
    append("two\n");
    seconds(30);
    assertThat(texts()).containsExactly("one", "two");
  }

  @Test
  void givenDirectoryOrPipe_whenStarted_thenToldAndSurvived() throws Exception {
    Files.createDirectory(log());
    start();
    seconds(2);
    assertThat(meters.get("vigie.files.failing").gauge().value()).isEqualTo(1);
    Files.delete(log());
    assertThat(new ProcessBuilder("mkfifo", log().toString()).start().waitFor(60, TimeUnit.SECONDS))
        .isTrue();
    seconds(2);
    assertThat(meters.get("vigie.files.failing").gauge().value()).isEqualTo(1);
    Files.delete(log());
    append("one\n");
    seconds(1);
    assertThat(texts()).containsExactly("one");
  }

  @Test
  void givenLongLine_whenRead_thenCutAndItsRestSkipped() throws IOException {
    append("");
    start();
    append("x".repeat(300_000) + "\nnext\n");
    seconds(1);
    assertThat(spool.told.events).hasSize(2);
    assertThat(texts()).element(1).isEqualTo("next");
    assertThat(meters.get("vigie.files.lines.cut").counter().count()).isEqualTo(1);
    append("y".repeat(100_000));
    seconds(1);
    append("z\nlast\n");
    seconds(1);
    assertThat(texts()).hasSize(4).endsWith("last");
  }

  @ParameterizedTest
  @CsvSource({"utf-8,UTF-8", "latin-1,ISO-8859-1", "utf-16,UTF-16LE", "utf-16be,UTF-16BE"})
  void givenEncoding_whenRead_thenText(String encoding, String charset) throws IOException {
    options = ", encoding: " + encoding;
    Files.write(log(), "\uFEFF".getBytes(Charset.forName(charset.replace("ISO-8859-1", "UTF-8"))));
    start();
    Files.write(
        log(),
        "é…\r\nfin\n".replace("…", "Ċ").replace("Ċ", "É").getBytes(Charset.forName(charset)),
        APPEND);
    seconds(1);
    assertThat(texts()).containsExactly("éÉ", "fin");
  }

  @Test
  void givenBytesThatAreNoUtf8_whenRead_thenShown() throws IOException {
    append("");
    start();
    Files.write(
        log(), new byte[] {'a', (byte) 0xE9, 'b', (byte) 0xFF, '\n', 0, 0, 'c', '\n'}, APPEND);
    seconds(1);
    assertThat(texts()).containsExactly("a\\xE9b\\xFF", "c");
  }

  @Test
  void givenJavaTraces_whenRead_thenOneRecordEach() throws IOException {
    options = ", multiline: java";
    append("");
    start();
    String trace =
        """
        10:00 ERROR failed
        java.lang.IllegalStateException: no
        \tat org.example.A.run(A.java:1)
        Caused by: java.io.IOException: disk
        \t... 3 more
        """;
    append("10:00 INFO fine\n" + trace + "10:01 INFO fine again\n");
    seconds(1);
    assertThat(texts()).containsExactly("10:00 INFO fine", "10:00 ERROR failed");
    assertThat(spool.told.last().fields().get("more"))
        .startsWith("java.lang.IllegalStateException: no\n")
        .endsWith("... 3 more");
    seconds(2);
    assertThat(texts()).endsWith("10:01 INFO fine again");
  }

  @Test
  void givenPythonTraces_whenRead_thenOneRecordEach() throws IOException {
    options = ", multiline: python";
    append("");
    start();
    append(
        """
        ERROR:root:failed
        Traceback (most recent call last):
          File "a.py", line 1, in <module>
            run()
        KeyError: 'x'

        During handling of the above exception, another exception occurred:

        Traceback (most recent call last):
          File "a.py", line 3, in <module>
        ValueError: y
        INFO:root:on
        """);
    seconds(3);
    assertThat(texts()).containsExactly("ERROR:root:failed", "INFO:root:on");
    assertThat(spool.told.events.get(0).fields().get("more")).endsWith("ValueError: y");
  }

  @Test
  void givenStartRegex_whenRead_thenRecordsBeginWhereItMatches() throws IOException {
    options = ", multiline: {start: '^\\[\\d+\\]'}";
    append("");
    start();
    append("[1] a\nb\nc\n[2] d\n");
    seconds(3);
    assertThat(texts()).containsExactly("[1] a", "[2] d");
    assertThat(spool.told.events.get(0).fields()).containsEntry("more", "b\nc");
  }

  /** Rotations, truncations, appends, restarts and crashes, against a plain list of lines. */
  @ParameterizedTest
  @MethodSource("seeds")
  void givenRandomWrites_whenRotatedStoppedAndKilled_thenEveryLineOnceAndInOrder(long seed)
      throws IOException {
    Random random = new Random(seed);
    List<String> written = new ArrayList<>();
    boolean byCopy = random.nextBoolean();
    append("");
    start();
    append("line 0 begins\n");
    written.add("line 0 begins");
    seconds(1); // from now on there is a place to go on from
    boolean running = true;
    int unread = 0; // rotations since the reader could catch up; the oldest file is deleted
    for (int step = 0; step < 400; step++) {
      switch (random.nextInt(10)) {
        case 0 -> {
          if (unread < GENERATIONS - 1 && Files.size(log()) > 0) {
            if (byCopy && running) {
              seconds(1); // what is written and cut away between two looks leaves no trace
            }
            rotate(byCopy);
            unread++;
          }
        }
        case 1 -> {
          if (running) {
            stop();
          } else {
            start();
          }
          running = !running;
        }
        case 2, 3 -> {
          int seconds = random.nextInt(8);
          boolean crashes = running && random.nextInt(3) == 0;
          if (crashes) {
            spool.crashIn(random.nextInt(6), random.nextBoolean());
          }
          try {
            seconds(seconds);
          } catch (KeptPlaces.Crash killed) {
            clock = new ManualClock(clock.now()); // what ran is no more
            start();
            seconds = 0;
          }
          spool.crashIn(-1, false);
          unread = running && seconds > 5 ? 0 : unread;
        }
        default -> {
          StringBuilder text = new StringBuilder();
          for (int n = random.nextInt(8); n > 0; n--) {
            String line = "line " + written.size() + "x".repeat(random.nextInt(60));
            written.add(line);
            text.append(line).append('\n');
          }
          append(text.toString());
        }
      }
    }
    if (!running) {
      start();
    }
    seconds(60);
    List<String> missing = new ArrayList<>(written);
    missing.removeAll(texts());
    assertThat(missing).as("missing; seed %d, copytruncate %s", seed, byCopy).isEmpty();
    assertThat(texts()).as("seed %d, copytruncate %s", seed, byCopy).doesNotHaveDuplicates();
    assertThat(texts()).isEqualTo(written);
  }

  private static final int GENERATIONS = 4;

  static LongStream seeds() {
    return LongStream.rangeClosed(1, Integer.getInteger("files.seeds", 20));
  }

  /** As logrotate does: .1 becomes .2, and so on. */
  private void rotate(boolean byCopy) throws IOException {
    for (int n = GENERATIONS - 1; n >= 1; n--) {
      Path from = folder.resolve("app.log." + n);
      if (Files.exists(from)) {
        Files.move(from, folder.resolve("app.log." + (n + 1)), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    if (byCopy) {
      copyTruncate(folder.resolve("app.log.1"));
    } else {
      Files.move(log(), folder.resolve("app.log.1"));
      append("");
    }
  }
}
