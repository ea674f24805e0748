package vigie.agent.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.event.Event;
import vigie.agent.event.EventSink;
import vigie.agent.event.EventType;
import vigie.agent.event.Place;
import vigie.agent.event.Severity;
import vigie.agent.expose.OwnSystemd;
import vigie.agent.reader.Roots;
import vigie.agent.reader.Systemd;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.time.Clock;
import vigie.base.time.ThreadScheduler;

/** A real systemd and a real systemd-journald, followed by a real journalctl. */
class JournalIT {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir static Path folder;
  private static OwnSystemd host;
  private static Roots roots;

  private final Kept told = new Kept();
  private final List<AutoCloseable> closing = new ArrayList<>();

  @BeforeAll
  static void startHost() throws IOException {
    host = OwnSystemd.startWithJournal(folder);
    roots = new Roots(Roots.HOST.procfs(), Roots.HOST.sysfs(), folder.toRealPath());
    await().atMost(PATIENCE).until(() -> Journal.of(roots).fault().isEmpty());
  }

  @AfterAll
  static void stopHost() throws Exception {
    if (host != null) {
      host.close();
    }
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : closing) {
      each.close();
    }
  }

  private Sources follow(String yaml, EventSink events) {
    Faults faults = new Faults();
    SourcesConfig config =
        SourcesConfig.read(Yaml.parse(Path.of("agent.yaml"), yaml, Map.of(), faults));
    assertThat(faults.all()).isEmpty();
    ThreadScheduler scheduler =
        new ThreadScheduler(Thread::new, failure -> assertThat(failure).isNull());
    ExecutorService threads = Executors.newCachedThreadPool();
    Systemd systemd = Systemd.of(roots, Map.of(), Clock.system());
    Sources sources =
        new Sources(
            config,
            new SourceTools(
                roots,
                Clock.system(),
                scheduler,
                threads,
                threads,
                events,
                told,
                systemd,
                new SimpleMeterRegistry()));
    closing.addAll(List.of(sources, scheduler, systemd, threads::shutdownNow));
    sources.start();
    return sources;
  }

  @Test
  void givenAServiceThatCrashesAgainAndAgain_whenFollowed_thenOneEventForEach() throws Exception {
    follow("sources: {boot: false}", told);
    await().atMost(PATIENCE).until(() -> crashes("loud.service").size() >= 5);
    List<Event> crashes = crashes("loud.service");

    // The first may be of a process that had said its lines before the journal was followed.
    for (Event crash : crashes.subList(1, crashes.size())) {
      assertThat(crash.fields())
          .containsEntry("result", "exit-code")
          .containsEntry("code", "exited")
          .containsEntry("status", "3")
          .containsEntry("log", "begins\ncannot open the database");
      assertThat(crash.text()).contains("loud.service").contains("crashed: exit code 3");
    }
    assertThat(crashes).extracting(Event::places).doesNotHaveDuplicates();
    // Each says how often systemd has started it again by then: one more each time, none left out.
    long first = restarts(crashes.get(0));
    for (int i = 0; i < crashes.size(); i++) {
      assertThat(restarts(crashes.get(i))).isEqualTo(first + i);
    }
  }

  private static long restarts(Event crash) {
    return Long.parseLong(crash.fields().get("restarts"));
  }

  private List<Event> crashes(String unit) {
    return told.of(EventType.UNIT_CRASHED, "unit", unit);
  }

  @Test
  void givenAServiceThatFails_whenItIsMended_thenFailedOnceAndRecovered() throws Exception {
    Files.deleteIfExists(folder.resolve("mended"));
    follow("sources: {boot: false}", told);
    await().atMost(PATIENCE).until(() -> crashes("mend.service").size() >= 2);
    Files.writeString(folder.resolve("mended"), "");
    await()
        .atMost(PATIENCE)
        .until(() -> !told.of(EventType.UNIT_RECOVERED, "unit", "mend.service").isEmpty());
    assertThat(told.of(EventType.UNIT_RECOVERED, "unit", "mend.service")).hasSize(1);
    // It may have been down for good before this began to look.
    assertThat(told.of(EventType.UNIT_FAILED, "unit", "mend.service")).hasSizeLessThan(2);
  }

  @Test
  void givenAnAgentThatStartsAgain_whenItGoesOn_thenNoCrashIsLostOrDouble() throws Exception {
    follow("sources: {boot: false}", told);
    await().atMost(PATIENCE).until(() -> crashes("loud.service").size() >= 2);
    stop();
    closing.clear();
    int before = crashes("loud.service").size();
    await().atMost(PATIENCE).until(() -> logged("loud.service: Failed with") > before + 2);
    follow("sources: {boot: false}", told);
    await().atMost(PATIENCE).until(() -> crashes("loud.service").size() > before + 3);
    List<Event> crashes = crashes("loud.service");
    long first = restarts(crashes.get(0));
    for (int i = 0; i < crashes.size(); i++) {
      assertThat(restarts(crashes.get(i))).isEqualTo(first + i);
    }
  }

  private static long logged(String text) throws IOException {
    List<String> command = new ArrayList<>(List.of("journalctl", "--root=" + folder.toRealPath()));
    command.addAll(List.of("--merge", "--no-pager", "--output=cat"));
    Process process = new ProcessBuilder(command).start();
    String all = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return all.lines().filter(line -> line.contains(text)).count();
  }

  @Test
  void givenAServiceThatIsStartedTooOften_whenAllIsRead_thenFailedWithItsSignal() throws Exception {
    await().atMost(PATIENCE).until(() -> logged("Failed to start limit.service") > 0);
    // From the beginning of the journal on, as an agent that was away.
    String first = firstCursor();
    told.accept(
        new Event(
            Instant.EPOCH,
            Severity.NOTICE,
            EventType.AGENT_STOP,
            Map.of(),
            "",
            new Place("journal", first)));
    follow("sources: {boot: false}", told);
    await()
        .atMost(PATIENCE)
        .until(() -> !told.of(EventType.UNIT_FAILED, "unit", "limit.service").isEmpty());
    assertThat(crashes("limit.service")).hasSize(2);
    assertThat(crashes("limit.service").get(0).fields())
        .containsEntry("code", "killed")
        .containsEntry("signal", "SEGV")
        .containsEntry("status", "11")
        .containsEntry("log", "dying");
    assertThat(told.of(EventType.UNIT_FAILED, "unit", "limit.service")).hasSize(1);
  }

  @Test
  void givenAServiceThatIsDown_whenAnAgentStarts_thenItSaysThatItIsAndNothingOfTheRest()
      throws Exception {
    await().atMost(PATIENCE).until(() -> logged("Failed to start limit.service") > 0);
    follow("sources: {boot: false}", told);
    await()
        .atMost(PATIENCE)
        .until(() -> told.all().stream().anyMatch(e -> e.type() == EventType.AGENT_UNITS));
    Event first = told.all().get(0);
    assertThat(first.type()).isEqualTo(EventType.AGENT_UNITS);
    assertThat(first.fields().get("failed").split(" "))
        .contains("limit.service")
        .doesNotContain("loud.service", "sshd.service");
  }

  private static String firstCursor() throws IOException {
    Process process =
        new ProcessBuilder(
                "journalctl",
                "--root=" + folder.toRealPath(),
                "--merge",
                "--no-pager",
                "--output=export")
            .start();
    String all = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    return all.lines()
        .filter(line -> line.startsWith("__CURSOR="))
        .findFirst()
        .map(line -> line.substring("__CURSOR=".length()))
        .orElseThrow();
  }

  @Test
  void givenAPattern_whenAServiceLogsSuchALine_thenItMatches() throws Exception {
    follow(
        """
        sources: {boot: false, journal: {identifiers: [sshd]}}
        patterns: [{name: knock, match: 'Failed password .* from (?P<address>\\S+)'}]
        """,
        told);
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(crashes("loud.service"))
                    .as("what systemd says is read whatever is selected")
                    .isNotEmpty());
    Files.writeString(folder.resolve("knock"), "");
    await()
        .atMost(PATIENCE)
        .until(() -> !told.of(EventType.LOG_MATCH, "address", "192.0.2.7").isEmpty());
  }

  @Test
  void givenEventsThatCannotBeWritten_whenTheyCanAgain_thenNoneIsLost() throws Exception {
    AtomicBoolean full = new AtomicBoolean(true);
    EventSink events = told;
    follow(
        "sources: {boot: false}",
        event -> {
          if (full.get()) {
            throw new UncheckedIOException(new IOException("no space left"));
          }
          events.accept(event);
        });
    await().atMost(PATIENCE).until(() -> journalctls() == 1);
    long before = logged("loud.service: Failed with");
    await().atMost(PATIENCE).until(() -> logged("loud.service: Failed with") > before + 3);
    assertThat(told.all()).isEmpty();
    full.set(false);
    await().atMost(PATIENCE).until(() -> crashes("loud.service").size() > 3);
    List<Event> crashes = crashes("loud.service");
    for (int i = 0; i < crashes.size(); i++) {
      assertThat(restarts(crashes.get(i))).isEqualTo(restarts(crashes.get(0)) + i);
    }
  }

  @Test
  void givenACleanStop_whenStartedAgain_thenItGoesOnBehindTheLastEntry() throws Exception {
    for (int life = 1; life <= 3; life++) {
      Sources sources = follow("sources: {boot: false}", told);
      int enough = 3 * life;
      await().atMost(PATIENCE).until(() -> crashes("loud.service").size() >= enough);
      sources.close();
      told.accept(
          new Event(
              Clock.system().now(),
              Severity.INFORMATIONAL,
              EventType.AGENT_STOP,
              Map.of(),
              "agent stops",
              sources.places()));
      long before = logged("loud.service: Failed with");
      await().atMost(PATIENCE).until(() -> logged("loud.service: Failed with") > before);
    }
    List<Event> crashes = crashes("loud.service");
    for (int i = 0; i < crashes.size(); i++) {
      assertThat(restarts(crashes.get(i))).isEqualTo(restarts(crashes.get(0)) + i);
    }
  }

  private static long journalctls() throws IOException {
    long found = 0;
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[1-9]*")) {
      for (Path process : processes) {
        try {
          String command = Files.readString(process.resolve("cmdline"));
          found += command.contains("--follow") && command.contains("" + folder) ? 1 : 0;
        } catch (IOException e) {
          found += 0; // it has ended meanwhile
        }
      }
    }
    return found;
  }

  @Test
  void givenAChildThatIsKilled_whenItIsStartedAgain_thenNothingIsLost() throws Exception {
    follow("sources: {boot: false}", told);
    await().atMost(PATIENCE).until(() -> !crashes("loud.service").isEmpty());
    ProcessHandle.current()
        .children()
        .filter(child -> child.info().command().orElse("").endsWith("journalctl"))
        .forEach(ProcessHandle::destroyForcibly);
    await().atMost(PATIENCE).until(() -> crashes("loud.service").size() > 5);
    List<Event> crashes = crashes("loud.service");
    for (int i = 0; i < crashes.size(); i++) {
      assertThat(restarts(crashes.get(i))).isEqualTo(restarts(crashes.get(0)) + i);
    }
  }

  @Test
  void givenAPackagedAgent_whenItIsKilled_thenItsJournalctlEndsToo() throws Exception {
    Path program =
        Path.of(System.getProperty("vigie.root", ".."), "agent/target/dist/bin/agent").toRealPath();
    Path config = folder.resolve("agent.yaml");
    Files.writeString(
        config,
        "node: p1\nlisten: 127.0.0.1:0\ncollector: relp://127.0.0.1:9\nspool: {path: spool}\n");
    Process agent =
        new ProcessBuilder(
                program.toString(), "run", "--config", "" + config, "--path.rootfs", "" + folder)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("agent.log").toFile())
            .start();
    try {
      await().atMost(PATIENCE).until(() -> !agent.isAlive() || journalctls() == 1);
      assertThat(agent.isAlive()).as(Files.readString(folder.resolve("agent.log"))).isTrue();
    } finally {
      agent.destroyForcibly().waitFor();
    }
    await().atMost(PATIENCE).until(() -> journalctls() == 0);
  }
}
