package vigie.agent.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.agent.event.Severity;
import vigie.agent.reader.Roots;
import vigie.agent.reader.Systemd;
import vigie.base.time.Clock;
import vigie.base.time.ManualClock;

/** The syslog daemons of a node, as they forward what {@code logger} gives them. */
class SyslogForwardersIT {
  private static final Path PEERS =
      Path.of(System.getProperty("vigie.root"), "target/peers").toAbsolutePath();

  @TempDir private Path folder;
  private final ManualClock timer = new ManualClock();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Line> lines = new CopyOnWriteArrayList<>();
  private SyslogSource source;
  private Process daemon;

  @BeforeEach
  void listen() {
    SourceTools tools =
        new SourceTools(
            Roots.HOST,
            Clock.system(),
            timer,
            threads,
            Runnable::run,
            event -> {},
            name -> null,
            Systemd.of(Roots.HOST, Map.of(), Clock.system()),
            new SimpleMeterRegistry());
    source =
        new SyslogSource(
            new InetSocketAddress("127.0.0.1", 0), tools, ZoneId.systemDefault(), lines::add);
    source.start();
  }

  @AfterEach
  void end() throws InterruptedException {
    if (daemon != null) {
      daemon.destroy();
      if (!daemon.waitFor(60, TimeUnit.SECONDS)) {
        daemon.destroyForcibly().waitFor();
      }
    }
    source.close();
    threads.shutdownNow();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "protocol=\"udp\"",
        "protocol=\"tcp\"",
        "protocol=\"tcp\" tcp_framing=\"octet-counted\"",
        "protocol=\"tcp\" template=\"RSYSLOG_SyslogProtocol23Format\""
      })
  void givenRsyslog_whenItForwards_thenEachMessageAsALine(String how) throws Exception {
    Path socket = folder.resolve("log");
    Path config = folder.resolve("rsyslog.conf");
    Files.writeString(
        config,
        """
        global(workDirectory="%s")
        module(load="imuxsock" SysSock.Use="off")
        input(type="imuxsock" Socket="%s")
        action(type="omfwd" target="127.0.0.1" port="%d" %s)
        """
            .formatted(folder, socket, source.port(), how));
    daemon =
        started(
            program("rsyslogd"),
            "-n",
            "-f",
            config.toString(),
            "-i",
            folder.resolve("pid").toString(),
            "-M",
            Files.readString(PEERS.resolve("rsyslog-modules")).strip());
    await().until(() -> Files.exists(socket));
    for (int i = 0; i < 20; i++) {
      run("logger", "-u", socket.toString(), "-p", "auth.warning", "-t", "sshd[812]", "try " + i);
    }
    await().until(() -> said("sshd").size() >= 20);
    List<Line> said = said("sshd");
    assertThat(said).hasSize(20);
    for (int i = 0; i < 20; i++) {
      assertThat(said.get(i).text()).isEqualTo("try " + i);
      assertThat(said.get(i).severity()).isEqualTo(Severity.WARNING);
    }
  }

  /**
   * It writes to /dev/log only, so it gets a /dev of its own; that takes root, as in a container.
   */
  @Test
  void givenBusyboxSyslogd_whenItForwards_thenEachMessageAsALine() throws Exception {
    String busybox = program("busybox");
    daemon =
        started(
            "unshare",
            "-m",
            "sh",
            "-c",
            "mount -t tmpfs tmpfs /dev && : >/dev/null || exit 1;"
                + " \"$0\" syslogd -n -O \"$2/messages\" -R 127.0.0.1:\"$1\" & trap \"kill $!\" TERM;"
                + " while [ ! -S /dev/log ]; do sleep 0.05; done;"
                + " for i in 1 2 3; do \"$0\" logger -t backup -p daemon.err \"try $i\"; done; wait",
            busybox,
            Integer.toString(source.port()),
            folder.toString());
    await().until(() -> said("backup").size() >= 3);
    assertThat(said("backup")).extracting(Line::text).containsExactly("try 1", "try 2", "try 3");
    assertThat(said("backup")).extracting(Line::severity).containsOnly(Severity.ERROR);
  }

  private List<Line> said(String program) {
    return lines.stream().filter(line -> line.identifier().equals(program)).toList();
  }

  private static String program(String name) {
    Path program = PEERS.resolve("bin").resolve(name);
    if (!Files.isExecutable(program)) {
      throw new AssertionError(
          name + " is not there; get it by: deploy/peers.sh install target/peers");
    }
    return program.toString();
  }

  private Process started(String... command) throws IOException {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("output").toFile())
        .start();
  }

  private void run(String... command) throws Exception {
    Process process = started(command);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();
  }
}
