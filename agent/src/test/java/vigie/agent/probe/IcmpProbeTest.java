package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.agent.reader.Roots;
import vigie.base.config.Faults;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.time.ManualClock;

/**
 * A script stands for ping: it notes how it was called and then answers what the test has written.
 * The real one is in IcmpIT.
 */
class IcmpProbeTest {
  private static final Duration EVERY = Duration.ofSeconds(5);
  private static final Duration TIMEOUT = Duration.ofSeconds(2);
  private static final Duration TICK = Duration.ofMillis(10);
  private static final String REPLY = "echo '36 bytes from 127.0.0.1: icmp_seq=1 ttl=61 time=7 ms'";
  private final ManualClock clock = new ManualClock();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final EventLoops loops = EventLoops.nio(1, "test-icmp");
  private Lookup names = Lookup.SYSTEM;
  @TempDir Path folder;
  private Path calls;
  private Probe probe;

  @BeforeEach
  void script() throws IOException {
    calls = folder.resolve("calls");
    Files.createFile(calls);
    answer(REPLY);
  }

  @AfterEach
  void close() throws Exception {
    if (probe != null) {
      probe.close();
    }
    threads.shutdownNow();
    loops.close();
  }

  @Test
  void givenReply_whenRun_thenUpWithItsTimeAndHopLimit() throws Exception {
    ProbeResult result = run(probe("127.0.0.1", "ttl: 5\npayload_size: 100\ndont_fragment: true"));
    assertThat(Tools.words(result)).isEqualTo("up");
    assertThat(Tools.value(result, "probe_icmp_duration_seconds", "rtt")).isEqualTo(0.007);
    assertThat(Tools.value(result, "probe_icmp_reply_hop_limit")).isEqualTo(61);
    assertThat(Tools.value(result, "probe_ip_protocol")).isEqualTo(4);
    assertThat(Tools.value(result, "probe_ip_addr_hash")).isEqualTo(3668918509.0);
    assertThat(calls()).containsExactly("-c 1 -W 2 -n -s 100 -t 5 -M do 127.0.0.1");
  }

  @Test
  void givenNoReply_whenTimeIsOver_thenDown() throws Exception {
    answer("sleep 300");
    assertThat(Tools.words(run(probe("127.0.0.1", "")))).isEqualTo("no answer within 2s");
  }

  @Test
  void givenRouterThatSaysNo_whenRun_thenItsWords() throws Exception {
    answer("echo 'From 10.0.0.9 icmp_seq=1 Destination Host Unreachable'; exit 1");
    assertThat(Tools.words(run(probe("127.0.0.1", ""))))
        .isEqualTo("destination host unreachable (says 10.0.0.9)");
  }

  @Test
  void givenPingThatMayNotSend_whenRun_thenNotRunAndWhatGrantsIt() throws Exception {
    answer(
        "echo 'ping: socktype: SOCK_RAW' >&2; echo 'ping: socket: Operation not permitted' >&2;"
            + " echo 'ping: => missing cap_net_raw+p capability or setuid?' >&2; exit 2");
    assertThat(Tools.words(run(probe("127.0.0.1", ""))))
        .startsWith("not run: ping may not send")
        .contains("AmbientCapabilities=CAP_NET_RAW");
  }

  @Test
  void givenPingUnderTheUnitsFilter_whenRun_thenNotRunAndWhatGrantsIt() throws Exception {
    answer("echo 'ping: cap_set_proc: Operation not permitted' >&2; exit 255");
    assertThat(Tools.words(run(probe("127.0.0.1", ""))))
        .startsWith("not run: ping may not send")
        .contains("SystemCallFilter=capset setuid");
  }

  @Test
  void givenNoPing_whenRun_thenNotRunAndWhatToInstall() throws Exception {
    probe = new IcmpProbe(module(""), "127.0.0.1", TIMEOUT, tools(), null);
    assertThat(Tools.words(run(probe)))
        .isEqualTo("not run: ping is missing: apt install iputils-ping");
    assertThat(probe.hint()).isEqualTo("ping is missing: apt install iputils-ping");
  }

  @Test
  void givenSteadyRuns_whenRunOn_thenOnePingIsKeptAndEndsWithTheProbe() throws Exception {
    answer("echo $$ >> " + folder + "/pids; " + REPLY + "; " + endless());
    probe = probe("127.0.0.1", "");
    for (int i = 0; i < 12; i++) {
      assertThat(Tools.words(run(probe))).isEqualTo("up");
      if (i >= 2) {
        reply();
      }
    }
    assertThat(calls()).hasSize(3).last().isEqualTo("-O -i 5.000 -n -s 28 -t 64 127.0.0.1");
    List<String> pids = Files.readAllLines(folder.resolve("pids"));
    assertThat(runs(pids.get(2))).isTrue();
    probe.close();
    await().until(() -> !runs(pids.get(2)));
  }

  @Test
  void givenKeptPing_whenNothingAnswers_thenDownAtTheTimeoutAndUpWithTheNextReply()
      throws Exception {
    keep("127.0.0.1");
    assertThat(Tools.words(run(probe))).isEqualTo("no answer within 2s");
    write("no answer yet for icmp_seq=2");
    write("From 10.0.0.9 icmp_seq=2 Destination Host Unreachable");
    assertThat(Tools.words(run(probe)))
        .isEqualTo("no answer within 2s, destination host unreachable (says 10.0.0.9)");
    reply();
    assertThat(Tools.words(run(probe))).isEqualTo("up");
  }

  @Test
  void givenKeptPing_whenReplyIsOlderThanTheTimeout_thenItDoesNotCount() throws Exception {
    keep("127.0.0.1");
    write("36 bytes from 127.0.0.1: icmp_seq=2 ttl=61 time=2001 ms");
    assertThat(Tools.words(run(probe))).isEqualTo("no answer within 2s");
  }

  @Test
  void givenKeptPing_whenItDies_thenTheNextRunStartsAnother() throws Exception {
    keep("127.0.0.1");
    int before = calls().size();
    List<String> pids = Files.readAllLines(folder.resolve("pids"));
    ProcessHandle ping = ProcessHandle.of(Long.parseLong(pids.get(pids.size() - 1))).orElseThrow();
    ping.destroyForcibly();
    await().until(() -> !ping.isAlive());
    assertThat(Tools.words(run(probe))).isEqualTo("up");
    assertThat(calls()).hasSize(before + 1);
  }

  @Test
  void givenKeptPing_whenTheNameMoves_thenTheNewAddressIsPinged() throws Exception {
    names = host -> new InetAddress[] {InetAddress.getByName("127.0.0.1")};
    keep("a.example");
    names = host -> new InetAddress[] {InetAddress.getByName("127.0.0.2")};
    assertThat(Tools.words(run(probe))).isEqualTo("up");
    assertThat(calls()).last().asString().endsWith(" 127.0.0.2");
  }

  @Test
  void givenKeptPing_whenItsRepliesAreTherePermanentlyBeforeTheRun_thenItIsStartedAnew()
      throws Exception {
    keep("127.0.0.1");
    int before = calls().size();
    for (int i = 0; i < 11; i++) {
      reply();
      assertThat(Tools.words(run(probe))).isEqualTo("up");
    }
    assertThat(calls()).hasSize(before + 1);
  }

  @Test
  void givenNoSuchName_whenRun_thenDown() throws Exception {
    assertThat(Tools.words(run(probe("no-such-host.invalid", ""))))
        .isEqualTo("name does not resolve: no-such-host.invalid");
  }

  @Test
  void givenNameWithoutIp6_whenThatIsAskedForAlone_thenDown() throws Exception {
    String keys = "preferred_ip_protocol: ip6\nip_protocol_fallback: false";
    assertThat(Tools.words(run(probe("127.0.0.1", keys))))
        .isEqualTo("127.0.0.1 has no IPv6 address");
  }

  @Test
  void givenBusybox_whenRun_thenOnePingEachTime() throws Exception {
    Path busybox = folder.resolve("busybox");
    Files.move(folder.resolve("ping"), busybox);
    Files.createSymbolicLink(folder.resolve("ping"), busybox);
    probe = probe("127.0.0.1", "");
    for (int i = 0; i < 5; i++) {
      assertThat(Tools.words(run(probe))).isEqualTo("up");
    }
    assertThat(calls()).hasSize(5).last().isEqualTo("-c 1 -W 2 -s 28 -t 64 127.0.0.1");
    assertThat(Tools.words(run(probe("127.0.0.1", "dont_fragment: true"))))
        .startsWith("not run: busybox's ping knows no dont_fragment");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-f", "a b", "127.0.0.1:7", "[::1]", "a/b", "a\n"})
  void givenWrongTarget_whenChecked_thenRefused(String target) {
    assertThatThrownBy(() -> module("").checkTarget(target))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is not a host");
  }

  @Test
  void givenWrongKeys_whenRead_thenFaults() {
    Faults faults = new Faults();
    String keys = "ttl: 256\npreferred_ip_protocol: 4\nsource_ip_address: x\npayload_size: 70000";
    Tools.read(IcmpModule::read, keys, faults);
    assertThat(faults.all()).hasSize(4);
  }

  /** A probe whose first two runs started one ping each, and the third the one that is kept. */
  private void keep(String host) throws Exception {
    answer("echo $$ >> " + folder + "/pids; " + REPLY + "; " + endless());
    probe = probe(host, "");
    for (int i = 0; i < 3; i++) {
      assertThat(Tools.words(run(probe))).isEqualTo("up");
    }
  }

  /** Prints what the test hands it, for ever. */
  private String endless() {
    Path next = folder.resolve("next");
    return "while :; do if [ -e N ]; then cat N; rm N; else sleep 0.01; fi; done"
        .replace("N", next.toString());
  }

  private void reply() throws IOException {
    write("36 bytes from 127.0.0.1: icmp_seq=2 ttl=61 time=7 ms");
  }

  /** Has the kept ping print a line, and waits until it has. */
  private void write(String line) throws IOException {
    Path next = folder.resolve("next");
    Files.writeString(folder.resolve("line"), line + "\n");
    Files.move(folder.resolve("line"), next, StandardCopyOption.ATOMIC_MOVE);
    await().until(() -> !Files.exists(next));
  }

  private void answer(String body) throws IOException {
    Path ping = folder.resolve("ping");
    Files.writeString(ping, "#!/bin/sh\necho \"$*\" >> " + calls + "\n" + body + "\n");
    Files.setPosixFilePermissions(ping, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private List<String> calls() throws IOException {
    return Files.readAllLines(calls);
  }

  private static boolean runs(String pid) {
    return ProcessHandle.of(Long.parseLong(pid)).map(ProcessHandle::isAlive).orElse(false);
  }

  /** A run that begins {@link #EVERY} after the one before. */
  private ProbeResult run(Probe of) {
    long start = clock.nanos();
    CompletableFuture<ProbeResult> result = new CompletableFuture<>();
    of.run(result::complete);
    await()
        .pollInterval(Duration.ofMillis(5))
        .until(
            () -> {
              clock.advance(TICK);
              return result.isDone();
            });
    clock.advance(EVERY.minusNanos(clock.nanos() - start));
    return result.join();
  }

  private Probe probe(String host, String keys) {
    IcmpModule module = module(keys);
    module.checkTarget(host);
    return new IcmpProbe(module, host, TIMEOUT, tools(), PingProgram.at(folder.resolve("ping")));
  }

  private static IcmpModule module(String keys) {
    return Tools.read(IcmpModule::read, keys.isEmpty() ? "ttl: 64" : keys);
  }

  private ProbeTools tools() {
    return new ProbeTools(
        Roots.HOST, clock, clock, loops, host -> names.all(host), threads, threads);
  }
}
