package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.agent.reader.CpuInfoReader;
import vigie.agent.reader.CpuStateReader;
import vigie.agent.reader.Roots;
import vigie.agent.reader.StatReader;
import vigie.agent.reader.ThrottleReader;
import vigie.agent.reader.ThrottleReader.Throttle;

/** {@code node_cpu_*}: where processor time went, and how often heat slowed a core down. */
final class CpuMetrics implements Subject {
  private static final String[] MODES = {
    "user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"
  };
  private static final int GUEST_MODES = 2; // user and nice, from column GUEST on

  private final Family seconds =
      Family.counter("node_cpu_seconds_total", "Processor time by mode, in seconds.");
  private final Family guestSeconds =
      Family.counter(
          "node_cpu_guest_seconds_total", "Processor time that ran guests, by mode, in seconds.");
  private final Family coreThrottles =
      Family.counter(
          "node_cpu_core_throttles_total", "Times that heat slowed the core down since boot.");
  private final Family packageThrottles =
      Family.counter(
          "node_cpu_package_throttles_total",
          "Times that heat slowed the processor package down since boot.");
  private final Family online =
      Family.gauge("node_cpu_online", "Whether the processor is on line and given work.");
  private final Family isolated =
      Family.gauge("node_cpu_isolated", "A processor that is kept from the scheduler; always 1.");
  private final LabelCache<Integer> byCpu = new LabelCache<>(cpu -> Labels.of("cpu", "" + cpu));
  private final LabelCache<Integer>[] byMode = labels();
  private final StatReader reader;
  private final ThrottleReader throttles;
  private final CpuStateReader states;
  private final boolean withGuests;
  private final @Nullable CpuInfoMetrics info;
  private double[] last = new double[0];

  private CpuMetrics(Roots roots, boolean withGuests, @Nullable CpuInfoMetrics info) {
    this.reader = new StatReader(roots);
    this.throttles = new ThrottleReader(roots);
    this.states = new CpuStateReader(roots);
    this.withGuests = withGuests;
    this.info = info;
  }

  /** With the options {@code guest}, {@code info} and the two expressions, which turn info on. */
  static CpuMetrics of(Host host) {
    String flags = host.text("info_flags_include");
    String bugs = host.text("info_bugs_include");
    boolean withInfo = host.flag("info") || !flags.isEmpty() || !bugs.isEmpty();
    return new CpuMetrics(
        host.roots(),
        host.flag("guest"),
        withInfo ? new CpuInfoMetrics(new CpuInfoReader(host.roots()), flags, bugs) : null);
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static LabelCache<Integer>[] labels() {
    LabelCache[] caches = new LabelCache[MODES.length];
    for (int i = 0; i < MODES.length; i++) {
      String mode = MODES[i];
      caches[i] = new LabelCache<Integer>(cpu -> Labels.of("cpu", cpu.toString(), "mode", mode));
    }
    return caches;
  }

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public List<Family> families() {
    List<Family> families =
        new ArrayList<>(
            List.of(seconds, guestSeconds, coreThrottles, packageThrottles, online, isolated));
    if (info != null) {
      families.addAll(info.families());
    }
    return families;
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    for (int i = 0; i < reader.count(); i++) {
      int cpu = reader.cpu(i);
      for (int mode = 0; mode < MODES.length; mode++) {
        seconds.add(byMode[mode].get(cpu), grown(cpu, mode, reader.seconds(i, mode)));
      }
      for (int mode = 0; withGuests && mode < GUEST_MODES; mode++) {
        guestSeconds.add(byMode[mode].get(cpu), reader.seconds(i, StatReader.GUEST + mode));
      }
    }
    collectThrottles();
    states.online().forEach((cpu, on) -> online.add(byCpu.get(cpu), on ? 1 : 0));
    states.isolated().forEach(cpu -> isolated.add(byCpu.get(cpu), 1));
    if (info != null) {
      info.collect();
    }
  }

  /**
   * The kernel's idle and iowait times can run back by a few ticks, which would look like a counter
   * that began anew and make a rate jump. A large step back is a processor that came back on line.
   */
  private double grown(int cpu, int mode, double now) {
    int slot = cpu * MODES.length + mode;
    if (slot >= last.length) {
      last = Arrays.copyOf(last, Math.max(slot + 1, last.length * 2));
    }
    double before = last[slot];
    if (now < before && before - now < 3) {
      return before;
    }
    last[slot] = now;
    return now;
  }

  private void collectThrottles() {
    List<Throttle> counts = throttles.read(reader.count());
    if (counts.isEmpty()) {
      return;
    }
    Set<String> packages = new HashSet<>();
    Set<String> cores = new HashSet<>();
    for (Throttle count : counts) {
      if (packages.add(count.packageId())) {
        packageThrottles.add(Labels.of("package", count.packageId()), count.packageCount());
      }
      if (cores.add(count.packageId() + " " + count.core())) {
        coreThrottles.add(
            Labels.of("core", count.core(), "package", count.packageId()), count.coreCount());
      }
    }
  }
}
