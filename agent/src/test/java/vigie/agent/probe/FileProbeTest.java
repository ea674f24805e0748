package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.agent.event.EventType;
import vigie.agent.reader.Roots;
import vigie.base.config.Faults;
import vigie.base.time.ManualClock;

/** Real files; only what time it is comes from the test. */
class FileProbeTest {
  private static final Instant NOW = Instant.parse("2026-11-21T05:30:00Z");
  private static final String DAILY = "max_age: 26h\nmin_size: 1MiB\nshrink: 50%\n";
  private static final long MIB = 1 << 20;
  @TempDir Path folder;
  private final ManualClock clock = new ManualClock(NOW);
  private HostProbes host;
  private String pattern;

  @BeforeEach
  void host() {
    host = new HostProbes(Roots.HOST, clock);
    pattern = folder + "/*.dump";
  }

  @Test
  void givenRotationOfTenDays_whenRun_thenUpWithItsFigures() throws IOException {
    rotation(48 * MIB);
    ProbeResult result = run(DAILY);
    assertThat(HostProbes.reason(result)).isEqualTo("up");
    assertThat(HostProbes.samples(result, "vigie_probe_file_"))
        .containsEntry("count", 10.0)
        .containsEntry("size_bytes", 48.0 * MIB)
        .containsEntry("earlier_size_bytes", 48.0 * MIB)
        .containsEntry("modified_timestamp_seconds", NOW.minusSeconds(3600).getEpochSecond() * 1.0);
    assertThat(host.steps)
        .containsExactly("10 files match", "newest is " + folder + "/app-00.dump, 48 MiB, 60m old");
  }

  @Test
  void givenNoNewDump_whenTooOld_thenLateWithNameAndAges() throws IOException {
    rotation(48 * MIB);
    clock.step(Duration.ofHours(26));
    ProbeResult result = run(DAILY);
    assertThat(HostProbes.reason(result))
        .isEqualTo("newest file " + folder + "/app-00.dump is 27h old, expected at most 26h");
    assertThat(cause(result)).isEqualTo(EventType.BACKUP_LATE);
  }

  @Test
  void givenAgeJustBeyondTheLimit_whenRun_thenNotTheSameNumberTwice() throws IOException {
    file("a.dump", 2 * MIB, Duration.ofHours(26).plusMinutes(4));
    assertThat(reason(DAILY)).endsWith("is more than 26h old, expected at most 26h");
  }

  @Test
  void givenDumpMuchSmallerThanThoseBefore_whenRun_thenSmall() throws IOException {
    rotation(48 * MIB);
    file("app-00.dump", 1_300_000, Duration.ofHours(1));
    ProbeResult result = run(DAILY);
    assertThat(HostProbes.reason(result))
        .isEqualTo(
            "newest file "
                + folder
                + "/app-00.dump is 1.2 MiB, the 9 before it had 48 MiB in the middle");
    assertThat(cause(result)).isEqualTo(EventType.BACKUP_SMALL);
  }

  @Test
  void givenOneBefore_whenNewestIsHalfOfItAndLess_thenJudgedAgainstThatOne() throws IOException {
    file("b.dump", 10 * MIB, Duration.ofHours(25));
    file("c.dump", 5 * MIB, Duration.ofHours(1));
    assertThat(reason(DAILY)).isEqualTo("up");
    file("c.dump", 5 * MIB - 1, Duration.ofHours(1));
    assertThat(reason(DAILY)).endsWith("is 4.9 MiB, the one before it had 10 MiB");
  }

  @Test
  void givenFailedNightsBefore_whenRun_thenTheyAreNoMeasure() throws IOException {
    rotation(48 * MIB);
    for (int day = 1; day <= 6; day++) {
      file(String.format("app-%02d.dump", day), day % 2 * 100, Duration.ofDays(day));
    }
    file("app-00.dump", 2 * MIB, Duration.ofHours(1));
    assertThat(reason(DAILY)).endsWith("is 2 MiB, the 3 before it had 48 MiB in the middle");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0|max_age: 26h|is empty",
        "1048575|min_size: 1MiB|is 1023 KiB, expected at least 1 MiB",
        "0|min_size: 0|up",
      })
  void givenSmallFile_whenRun_thenItsSizeAgainstTheLimit(long size, String keys, String end)
      throws IOException {
    file("a.dump", size, Duration.ofHours(1));
    assertThat(reason(keys)).endsWith(end);
  }

  @Test
  void givenFileBeingWritten_whenSmallStill_thenTheOneBeforeIsJudged() throws IOException {
    file("a.dump", 4 * MIB, Duration.ofHours(25));
    file("b.dump", 10, Duration.ofSeconds(2));
    Probe probe = host.probe(HostProbes.read(FileModule::read, DAILY), pattern);
    assertThat(HostProbes.reason(host.run(probe))).isEqualTo("up");
    // Left alone, it is judged.
    clock.advance(Duration.ofMinutes(1));
    assertThat(HostProbes.reason(host.run(probe))).contains("b.dump is 10 bytes, expected");
    // The next one being written does not make it good.
    file("c.dump", 10, Duration.ofSeconds(2));
    assertThat(HostProbes.reason(host.run(probe))).contains("b.dump is 10 bytes, expected");
  }

  @Test
  void givenCopyThatKeepsItsTime_whenItStillGrows_thenNotJudged() throws IOException {
    file("a.dump", 4 * MIB, Duration.ofHours(25));
    Probe probe = host.probe(HostProbes.read(FileModule::read, DAILY), pattern);
    host.run(probe);
    file("b.dump", 10, Duration.ofHours(1));
    assertThat(HostProbes.reason(host.run(probe))).contains("b.dump is 10 bytes");
    file("b.dump", 2000, Duration.ofHours(1));
    assertThat(HostProbes.reason(host.run(probe))).isEqualTo("up");
    file("b.dump", 4 * MIB, Duration.ofHours(1));
    assertThat(HostProbes.reason(host.run(probe))).isEqualTo("up");
    assertThat(HostProbes.reason(host.run(probe))).isEqualTo("up");
  }

  @Test
  void givenOnlyFileRewrittenInPlace_whenBeingWritten_thenWhatWasFoundBeforeStays()
      throws IOException {
    file("a.dump", 10, Duration.ofHours(1));
    Probe probe = host.probe(HostProbes.read(FileModule::read, DAILY), pattern);
    assertThat(HostProbes.reason(host.run(probe))).contains("is 10 bytes");
    file("a.dump", 20, Duration.ZERO);
    assertThat(HostProbes.reason(host.run(probe))).contains("is 10 bytes");
    file("a.dump", 4 * MIB, Duration.ofMinutes(2));
    host.run(probe);
    assertThat(HostProbes.reason(host.run(probe))).isEqualTo("up");
  }

  @Test
  void givenFileWrittenToForEver_whenLongerThanItMayBeOld_thenJudged() throws IOException {
    Probe probe =
        host.probe(HostProbes.read(FileModule::read, "max_age: 1h\nmin_size: 100"), pattern);
    for (int minute = 0; minute < 60; minute++) {
      file("a.dump", minute, Duration.ZERO);
      assertThat(HostProbes.reason(host.run(probe))).isEqualTo("up");
      clock.advance(Duration.ofMinutes(1));
    }
    file("a.dump", 60, Duration.ZERO);
    assertThat(HostProbes.reason(host.run(probe)))
        .endsWith("is 60 bytes, expected at least 100 bytes");
  }

  @Test
  void givenGrowthExpected_whenSameSizeAsBefore_thenSmall() throws IOException {
    file("a.dump", 2000, Duration.ofHours(25));
    file("b.dump", 2000, Duration.ofHours(1));
    assertThat(reason("grows: true"))
        .isEqualTo(
            "newest file "
                + folder
                + "/b.dump has not grown: 2000 bytes like the one before it, a.dump");
    file("b.dump", 1999, Duration.ofHours(1));
    assertThat(reason("grows: true"))
        .endsWith("has not grown: 1999 bytes, and 2000 in the one before it, a.dump");
    file("b.dump", 2001, Duration.ofHours(1));
    assertThat(reason("grows: true")).isEqualTo("up");
  }

  @Test
  void givenCounts_whenOutside_thenSaid() throws IOException {
    file("a.dump", 1, Duration.ofHours(1));
    file("b.dump", 1, Duration.ofHours(2));
    assertThat(reason("min_count: 3"))
        .isEqualTo("only 2 files match " + pattern + ", expected at least 3");
    assertThat(reason("max_count: 1"))
        .isEqualTo("2 files match " + pattern + ", expected at most 1");
    pattern = folder + "/core.*";
    assertThat(reason("max_count: 0")).isEqualTo("up");
    assertThat(reason("min_count: 0\nmax_age: 1h")).isEqualTo("up");
  }

  @Test
  void givenNothingThatMatches_whenRun_thenLateAndHintNamesWhatIsThere() throws IOException {
    assertThat(reason("")).isEqualTo("no file matches " + pattern);
    assertThat(hint()).isEqualTo(folder + " is empty");
    file("app.dmup", 1, Duration.ofHours(1));
    file("other.txt", 1, Duration.ofHours(2));
    assertThat(hint()).isEqualTo(folder + " has 2 other entries, the newest is app.dmup");
    assertThat(cause(run(""))).isEqualTo(EventType.BACKUP_LATE);
    pattern = folder + "/app.dump";
    assertThat(reason("")).isEqualTo("file " + pattern + " does not exist");
    assertThat(hint()).isEqualTo(folder + " has app.dmup");
  }

  @Test
  void givenNoFolder_whenRun_thenSaysSoAndHintNamesTheNearest() throws IOException {
    Files.createDirectories(folder.resolve("backups/pgsql"));
    pattern = folder + "/backups/pgslq/daily/*.dump";
    assertThat(reason("")).isEqualTo("folder " + folder + "/backups/pgslq/daily does not exist");
    assertThat(hint()).isEqualTo(folder + "/backups has pgsql");
    pattern = folder + "/backups/pgslq/daily.dump";
    assertThat(reason("")).isEqualTo("folder " + folder + "/backups/pgslq does not exist");
  }

  @Test
  void givenWildFolders_whenRun_thenAllOfThemAreLookedInto() throws IOException {
    Files.createDirectories(folder.resolve("a"));
    Files.createDirectories(folder.resolve("b"));
    file("a/x.gz", 5, Duration.ofHours(30));
    file("b/x.gz", 5, Duration.ofHours(2));
    file("plain.txt", 5, Duration.ofHours(1));
    pattern = folder + "/*/x.gz";
    ProbeResult result = run("max_age: 3h");
    assertThat(HostProbes.reason(result)).isEqualTo("up");
    assertThat(HostProbes.samples(result, "vigie_probe_file_")).containsEntry("count", 2.0);
  }

  @Test
  void givenLinks_whenRun_thenAFileCountsOnceAndOneThatLeadsNowhereIsNamed() throws IOException {
    Path link = folder.resolve("latest.dump");
    Files.createSymbolicLink(link, Path.of("app.dump"));
    assertThat(reason("")).isEqualTo("symbolic link " + link + " leads nowhere");
    file("app.dump", 5, Duration.ofHours(1));
    assertThat(HostProbes.samples(run(""), "vigie_probe_file_")).containsEntry("count", 1.0);
    pattern = folder + "/latest.*";
    assertThat(HostProbes.samples(run(""), "vigie_probe_file_"))
        .containsEntry("count", 1.0)
        .containsEntry("size_bytes", 5.0);
  }

  @Test
  void givenHiddenNamesAndFolders_whenRun_thenNotCounted() throws IOException {
    file(".app.dump.x7Qf.dump", 5, Duration.ofHours(1));
    Files.createDirectories(folder.resolve("sub.dump"));
    assertThat(reason("")).isEqualTo("no file matches " + pattern);
    pattern = folder + "/.*.dump";
    assertThat(reason("")).isEqualTo("up");
  }

  @Test
  void givenFileFromTheFuture_whenRun_thenItHidesNoLateBackup() throws IOException {
    file("old.dump", 5, Duration.ofHours(30));
    file("ahead.dump", 5, Duration.ofDays(-40));
    assertThat(reason("max_age: 26h"))
        .isEqualTo(
            "newest file "
                + folder
                + "/old.dump is 30h old, expected at most 26h; not counted: "
                + folder
                + "/ahead.dump is dated 40d after this machine's clock: one of the clocks is or was"
                + " wrong");
    Files.delete(folder.resolve("old.dump"));
    assertThat(reason("max_age: 26h")).startsWith("not run: " + folder + "/ahead.dump is dated");
    // The clock of a file server may be a little ahead.
    file("b.dump", 5, Duration.ofMinutes(-3));
    assertThat(reason("max_age: 26h")).isEqualTo("up");
  }

  @Test
  void givenThousandsOfFiles_whenRun_thenAllAreCountedAndFewKept() throws IOException {
    for (int i = 0; i < 5_000; i++) {
      file("n" + i + ".dump", 100, Duration.ofMinutes(10 + i));
    }
    ProbeResult result = run("max_age: 26h\nshrink: 50%");
    assertThat(HostProbes.reason(result)).isEqualTo("up");
    assertThat(HostProbes.samples(result, "vigie_probe_file_")).containsEntry("count", 5_000.0);
  }

  @Test
  void givenNoThreadYet_whenTimedOut_thenNotRunAndNotAskedTwice() {
    Deque<Runnable> waiting = new ArrayDeque<>();
    HostProbes hanging = new HostProbes(Roots.HOST, clock, waiting::add);
    Probe probe = hanging.probe(HostProbes.read(FileModule::read, ""), pattern);
    List<ProbeResult> results = new ArrayList<>();
    probe.run(results::add);
    clock.advance(HostProbes.TIMEOUT);
    assertThat(HostProbes.reason(results.get(0)))
        .isEqualTo("not run: no thread was free to look in time");
    probe.run(results::add);
    assertThat(waiting).hasSize(1);
    assertThat(results.get(1)).isInstanceOf(ProbeResult.NotRun.class);
    waiting.remove().run();
    probe.run(results::add);
    assertThat(waiting).hasSize(1);
    assertThat(results).hasSize(2);
  }

  @Test
  void givenLookThatOutlastsItsTimeout_whenRunAgain_thenDownWithoutASecondThread() {
    List<Runnable> held = new ArrayList<>();
    HostProbes hanging = new HostProbes(Roots.HOST, clock, held::add);
    Probe probe = hanging.probe(HostProbes.read(FileModule::read, ""), pattern);
    List<ProbeResult> results = new ArrayList<>();
    probe.run(
        results::add,
        (at, what) -> {
          if (results.isEmpty()) {
            clock.advance(HostProbes.TIMEOUT); // the deadline falls within the look
            probe.run(results::add);
            assertThat(probe.hint()).isEmpty(); // which would hang likewise
          }
        });
    held.get(0).run();
    assertThat(held).hasSize(1);
    assertThat(results)
        .hasSize(2)
        .extracting(HostProbes::reason)
        .containsOnly(folder + " does not answer within 2s: is its disk or file server gone?");
  }

  @Test
  void givenNoThreadYet_whenTheNextRunComes_thenTheFileServerIsNotBlamed() {
    List<Runnable> waiting = new ArrayList<>();
    BlockingLook look =
        new BlockingLook(
            new HostProbes(Roots.HOST, clock, waiting::add).tools(),
            Duration.ofSeconds(2),
            (steps, ended) -> Finding.up(List.of()),
            () -> Finding.down("hangs", List.of()));
    List<ProbeResult> results = new ArrayList<>();
    look.run(results::add, Probe.Steps.NONE);
    clock.advance(Duration.ofSeconds(2));
    look.run(results::add, Probe.Steps.NONE);
    assertThat(results).hasSize(2).hasOnlyElementsOfType(ProbeResult.NotRun.class);
    waiting.forEach(Runnable::run);
    look.run(results::add, Probe.Steps.NONE);
    waiting.get(1).run();
    assertThat(results.get(2)).isInstanceOf(ProbeResult.Up.class);
  }

  @Test
  void givenNoThreadLeft_whenRun_thenNotRun() {
    HostProbes full =
        new HostProbes(
            Roots.HOST,
            clock,
            task -> {
              throw new RejectedExecutionException();
            });
    assertThat(
            HostProbes.reason(full.run(full.probe(HostProbes.read(FileModule::read, ""), pattern))))
        .isEqualTo("not run: no thread is free to look: other probes hold all of them");
  }

  @Test
  void givenFolderThatMayNotBeRead_whenRun_thenNamesItAndWhatGrantsIt() throws Exception {
    Path closed = Files.createDirectory(folder.resolve("closed"));
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---r-x---"));
    try {
      List<String> said = inAProcessWithoutRootsRights(closed + "/*.dump");
      assertThat(said.get(0)).endsWith(" may not read " + closed).startsWith("permission denied");
      assertThat(said.get(1))
          .startsWith(closed + " belongs to ")
          .contains("(---r-x---)")
          .contains("in its unit SupplementaryGroups=")
          .contains("AmbientCapabilities=CAP_DAC_READ_SEARCH");
    } finally {
      Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
    }
  }

  /** The owner without the right to pass over permissions; tests may run as root. */
  private static List<String> inAProcessWithoutRootsRights(String pattern) throws Exception {
    List<String> command = new ArrayList<>();
    if (System.getProperty("user.name").equals("root")) {
      command.addAll(List.of("setpriv", "--bounding-set", "-dac_override,-dac_read_search"));
    }
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin/java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Look.class.getName(),
            pattern));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    List<String> lines = process.inputReader().lines().toList();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return lines;
  }

  /** One run; prints the reason and the hint. */
  static final class Look {
    public static void main(String[] args) {
      HostProbes host = new HostProbes(Roots.HOST, new ManualClock(NOW));
      Probe probe = host.probe(HostProbes.read(FileModule::read, ""), args[0]);
      System.out.println(HostProbes.reason(host.run(probe)));
      System.out.println(probe.hint());
    }
  }

  @Test
  void givenRootElsewhere_whenRun_thenTextsAreAsTheHostSeesThem() throws IOException {
    Files.createDirectories(folder.resolve("var/backups"));
    host = new HostProbes(new Roots(Path.of("/proc"), Path.of("/sys"), folder), clock);
    pattern = "/var/backups/*.dump";
    assertThat(hint()).isEqualTo("/var/backups is empty");
    file("var/backups/a.dump", 0, Duration.ofHours(1));
    assertThat(reason("")).isEqualTo("newest file /var/backups/a.dump is empty");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "shrink: half|m.yaml:1:9: shrink \"half\" is not a part of the size; write 1% to 99%, such as"
            + " 50%",
        "shrink: 0%|m.yaml:1:9: shrink \"0%\" is not a part of the size; write 1% to 99%, such as 50%",
        "max_count: 2, min_count: 3|m.yaml:1:2: max_count 2 is less than min_count 3",
        "max_age: 26|m.yaml:1:11: max_age \"26\" is not a duration; write 30s, 5m or 1h30m",
        "min_size: big|m.yaml:1:12: min_size \"big\" is not a size; write 64MiB or 1GB",
        "max_agee: 1h|m.yaml:1:2: unknown key \"max_agee\"; did you mean \"max_age\"?",
      })
  void givenFault_whenRead_thenPlaceAndWords(String keys, String message) {
    Faults faults = new Faults();
    HostProbes.read(FileModule::read, "{" + keys + "}", faults);
    assertThat(faults.all()).hasSize(1).first().asString().endsWith(message.substring(10));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "backups/*.dump|\"backups/*.dump\" is not an absolute path; write /var/backups/pg/*.dump",
        "/var/**/x|\"/var/**/x\": ** is not known; name the folders, or write /*/ for each",
        "/var/[x|\"/var/[x\" is not a pattern: Missing ']",
      })
  void givenNoTarget_whenChecked_thenSaysWhatIsWrong(String target, String message) {
    assertThatThrownBy(() -> HostProbes.read(FileModule::read, "").checkTarget(target))
        .hasMessage(message);
  }

  /** Ten nightly dumps, the newest an hour old. */
  private void rotation(long size) throws IOException {
    for (int day = 0; day < 10; day++) {
      file(String.format("app-%02d.dump", day), size, Duration.ofHours(1 + 24 * day));
    }
  }

  private void file(String name, long size, Duration age) throws IOException {
    Path file = folder.resolve(name);
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.setLength(size);
    }
    Files.setLastModifiedTime(file, FileTime.from(clock.now().minus(age)));
  }

  private ProbeResult run(String keys) {
    return host.run(host.probe(HostProbes.read(FileModule::read, keys), pattern));
  }

  private String reason(String keys) {
    return HostProbes.reason(run(keys));
  }

  private String hint() {
    return host.probe(HostProbes.read(FileModule::read, ""), pattern).hint();
  }

  private static EventType cause(ProbeResult result) {
    return ((ProbeResult.Down) result).cause();
  }
}
