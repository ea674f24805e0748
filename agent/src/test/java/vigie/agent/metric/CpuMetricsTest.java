package vigie.agent.metric;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.metric.CollectorsConfig.Chosen;
import vigie.agent.reader.CpuStateReader;
import vigie.agent.reader.Roots;

class CpuMetricsTest {
  private static List<String> series(Map<String, List<String>> options) throws IOException {
    CollectorsConfig config =
        new CollectorsConfig(
            Map.of(
                "cpu",
                new Chosen(null, options),
                "stat",
                new Chosen(null, Map.of("softirq", List.of("true")))));
    return Fixture.series(new Fixture("vm-6.18").metrics(config));
  }

  @Test
  void givenInfoAskedFor_whenCollected_thenMakeFlagsAndBugs() throws IOException {
    List<String> series =
        series(
            Map.of(
                "info_flags_include", List.of("^p"),
                "info_bugs_include", List.of("^swapgs$"),
                "guest", List.of("false")));

    assertThat(series)
        .contains(
            "node_cpu_info{cachesize=\"33792 KB\",core=\"1\",cpu=\"1\",family=\"6\","
                + "microcode=\"0x1\",model=\"85\",model_name=\"Intel(R) Xeon(R) Processor @"
                + " 2.80GHz\",package=\"0\",stepping=\"7\",vendor=\"GenuineIntel\"}",
            "node_cpu_frequency_hertz{core=\"0\",cpu=\"0\",package=\"0\"}",
            "node_softirqs_total{vector=\"net_rx\"}");
    assertThat(series)
        .filteredOn(one -> one.startsWith("node_cpu_flag") || one.startsWith("node_cpu_bug"))
        .containsExactlyInAnyOrder(
            "node_cpu_flag_info{flag=\"pse\"}",
            "node_cpu_flag_info{flag=\"pae\"}",
            "node_cpu_bug_info{bug=\"swapgs\"}");
    assertThat(series).noneMatch(one -> one.startsWith("node_cpu_guest"));
  }

  @Test
  void givenNothingAskedFor_whenCollected_thenNoInfo() throws IOException {
    assertThat(series(Map.of()))
        .noneMatch(one -> one.startsWith("node_cpu_info"))
        .contains("node_cpu_online{cpu=\"1\"}", "node_cpu_isolated{cpu=\"1\"}");
  }

  @Test
  void givenRangesOfProcessors_whenRead_thenEachIsThere(@TempDir Path sys) throws IOException {
    Path folder = Files.createDirectories(sys.resolve("devices/system/cpu"));
    Files.writeString(folder.resolve("isolated"), "1-3,7,x,9-,5-4,99999999-2\n");
    Roots roots = new Roots(sys, sys, sys);
    assertThat(new CpuStateReader(roots).isolated()).containsExactly(1, 2, 3, 7);
    assertThat(new CpuStateReader(roots).online()).isEmpty();
  }
}
