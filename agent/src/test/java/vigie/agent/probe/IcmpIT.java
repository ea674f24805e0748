package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real ping of iputils on the loopback device; as root, which may send. */
class IcmpIT {
  private static final Path ROOT = Path.of(System.getProperty("vigie.root", ".."));
  private static final Path PING = ROOT.resolve("target/peers/bin/ping");
  private static final Duration TIMEOUT = Duration.ofSeconds(2);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private final Tools tools = new Tools();
  @TempDir Path folder;

  @BeforeEach
  void peer() {
    assertThat(PING)
        .as("%s is missing; get it with: deploy/peers.sh install target/peers", PING)
        .exists();
  }

  @AfterEach
  void close() {
    tools.close();
  }

  @Test
  void givenLoopback_whenRun_thenUp() {
    for (String host : List.of("127.0.0.1", "::1")) {
      ProbeResult result = tools.run(probe(host, "payload_size: 100\nttl: 3\ndont_fragment: true"));
      assertThat(Tools.words(result)).isEqualTo("up");
      assertThat(Tools.value(result, "probe_icmp_reply_hop_limit")).isPositive();
      assertThat(Tools.value(result, "probe_icmp_duration_seconds", "rtt"))
          .isPositive()
          .isLessThan(2);
    }
  }

  @Test
  void givenSmallPayload_whenRun_thenUpAlthoughPingTellsNoTime() {
    assertThat(Tools.words(tools.run(probe("127.0.0.1", "payload_size: 8")))).isEqualTo("up");
  }

  @Test
  void givenAddressThatNobodyHas_whenRun_thenDown() {
    // 0.0.0.0/8 but for 0.0.0.0 itself is nobody's: RFC 6890.
    ProbeResult result = tools.run(probe("0.1.2.3", ""));
    assertThat(result).isInstanceOf(ProbeResult.Down.class);
    assertThat(Tools.words(result)).isNotEmpty();
  }

  @Test
  void givenSteadyRuns_whenOnePingIsKept_thenEveryRunIsUp() throws Exception {
    List<ProbeResult> results = new CopyOnWriteArrayList<>();
    List<ProbeResult> seen;
    try (Probe probe = probe("127.0.0.1", "")) {
      AtomicBoolean underWay = new AtomicBoolean();
      var turns =
          tools
              .tools()
              .scheduler()
              .every(
                  Duration.ZERO,
                  Duration.ofMillis(400),
                  () -> {
                    if (underWay.compareAndSet(false, true)) {
                      probe.run(
                          result -> {
                            results.add(result);
                            underWay.set(false);
                          },
                          (at, what) -> tools.steps.add(what));
                    }
                  });
      await().atMost(PATIENCE).until(() -> results.size() >= 20);
      turns.cancel();
      // Taken before the probe is closed: that ends a run under way, which is then down.
      seen = List.copyOf(results);
    }
    assertThat(seen).allSatisfy(result -> assertThat(Tools.words(result)).isEqualTo("up"));
    assertThat(tools.steps.stream().filter(step -> step.contains("has been sending")).count())
        .isGreaterThan(10);
    assertThat(tools.steps.stream().filter(step -> step.startsWith("started ")).count())
        .isLessThan(7);
  }

  @Test
  void givenAgentThatIsKilled_whenItsPingWritesAgain_thenThePingIsGone() throws Exception {
    Files.writeString(
        folder.resolve("agent.yaml"),
        """
        node: p1
        listen: 127.0.0.1:0
        collector: relp://127.0.0.1:1
        spool: {path: spool}
        probes:
          - {name: self, icmp: 127.0.0.1, every: 300ms, timeout: 200ms}
        """);
    Path program = ROOT.resolve("agent/target/dist/bin/agent");
    ProcessBuilder builder =
        new ProcessBuilder(
                program.toString(), "run", "--config", folder.resolve("agent.yaml").toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("output").toFile());
    Map<String, String> environment = builder.environment();
    environment.put("PATH", PING.toAbsolutePath().getParent() + ":" + environment.get("PATH"));
    Process agent = builder.start();
    try {
      ProcessHandle kept =
          await()
              .atMost(PATIENCE)
              .until(
                  () -> agent.descendants().filter(IcmpIT::isKeptPing).findFirst().orElse(null),
                  found -> found != null);
      agent.destroyForcibly().waitFor();
      await().atMost(Duration.ofSeconds(60)).until(() -> !kept.isAlive());
    } catch (org.awaitility.core.ConditionTimeoutException e) {
      throw new AssertionError(Files.readString(folder.resolve("output")), e);
    } finally {
      agent.destroyForcibly();
    }
  }

  private static boolean isKeptPing(ProcessHandle process) {
    List<String> arguments = List.of(process.info().arguments().orElse(new String[0]));
    return process.info().command().orElse("").endsWith("/ping") && arguments.contains("-O");
  }

  private Probe probe(String host, String keys) {
    IcmpModule module = Tools.read(IcmpModule::read, keys.isEmpty() ? "ttl: 64" : keys);
    return new IcmpProbe(
        module, host, TIMEOUT, tools.tools(), PingProgram.at(PING.toAbsolutePath()));
  }
}
