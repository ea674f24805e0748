package vigie.agent.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.event.EventType;
import vigie.agent.event.Place;
import vigie.agent.reader.Roots;
import vigie.agent.reader.Systemd;
import vigie.base.time.ManualClock;

/** A child that only seems to be journalctl. */
class JournalSourceTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir Path folder;
  private final ManualClock clock = new ManualClock();
  private final Kept told = new Kept();
  private final MeterRegistry meters = new SimpleMeterRegistry();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Line> lines = new CopyOnWriteArrayList<>();
  private @Nullable JournalSource source;

  @AfterEach
  void stop() {
    if (source != null) {
      source.close();
    }
    threads.shutdownNow();
  }

  private JournalSource follow(String script, @Nullable Place from) throws IOException {
    Path program = folder.resolve("journalctl");
    Files.writeString(program, "#!/bin/sh\necho \"$*\" >> " + folder + "/calls\n" + script);
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    Roots roots = new Roots(folder, folder, folder);
    SourceTools tools =
        new SourceTools(
            roots,
            clock,
            clock,
            threads,
            threads,
            told,
            told,
            Systemd.of(roots, Map.of(), clock),
            meters);
    JournalSource made =
        new JournalSource(
            JournalConfig.AUTO,
            new Journal(program, folder),
            tools,
            this::take,
            from,
            "0000-now",
            "");
    source = made;
    made.start();
    return made;
  }

  private void take(Line line) {
    lines.add(line);
    told.acceptAll(line.own());
  }

  private double restarts() {
    return meters.counter("vigie.source.restarts", "source", "journal").count();
  }

  private List<String> calls() throws IOException {
    return Files.readAllLines(folder.resolve("calls"));
  }

  @Test
  void givenAChildThatEnds_whenItIsStartedAgain_thenWithGrowingPausesAndBehindTheLastEntry()
      throws Exception {
    follow("printf '__CURSOR=c1\\nMESSAGE=one\\n\\n'; exit 1", null);
    await().atMost(PATIENCE).until(() -> restarts() == 1);
    assertThat(lines).extracting(Line::text).containsExactly("one");
    assertThat(calls()).hasSize(1);
    assertThat(calls().get(0)).contains("--lines=0");
    clock.advance(Duration.ofSeconds(1));
    await().atMost(PATIENCE).until(() -> restarts() == 2);
    assertThat(calls().get(1)).contains("--no-tail").contains("--after-cursor=c1");
  }

  @Test
  void givenAnOldJournalctl_whenItRefusesTheFields_thenItIsAskedForAll() throws Exception {
    follow(
        """
        case "$*" in *--output-fields*) echo "journalctl: unrecognized option '--output-fields=X'" >&2; exit 1 ;; esac
        printf 'MESSAGE=all\\n\\n'
        exec sleep 60
        """,
        null);
    await().atMost(PATIENCE).until(() -> restarts() == 1);
    clock.advance(Duration.ofSeconds(1));
    await().atMost(PATIENCE).until(() -> !lines.isEmpty());
  }

  @Test
  void givenAPlaceOfLongAgo_whenFollowed_thenOnlyTheLastDaysAreRead() throws Exception {
    long old = clock.now().minus(Duration.ofDays(30)).toEpochMilli() * 1000;
    String cursor = "s=1;i=2;b=3;m=4;t=" + Long.toHexString(old) + ";x=5";
    follow("exec sleep 60", new Place("journal", cursor));
    await().atMost(PATIENCE).until(() -> Files.exists(folder.resolve("calls")));
    assertThat(calls().get(0)).contains("--since=-604800s").doesNotContain("--after-cursor");
  }

  @Test
  void givenAPlaceInAnEarlierBoot_whenFollowed_thenTheRestOfThatBootIsReadFirst() throws Exception {
    String old = "s=1;i=2;b=0000old;m=4;t=" + Long.toHexString(clock.millis() * 1000) + ";x=5";
    follow(
        """
        case "$*" in *--follow*) printf '__CURSOR=s=1;i=9;b=0000now;\nMESSAGE=new\n\n'; exec sleep 60 ;; esac
        printf '__CURSOR=s=1;i=3;b=0000old;\nMESSAGE=rest\n\n'
        test -e %1$s/once || { touch %1$s/once; exit 1; }
        """
            .formatted(folder),
        new Place("journal", old));
    await().atMost(PATIENCE).until(() -> restarts() == 1);
    clock.advance(Duration.ofSeconds(1));
    await().atMost(PATIENCE).until(() -> lines.size() == 3);
    assertThat(lines).extracting(Line::text).containsExactly("rest", "rest", "new");
    assertThat(calls()).hasSize(3);
    assertThat(calls().get(0)).contains("--after-cursor=" + old).doesNotContain("--follow");
    assertThat(calls().get(1)).contains("--after-cursor=s=1;i=3;").doesNotContain("--follow");
    assertThat(calls().get(2)).contains("--after-cursor=s=1;i=3;").contains("--follow");
    assertThat(restarts()).isEqualTo(1);
  }

  @Test
  void givenAPlaceInThisBoot_whenFollowed_thenAtOnce() throws Exception {
    String cursor = "s=1;i=2;b=0000now;m=4;t=" + Long.toHexString(clock.millis() * 1000) + ";x=5";
    follow("exec sleep 60", new Place("journal", cursor));
    await().atMost(PATIENCE).until(() -> Files.exists(folder.resolve("calls")));
    assertThat(calls().get(0)).contains("--follow").contains("--after-cursor=" + cursor);
  }

  @Test
  void givenAFailure_whenItsUnitsLastLinesComeBehindIt_thenTheyAreInItsEvent() throws Exception {
    follow(
        """
        printf '__CURSOR=c1\\n_UID=0\\nUNIT=a.service\\nMESSAGE_ID=98e322203f7a4ed290d09fe03c09fe15\\nEXIT_CODE=exited\\nEXIT_STATUS=1\\nMESSAGE=x/1\\n\\n'
        printf '__CURSOR=c2\\n_UID=0\\nUNIT=a.service\\nMESSAGE_ID=d9b373ed55a64feb8242e02dbe79a49c\\nUNIT_RESULT=exit-code\\nMESSAGE=m\\n\\n'
        printf '__CURSOR=c3\\n_SYSTEMD_UNIT=a.service\\nMESSAGE=why\\n\\n'
        exec sleep 60
        """,
        null);
    await().atMost(PATIENCE).until(() -> calls().size() == 1);
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              clock.advance(Duration.ofMillis(300));
              return !told.all().isEmpty();
            });
    await().atMost(PATIENCE).until(() -> lines.size() == 3);
    assertThat(lines).extracting(line -> line.own().size()).containsExactly(0, 1, 0);
    assertThat(told.all()).hasSize(1);
    assertThat(told.all().get(0).type()).isEqualTo(EventType.UNIT_CRASHED);
    assertThat(told.all().get(0).places()).containsExactly(new Place("journal", "c2"));
  }

  @Test
  void givenACrashThatIsNotToldYet_whenClosed_thenItIsReadAgainFromTheEndOfItsProcess()
      throws Exception {
    JournalSource followed =
        follow(
            """
            printf '__CURSOR=c1\\nMESSAGE=x\\n\\n'
            printf '__CURSOR=c2\\n_UID=0\\nUNIT=a.service\\nMESSAGE_ID=98e322203f7a4ed290d09fe03c09fe15\\nEXIT_CODE=exited\\nEXIT_STATUS=1\\nMESSAGE=x/1\\n\\n'
            touch %1$s/exited
            while ! test -e %1$s/go; do sleep 0.1; done
            printf '__CURSOR=c3\\n_UID=0\\nUNIT=a.service\\nMESSAGE_ID=d9b373ed55a64feb8242e02dbe79a49c\\nUNIT_RESULT=exit-code\\nMESSAGE=m\\n\\n'
            exec sleep 60
            """
                .formatted(folder),
            null);
    await().atMost(PATIENCE).until(() -> !lines.isEmpty());
    await().atMost(PATIENCE).until(() -> Files.exists(folder.resolve("exited")));
    double before = meters.counter("vigie.source.bytes", "source", "journal").count();
    clock.advance(Duration.ofMillis(200));
    Files.writeString(folder.resolve("go"), "");
    await()
        .atMost(PATIENCE)
        .until(() -> meters.counter("vigie.source.bytes", "source", "journal").count() > before);
    clock.advance(Duration.ofMillis(100)); // of the exit 300 ms ago, of the failure 100
    followed.close();
    assertThat(followed.place()).isEqualTo(new Place("journal", "c1"));
    assertThat(told.all()).isEmpty();
  }

  @Test
  void givenASourceThatIsClosed_whenAskedForItsPlace_thenBehindAllThatWasHandedOn()
      throws Exception {
    JournalSource followed =
        follow("printf '__CURSOR=c7\\nMESSAGE=x\\n\\n'; exec sleep 60", new Place("journal", "c1"));
    await().atMost(PATIENCE).until(() -> !lines.isEmpty());
    followed.close();
    assertThat(followed.place()).isEqualTo(new Place("journal", "c7"));
    assertThat(restarts()).isZero();
  }
}
