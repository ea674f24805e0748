package vigie.agent;

import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.Ports;

/** The packaged program as a process: start, reload, stop, and what keeps it from starting. */
class AgentIT {
  private static final Path PROGRAM =
      Path.of(System.getProperty("vigie.root", ".."), "agent/target/dist/bin/agent");
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  @TempDir Path folder;
  private final List<Process> processes = new ArrayList<>();
  private final HttpClient http = HttpClient.newHttpClient();
  private ServerSocket service;
  private int port;
  private Path output;

  @BeforeEach
  void open() throws IOException {
    assertThat(PROGRAM).as("built by mvn -Pfast package").isExecutable();
    service = new ServerSocket(0, 50, LOOPBACK);
    port = Ports.free();
    output = folder.resolve("output");
    configure("calc");
  }

  @AfterEach
  void close() throws IOException {
    processes.forEach(Process::destroyForcibly);
    service.close();
  }

  @Test
  void givenConfiguration_whenRun_thenProbesAreServedAndSigtermEndsItCleanly() throws Exception {
    Process agent = start();
    await()
        .atMost(PATIENCE)
        .until(() -> metrics().contains("probe_success{probe=\"calc\",target=\"127.0.0.1:"));
    assertThat(metrics())
        .contains("} 1\n")
        .contains("vigie_node_labels{node=\"p1\",role=\"web\"} 1\n")
        .contains("vigie_config_last_reload_successful 1\n")
        .contains("vigie_probe_runs_total ");
    assertThat(get("/healthz")).isEqualTo("ok\n");
    agent.destroy();
    assertThat(agent.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(agent.exitValue()).isZero();
    assertThat(output()).contains("msg=\"agent stopped\"");
    assertThat(spooled()).contains("agent.start", "probe.up", "agent.stop");
  }

  @Test
  void givenRunningAgent_whenIdle_thenTheJvmKeepsNoFileOfItsOwnThatItWritesTo() throws Exception {
    Process agent = start();
    assertThat(Files.readString(Path.of("/proc", Long.toString(agent.pid()), "maps")))
        .contains("libjvm.so")
        .doesNotContain("hsperfdata");
  }

  @Test
  void givenRunningAgent_whenNothingHappens_thenItWritesNothingToTheDisk() throws Exception {
    Process agent = start();
    awaitRuns(2);
    String spool = state(folder);
    long written = written(agent);
    // Scraped and probing all the while, with a collector that does not answer.
    awaitRuns(value("vigie_probe_runs_total") + 10);
    assertThat(written(agent)).isEqualTo(written);
    assertThat(state(folder)).isEqualTo(spool);
  }

  @Test
  void givenRuntimeMadeByJlink_whenItLiesBesideTheProgram_thenTheAgentRunsOnIt() throws Exception {
    Path dist = PROGRAM.getParent().getParent().toAbsolutePath();
    Path home = Files.createDirectories(folder.resolve("home"));
    Files.createSymbolicLink(home.resolve("lib"), dist.resolve("lib"));
    Files.createDirectory(home.resolve("bin"));
    Path program = Files.copy(PROGRAM, home.resolve("bin/agent"), COPY_ATTRIBUTES);
    Path script = dist.resolve("../../../deploy/runtime.sh").normalize();
    Process made =
        new ProcessBuilder(script.toString(), architecture(), home.resolve("runtime").toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
            .start();
    assertThat(made.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(made.exitValue()).as(output()).isZero();
    Process agent = launch(List.of(program.toString(), "run", "--config", folder + "/agent.yaml"));
    awaitRuns(1);
    assertThat(Files.readString(Path.of("/proc/" + agent.pid() + "/maps")))
        .contains(home.resolve("runtime").toRealPath() + "/lib/server/libjvm.so");
  }

  private static String architecture() throws Exception {
    Process dpkg = new ProcessBuilder("dpkg", "--print-architecture").start();
    return new String(dpkg.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
  }

  /** What the page cache took from it to be written to a disk. */
  private static long written(Process process) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/io"))) {
      if (line.startsWith("write_bytes: ")) {
        return Long.parseLong(line.substring("write_bytes: ".length()));
      }
    }
    throw new AssertionError("the kernel does not count what a process writes");
  }

  /** Every file with its size and time: what a disk kept in memory would not show as written. */
  private static String state(Path folder) throws IOException {
    StringBuilder state = new StringBuilder();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.filter(Files::isRegularFile).sorted().toList()) {
        state.append(file).append(' ').append(Files.size(file));
        state.append(' ').append(Files.getLastModifiedTime(file)).append('\n');
      }
    }
    return state.toString();
  }

  @Test
  void givenRunningAgent_whenItsThreadsAreListed_thenTheDocsNameThemAll() throws Exception {
    Process agent = start();
    awaitRuns(2);
    String documented =
        Files.readString(
            Path.of(System.getProperty("vigie.root", ".."), "docs/agent-resources.md"));
    List<String> unnamed = new ArrayList<>();
    try (Stream<Path> threads = Files.list(Path.of("/proc/" + agent.pid() + "/task"))) {
      for (Path thread : threads.toList()) {
        String name = Files.readString(thread.resolve("comm")).strip();
        // Numbered from the second of a kind on: vigie-http-2, vigie-net-1-1.
        if (!documented.contains("`" + name.replaceAll("(-[0-9]+)+$", "") + "`")) {
          unnamed.add(name);
        }
      }
    }
    assertThat(unnamed).isEmpty();
  }

  private void awaitRuns(double least) {
    await().atMost(PATIENCE).until(() -> value("vigie_probe_runs_total") >= least);
  }

  private double value(String metric) throws Exception {
    return metrics()
        .lines()
        .filter(line -> line.startsWith(metric + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(metric.length() + 1)))
        .findFirst()
        .orElse(0);
  }

  @Test
  void givenSighup_whenConfigurationIsWrongThenRight_thenOldStaysThenNewCounts() throws Exception {
    Process agent = start();
    Files.writeString(folder.resolve("agent.yaml"), "nod: p1\n");
    hangUp(agent);
    await()
        .atMost(PATIENCE)
        .until(() -> metrics().contains("vigie_config_last_reload_successful 0\n"));
    assertThat(output())
        .contains("configuration is wrong, the old one stays")
        .contains("unknown key \\\"nod\\\"");
    configure("other");
    hangUp(agent);
    await().atMost(PATIENCE).until(() -> metrics().contains("probe_success{probe=\"other\""));
    assertThat(metrics())
        .contains("vigie_config_last_reload_successful 1\n")
        .doesNotContain("probe_success{probe=\"calc\"");
  }

  @Test
  void givenRunningAgent_whenAnotherTakesItsPort_thenTwoWithItsNameAndPid() throws Exception {
    Process agent = start();
    Process second = launch("run", "--config", folder.resolve("agent.yaml").toString());
    assertThat(second.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(second.exitValue()).isEqualTo(2);
    // The spool is held first, so a second agent of the same configuration stops there.
    assertThat(output()).contains("is held by process " + agent.pid());
  }

  @Test
  void givenRunningAgent_whenChecked_thenItsOwnPortIsNoFault() throws Exception {
    start();
    Process check = launch("check", "--config", folder.resolve("agent.yaml").toString());
    assertThat(check.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(output()).endsWith("all well\n").doesNotContain("cannot listen");
    assertThat(check.exitValue()).isZero();
  }

  @Test
  void givenANodeThatGoesDown_whenTheAgentIsStopped_thenItTellsSoBeforeItsOwnEnd()
      throws Exception {
    ByteBuffer utmp = ByteBuffer.allocate(384).order(ByteOrder.nativeOrder());
    utmp.putShort(0, (short) 1).putInt(4, '6');
    Files.write(Files.createDirectories(folder.resolve("host/run")).resolve("utmp"), utmp.array());
    Process agent =
        launch(
            "run",
            "--config",
            folder.resolve("agent.yaml").toString(),
            "--path.rootfs",
            folder.resolve("host").toString());
    await().atMost(PATIENCE).until(() -> !agent.isAlive() || get("/readyz").equals("ready\n"));
    agent.destroy();
    assertThat(agent.waitFor(30, TimeUnit.SECONDS)).isTrue();
    String spooled = spooled();
    assertThat(spooled).contains("node.boot").contains("reason=\"reboot\"");
    assertThat(spooled.indexOf("node.shutdown")).isBetween(1, spooled.indexOf("agent.stop"));
  }

  @Test
  void givenKilledAgent_whenStartedUnderAnotherName_thenItGoesOnWithTheSameSpoolAndSaysSo()
      throws Exception {
    Process agent = start();
    await().atMost(PATIENCE).until(() -> spooled().contains("probe.up"));
    agent.destroyForcibly().waitFor();
    assertThat(spooled()).doesNotContain("renamed_from");
    service.close();
    Path config = folder.resolve("agent.yaml");
    Files.writeString(config, Files.readString(config).replace("node: p1", "node: p2"));
    start();
    await().atMost(PATIENCE).until(() -> spooled().contains("probe.down"));
    assertThat(spooled()).contains("probe.up", "renamed_from=\"p1\"");
  }

  @Test
  void givenSpoolWithoutPermission_whenRun_thenTwoAndWhatToDo() throws Exception {
    Files.createDirectory(folder.resolve("spool"));
    Files.setPosixFilePermissions(
        folder.resolve("spool"), PosixFilePermissions.fromString("r-xr-xr-x"));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    // Root may write everywhere, so as root the program is run without that capability.
    boolean root = Files.isWritable(folder.resolve("spool"));
    List<String> command =
        new ArrayList<>(
            root ? List.of("setpriv", "--bounding-set=-all", "--inh-caps=-all") : List.of());
    command.addAll(List.of(program(), "run", "--config", folder.resolve("agent.yaml").toString()));
    Process agent = launch(command);
    assertThat(agent.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(agent.exitValue()).as(output()).isEqualTo(2);
    assertThat(output())
        .contains(folder.resolve("spool").toString())
        .contains("make it writable for that user or set another spool.path");
  }

  private void configure(String probe) throws IOException {
    Files.writeString(
        folder.resolve("agent.yaml"),
        """
        node: p1
        labels: {role: web}
        listen: 127.0.0.1:%d
        collector: relp://127.0.0.1:%d
        spool: {path: spool}
        probes:
          - {name: %s, tcp: "127.0.0.1:%d", every: 1s}
        """
            .formatted(port, Ports.refusing(), probe, service.getLocalPort()));
  }

  private Process start() throws IOException {
    Process agent = launch("run", "--config", folder.resolve("agent.yaml").toString());
    await().atMost(PATIENCE).until(() -> !agent.isAlive() || get("/readyz").equals("ready\n"));
    assertThat(agent.isAlive()).as(output()).isTrue();
    return agent;
  }

  private Process launch(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(program()));
    command.addAll(List.of(arguments));
    return launch(command);
  }

  private static String program() {
    return PROGRAM.toAbsolutePath().normalize().toString();
  }

  private Process launch(List<String> command) throws IOException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
            .start();
    processes.add(process);
    return process;
  }

  private static void hangUp(Process process) throws Exception {
    // The shell's own kill: a bare Debian has no program of that name.
    int code = new ProcessBuilder("sh", "-c", "kill -HUP " + process.pid()).start().waitFor();
    assertThat(code).isZero();
  }

  private String metrics() throws Exception {
    return get("/metrics");
  }

  /** The body, or nothing while nobody listens. */
  private String get(String path) throws Exception {
    try {
      return http.send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (IOException e) {
      return "";
    }
  }

  private String output() throws IOException {
    return Files.exists(output) ? Files.readString(output) : "";
  }

  /** All that is in the spool's segments, records and frames alike. */
  private String spooled() throws IOException {
    StringBuilder all = new StringBuilder();
    try (var files = Files.newDirectoryStream(folder.resolve("spool"), "*.seg")) {
      for (Path file : files) {
        all.append(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
      }
    }
    return all.toString();
  }
}
