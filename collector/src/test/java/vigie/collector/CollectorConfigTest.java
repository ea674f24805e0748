package vigie.collector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import vigie.base.config.ConfigException;
import vigie.base.config.Faults;
import vigie.base.net.Addresses;

class CollectorConfigTest {
  @TempDir Path dir;
  private final Faults faults = new Faults();

  private CollectorConfig load(String yaml) throws Exception {
    Path file = Files.writeString(dir.resolve("collector.yaml"), yaml);
    return CollectorConfig.load(Optional.of(file), Map.of(), faults);
  }

  @Test
  void givenNothing_whenLoaded_thenEveryDefault() {
    CollectorConfig config = CollectorConfig.load(Optional.empty(), Map.of(), faults);
    assertThat(config.storage()).isEqualTo(Path.of("/var/lib/vigie"));
    assertThat(config.samples()).isEqualTo(Duration.ofDays(15));
    assertThat(config.samples5m()).isEqualTo(Duration.ofDays(60));
    assertThat(config.samples1h()).isEqualTo(Duration.ofDays(730));
    assertThat(config.samplesBytes()).isEqualTo(10L << 30);
    assertThat(config.events()).isEqualTo(Duration.ofDays(90));
    assertThat(config.eventsBytes()).isEqualTo(10L << 30);
    assertThat(Addresses.format(config.http())).isEqualTo("127.0.0.1:9337");
    assertThat(Addresses.format(config.receive().relp())).isEqualTo("127.0.0.1:2514");
    assertThat(config.externalLabels().isEmpty()).isTrue();
    assertThat(config.externalUrl()).isEmpty();
    assertThat(config.scrapes()).isEmpty();
    assertThat(config.rules()).isEmpty();
    assertThat(config.routing().receivers()).containsOnlyKeys("terminal");
    assertThat(config.nodes().expected()).isEmpty();
    assertThat(config.nodes().silentAfter()).isEqualTo(Duration.ofMinutes(2));
    assertThat(config.web().operators()).isEmpty();
    assertThat(config.web().viewers()).isEmpty();
    assertThat(config.web().proxies()).isEmpty();
    assertThat(config.web().idle()).isEqualTo(Duration.ofHours(12));
    assertThat(config.web().end()).isEqualTo(Duration.ofDays(7));
    assertThat(faults.warnings()).isEmpty();
  }

  @Test
  void givenEveryKey_whenLoaded_thenEachCounts() throws Exception {
    Files.writeString(
        dir.resolve("r.yml"), "groups: [{name: g, rules: [{record: a, expr: vector(1)}]}]\n");
    Files.writeString(dir.resolve("r_test.yml"), "rule_files: [r.yml]\n");
    Files.writeString(dir.resolve("hook"), "https://discord.com/api/webhooks/1/abc\n");
    CollectorConfig config =
        load(
            """
            storage: {path: data, samples: 1d, samples_bytes: 1GiB, events: 30d}
            listen: {http: '0.0.0.0:1', relp: '[::1]:2'}
            global: {scrape_interval: 5s, evaluation_interval: 7s, external_labels: {site: a}, resolve_timeout: 5m}
            external_url: https://vigie.example/
            scrape_configs: [{job_name: j, static_configs: [{targets: [h]}]}]
            rule_files: ['*.yml']
            route: {receiver: d}
            receivers: [{name: d, discord_configs: [{webhook_url_file: hook}]}]
            nodes: {expected: [p1], silent_after: 1m}
            web:
              operators: [anna]
              viewers: [ben]
              session_idle: 1h
              session_end: 1d
              proxy: {user_header: X-Remote-User, role_header: X-Role, from: [127.0.0.1, '10.0.0.0/8']}
            """);
    assertThat(config.storage()).isEqualTo(dir.resolve("data"));
    assertThat(config.samples()).isEqualTo(Duration.ofDays(1));
    assertThat(config.samplesBytes()).isEqualTo(1L << 30);
    assertThat(config.events()).isEqualTo(Duration.ofDays(30));
    assertThat(Addresses.format(config.http())).isEqualTo("0.0.0.0:1");
    assertThat(Addresses.format(config.receive().relp())).isEqualTo("[::1]:2");
    assertThat(config.externalLabels().get("site")).isEqualTo("a");
    assertThat(config.externalUrl()).isEqualTo("https://vigie.example");
    assertThat(config.scrapes().get(0).interval()).isEqualTo(Duration.ofSeconds(5));
    assertThat(config.ruleFiles()).containsExactly(dir.resolve("r.yml"));
    assertThat(config.rules().get(0).interval()).isEqualTo(Duration.ofSeconds(7));
    assertThat(config.routing().receivers()).containsOnlyKeys("d");
    assertThat(config.nodes().expected()).containsExactly("p1");
    assertThat(config.nodes().silentAfter()).isEqualTo(Duration.ofMinutes(1));
    assertThat(config.web().operators()).containsExactly("anna");
    assertThat(config.web().viewers()).containsExactly("ben");
    assertThat(config.web().userHeader()).isEqualTo("x-remote-user");
    assertThat(config.web().roleHeader()).isEqualTo("x-role");
    assertThat(config.web().proxies()).hasSize(2);
    assertThat(config.web().idle()).isEqualTo(Duration.ofHours(1));
    assertThat(config.web().end()).isEqualTo(Duration.ofDays(1));
  }

  @Test
  void givenWrongRolesAndProxies_whenLoaded_thenEachIsTold() {
    assertThatThrownBy(
            () ->
                load(
                    """
                    web:
                      operators: [anna]
                      viewers: [anna]
                      proxy: {user_header: 'X Y', from: [nowhere]}
                    """))
        .hasMessageContaining("yaml:3:3: user \"anna\" is in operators and in viewers")
        .hasMessageContaining("yaml:4:11: user_header \"X Y\" is no name of a header")
        .hasMessageContaining("yaml:4:38: \"nowhere\" is no address; write 127.0.0.1");
    assertThatThrownBy(() -> load("web: {proxy: {user_header: X-User}}\n"))
        .hasMessageContaining("proxy needs \"from\"");
  }

  @Test
  void givenManyFaults_whenLoaded_thenAllAreToldWithTheirPlaces() throws Exception {
    Files.writeString(
        dir.resolve("bad.yml"), "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: sum(up\n");
    Path file = dir.resolve("collector.yaml");
    assertThatThrownBy(
            () ->
                load(
                    """
                    storages: {path: x}
                    listen: {http: nowhere}
                    global: {scrape_interval: 4hh}
                    rule_files: [bad.yml]
                    route: {receiver: d, group_waits: 5s}
                    receivers: [{name: d, discord_configs: [{webhook_url: 'https://discord.com/nothing/secret-token-x'}]}]
                    inhibit_rules: [{source_matchers: ['a=~(']}]
                    """))
        .isInstanceOfSatisfying(
            ConfigException.class,
            e -> {
              String all = String.join("\n", e.faults());
              assertThat(all)
                  .contains(
                      file + ":1:1: unknown key \"storages\"; did you mean \"storage\"?",
                      file
                          + ":2:10: http \"nowhere\" is not an address; write HOST:PORT or [IPV6]:PORT",
                      file
                          + ":3:27: scrape_interval \"4hh\" is not a duration; write 30s, 5m or 1h30m",
                      dir.resolve("bad.yml") + ":5:",
                      file
                          + ":5:22: unknown key \"group_waits\" in route; did you mean \"group_wait\"?",
                      file + ":7:18: bad regular expression \"(\"")
                  .contains("webhook")
                  .doesNotContain("secret-token-x");
            });
  }

  @Test
  void givenWebhookInEnvironment_whenNoRoute_thenItGetsEverything() {
    CollectorConfig config =
        CollectorConfig.load(
            Optional.empty(),
            Map.of("DISCORD_WEBHOOK_URL", "https://discord.com/api/webhooks/1/abc"),
            faults);
    assertThat(config.routing().receivers()).containsOnlyKeys("discord");
  }

  @Test
  void givenPatternWithoutFiles_whenLoaded_thenWarned() throws Exception {
    load("rule_files: [none/*.yml]\n");
    assertThat(faults.warnings())
        .containsExactly(
            dir.resolve("collector.yaml") + ":1:1: no file matches " + dir.resolve("none/*.yml"));
  }

  @Test
  void givenFaults_whenChecked_thenOneAndEachIsPrinted() throws Exception {
    Path file =
        Files.writeString(dir.resolve("bad.yaml"), "storages: x\nlisten: {http: nowhere}\n");
    StringWriter out = new StringWriter();
    CommandLine line = Main.commandLine().setOut(new PrintWriter(out));
    assertThat(line.execute("check", "--config", file.toString())).isEqualTo(1);
    assertThat(out.toString())
        .contains("bad.yaml:1:1: unknown key", "bad.yaml:2:10: http", "2 faults");
  }

  @Test
  void givenPlainHttpWebhookElsewhere_whenChecked_thenWarnedAndZero() throws Exception {
    String url = "http://127.0.0.1:1/api/v9/webhooks/1/secret-token-x";
    Path file =
        Files.writeString(
            dir.resolve("c.yaml"),
            "receivers: [{name: d, discord_configs: [{webhook_url: '" + url + "'}]}]\n");
    StringWriter out = new StringWriter();
    CommandLine line = Main.commandLine().setOut(new PrintWriter(out));
    assertThat(line.execute("check", "--config", file.toString())).isZero();
    assertThat(out.toString())
        .contains("127.0.0.1, which is not Discord")
        .doesNotContain("secret-token-x");
    out.getBuffer().setLength(0);
    assertThat(line.execute("check", "--config", file.toString(), "--route", "alertname=X"))
        .isZero();
    assertThat(out.toString())
        .endsWith(
            "every alert\nd: a group for each alertname, node, told at once and edited in place\n");
  }
}
