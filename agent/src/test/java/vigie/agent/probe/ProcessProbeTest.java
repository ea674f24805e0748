package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.agent.reader.Roots;
import vigie.base.config.Faults;
import vigie.base.time.ManualClock;

/** Real processes of this host: a program under names of its own, so that no other is found. */
class ProcessProbeTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Path PROGRAM = Path.of("/bin/sleep");
  private final ManualClock clock = new ManualClock();
  private final HostProbes host = new HostProbes(Roots.HOST, clock);
  private final List<Process> started = new ArrayList<>();
  @TempDir Path folder;

  @AfterEach
  void end() throws InterruptedException {
    for (Process process : started) {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void givenProgram_whenItRuns_thenUpWithItsFigures() throws Exception {
    Process process = start("vigie-a", "300");
    ProbeResult result = host.run(probe("", "vigie-a"));
    assertThat(HostProbes.reason(result)).isEqualTo("up");
    assertThat(host.steps)
        .singleElement()
        .isEqualTo("vigie-a (process " + process.pid() + "): " + folder + "/vigie-a 300");
    Map<String, Double> samples = HostProbes.samples(result, "vigie_probe_process_");
    assertThat(samples).containsEntry("count", 1.0);
    assertThat(samples.get("resident_bytes")).isGreaterThan(100_000);
    assertThat(samples.get("open_fds")).isBetween(1.0, 100.0);
    assertThat(samples.get("cpu_seconds")).isBetween(0.0, 10.0);
    assertThat(samples.get("start_timestamp_seconds"))
        .isCloseTo(
            process.info().startInstant().orElseThrow().toEpochMilli() / 1e3,
            org.assertj.core.data.Offset.offset(2.0));
  }

  @Test
  void givenProgram_whenItEnds_thenDown() throws Exception {
    Process process = start("vigie-b", "300");
    Probe probe = probe("", "vigie-b");
    host.run(probe);
    clock.advance(SECOND);
    host.run(probe);
    process.destroyForcibly().waitFor();
    clock.advance(SECOND);
    assertThat(reason(probe)).isEqualTo("no process of vigie-b runs");
  }

  @Test
  void givenEnoughKnown_whenMoreStart_thenCountedWithinAMinuteOrWithinALookWhereThereMayBeSoMany()
      throws Exception {
    start("vigie-h", "300");
    Probe probe = probe("", "vigie-h");
    Probe limited = probe("max: 1", "vigie-h");
    assertThat(count(probe)).isEqualTo(1);
    assertThat(reason(limited)).isEqualTo("up");
    start("vigie-h", "301");
    clock.advance(SECOND);
    assertThat(count(probe)).isEqualTo(1);
    assertThat(reason(limited)).startsWith("2 processes of vigie-h run");
    clock.advance(Duration.ofSeconds(59));
    assertThat(count(probe)).isEqualTo(2);
  }

  @Test
  void givenNameLongerThanTheKernelKeeps_whenRun_thenFoundAndNotMistaken() throws Exception {
    start("vigie-a-very-long-name", "300");
    assertThat(reason(probe("", "vigie-a-very-long-name"))).isEqualTo("up");
    assertThat(reason(probe("", "vigie-a-very-long-nome")))
        .isEqualTo("no process of vigie-a-very-long-nome runs");
  }

  @Test
  void givenCounts_whenOutside_thenSaid() throws Exception {
    start("vigie-c", "300");
    start("vigie-c", "301");
    assertThat(reason(probe("min: 2\nmax: 2", "vigie-c"))).isEqualTo("up");
    assertThat(reason(probe("min: 3", "vigie-c")))
        .isEqualTo("only 2 processes of vigie-c run, expected at least 3");
    assertThat(reason(probe("max: 1", "vigie-c")))
        .isEqualTo("2 processes of vigie-c run, expected at most 1");
    assertThat(reason(probe("max: 0", "vigie-no-such"))).isEqualTo("up");
    assertThat(reason(probe("cmdline: ' 301$'\nmax: 1", "vigie-c"))).isEqualTo("up");
  }

  @Test
  void givenUser_whenRun_thenByNameOrNumberAndHintKnowsWhoIsNoUser() throws Exception {
    start("vigie-d", "300");
    String me = System.getProperty("user.name");
    Object number = Files.getAttribute(folder, "unix:uid");
    assertThat(reason(probe("user: " + me, "vigie-d"))).isEqualTo("up");
    assertThat(reason(probe("user: " + number, "vigie-d"))).isEqualTo("up");
    Probe probe = probe("user: no-such-user", "vigie-d");
    assertThat(reason(probe)).isEqualTo("no process of vigie-d of user no-such-user runs");
    assertThat(probe.hint()).isEqualTo("there is no user no-such-user on this machine");
  }

  @Test
  void givenOtherArguments_whenRun_thenHintShowsTheProcess() throws Exception {
    Process process = start("vigie-e", "300");
    Probe probe = probe("cmdline: '--port=\\d+'", "vigie-e");
    assertThat(reason(probe)).isEqualTo("no process of vigie-e with cmdline \"--port=\\d+\" runs");
    assertThat(probe.hint())
        .isEqualTo("vigie-e (process " + process.pid() + ") runs: " + folder + "/vigie-e 300");
  }

  @Test
  void givenNameInTheArgumentsOfThoseWhoStartedUs_whenRun_thenHintDoesNotTakeThemForIt() {
    String[] ours = ProcessHandle.current().info().arguments().orElseThrow();
    Path jar = Path.of(ours[ours.length - 4]);
    for (String each : ours) {
      jar = each.endsWith(".jar") ? Path.of(each) : jar;
    }
    assertThat(probe("", jar.getFileName().toString()).hint()).doesNotContain("arguments");
  }

  @Test
  void givenMisspeltName_whenRun_thenHintNamesTheNearest() throws Exception {
    start("vigie-calculatri", "300");
    Probe probe = probe("", "vigie-clcultari");
    assertThat(reason(probe)).isEqualTo("no process of vigie-clcultari runs");
    assertThat(probe.hint()).isEqualTo("nearest that runs: vigie-calculatr");
  }

  @Test
  void givenScriptOfAnInterpreter_whenNamedByTheScript_thenHintSaysHowToWriteIt() throws Exception {
    Path script = folder.resolve("vigie-script.sh");
    Files.writeString(script, "sleep 300; true\n");
    Process process = new ProcessBuilder("/bin/sh", script.toString()).start();
    started.add(process);
    Probe probe = probe("", "vigie-script.sh");
    await().until(() -> probe.hint().startsWith("sh (process " + process.pid() + ")"));
    assertThat(probe.hint()).endsWith("write process: sh and cmdline: vigie-script\\.sh");
    assertThat(reason(probe("cmdline: vigie-script\\.sh", "sh"))).isEqualTo("up");
    process.descendants().forEach(ProcessHandle::destroyForcibly);
  }

  @Test
  void givenZombie_whenRun_thenItDoesNotCountAndIsTold() throws Exception {
    // The shell becomes a program that never takes note of its child's end.
    Process process =
        new ProcessBuilder(
                "/bin/sh", "-c", program("vigie-z") + " 0 & exec " + program("vigie-y") + " 300")
            .start();
    started.add(process);
    Probe probe = probe("", "vigie-z");
    await()
        .until(
            () -> {
              clock.advance(SECOND);
              return reason(probe).contains("zombie");
            });
    assertThat(reason(probe))
        .matches(
            "no process of vigie-z runs; vigie-z \\(process \\d+\\) has ended and waits for its"
                + " parent to take note \\(a zombie\\)");
  }

  @Test
  void givenPidFile_whenItsProcessRuns_thenUp() throws Exception {
    Process process = start("vigie-f", "300");
    Process other = start("vigie-f", "301");
    Path file = pidFile(process.pid() + "\n/var/lib/data\n");
    ProbeResult result = host.run(probe("pid_file: " + file, "vigie-f"));
    assertThat(HostProbes.reason(result)).isEqualTo("up");
    assertThat(HostProbes.samples(result, "vigie_probe_process_")).containsEntry("count", 1.0);
    assertThat(other.isAlive()).isTrue();
  }

  @Test
  void givenPidFile_whenStaleOrWrong_thenSaysWhich() throws Exception {
    Process process = start("vigie-g", "300");
    Path file = folder.resolve("g.pid");
    Probe probe = probe("pid_file: " + file, "nginx");
    assertThat(reason(probe)).isEqualTo("pid file " + file + " does not exist");
    pidFile("");
    assertThat(reason(probe)).isEqualTo("pid file " + file + " holds no number but \"\"");
    pidFile("12x");
    assertThat(reason(probe)).isEqualTo("pid file " + file + " holds no number but \"12x\"");
    pidFile("999999999");
    assertThat(reason(probe))
        .isEqualTo("pid file " + file + " is stale: process 999999999 is gone");
    pidFile(process.pid() + "\n");
    assertThat(reason(probe))
        .isEqualTo(
            "pid file "
                + file
                + " names the wrong process: "
                + process.pid()
                + " is vigie-g, not nginx");
    Files.setLastModifiedTime(
        file, FileTime.from(process.info().startInstant().orElseThrow().minusSeconds(3600)));
    assertThat(reason(probe))
        .isEqualTo(
            "pid file "
                + file
                + " is stale: process "
                + process.pid()
                + " is vigie-g, which started after the file was written, not nginx");
  }

  @Test
  void givenNoProc_whenRun_thenNotRun() {
    HostProbes nowhere = new HostProbes(new Roots(folder, folder, folder), clock);
    Probe probe = nowhere.probe(HostProbes.read(ProcessModule::read, ""), "nginx");
    assertThat(HostProbes.reason(nowhere.run(probe)))
        .startsWith("not run: processes cannot be read: ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pid_file: run/x.pid|pid_file \"run/x.pid\" is not an absolute path",
        "min: 3, max: 2|max 2 is less than min 3",
        "pid_file: /run/x.pid, min: 1|a pid_file names one process, so min and max mean nothing"
            + " beside it",
        "cmdline: '('|cmdline \"(\" is not a regular expression (RE2): missing closing )",
      })
  void givenFault_whenRead_thenWords(String keys, String message) {
    Faults faults = new Faults();
    HostProbes.read(ProcessModule::read, "{" + keys + "}", faults);
    assertThat(faults.all()).hasSize(1).first().asString().endsWith(": " + message);
  }

  @Test
  void givenPath_whenChecked_thenSaysHowToWriteIt() {
    assertThatThrownBy(() -> probe("", "/usr/sbin/nginx"))
        .hasMessage(
            "\"/usr/sbin/nginx\" is not the name of a program; write it without its folder: nginx");
  }

  private Probe probe(String keys, String target) {
    return host.probe(HostProbes.read(ProcessModule::read, keys), target);
  }

  private String reason(Probe probe) {
    return HostProbes.reason(host.run(probe));
  }

  private double count(Probe probe) {
    return HostProbes.samples(host.run(probe), "vigie_probe_process_").get("count");
  }

  private Path program(String name) throws IOException {
    Path program = folder.resolve(name);
    if (!Files.exists(program)) {
      Files.copy(PROGRAM.toRealPath(), program);
    }
    return program;
  }

  private Process start(String name, String argument) throws IOException {
    Process process = new ProcessBuilder(program(name).toString(), argument).start();
    started.add(process);
    String end = name + "\0" + argument + "\0";
    // Between fork and exec it is still called java.
    await()
        .until(
            () -> Files.readString(Path.of("/proc/" + process.pid() + "/cmdline")).endsWith(end));
    return process;
  }

  private Path pidFile(String text) throws IOException {
    Path file = folder.resolve("g.pid");
    Files.writeString(file, text);
    return file;
  }
}
