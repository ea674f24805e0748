package vigie.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.agent.facts.FactsConfig;
import vigie.agent.metric.NodeMeta;
import vigie.agent.probe.ProbeConfig;
import vigie.agent.reader.Roots;
import vigie.agent.ship.ShipConfig;
import vigie.agent.ship.Target;
import vigie.agent.spool.SpoolConfig;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.net.Addresses;

class AgentConfigTest {
  @TempDir Path root;
  private Roots roots;
  private final Faults faults = new Faults();

  @BeforeEach
  void hostName() throws IOException {
    Path kernel = Files.createDirectories(root.resolve("proc/sys/kernel"));
    Files.writeString(kernel.resolve("hostname"), "pi4\n");
    roots = new Roots(root.resolve("proc"), root.resolve("sys"), root);
  }

  private AgentConfig read(String text) {
    return AgentConfig.read(Yaml.parse(Path.of("agent.yaml"), text, Map.of(), faults), roots);
  }

  @Test
  void givenNothing_whenRead_thenDefaults() {
    AgentConfig config = read("");
    assertThat(faults.isEmpty()).isTrue();
    assertThat(config.node()).isEqualTo("pi4");
    assertThat(config.labels()).isEmpty();
    assertThat(config.nodeMeta()).isEqualTo(NodeMeta.NONE);
    assertThat(config.facts()).isEqualTo(new FactsConfig(true, Duration.ofMinutes(5), false));
    assertThat(config.webConfig()).isNull();
    assertThat(config.push()).isNull();
    assertThat(Addresses.format(config.listen())).isEqualTo("0.0.0.0:9100");
    assertThat(config.probes()).isEmpty();
    assertThat(config.spool()).isEqualTo(SpoolConfig.DEFAULTS);
    assertThat(config.ship()).isEqualTo(ShipConfig.DEFAULTS);
    assertThat(config.sources().boot()).isTrue();
  }

  @Test
  void givenWebConfigFile_whenItIsWrong_thenItsOwnPlaceIsNamed() throws IOException {
    Path web = root.resolve("web.yml");
    Files.writeString(web, "basic_auth_user: {}\n");
    assertThat(read("web_config_file: " + web).webConfig()).isEqualTo(web);
    assertThat(faults.all())
        .containsExactly(
            web + ":1:1: unknown key \"basic_auth_user\"; did you mean \"basic_auth_users\"?");
  }

  @Test
  void givenEveryKey_whenRead_thenAllTaken() {
    AgentConfig config =
        read(
            """
            node: p1
            labels: {role: web, rack: "7"}
            listen: "[::1]:9101"
            collector: relp://192.0.2.5:2514
            probes:
              - {name: calculatrice, tcp: 127.0.0.1:13337}
            facts: {enabled: false, every: 1h, serials: true}
            spool: {path: /srv/spool}
            """);
    assertThat(faults.all()).isEmpty();
    assertThat(config.node()).isEqualTo("p1");
    assertThat(config.labels())
        .containsExactlyInAnyOrderEntriesOf(Map.of("role", "web", "rack", "7"));
    assertThat(Addresses.format(config.listen())).isEqualTo("[::1]:9101");
    assertThat(config.probes()).extracting(ProbeConfig::name).containsExactly("calculatrice");
    assertThat(config.facts()).isEqualTo(new FactsConfig(false, Duration.ofHours(1), true));
    assertThat(config.spool().path()).isEqualTo(Path.of("/srv/spool"));
    assertThat(config.ship().targets()).containsExactly(Target.parse("relp://192.0.2.5:2514"));
  }

  /** Those of log sources need patterns that stand elsewhere on the page: {@code PacksTest}. */
  @Test
  void givenExamplesOfTheEventsPage_whenRead_thenNoFault() throws IOException {
    String page =
        Files.readString(Path.of(System.getProperty("vigie.root", ".."), "docs/events.md"));
    Matcher block =
        Pattern.compile("```yaml\n# agent.yaml\n(?!sources:)(.*?)```", Pattern.DOTALL)
            .matcher(page);
    int blocks = 0;
    while (block.find()) {
      read(block.group(1));
      blocks++;
    }
    assertThat(faults.all()).isEmpty();
    assertThat(blocks).isGreaterThanOrEqualTo(2);
  }

  @Test
  void givenShippedFile_whenItsExamplesAreTakenIn_thenNoFault() throws IOException {
    String shipped = Files.readString(Path.of("src/dist/conf/agent.yaml"));
    assertThat(shipped.lines()).allMatch(line -> line.isEmpty() || line.startsWith("#"));
    StringBuilder active = new StringBuilder();
    // A comment with a capital first or a backquote is prose, the others are keys.
    shipped
        .lines()
        .filter(line -> line.matches("# [ a-z0-9_-]+:( .*)?"))
        .forEach(line -> active.append(line.substring(2)).append('\n'));
    AgentConfig config = read(active.toString());
    assertThat(faults.all()).as("but for a file beside it").allMatch(f -> f.contains("/web.yml: "));
    assertThat(config.probes())
        .extracting(ProbeConfig::name)
        .containsExactly(
            "calculatrice", "site", "nightly dump", "web server", "peer/p2", "peer/p3", "peer/p4");
    assertThat(config.onDemand().modules()).containsOnlyKeys("http_2xx");
    assertThat(config.onDemand().allows("https://www.example.org/")).isTrue();
    assertThat(config.spool()).isEqualTo(SpoolConfig.DEFAULTS);
  }

  @Test
  void givenSwarmNode_whenRead_thenFromFileAndEnvironment() throws IOException {
    Files.writeString(root.resolve("nodename"), "swarm-1\n");
    Map<String, String> environment =
        Map.of(
            "VIGIE_NODE_META_NODE_ID",
            "k3x",
            "VIGIE_NODE_META_NODE_NAME_FILE",
            root.resolve("nodename").toString());
    AgentConfig config =
        AgentConfig.read(Yaml.parse(Path.of("agent.yaml"), "", environment, faults), roots);
    assertThat(faults.all()).isEmpty();
    assertThat(config.nodeMeta()).isEqualTo(new NodeMeta("k3x", "swarm-1"));
    assertThat(read("node_meta: {node_id: a}").nodeMeta()).isEqualTo(new NodeMeta("a", "pi4"));
  }

  @Test
  void givenSeveralFaults_whenRead_thenAllAreNamed() {
    read("nod: a\nlisten: 9100\nprobes:\n  - {name: a, tcp: h}\n");
    assertThat(faults.all())
        .containsExactlyInAnyOrder(
            "agent.yaml:1:1: unknown key \"nod\"; did you mean \"node\"?",
            "agent.yaml:2:9: listen \"9100\" is not an address; write HOST:PORT or [IPV6]:PORT",
            "agent.yaml:4:20: tcp \"h\" is not an address; write HOST:PORT or [IPV6]:PORT");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "node: a b|1:7: node \"a b\" must be 1 to 255 ASCII characters without blanks, since it is the"
            + " host name in events",
        "labels: {9x: a}|1:10: label \"9x\" must be letters, digits and _, not begin with a digit or"
            + " __, and not be node",
        "labels: {node: a}|1:10: label \"node\" must be letters, digits and _, not begin with a digit"
            + " or __, and not be node",
        "collectors: {cpy: false}|1:14: unknown key \"cpy\" in collectors; did you mean \"cpu\"?",
        "collectors: {cpu: 3}|1:19: cpu \"3\" is not true or false",
        "collectors: {netdev: {device_includ: a}}|1:23: unknown key \"device_includ\" in"
            + " collectors.netdev; did you mean \"device_include\"?",
        "collectors: {netdev: {device_include: \"a(\"}}|1:39: device_include \"a(\" is not a regular"
            + " expression of RE2: missing closing )",
        "collectors: {netdev: {device_include: \"((a{999}){999}){999}\"}}|1:39: device_include: regular"
            + " expression has more than 50000 parts when its repetitions are written out",
        "facts: {every: 1s}|1:9: every must be between 5s and 1d",
        "node_meta: {node_name: a}|1:12: node_meta has a node_name but no node_id; nothing would be"
            + " told",
        "node_meta: {node_id: a, node_id_file: /no/such}|1:39: node_id and node_id_file are both"
            + " given; leave one out",
        "node_meta: {node_id_file: /no/such}|1:27: cannot read /no/such:"
            + " java.nio.file.NoSuchFileException: /no/such",
        "labels: web|1:9: labels must be a section of keys and values",
        "collector: 192.0.2.5|1:12: collector: \"192.0.2.5\" is not a collector; write relp+tls://HOST:PORT, relp://HOST:PORT, syslog+tls://HOST:PORT or syslog://HOST:PORT",
        "spool: {pth: x}|1:9: unknown key \"pth\" in spool; did you mean \"path\"?",
      })
  void givenFault_whenRead_thenPlaceAndWords(String text, String message) {
    read(text + "\n");
    assertThat(faults.all()).contains("agent.yaml:" + message);
  }
}
