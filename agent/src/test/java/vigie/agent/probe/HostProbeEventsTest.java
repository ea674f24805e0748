package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.reader.Roots;
import vigie.base.time.ManualClock;

/** What the agent tells of probes that look at this host, all on the test's thread. */
class HostProbeEventsTest {
  @TempDir Path folder;
  private final ManualClock clock = new ManualClock();
  private final HostProbes host = new HostProbes(Roots.HOST, clock);
  private final List<Event> told = new ArrayList<>();
  private Probes probes;

  @BeforeEach
  void open() {
    probes = new Probes(host.tools(), told::add, Runnable::run, new SimpleMeterRegistry());
  }

  @AfterEach
  void close() {
    probes.close();
  }

  @Test
  void givenListenProbeOncePerHour_whenThePortGoes_thenToldWithinASecond() throws IOException {
    ServerSocket service = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    String target = "127.0.0.1:" + service.getLocalPort();
    Module module = HostProbes.read(ListenModule::read, "");
    probes.configure(
        List.of(
            new ProbeConfig(
                "web", module, target, Duration.ofHours(1), module.timeout(), Damping.NONE)));
    clock.advance(Duration.ofSeconds(3));
    assertThat(types()).containsExactly(EventType.PROBE_UP);
    service.close();
    clock.advance(Duration.ofSeconds(1));
    assertThat(types()).containsExactly(EventType.PROBE_UP, EventType.PROBE_DOWN);
    assertThat(told.get(1).text())
        .startsWith("web " + target + " is down: nothing listens on " + target + "; it was up for");
  }

  @Test
  void givenDump_whenItBecomesTooOld_thenBackupLateBesideProbeDown() throws IOException {
    Path dump = Files.writeString(folder.resolve("a.dump"), "data");
    Files.setLastModifiedTime(dump, FileTime.from(clock.now()));
    probes.configure(
        List.of(
            ProbeConfig.of(
                "dumps", HostProbes.read(FileModule::read, "max_age: 26h"), folder + "/*.dump")));
    clock.advance(Duration.ofHours(25));
    assertThat(types()).containsExactly(EventType.PROBE_UP);
    clock.advance(Duration.ofHours(1).plusMinutes(2));
    assertThat(types())
        .containsExactly(EventType.PROBE_UP, EventType.BACKUP_LATE, EventType.PROBE_DOWN);
    assertThat(told.get(1).text())
        .isEqualTo(
            "dumps "
                + folder
                + "/*.dump: newest file "
                + dump
                + " is more than 26h old, expected at most 26h");
    Files.setLastModifiedTime(dump, FileTime.from(clock.now()));
    clock.advance(Duration.ofMinutes(1));
    assertThat(types()).endsWith(EventType.PROBE_UP).hasSize(4);
  }

  private List<EventType> types() {
    return told.stream().map(Event::type).toList();
  }
}
