package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.base.config.Faults;

/** Real programs, small scripts in a folder of the test. */
class ExecProbeTest {
  private static final Duration LONG = Duration.ofSeconds(20);
  private final Tools tools = new Tools();
  @TempDir Path folder;

  @AfterEach
  void close() {
    tools.close();
  }

  @ParameterizedTest
  @CsvSource({
    "0, DISK OK - free, up",
    "1, DISK WARNING - 9%, DISK WARNING - 9%",
    "2, no space, CRITICAL: no space",
    "3, what?, UNKNOWN: what?",
    "4, odd, exit status 4: odd",
  })
  void givenPlugin_whenItExits_thenItsStatusAndFirstLineCount(int status, String line, String words)
      throws IOException {
    Path plugin = script("echo '" + line + "'; echo more; exit " + status);
    ProbeResult result = run(plugin, "");
    assertThat(Tools.words(result)).isEqualTo(words);
    assertThat(Tools.value(result, "vigie_probe_exec_status")).isEqualTo(status);
  }

  @Test
  void givenWarningIsUp_whenItWarns_thenUp() throws IOException {
    assertThat(Tools.words(run(script("echo WARNING; exit 1"), "warning_is: up"))).isEqualTo("up");
  }

  @Test
  void givenPerfdata_whenItExits_thenMetrics() throws IOException {
    Path plugin =
        script(
            """
            echo "DISK OK - free space: / 3326 MB (56%); | /=2643MB;5948;5958;0;5968"
            echo "/ 15272 MB (77%);"
            echo "/boot 68 MB (69%); | 'my boot'=68MB;88;~:93;0;98 load1=0.250;5.0;10:;0;"
            echo "users=U calls=12c"
            """);
    ProbeResult result = run(plugin, "");
    assertThat(Tools.words(result)).isEqualTo("up");
    assertThat(Tools.value(result, "vigie_probe_perfdata", "/", "MB")).isEqualTo(2643);
    assertThat(Tools.value(result, "vigie_probe_perfdata_max", "/", "MB")).isEqualTo(5968);
    assertThat(Tools.value(result, "vigie_probe_perfdata_crit", "my boot", "MB")).isEqualTo(93);
    assertThat(Tools.value(result, "vigie_probe_perfdata_crit", "load1", "")).isEqualTo(10);
    assertThat(Tools.value(result, "vigie_probe_perfdata", "calls", "c")).isEqualTo(12);
    assertThat(Tools.value(result, "vigie_probe_perfdata", "users", "")).isNaN();
  }

  @Test
  void givenArgumentsAndEnvironment_whenRun_thenTheyArriveAsTheyAreAndNoOthers() throws Exception {
    Path plugin = script("echo \"$# [$1] [$2] $GREETING $(pwd) $HOME\"; exit 2");
    String keys =
        "args: ['a b', '$(id) ; `id`']\nenvironment: {GREETING: hello}\nworking_directory: "
            + folder.toRealPath();
    assertThat(Tools.words(run(plugin, keys)))
        .isEqualTo("CRITICAL: 2 [a b] [$(id) ; `id`] hello " + folder.toRealPath());
  }

  @Test
  void givenNothingOnStandardOutput_whenItFails_thenStandardErrorIsTheReason() throws IOException {
    assertThat(Tools.words(run(script("echo broken >&2; exit 2"), "")))
        .isEqualTo("CRITICAL: broken");
    assertThat(Tools.words(run(script("exit 2"), "")))
        .isEqualTo("CRITICAL without a word (exit status 2)");
    assertThat(Tools.words(run(script("kill -9 $$"), ""))).isEqualTo("killed by signal 9");
  }

  @Test
  void givenProgramThatReads_whenRun_thenItReadsNothing() throws IOException {
    assertThat(Tools.words(run(script("cat; echo end; exit 2"), ""))).isEqualTo("CRITICAL: end");
  }

  @Test
  void givenProgramThatHangsWithGrandchildAndIgnoresTerm_whenTimeIsOver_thenAllAreKilled()
      throws IOException {
    Path pids = folder.resolve("pids");
    Path plugin =
        script(
            "trap '' TERM\n"
                + "sh -c 'trap \"\" TERM; sleep 300 & echo $! >> "
                + pids
                + "; wait' &\n"
                + "while [ ! -s "
                + pids
                + " ]; do sleep 0.01; done; echo $$ >> "
                + pids
                + "\nsleep 300 & wait");
    Probe probe = probe(plugin, "", Duration.ofSeconds(2));
    assertThat(Tools.words(tools.run(probe))).isEqualTo("timeout after 2s; killed");
    await()
        .untilAsserted(
            () ->
                assertThat(Files.readAllLines(pids))
                    .hasSize(2)
                    .allSatisfy(pid -> assertThat(runs(pid)).isFalse()));
  }

  @Test
  void givenFloodOfOutput_whenRun_thenItIsCutOff() throws IOException {
    Path plugin = script("while :; do echo a line that is somewhat long to fill it; done");
    assertThat(Tools.words(run(plugin, "")))
        .startsWith("it wrote more than 64 KiB; a line that is");
  }

  @Test
  void givenNoSuchProgram_whenRun_thenDownAndTheNearestIsNamed() throws IOException {
    script("exit 0");
    Probe probe = probe(folder.resolve("check_thong"), "", LONG);
    assertThat(Tools.words(tools.run(probe)))
        .isEqualTo("cannot start " + folder + "/check_thong: no such file");
    assertThat(probe.hint()).isEqualTo("did you mean " + folder + "/check_thing?");
  }

  @Test
  void givenFileThatMayNotBeExecuted_whenRun_thenDownWithTheCommandThatHelps() throws IOException {
    Path plugin = script("exit 0");
    Files.setPosixFilePermissions(plugin, PosixFilePermissions.fromString("rw-r--r--"));
    Probe probe = probe(plugin, "", LONG);
    assertThat(Tools.words(tools.run(probe)))
        .isEqualTo("cannot start " + plugin + ": it may not be executed by this user");
    assertThat(probe.hint()).isEqualTo("chmod +x " + plugin);
  }

  @Test
  void givenMissingInterpreter_whenRun_thenItIsNamed() throws IOException {
    Path plugin = script("exit 0");
    Files.writeString(plugin, "#!/usr/bin/no-such-python -u\n");
    Probe probe = probe(plugin, "", LONG);
    assertThat(Tools.words(tools.run(probe))).startsWith("cannot start " + plugin + ": ");
    assertThat(probe.hint())
        .isEqualTo("its first line names /usr/bin/no-such-python, which does not exist");
  }

  @Test
  void givenNoFreeThread_whenRun_thenNotRun() throws IOException {
    ProbeTools all = tools.tools();
    Executor full =
        task -> {
          throw new RejectedExecutionException();
        };
    ProbeTools busy =
        new ProbeTools(
            all.roots(),
            all.clock(),
            all.scheduler(),
            all.loops(),
            all.names(),
            all.lookups(),
            full);
    Probe probe = module("").probe(script("exit 0").toString(), LONG, busy);
    assertThat(Tools.words(tools.run(probe))).startsWith("not run: too many");
  }

  @Test
  void givenProbeThatIsClosed_whenItsProgramRuns_thenItIsKilled() throws Exception {
    Path pid = folder.resolve("pid");
    Probe probe = probe(script("echo $$ > " + pid + "; exec sleep 300"), "", LONG);
    probe.run(result -> {});
    await().until(() -> Files.exists(pid) && Files.size(pid) > 0);
    probe.close();
    await().until(() -> !runs(Files.readString(pid).strip()));
  }

  @Test
  void givenControlCharacters_whenItFails_thenTheReasonHasNone() throws IOException {
    assertThat(Tools.words(run(script("printf 'a\\033[31mb\\rc\\n'; exit 2"), "")))
        .isEqualTo("CRITICAL: a [31mb c");
  }

  @Test
  void givenWrongKeys_whenRead_thenFaults() {
    Faults faults = new Faults();
    Tools.read(ExecModule::read, "warning_is: sideways\nenvironment: {A=B: c}", faults);
    assertThat(faults.all()).hasSize(2);
    assertThatThrownBy(() -> module("").checkTarget("check_disk -w 10%"))
        .hasMessageContaining("is not the whole path of a program");
  }

  @ParameterizedTest
  @CsvSource({"=1", "a", "a=", "a=;;;;", "'''a=1'", "a=1e", "=", "a=--1", "a=1.2.3", "'a=1,5,5'"})
  void givenOddPerfdata_whenParsed_thenNothingOrSomethingButNoError(String text) {
    assertThat(Perfdata.parse(text)).hasSizeLessThan(2);
  }

  @Test
  void givenManyPerfdata_whenParsed_thenABoundedNumber() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 1000; i++) {
      text.append("v").append(i).append("=1e-").append(i % 10).append("ms ");
    }
    assertThat(Perfdata.parse(text.toString()))
        .hasSize(Perfdata.MOST)
        .first()
        .isEqualTo(new Perfdata("v0", "ms", 1, Double.NaN, Double.NaN, Double.NaN, Double.NaN));
  }

  /** A zombie does not: in a container nobody may wait for orphans. */
  private static boolean runs(String pid) {
    try {
      String stat = Files.readString(Path.of("/proc", pid, "stat"));
      return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
    } catch (IOException gone) {
      return false;
    }
  }

  private ProbeResult run(Path plugin, String keys) {
    return tools.run(probe(plugin, keys, LONG));
  }

  private Probe probe(Path plugin, String keys, Duration timeout) {
    ExecModule module = module(keys);
    module.checkTarget(plugin.toString());
    return module.probe(plugin.toString(), timeout, tools.tools());
  }

  private static ExecModule module(String keys) {
    return Tools.read(ExecModule::read, keys.isEmpty() ? "args: []" : keys);
  }

  private Path script(String body) throws IOException {
    Path plugin = folder.resolve("check_thing");
    Files.writeString(plugin, "#!/bin/sh\n" + body + "\n");
    Files.setPosixFilePermissions(plugin, PosixFilePermissions.fromString("rwxr-xr-x"));
    return plugin;
  }
}
