package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.agent.reader.CpuInfoReader;
import vigie.agent.reader.CpuInfoReader.Cpu;

/** {@code node_cpu_info} and its kin, which collector {@code cpu} tells when it is asked to. */
final class CpuInfoMetrics {
  private final Family info =
      Family.gauge("node_cpu_info", "Make and model of the processor; always 1.");
  private final Family frequency =
      Family.gauge("node_cpu_frequency_hertz", "Clock of the processor as /proc/cpuinfo tells it.");
  private final Family flags =
      Family.gauge("node_cpu_flag_info", "A flag of the first processor; always 1.");
  private final Family bugs =
      Family.gauge("node_cpu_bug_info", "A bug of the first processor; always 1.");
  private final CpuInfoReader reader;
  private final @Nullable Filter wantedFlags;
  private final @Nullable Filter wantedBugs;

  /**
   * @param flags regular expression of the flags to tell; empty: none
   * @param bugs likewise
   */
  CpuInfoMetrics(CpuInfoReader reader, String flags, String bugs) {
    this.reader = reader;
    this.wantedFlags = flags.isEmpty() ? null : Filter.of(flags, null);
    this.wantedBugs = bugs.isEmpty() ? null : Filter.of(bugs, null);
  }

  List<Family> families() {
    return List.of(info, frequency, flags, bugs);
  }

  void collect() throws IOException {
    List<Cpu> cpus = reader.read();
    for (Cpu cpu : cpus) {
      info.add(labels(cpu), 1);
      frequency.add(
          Labels.of(
              "core", cpu.text("core id"), "cpu", cpu.number(), "package", cpu.text("physical id")),
          cpu.value("cpu MHz") * 1e6);
    }
    if (!cpus.isEmpty()) {
      add(flags, "flag", cpus.get(0).text("flags"), wantedFlags);
      add(bugs, "bug", cpus.get(0).text("bugs"), wantedBugs);
    }
  }

  private static Labels labels(Cpu cpu) {
    return Labels.of(
        new String[] {
          "package",
          "core",
          "cpu",
          "vendor",
          "family",
          "model",
          "model_name",
          "microcode",
          "stepping",
          "cachesize"
        },
        new String[] {
          cpu.text("physical id"),
          cpu.text("core id"),
          cpu.number(),
          cpu.text("vendor_id"),
          cpu.text("cpu family"),
          cpu.text("model"),
          cpu.text("model name"),
          cpu.text("microcode"),
          cpu.text("stepping"),
          cpu.text("cache size")
        });
  }

  private static void add(Family family, String label, String words, @Nullable Filter wanted) {
    if (wanted == null) {
      return;
    }
    for (String word : words.split(" ", -1)) {
      if (!word.isEmpty() && wanted.accepts(word)) {
        family.add(Labels.of(label, word), 1);
      }
    }
  }
}
