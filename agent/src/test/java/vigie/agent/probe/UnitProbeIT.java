package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.expose.OwnSystemd;
import vigie.agent.reader.Roots;
import vigie.agent.reader.Systemd;
import vigie.base.time.Clock;
import vigie.base.time.ManualClock;

/** The probe asks a real systemd; see {@code OwnSystemd}. */
class UnitProbeIT {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String SINCE = " since \\d\\d:\\d\\d";

  @TempDir static Path folder;
  private static OwnSystemd own;
  private static Systemd systemd;
  private final ManualClock clock = new ManualClock(Clock.system().now());
  private HostProbes host;

  @BeforeAll
  static void start() throws Exception {
    own = OwnSystemd.start(folder);
    Roots roots = new Roots(Roots.HOST.procfs(), Roots.HOST.sysfs(), folder);
    systemd = Systemd.of(roots, Map.of(), Clock.system());
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() -> systemd.status("fail.service", PATIENCE).activeState().equals("failed"));
  }

  @AfterAll
  static void stop() throws Exception {
    if (own != null) {
      systemd.close();
      own.close();
    }
  }

  @Test
  void givenUnitsOfEachKind_whenAsked_thenTheirStatesInWords() {
    assertThat(reason(probe("", "good"))).isEqualTo("up");
    assertThat(reason(probe("", "task"))).isEqualTo("up");
    assertThat(reason(probe("", "some.timer"))).isEqualTo("up");
    assertThat(reason(probe("", "fail")))
        .matches("failed: exit code 3 \\(Result exit-code\\)" + SINCE);
    assertThat(reason(probe("states: [failed]", "fail"))).isEqualTo("up");
    Probe none = probe("", "crsah");
    assertThat(reason(none)).isEqualTo("unit crsah.service does not exist");
    assertThat(none.hint()).isEqualTo("no such unit; nearest: crash.service");
  }

  @Test
  void givenServiceThatCrashesAllTheTime_whenLookedAt_thenDownByItsRestarts() {
    Probe probe = probe("max_restarts: 5 in 10m", "crash");
    await()
        .atMost(PATIENCE)
        .until(() -> reason(probe).matches("restarted [6-9] times in the last 10m by systemd.*"));
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                reason(probe)
                    .matches(
                        "down, systemd will start it again: exit code 3 \\(Result exit-code\\)"
                            + SINCE
                            + "; restarted \\d+ times in the last 10m by systemd"));
  }

  private Probe probe(String keys, String target) {
    host = new HostProbes(Roots.HOST, clock, Runnable::run, Units.of(systemd));
    return host.probe(HostProbes.read(UnitModule::read, keys), target);
  }

  private String reason(Probe probe) {
    return HostProbes.reason(host.run(probe));
  }
}
