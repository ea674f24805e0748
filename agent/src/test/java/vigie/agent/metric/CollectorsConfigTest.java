package vigie.agent.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;

class CollectorsConfigTest {
  private static CollectorsConfig read(String text) {
    Faults faults = new Faults();
    CollectorsConfig config =
        CollectorsConfig.read(Yaml.parse(Path.of("agent.yaml"), text, Map.of(), faults));
    faults.throwIfAny();
    return config;
  }

  private static Host host(List<Option> options, CollectorsConfig.Chosen chosen)
      throws IOException {
    return new Fixture("vm-6.18").host().configured(options, chosen);
  }

  @Test
  void givenTurnedOff_whenMade_thenNotThere() throws IOException {
    CollectorsConfig config = read("cpu: false\nstat: {enabled: false}\nloadavg: true\n");
    List<String> names = new Fixture("vm-6.18").metrics(config).collector(Runnable::run).names();
    assertThat(names).contains("loadavg", "meminfo").doesNotContain("cpu", "stat");
  }

  @Test
  void givenFilterOfDevices_whenCollected_thenOnlyThose() throws IOException {
    CollectorsConfig config = read("netdev: {device_include: '^l'}\n");
    NodeCollector node = new Fixture("vm-6.18").metrics(config).collector(Runnable::run);
    assertThat(
            node.collect().stream()
                .filter(s -> s.getMetadata().getName().equals("node_network_receive_bytes_total"))
                .flatMap(s -> s.getDataPoints().stream())
                .map(point -> point.getLabels().get("device")))
        .containsExactly("lo");
  }

  @Test
  void givenFolders_whenRead_thenRelativeOnesStandBesideTheFile() {
    CollectorsConfig config = read("textfile: {directory: [tf, /srv/*/tf, '']}\n");
    assertThat(config.of("textfile").options().get("directory"))
        .containsExactly(Path.of("tf").toAbsolutePath().toString(), "/srv/*/tf", "");
  }

  @Test
  void givenTheSameText_whenRead_thenEqual() {
    String text = "netdev: {device_include: '^l'}\ncpu: false\n";
    assertThat(read(text)).isEqualTo(read(text)).isNotEqualTo(read("cpu: false"));
  }

  @Test
  void givenIncludeAndExclude_whenNodeExporterTakesOneOnly_thenRefused() {
    assertThatThrownBy(() -> read("netdev: {device_include: '^l', device_exclude: '^lo'}\n"))
        .hasMessageContaining("device_include and device_exclude exclude each other");
    read("netdev: {device_include: '^l', device_exclude: ''}\n");
    read("systemd: {unit_include: '.+service', unit_exclude: 'a.+'}\n");
  }

  @Test
  void givenIncludeAlone_whenItsDefaultIsNothing_thenTheDefaultExcludeIsLifted()
      throws IOException {
    List<Option> options = List.of(Option.filter("device", "", "^loop"));
    Filter byDefault = host(options, CollectorsConfig.Chosen.NOTHING).filter("device");
    assertThat(byDefault.accepts("loop0")).isFalse();
    assertThat(byDefault.accepts("sda")).isTrue();

    Map<String, List<String>> chosen = Map.of("device_include", List.of("0$"));
    Filter included = host(options, new CollectorsConfig.Chosen(null, chosen)).filter("device");
    assertThat(included.accepts("loop0")).isTrue();
    assertThat(included.accepts("sda")).isFalse();
  }

  @Test
  void givenAnchoredFilter_whenAsked_thenTheWholeNameCounts() {
    Filter filter = Filter.anchored("a|b", "b");
    assertThat(List.of("a", "ab", "b")).filteredOn(filter::accepts).containsExactly("a");
    assertThat(Filter.of("", null)).isSameAs(Filter.ALL);
  }

  @Test
  void givenTable_whenLookedAt_thenEachCollectorIsOnceAndSaysWhereItReads() {
    Set<String> names = new HashSet<>();
    for (NodeMetrics.Entry entry : NodeMetrics.COLLECTORS) {
      assertThat(names.add(entry.name())).as(entry.name()).isTrue();
      assertThat(entry.source()).as("%s: add .reads(…) in NodeMetrics", entry.name()).isNotEmpty();
    }
  }

  @Test
  void givenTable_whenMade_thenEachCollectorHasTheNameOfItsLine() throws IOException {
    for (NodeMetrics.Entry entry : NodeMetrics.COLLECTORS) {
      Host host = host(entry.options(), CollectorsConfig.Chosen.NOTHING);
      assertThat(entry.make().apply(host).name()).isEqualTo(entry.name());
    }
  }
}
