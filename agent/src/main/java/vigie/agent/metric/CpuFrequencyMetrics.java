package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.ArrayList;
import java.util.List;
import vigie.agent.reader.Roots;
import vigie.agent.reader.SysDevices;
import vigie.agent.reader.SysDevices.Device;

/** {@code node_cpu_frequency_*}, {@code node_cpu_scaling_*}: how fast the processors run. */
final class CpuFrequencyMetrics implements Subject {
  private static final double KILOHERTZ = 1000;

  private final List<String> files =
      List.of(
          "cpufreq/cpuinfo_cur_freq",
          "cpufreq/cpuinfo_min_freq",
          "cpufreq/cpuinfo_max_freq",
          "cpufreq/scaling_cur_freq",
          "cpufreq/scaling_min_freq",
          "cpufreq/scaling_max_freq");
  private final List<Family> frequencies =
      List.of(
          hertz("frequency", "Frequency as the hardware tells it"),
          hertz("frequency_min", "Lowest frequency that the processor can run at"),
          hertz("frequency_max", "Highest frequency that the processor can run at"),
          hertz("scaling_frequency", "Frequency that the kernel set or measured last"),
          hertz("scaling_frequency_min", "Lowest frequency that is allowed"),
          hertz("scaling_frequency_max", "Highest frequency that is allowed"));
  private final Family governor =
      Family.gauge(
          "node_cpu_scaling_governor", "Whether the governor is the one that sets the frequency.");
  private final LabelCache<String> labels = LabelCache.of("cpu");
  private final LabelCache<List<String>> governorLabels =
      new LabelCache<>(pair -> Labels.of("cpu", pair.get(0), "governor", pair.get(1)));
  private final SysDevices cpus;

  CpuFrequencyMetrics(Roots roots) {
    cpus =
        new SysDevices(
            roots,
            "devices/system/cpu",
            "cpu",
            files,
            List.of("cpufreq/scaling_governor", "cpufreq/scaling_available_governors"));
  }

  private static Family hertz(String what, String help) {
    return Family.gauge("node_cpu_" + what + "_hertz", help + ", in hertz.");
  }

  @Override
  public String name() {
    return "cpufreq";
  }

  @Override
  public List<Family> families() {
    List<Family> all = new ArrayList<>(frequencies);
    all.add(governor);
    return all;
  }

  @Override
  public void collect() {
    cpus.read();
    for (Device cpu : cpus.devices()) {
      String number = cpu.name().substring("cpu".length());
      Labels of = labels.get(number);
      for (int i = 0; i < files.size(); i++) {
        frequencies.get(i).add(of, cpu.number(i) * KILOHERTZ);
      }
      collectGovernors(number, cpu.text(0), cpu.text(1));
    }
  }

  private void collectGovernors(String cpu, String used, String available) {
    int at = 0;
    while (!used.isEmpty() && at < available.length()) {
      int space = available.indexOf(' ', at);
      int end = space < 0 ? available.length() : space;
      if (end > at) {
        String one = available.substring(at, end);
        governor.add(governorLabels.get(List.of(cpu, one)), one.equals(used) ? 1 : 0);
      }
      at = end + 1;
    }
  }
}
