package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.collector.testing.FakeDiscord;

/** Both drills with the packaged programs, and a Discord that is away. */
class DrillIT {
  @TempDir Path dir;

  @Test
  void givenWholePath_whenDrilled_thenOneCardSaysSoAndPingsNobodyAndNoAlertIsLeft()
      throws Exception {
    try (Fleet fleet = new Fleet(dir)) {
      alsoToNobody();
      fleet.service.up();
      fleet.startCollector();
      fleet.startAgent();
      fleet.awaitOrTell("the probe to be up", () -> fleet.probeIs(true));

      Program drill =
          command("collector", "drill", "--url", fleet.url(""), "--with", "severity=critical");
      assertThat(drill.await()).as(drill.log()).isZero();
      assertThat(drill.log()).contains("rule fires", "card is there", "discord edited", " passed");
      assertThat(fleet.discord.messages()).hasSize(1);
      FakeDiscord.Message card = fleet.discord.messages().get(0);
      assertThat(card.title()).contains("Drill");
      assertThat(card.pings()).isEmpty();
      assertThat(card.edits()).isPositive();
      assertThat(fleet.ask("/api/vigie/alerts?state=active").path("alerts")).isEmpty();
      assertThat(fleet.ask("/api/vigie/outbox").path("pending")).isEmpty();
      assertThat(fleet.ask("/api/v2/silences")).isEmpty();

      String config = dir.resolve("agent.yaml").toString();
      Program own = command("agent", "drill", "--config", config, "--every", "24h");
      assertThat(own.await()).as(own.log()).isZero();
      assertThat(own.log())
          .contains("down: connection refused", "on disk", "acknowledged", " passed");
      assertThat(Program.get("http://127.0.0.1:" + fleet.agentPort + "/metrics"))
          .contains("vigie_drill_passed 1");
      fleet.awaitOrTell("the event of the agent's drill", () -> told(fleet).size() == 1);
      assertThat(told(fleet).path(0).path("node").asText()).isEqualTo("p1");
      assertThat(fleet.ask("/api/vigie/nodes").path("nodes")).hasSize(1);
      assertThat(fleet.discord.messages()).hasSize(1);
      assertThat(fleet.discord.violations()).isEmpty();
    }
  }

  /** As Alertmanager's configurations have it: a receiver without any way out. */
  private void alsoToNobody() throws IOException {
    Path config = dir.resolve("collector.yaml");
    String yaml = Files.readString(config);
    Files.writeString(
        config,
        yaml.replace(
                "group_by: [alertname, node, probe]}",
                "group_by: [alertname, node, probe],"
                    + " routes: [{receiver: nobody, continue: true}, {receiver: discord}]}")
            .replace("receivers: [", "receivers: [{name: nobody}, "));
  }

  /** As systemd runs it, by what stands in the unit and in the file that it reads. */
  @Test
  void givenUnitOfTheTimer_whenItsLineIsRun_thenItPassesAndAFailureIsAnExitCodeAndAnAlert()
      throws Exception {
    try (Fleet fleet = new Fleet(dir)) {
      alsoItself(fleet);
      fleet.startCollector();
      Files.writeString(dir.resolve("drill.env"), "VIGIE_URL=" + fleet.url("") + "\n");

      Program well = timer("well");
      assertThat(well.await()).as(well.log()).isZero();
      assertThat(Program.get(fleet.url("/metrics"))).contains("vigie_drill_passed 1");

      fleet.discord.fail(FakeDiscord.Fault.status(500, 0).times(1_000_000));
      Program broken = timer("broken", "--timeout", "2s");
      assertThat(broken.await()).as(broken.log()).isEqualTo(1);
      assertThat(broken.log()).contains("FAILED: the card of receiver discord is not there");
      fleet.awaitOrTell("the alert", () -> drillFailed(fleet).equals("firing"));

      fleet.discord.heal();
      fleet.awaitOrTell("its card", () -> fleet.lastCard().contains("FIRING: DrillFailed"));
      Program again = timer("again");
      assertThat(again.await()).as(again.log()).isZero();
      fleet.awaitOrTell("its end", () -> drillFailed(fleet).isEmpty());
    }
  }

  /** Has it look at its own metrics with the rules of drills that ship. */
  private void alsoItself(Fleet fleet) throws IOException {
    String shipped = Files.readString(Program.ROOT.resolve("alert-rules/vigie.yml"));
    String drills = shipped.substring(shipped.indexOf("  - name: vigie-drill\n"));
    Files.writeString(dir.resolve("rules.yml"), "groups:\n" + drills);
    Path config = dir.resolve("collector.yaml");
    String yaml = Files.readString(config);
    Files.writeString(
        config,
        "global: {evaluation_interval: 1s}\n"
            + yaml.replace("127.0.0.1:" + fleet.agentPort, "127.0.0.1:" + fleet.httpPort));
  }

  private Program timer(String name, String... more) throws IOException {
    Map<String, String> unit = new HashMap<>();
    Path file = Program.ROOT.resolve("deploy/systemd/vigie-collector-drill.service");
    for (String line : Files.readAllLines(file)) {
      int equals = line.indexOf('=');
      if (equals > 0 && !line.startsWith("#")) {
        unit.put(line.substring(0, equals), line.substring(equals + 1));
      }
    }
    assertThat(unit.get("EnvironmentFile")).isEqualTo("-/etc/vigie/drill.env");
    Properties environment = new Properties();
    try (Reader in = Files.newBufferedReader(dir.resolve("drill.env"))) {
      environment.load(in);
    }
    List<String> words = new ArrayList<>(List.of(unit.get("ExecStart").split(" ", -1)));
    assertThat(words.remove(0)).isEqualTo("/opt/vigie/collector/bin/collector");
    words.addAll(List.of(more));
    return Program.start(
        dir.resolve(name + ".log"),
        Map.of("VIGIE_URL", environment.getProperty("VIGIE_URL")),
        "collector",
        words.toArray(String[]::new));
  }

  private static String drillFailed(Fleet fleet) {
    String of = "/api/vigie/alerts?state=active&filter=alertname%3DDrillFailed";
    return fleet.ask(of).path("alerts").path(0).path("status").asText();
  }

  @Test
  void givenNoCollector_whenTheAgentIsDrilled_thenItSaysWhereTheWayEnds() throws Exception {
    try (Fleet fleet = new Fleet(dir)) {
      fleet.startAgent();
      String agent = "http://127.0.0.1:" + fleet.agentPort;
      fleet.awaitOrTell("the agent", () -> !Program.get(agent + "/readyz").isEmpty());

      Program drill = command("agent", "drill", "--url", agent, "--timeout", "1s");

      assertThat(drill.await()).isEqualTo(1);
      assertThat(drill.log()).contains("on disk", "FAILED: no session with the collector");
      Program nobody = command("collector", "drill", "--url", fleet.url(""));
      assertThat(nobody.await()).isEqualTo(3);
    }
  }

  private static JsonNode told(Fleet fleet) {
    return fleet.ask("/api/vigie/events?type=drill.probe").path("events");
  }

  private Program command(String program, String... arguments) throws Exception {
    Path log = dir.resolve("drill-" + List.of(arguments).hashCode() + ".log");
    return Program.start(log, Map.of(), program, arguments);
  }
}
