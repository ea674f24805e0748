package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.agent.reader.Roots;
import vigie.agent.reader.UnitChange;
import vigie.agent.reader.UnitStatus;
import vigie.base.config.Faults;
import vigie.base.time.ManualClock;

/** What systemd says is set by the test, in its own words. */
class UnitProbeTest {
  private static final Duration LOOKS = Duration.ofSeconds(5);
  private static final Instant TWO_PAST_TWO =
      LocalDateTime.parse("2026-11-21T14:02:10").atZone(ZoneId.systemDefault()).toInstant();
  private final ManualClock clock = new ManualClock(TWO_PAST_TWO.plusSeconds(600));
  private final Systemd systemd = new Systemd();
  private final HostProbes host = new HostProbes(Roots.HOST, clock, Runnable::run, systemd);

  @Test
  void givenRunningService_whenRun_thenUpWithItsFigures() {
    systemd.is("active", "running", "success", 7, 0, 0);
    ProbeResult result = host.run(probe(""));
    assertThat(HostProbes.reason(result)).isEqualTo("up");
    assertThat(HostProbes.samples(result, "vigie_probe_unit_"))
        .containsEntry("restarts", 7.0)
        .containsEntry("active_timestamp_seconds", TWO_PAST_TWO.getEpochSecond() * 1.0);
    assertThat(host.steps).containsExactly("gunicorn.service is active (running), loaded");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "failed|failed|exit-code|1|1|failed: exit code 1 (Result exit-code) since 14:02",
        "failed|failed|signal|2|9|failed: exit signal KILL (Result signal) since 14:02",
        "failed|failed|core-dump|3|11|failed: exit signal SEGV (core dumped) (Result core-dump)"
            + " since 14:02",
        "failed|failed|oom-kill|2|9|failed: exit signal KILL (Result oom-kill) since 14:02",
        "failed|failed|timeout|2|34|failed: exit signal 34 (Result timeout) since 14:02",
        "inactive|dead|success|0|0|inactive since 14:02",
        "inactive|dead|success|1|0|inactive: exit code 0 since 14:02",
        "deactivating|stop-sigterm|success|0|0|deactivating since 14:02",
        "activating|start|success|0|0|activating since 14:02",
        "activating|auto-restart|exit-code|1|3|down, systemd will start it again: exit code 3"
            + " (Result exit-code) since 14:02",
      })
  void givenServiceThatDoesNotRun_whenRun_thenReasonInWords(
      String active, String sub, String result, int code, int status, String reason) {
    systemd.is(active, sub, result, 0, code, status);
    assertThat(reason(probe(""))).isEqualTo(reason);
  }

  @Test
  void givenFailureOfAnotherDay_whenRun_thenWithItsDate() {
    systemd.is("failed", "failed", "exit-code", 0, 1, 1);
    clock.step(Duration.ofDays(2));
    assertThat(reason(probe(""))).endsWith(" since 2026-11-21 14:02");
  }

  @Test
  void givenServiceThatSystemdKeepsStarting_whenEachLookFindsItRunning_thenDownByTheCount() {
    Probe probe = probe("");
    systemd.is("active", "running", "success", 100, 0, 0);
    assertThat(reason(probe)).isEqualTo("up");
    for (int restart = 1; restart <= 3; restart++) {
      clock.advance(Duration.ofSeconds(30));
      systemd.is("active", "running", "success", 100 + restart, 0, 0);
      assertThat(reason(probe)).isEqualTo("up");
    }
    clock.advance(Duration.ofSeconds(25));
    systemd.is("activating", "auto-restart", "core-dump", 103, 3, 11);
    assertThat(reason(probe))
        .isEqualTo(
            "down, systemd will start it again: exit signal SEGV (core dumped) (Result core-dump)"
                + " since 14:02; restarted 3 times in the last 10m by systemd");
    clock.advance(LOOKS);
    systemd.is("active", "running", "success", 104, 0, 0);
    assertThat(reason(probe))
        .isEqualTo(
            "restarted 4 times in the last 10m by systemd, last exit signal SEGV (core dumped)");
    // Up again once the oldest of them is out of the ten minutes.
    clock.advance(Duration.ofMinutes(8).plusSeconds(29));
    assertThat(reason(probe)).startsWith("restarted 4 times");
    clock.advance(Duration.ofSeconds(1));
    assertThat(reason(probe)).isEqualTo("up");
  }

  @Test
  void givenServiceStartedByHand_whenTheCountBeginsAnew_thenOnlyWhatFollowsCounts() {
    Probe probe = probe("max_restarts: 1 in 1h");
    systemd.is("active", "running", "success", 50, 0, 0);
    host.run(probe);
    systemd.is("active", "running", "success", 0, 0, 0);
    assertThat(reason(probe)).isEqualTo("up");
    systemd.is("active", "running", "success", 1, 0, 0);
    assertThat(reason(probe)).isEqualTo("up");
    systemd.is("active", "running", "success", 2, 0, 0);
    assertThat(reason(probe)).isEqualTo("restarted 2 times in the last 1h by systemd");
  }

  @Test
  void givenAnyNumberOfRestarts_whenItRuns_thenUp() {
    Probe probe = probe("max_restarts: any");
    for (int restart = 0; restart < 20; restart++) {
      systemd.is("active", "running", "success", restart, 0, 0);
      assertThat(reason(probe)).isEqualTo("up");
    }
  }

  @Test
  void givenJobOfATimer_whenItRestsOrRuns_thenUpUntilItFails() {
    systemd.type = "oneshot";
    systemd.is("inactive", "dead", "success", 0, 1, 0);
    assertThat(reason(probe(""))).isEqualTo("up");
    systemd.is("activating", "start", "success", 0, 0, 0);
    assertThat(reason(probe(""))).isEqualTo("up");
    systemd.is("failed", "failed", "exit-code", 0, 1, 2);
    assertThat(reason(probe(""))).isEqualTo("failed: exit code 2 (Result exit-code) since 14:02");
  }

  @Test
  void givenStates_whenAsked_thenThoseAreGoodAndNoOther() {
    systemd.is("inactive", "dead", "success", 0, 0, 0);
    assertThat(reason(probe("states: [inactive, failed]"))).isEqualTo("up");
    systemd.is("active", "running", "success", 0, 0, 0);
    assertThat(reason(probe("states: [inactive, failed]")))
        .isEqualTo("active: expected failed or inactive since 14:02");
  }

  @Test
  void givenUnitThatIsNot_whenRun_thenHintNamesTheNearest() {
    systemd.load = "not-found";
    systemd.is("inactive", "dead", "success", 0, 0, 0);
    Probe probe = host.probe(HostProbes.read(UnitModule::read, ""), "gunicron");
    assertThat(reason(probe)).isEqualTo("unit gunicron.service does not exist");
    assertThat(probe.hint()).isEqualTo("no such unit; nearest: gunicorn.service");
    Probe postgres = host.probe(HostProbes.read(UnitModule::read, ""), "postgres@15");
    assertThat(postgres.hint()).isEqualTo("no such unit; systemctl list-units --all lists them");
    Probe part = host.probe(HostProbes.read(UnitModule::read, ""), "cluster.service");
    assertThat(part.hint()).isEqualTo("no such unit; alike: postgresql-cluster@15-main.service");
  }

  @Test
  void givenMaskedUnit_whenRun_thenSaysSo() {
    systemd.load = "masked";
    systemd.is("inactive", "dead", "success", 0, 0, 0);
    assertThat(reason(probe(""))).isEqualTo("inactive: masked since 14:02");
  }

  @Test
  void givenNoBus_whenRun_thenNotRunWithTheReason(@TempDir Path nothing) {
    systemd.failure = new IOException("no D-Bus socket /run/dbus/system_bus_socket");
    assertThat(reason(probe("")))
        .isEqualTo("not run: systemd cannot be asked: no D-Bus socket /run/dbus/system_bus_socket");
    HostProbes real = new HostProbes(new Roots(nothing, nothing, nothing), clock);
    Probe probe = real.probe(HostProbes.read(UnitModule::read, ""), "ssh");
    assertThat(HostProbes.reason(real.run(probe))).startsWith("not run: systemd cannot be asked: ");
    assertThat(probe.hint()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "max_restarts: 3|max_restarts \"3\" is no limit; write 3 in 10m, or any",
        "max_restarts: 3 in 10|max_restarts \"10\" is not a duration; write 30s, 5m or 1h30m; write 3"
            + " in 10m, or any",
        "max_restarts: 3 in 8d|max_restarts \"3 in 8d\" is beyond 1000 in 7d; write 3 in 10m, or any",
        "states: [activ]|\"activ\" is no state of a unit; did you mean \"active\"?",
      })
  void givenFault_whenRead_thenWords(String keys, String message) {
    Faults faults = new Faults();
    HostProbes.read(UnitModule::read, "{" + keys + "}", faults);
    assertThat(faults.all()).hasSize(1).first().asString().endsWith(": " + message);
  }

  @Test
  void givenNoNameOfAUnit_whenChecked_thenSaysWhatItHas() {
    assertThatThrownBy(() -> host.probe(HostProbes.read(UnitModule::read, ""), "my app"))
        .hasMessageStartingWith("\"my app\": a unit's name has letters");
  }

  private Probe probe(String keys) {
    return host.probe(HostProbes.read(UnitModule::read, keys), "gunicorn");
  }

  private String reason(Probe probe) {
    return HostProbes.reason(host.run(probe));
  }

  /** A systemd with one state for every unit. */
  private static final class Systemd implements Units {
    private String load = "loaded";
    private String type = "simple";
    private @Nullable IOException failure;
    private UnitStatus status;

    void is(String active, String sub, String result, long restarts, int code, int exit) {
      status =
          new UnitStatus(
              "gunicorn.service",
              load,
              active,
              sub,
              result,
              restarts,
              code,
              exit,
              "",
              TWO_PAST_TWO);
    }

    @Override
    public UnitStatus status(String unit, Duration limit) throws IOException {
      if (failure != null) {
        throw failure;
      }
      return status;
    }

    @Override
    public UnitChange change(String unit, Duration limit) {
      return new UnitChange(type, TWO_PAST_TWO);
    }

    @Override
    public List<String> names(Duration limit) {
      return List.of("cron.service", "gunicorn.service", "postgresql-cluster@15-main.service");
    }
  }
}
