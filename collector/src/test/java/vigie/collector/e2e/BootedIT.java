package vigie.collector.e2e;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.Ports;
import vigie.base.time.Clock;
import vigie.collector.testing.FakeDiscord;
import vigie.collector.testing.FakeDiscord.Message;

/**
 * The agent as {@code install.sh} installs it on a whole Debian, and a collector on the host that
 * never scrapes. One machine goes through all of it in this order, for each boot takes minutes.
 */
@EnabledIfSystemProperty(
    named = "vigie.booted",
    matches = "true",
    disabledReason = "boots a machine for a quarter of an hour: mvn -Pbooted verify")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class BootedIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int CRASHES = 5;

  private static final String UNWILLING =
      """
      [Unit]
      %s=vigie-agent.service
      [Service]
      ExecStart=/bin/bash -c 'trap "exit 1" TERM; while :; do sleep 1000 & wait; done'
      [Install]
      WantedBy=multi-user.target
      """;

  private static final Map<String, String> UNITS =
      Map.of(
          "flaky.service",
          """
          [Unit]
          StartLimitIntervalSec=0
          [Service]
          ExecStart=/bin/bash -c 'sleep 3; echo "no database at 192.0.2.5"; exit 7'
          Restart=always
          RestartSec=5
          """,
          "limited.service",
          """
          [Unit]
          StartLimitIntervalSec=300
          StartLimitBurst=3
          [Service]
          ExecStart=/bin/bash -c 'test -e /run/mended && exec sleep infinity; echo no database; exit 3'
          Restart=always
          RestartSec=1
          """,
          "hog.service",
          """
          [Service]
          ExecStart=/bin/bash -c 'x=a; while :; do x=$x$x; done'
          MemoryMax=20M
          """,
          "lasting.service",
          """
          [Service]
          ExecStart=/usr/bin/busybox nc -ll -p 13337 -e true
          [Install]
          WantedBy=multi-user.target
          """,
          // Both end by a failure at each shutdown: while the agent looks on, and after it has
          // gone.
          "sullen.service",
          UNWILLING.formatted("After"),
          "grudging.service",
          UNWILLING.formatted("Before"),
          "dropin.conf",
          """
          [Service]
          SupplementaryGroups=adm
          AmbientCapabilities=CAP_NET_RAW
          CapabilityBoundingSet=CAP_NET_RAW
          SystemCallFilter=capset setuid
          """);

  private Path dir;
  private int httpPort;
  private int agentPort;
  private FakeDiscord discord;
  private Program collector;
  private BootedDebian debian;

  @BeforeAll
  void boot(@TempDir Path dir) throws IOException {
    this.dir = dir;
    httpPort = Ports.free();
    agentPort = Ports.free();
    int relpPort = Ports.free();
    discord = new FakeDiscord(Clock.system(), "very-secret-token");
    Files.writeString(dir.resolve("hook"), discord.webhookUrl() + "\n");
    Files.writeString(
        dir.resolve("collector.yaml"),
        """
        storage: {path: collector}
        listen: {http: '127.0.0.1:%d', relp: '127.0.0.1:%d'}
        rule_files: ['%s']
        route: {receiver: discord, group_by: [alertname, node, unit]}
        receivers: [{name: discord, discord_configs: [{webhook_url_file: hook}]}]
        """
            .formatted(httpPort, relpPort, Program.ROOT.resolve("alert-rules/systemd.yml")));
    collector =
        Program.start(
            dir.resolve("collector.log"),
            Map.of(),
            "collector",
            "run",
            "--config",
            dir.resolve("collector.yaml").toString());
    long began = System.nanoTime();
    debian = new BootedDebian(dir, app(relpPort), agentPort);
    String answer = debian.run("systemctl is-system-running --wait; cut -d ' ' -f 1 /proc/uptime");
    assertThat(answer).as("systemctl --failed").startsWith("running\n");
    figure(
        "boot to a running system: %s s of the guest, %d s here",
        answer.lines().toList().get(1), seconds(began));
  }

  @AfterAll
  void end() {
    if (debian != null) {
      debian.close();
    }
    if (collector != null) {
      collector.close();
    }
    if (discord != null) {
      discord.close();
    }
  }

  @Test
  @Order(1)
  void givenDebian_whenInstalled_thenTheUnitRunsHardenedAndReadsTheJournal() throws IOException {
    long began = System.nanoTime();
    String said =
        debian.run(
            """
            cp app/*.service /etc/systemd/system/
            mkdir -p /etc/vigie /var/backups/pg
            cp app/agent.yaml /etc/vigie/
            echo data > /var/backups/pg/app.dump; touch /var/log/app.log
            chgrp adm /var/backups/pg /var/log/app.log
            chmod 0750 /var/backups/pg; chmod 0640 /var/log/app.log
            systemctl daemon-reload
            systemctl enable --now --quiet lasting sullen grudging
            deploy/install.sh agent
            """);
    assertThat(said).contains("install: agent runs").endsWith("status 0\n");
    figure("install.sh: %d s", seconds(began));
    debian.tell("/metrics", () -> metrics().contains("vigie_build_info"));
    figure("and until /metrics answers: %d s", seconds(began));

    assertHardened();
    // What a group may read, and pings: for the drop-ins below.
    assertThat(check()).contains("/var/log/app.log", "/var/backups/pg", "ping");
    assertThat(of("probe.down", "")).noneMatch(e -> e.path("text").asText().contains("10.0.2.2"));
    figure("%s", debian.run("systemd-analyze security --no-pager vigie-agent | tail -1"));
    await("agent.start", "", 1);
    assertThat(await("node.boot", "", 1).path("fields").path("clean").asText())
        .isEqualTo("unknown");
  }

  @Test
  @Order(2)
  void givenServiceThatCrashesAgainAndAgain_thenEachCrashIsOneEventAtOnce() throws IOException {
    List<Duration> lags = new ArrayList<>();
    debian.run("systemctl start flaky");
    try (BootedDebian.Watch watch = debian.watch()) {
      for (int crash = 0; crash < CRASHES; crash++) {
        int known = crash;
        debian.tell("crash " + crash, () -> of("unit.crashed", "flaky").size() > known);
        Instant arrived = watch.now(); // or a moment later
        Instant happened =
            Instant.parse(of("unit.crashed", "flaky").get(crash).path("time").asText());
        lags.add(Duration.between(happened, arrived));
      }
    }
    debian.run("systemctl stop flaky");
    figure(
        "from a crash to the collector, by the guest's clock: %s ms",
        lags.stream().map(Duration::toMillis).toList());
    String logged =
        debian.run("journalctl --sync; journalctl -u flaky -o cat | grep -c 'Failed with result'");
    int crashes = Integer.parseInt(logged.lines().findFirst().orElseThrow());
    debian.tell("all crashes", () -> of("unit.crashed", "flaky").size() >= crashes);

    List<JsonNode> events = of("unit.crashed", "flaky");
    assertThat(events).hasSize(crashes);
    for (int i = 0; i < crashes; i++) {
      JsonNode fields = events.get(i).path("fields");
      assertThat(fields.path("restarts").asInt()).isEqualTo(i);
      assertThat(fields.path("status").asText()).isEqualTo("7");
      assertThat(fields.path("log").asText()).isEqualTo("no database at 192.0.2.5");
    }
    assertThat(of("unit.failed", "flaky")).isEmpty();
    // Of a machine that has a tenth of a processor where this one is busy; two seconds elsewhere.
    assertThat(lags).allMatch(lag -> lag.compareTo(Duration.ofSeconds(5)) < 0);
  }

  @Test
  @Order(3)
  void givenServiceThatSystemdGivesUp_whenMended_thenBothAreTold() throws IOException {
    debian.run("systemctl start limited");
    JsonNode failed = await("unit.failed", "limited", 1).path("fields");
    assertThat(failed.path("status").asText()).isEqualTo("3");
    assertThat(failed.path("restarts").asInt()).isEqualTo(3);
    assertThat(of("unit.crashed", "limited")).hasSize(3);
    debian.run("touch /run/mended; systemctl reset-failed limited; systemctl start limited");
    await("unit.recovered", "limited", 1);
  }

  @Test
  @Order(4)
  void givenServiceBeyondItsMemory_whenKilled_thenTheEventNamesItsVictim() throws IOException {
    debian.run("systemctl start hog");
    JsonNode oom = await("kernel.oom", "", 1).path("fields");
    assertThat(oom.path("victim").asText()).isEqualTo("bash");
    assertThat(oom.path("unit").asText()).isEqualTo("hog.service");
    assertThat(oom.path("scope").asText()).isEqualTo("cgroup");
    assertThat(await("unit.failed", "hog", 1).path("fields").path("result").asText())
        .isEqualTo("oom-kill");
  }

  @Test
  @Order(5)
  void givenReboot_thenItIsToldBeforeTheNetworkGoesAndNothingElseIsSaidToBeDown()
      throws IOException {
    debian.tell("the service to be up", () -> up() >= 1);
    // What the documents name for these probes, from the next start on.
    debian.run(
        """
        mkdir -p /etc/systemd/system/vigie-agent.service.d
        cp app/dropin.conf /etc/systemd/system/vigie-agent.service.d/
        """);
    int before = events().size();
    debian.ask("systemctl reboot\n");
    JsonNode shutdown = await("node.shutdown", "", 1);
    assertThat(shutdown.path("fields").path("reason").asText()).isEqualTo("reboot");
    JsonNode boot = await("node.boot", "", 2);
    assertThat(boot.path("fields").path("clean").asText()).isEqualTo("yes");
    assertThat(boot.path("fields").path("stopped_by").asText()).isEqualTo("reboot");
    List<JsonNode> around = events().stream().skip(before).toList();
    figure(
        "told around a reboot: %s",
        around.stream()
            .map(e -> e.path("type").asText() + e.path("fields").path("stopping").asText())
            .toList());
    // The service went down with the machine, which is told at most with a mark.
    List<String> between =
        around.stream()
            .filter(e -> e.path("fields").path("stopping").asText().isEmpty())
            .map(e -> e.path("type").asText())
            .toList();
    assertThat(between.subList(0, between.indexOf("node.boot"))).doesNotContain("probe.down");
    assertThat(between).doesNotContain("unit.crashed", "unit.failed");
  }

  @Test
  @Order(6)
  void givenDropInsOfTheDocuments_thenTheHardenedUnitPingsAndReadsWhatAGroupMay()
      throws IOException {
    debian.tell("all probes", () -> up() == 3);
    debian.run("echo 'ERROR invoice 4711 not sent' >> /var/log/app.log");
    assertThat(await("log.match", "", 1).path("fields").path("invoice").asText()).isEqualTo("4711");
    assertThat(debian.run("systemctl reload vigie-agent")).isEqualTo("status 0\n");
    debian.tell(
        "the reload",
        () -> debian.run("journalctl -b -u vigie-agent").contains("configuration reloaded"));
  }

  @Test
  @Order(7)
  void givenPowerOff_thenItArrivesBeforeTheMachineIsOffAndTheNextBootSaysClean()
      throws IOException {
    debian.ask("systemctl poweroff\n");
    Awaitility.await("the end of the machine")
        .atMost(BootedDebian.PATIENCE)
        .until(() -> !debian.alive());
    // The spool left with the machine: what is here came before.
    assertThat(of("node.shutdown", "")).hasSize(2);
    JsonNode shutdown = of("node.shutdown", "").get(1);
    assertThat(shutdown.path("fields").path("reason").asText()).isEqualTo("poweroff");
    debian.start();
    JsonNode boot = await("node.boot", "", 3);
    assertThat(boot.path("fields").path("clean").asText()).isEqualTo("yes");
    assertThat(boot.path("fields").path("stopped_by").asText()).isEqualTo("poweroff");
  }

  @Test
  @Order(8)
  void givenPowerCutInACrashLoop_thenTheNextBootSaysSoAndNoEventIsLostOrDouble()
      throws IOException {
    int known = of("unit.crashed", "flaky").size();
    debian.run("systemctl start flaky");
    debian.tell("two crashes", () -> of("unit.crashed", "flaky").size() >= known + 2);
    debian.cut();
    debian.start();
    JsonNode boot = await("node.boot", "", 4);
    assertThat(boot.path("fields").path("clean").asText()).isEqualTo("no");
    assertThat(of("node.shutdown", "")).hasSize(2);

    Set<String> seen = new HashSet<>();
    long last = 0;
    for (JsonNode event : events()) {
      if (event.path("spool").asText().isEmpty()) {
        continue; // the collector's own: node.silent, node.back
      }
      assertThat(seen.add(event.path("spool").asText() + event.path("seq").asText())).isTrue();
      assertThat(event.path("type").asText()).isNotEqualTo("agent.gap");
      last = Math.max(last, event.path("seq").asLong());
    }
    figure("events in all: %d, the last number %d", seen.size(), last);
  }

  /** A reboot and a power-off are behind us. */
  @Test
  @Order(9)
  void givenServicesThatExitWith1AsTheNodeGoesDown_thenTheirFaultsAreMarkedAndPageNobody()
      throws IOException {
    for (String service : List.of("sullen", "grudging")) {
      await("unit.crashed", service, 2);
      List<JsonNode> faults =
          events().stream()
              .filter(e -> e.path("fields").path("unit").asText().equals(service + ".service"))
              .toList();
      figure(
          "told of %s: %s",
          service,
          faults.stream()
              .map(e -> e.path("type").asText() + " " + e.path("fields").path("stopping").asText())
              .toList());
      assertThat(faults)
          .allSatisfy(
              fault -> {
                assertThat(fault.path("type").asText()).isIn("unit.crashed", "unit.failed");
                assertThat(fault.path("fields").path("status").asText()).isEqualTo("1");
                assertThat(fault.path("fields").path("stopping").asText()).isEqualTo("yes");
              });
    }
    String series =
        Program.get(
            "http://127.0.0.1:"
                + httpPort
                + "/api/v1/query?query=count_over_time(vigie_events_total%5B1d%5D)");
    assertThat(series).contains("flaky.service").doesNotContain("sullen", "grudging");
    Supplier<String> cards =
        () -> discord.messages().stream().map(Message::text).collect(joining("\n"));
    // The same rules page of a crash that no shutdown explains.
    debian.tell("the cards", () -> cards.get().contains("flaky.service on booted"));
    assertThat(cards.get()).contains("limited.service on booted").doesNotContain("sullen");
    assertThat(cards.get()).doesNotContain("grudging");
    figure("cards: %s", discord.messages().stream().map(Message::title).toList());
  }

  @Test
  @Order(10)
  void givenUninstall_thenOnlyWhatItKeptStays() {
    assertThat(
            debian.run(
                """
                cd /app; deploy/install.sh agent --uninstall
                ls -d /opt/vigie /etc/systemd/system/vigie-agent.service /usr/local/bin/agent 2>/dev/null
                getent passwd vigie-agent; systemctl is-active vigie-agent; ls /var/lib/vigie-agent /etc/vigie
                """))
        .contains("agent is out", "service.d was made by you and stays", "\ninactive\n", "spool")
        .contains("agent.yaml")
        .doesNotContain("/opt/vigie\n", "/vigie-agent.service\n", "vigie-agent:x:");
  }

  @Test
  @Order(11)
  void givenDeb_whenInstalledThenPurged_thenTheSameUnitRunsAndDrillsAndNothingStays()
      throws IOException {
    int starts = of("agent.start", "").size();
    long began = System.nanoTime();
    // Its Java was unpacked, not installed, and dpkg knows of no package.
    debian.run(
        """
        rm -rf /etc/vigie /var/lib/vigie-agent /etc/systemd/system/vigie-agent.service.d
        mkdir -p /var/lib/dpkg/triggers; touch /var/lib/dpkg/status
        """);
    assertThat(debian.run("dpkg --force-depends -i app/vigie-agent.deb 2>&1"))
        .endsWith("status 0\n");
    figure("dpkg -i: %d s", seconds(began));
    assertThat(debian.run("systemctl is-enabled vigie-agent; systemctl is-active vigie-agent"))
        .isEqualTo("enabled\nactive\nstatus 0\n");
    // As docs/install.md has it, but for runuser: the guest has no PAM.
    debian.run("cat app/agent.yaml > /etc/vigie/agent.yaml");
    assertThat(check()).contains("10.0.2.2"); // needs a drop-in, which the guide names
    assertThat(debian.run("systemctl restart vigie-agent")).isEqualTo("status 0\n");
    await("agent.start", "", starts + 1);
    debian.tell("/metrics", () -> metrics().contains("vigie_build_info"));
    assertHardened();
    assertThat(
            debian.run(
                """
                grep -o -m 1 /usr/lib/vigie/agent/lib/run.jsa /proc/$(systemctl show -P MainPID vigie-agent)/maps
                stat -c '%U:%G %a' /etc/vigie/agent.yaml /var/lib/vigie-agent
                """))
        .contains("run.jsa", "root:vigie-agent 640", "vigie-agent:vigie-agent 750");
    assertThat(debian.run("systemctl reload vigie-agent")).isEqualTo("status 0\n");
    assertThat(
            debian.run(
                """
                systemctl enable --quiet --now vigie-agent-drill.timer
                systemctl start vigie-agent-drill || journalctl -b -o cat -u vigie-agent-drill
                systemctl is-active vigie-agent-drill.timer
                """))
        .isEqualTo("active\nstatus 0\n");

    assertThat(debian.run("dpkg --purge vigie-agent 2>&1")).endsWith("status 0\n");
    assertThat(
            debian.run(
                """
                systemctl is-active vigie-agent vigie-agent-drill.timer
                find / -xdev -path /app -prune -o -name '*vigie*' -print
                """))
        .isEqualTo("inactive\ninactive\nstatus 0\n");
  }

  private void assertHardened() {
    assertThat(
            debian.run(
                """
                cd /proc/$(systemctl show -P MainPID vigie-agent)
                grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' status | tr -s '\\t ' ' '
                """))
        .contains("CapEff: 0000000000000000", "CapBnd: 0000000000000000", "NoNewPrivs: 1")
        .contains("Seccomp: 2")
        .doesNotContain("Uid: 0 ");
  }

  /** What {@code deploy/release.sh} made. */
  private static Path deb() throws IOException {
    Path release = Program.ROOT.resolve("target/release");
    if (Files.isDirectory(release)) {
      try (Stream<Path> files = Files.list(release)) {
        return files
            .filter(file -> file.getFileName().toString().matches("vigie-agent_.*\\.deb"))
            .findFirst()
            .orElseThrow();
      }
    }
    throw new AssertionError(release + " is missing; run: deploy/release.sh");
  }

  /** What the guest gets: what install.sh needs, and what these tests start. */
  private Path app(int relpPort) throws IOException {
    Path app = dir.resolve("app");
    for (Map.Entry<String, String> each : UNITS.entrySet()) {
      Path file = app.resolve("app").resolve(each.getKey());
      Files.createDirectories(file.getParent());
      Files.writeString(file, each.getValue());
    }
    copy(Program.ROOT.resolve("deploy"), app.resolve("deploy"));
    copy(Program.bin("agent").getParent().getParent(), app.resolve("agent/target/dist"));
    Files.copy(deb(), app.resolve("app/vigie-agent.deb"));
    Files.writeString(
        app.resolve("app/agent.yaml"),
        """
        node: booted
        collector: relp://10.0.2.2:%d
        probes:
          - {name: lasting, tcp: '127.0.0.1:13337', every: 5s, timeout: 4s}
          - {name: host, icmp: 10.0.2.2, every: 5s, timeout: 4s}
          - {name: dump, file: /var/backups/pg/app.dump, every: 5s, timeout: 4s}
        sources:
          files: [{path: /var/log/app.log, patterns: [app.failed], from: start}]
        patterns:
          - {name: app.failed, match: 'ERROR invoice (?P<invoice>[0-9]+) not sent', severity: error}
        """
            .formatted(relpPort));
    return app;
  }

  private String metrics() {
    return Program.get("http://127.0.0.1:" + agentPort + "/metrics");
  }

  /** How many probes are up. */
  private long up() {
    return metrics()
        .lines()
        .filter(line -> line.startsWith("probe_success{") && line.endsWith(" 1"))
        .count();
  }

  /** What {@code agent check} says as the service's user. */
  private String check() {
    return debian.run(
        "setpriv --reuid vigie-agent --regid vigie-agent --init-groups agent check --config /etc/vigie/agent.yaml 2>&1");
  }

  /** The node's events, in the order in which they came. */
  private List<JsonNode> events() throws IOException {
    String body =
        Program.get(
            "http://127.0.0.1:" + httpPort + "/api/vigie/events?limit=1000&filter=node%3Dbooted");
    List<JsonNode> events = new ArrayList<>();
    if (!body.isEmpty()) {
      JSON.readTree(body).path("events").forEach(events::add);
    }
    events.sort(Comparator.comparingLong(e -> e.path("id").asLong()));
    return events;
  }

  /** Those of a type, of a service unless it is {@code ""}. */
  private List<JsonNode> of(String type, String service) throws IOException {
    return events().stream()
        .filter(e -> e.path("type").asText().equals(type))
        .filter(
            e ->
                service.isEmpty()
                    || e.path("fields").path("unit").asText().equals(service + ".service"))
        .toList();
  }

  private JsonNode await(String type, String service, int nth) throws IOException {
    debian.tell(type + " " + nth, () -> of(type, service).size() >= nth);
    return of(type, service).get(nth - 1);
  }

  private static void figure(String format, Object... values) {
    System.out.printf("Booted Debian: " + format + "%n", values);
  }

  private static long seconds(long since) {
    return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - since);
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path each : (Iterable<Path>) all::iterator) {
        Path copy = to.resolve(from.relativize(each).toString());
        Files.createDirectories(copy.getParent());
        if (!each.toString().endsWith(".jsa") && !Files.isDirectory(each)) {
          Files.copy(each, copy, StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
  }
}
