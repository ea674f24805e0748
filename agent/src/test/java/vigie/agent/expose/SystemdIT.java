package vigie.agent.expose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.metric.CollectorsConfig;
import vigie.agent.metric.CollectorsConfig.Chosen;
import vigie.agent.metric.NodeMetrics;
import vigie.agent.reader.Roots;
import vigie.agent.reader.Systemd;
import vigie.agent.reader.UnitStatus;
import vigie.base.net.Ports;
import vigie.base.time.Clock;

/** A real systemd, asked by the agent and by Debian's node_exporter over the same bus. */
class SystemdIT {
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** What crashes all the time has other states and times at each look. */
  private static final String RESTLESS = "crash.service";

  @TempDir static Path folder;
  private static final ExecutorService blocking = Executors.newCachedThreadPool();
  private static OwnSystemd host;
  private static Systemd systemd;
  private static Served agent;
  private static Peer exporter;
  private static int exporterPort;

  @BeforeAll
  static void start() throws IOException {
    host = OwnSystemd.start(folder);
    Roots roots = new Roots(Roots.HOST.procfs(), Roots.HOST.sysfs(), folder);
    systemd = Systemd.of(roots, Map.of(), Clock.system());
    Map<String, List<String>> options =
        Map.of(
            "enable_task_metrics", List.of("true"), "enable_start_time_metrics", List.of("true"));
    CollectorsConfig config =
        new CollectorsConfig(
            Map.of(
                "systemd", new Chosen(true, options),
                "systemd_exporter", new Chosen(true, Map.of())));
    agent = new Served(NodeMetrics.host(roots, Clock.system(), blocking, config));
    exporterPort = Ports.free();
    exporter =
        Peer.start(
            folder,
            "node_exporter3",
            List.of(
                "--web.listen-address=127.0.0.1:" + exporterPort,
                "--web.disable-exporter-metrics",
                "--collector.disable-defaults",
                "--collector.systemd",
                "--collector.systemd.enable-restarts-metrics",
                "--collector.systemd.enable-start-time-metrics",
                "--collector.systemd.enable-task-metrics"),
            Map.of("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=" + host.bus()));
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() -> systemd.status("some.timer", LIMIT).subState().equals("elapsed"));
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() -> theirs().values().containsKey("node_systemd_system_running"));
  }

  @AfterAll
  static void stop() throws Exception {
    if (exporter != null) {
      exporter.close();
      agent.close();
      systemd.close();
    }
    if (host != null) {
      host.close();
    }
    blocking.shutdownNow();
  }

  @Test
  void givenSystemd_whenBothAreScraped_thenTypesSeriesAndValuesAreTheSame() throws Exception {
    Text theirs = theirs();
    Text ours = ours("systemd");

    assertThat(systemdOnly(ours.types())).isEqualTo(systemdOnly(theirs.types()));
    assertThat(systemdOnly(ours.values()).keySet())
        .isEqualTo(systemdOnly(theirs.values()).keySet());
    for (Map.Entry<String, String> one : systemdOnly(ours.values()).entrySet()) {
      boolean held =
          !one.getKey().contains(RESTLESS) && !one.getKey().startsWith("node_systemd_units");
      if (held) {
        assertThat(Double.parseDouble(one.getValue()))
            .as(one.getKey())
            .isEqualTo(Double.parseDouble(theirs.values().get(one.getKey())));
      }
    }
  }

  private static Map<String, String> systemdOnly(Map<String, String> all) {
    Map<String, String> found = new TreeMap<>(all);
    found.keySet().removeIf(name -> !name.startsWith("node_systemd_"));
    return found;
  }

  @Test
  void givenAServiceThatCrashes_whenSystemdRestartsIt_thenItsRestartsRise() throws Exception {
    String series = "node_systemd_service_restart_total{name=" + RESTLESS + "}";
    String exporters = series.replace("node_", "");
    double before = Double.parseDouble(ours("systemd").values().get(series));
    double beforeToo = Double.parseDouble(ours("systemd_exporter").values().get(exporters));
    UnitStatus status = systemd.status(RESTLESS, LIMIT);

    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              assertThat(Double.parseDouble(ours("systemd").values().get(series)))
                  .isGreaterThan(before);
              assertThat(Double.parseDouble(ours("systemd_exporter").values().get(exporters)))
                  .isGreaterThan(beforeToo);
              UnitStatus later = systemd.status(RESTLESS, LIMIT);
              assertThat(later.restarts()).isGreaterThan(status.restarts());
              assertThat(later.invocationId()).isNotEqualTo(status.invocationId());
            });
    Text theirs = theirs();
    assertThat(Double.parseDouble(ours("systemd").values().get(series)))
        .isGreaterThanOrEqualTo(Double.parseDouble(theirs.values().get(series)));
  }

  @Test
  void givenUnitsInSeveralStates_whenAsked_thenEachIsTold() throws Exception {
    UnitStatus failed = systemd.status("fail.service", LIMIT);
    assertThat(failed.activeState()).isEqualTo("failed");
    assertThat(failed.result()).isEqualTo("exit-code");
    assertThat(failed.mainCode()).isEqualTo(1);
    assertThat(failed.mainStatus()).isEqualTo(3);

    UnitStatus good = systemd.status("good.service", LIMIT);
    assertThat(good.subState()).isEqualTo("running");
    assertThat(good.restarts()).isZero();
    assertThat(good.activeSince()).isNotNull();

    assertThat(systemd.status("godo.service", LIMIT).exists()).isFalse();
    assertThat(systemd.unitNames(LIMIT)).contains("good.service", "some.timer");
    assertThat(systemd.failedUnits(LIMIT)).contains("fail.service").doesNotContain("good.service");
    assertThat(systemd.systemState(LIMIT)).isIn("degraded", "starting");
    assertThat(systemd.starting(LIMIT)).doesNotContain("reboot.target");
  }

  @Test
  void givenSystemdsOwnSocketOnly_whenAsked_thenItAnswersWithoutABus() throws Exception {
    Path root = folder.resolve("no-bus");
    Files.createDirectories(root.resolve("run"));
    Files.createSymbolicLink(root.resolve("run/systemd"), folder.resolve("run/systemd"));
    Roots roots = new Roots(Roots.HOST.procfs(), Roots.HOST.sysfs(), root);
    try (Systemd direct = Systemd.of(roots, Map.of(), Clock.system())) {
      assertThat(direct.status("good.service", LIMIT).activeState()).isEqualTo("active");
    }
  }

  @Test
  void givenTheExportersNames_whenScraped_thenLabelsAreItsOwn() throws Exception {
    assertThat(ours("systemd_exporter").values())
        .containsEntry("systemd_unit_state{name=good.service, state=active, type=service}", "1")
        .containsEntry("systemd_unit_state{name=fail.service, state=failed, type=service}", "1")
        .containsEntry("systemd_socket_current_connections{name=some.socket}", "0")
        .containsKey("systemd_unit_tasks_max{name=good.service, type=service}")
        .containsKey("systemd_timer_last_trigger_seconds{name=some.timer}");
  }

  private static Text ours(String collector) throws IOException, InterruptedException {
    byte[] body = agent.get("/metrics?collect%5B%5D=" + collector).body();
    return Text.parse(new String(body, StandardCharsets.UTF_8));
  }

  private static Text theirs() throws IOException, InterruptedException {
    assertThat(exporter.isAlive()).as(exporter.log()).isTrue();
    URI uri = URI.create("http://127.0.0.1:" + exporterPort + "/metrics");
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(LIMIT).build();
    return Text.parse(HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body());
  }
}
