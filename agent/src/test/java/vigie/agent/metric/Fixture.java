package vigie.agent.metric;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import vigie.agent.facts.Facts;
import vigie.agent.facts.FactsConfig;
import vigie.agent.facts.Hardware;
import vigie.agent.probe.Measure;
import vigie.agent.probe.ProbeConfig;
import vigie.agent.probe.ProbeResult;
import vigie.agent.probe.ProbeStatus;
import vigie.agent.probe.Probers;
import vigie.agent.reader.InodeReader;
import vigie.agent.reader.Roots;
import vigie.agent.reader.Statfs;
import vigie.agent.reader.TimexReader;
import vigie.base.time.ManualClock;

/** A tree of a real host under {@code fixtures/}. */
public final class Fixture {
  private final Path folder;

  public Fixture(String name) {
    this(Path.of("src/test/resources/fixtures", name).toAbsolutePath());
  }

  /** A copy of one. */
  Fixture(Path folder) {
    this.folder = folder;
  }

  /** All trees, in the order of their names. */
  public static List<Fixture> all() throws IOException {
    try (Stream<Path> folders = Files.list(Path.of("src/test/resources/fixtures"))) {
      return folders
          .filter(folder -> Files.exists(folder.resolve("statfs")))
          .map(folder -> new Fixture(folder.getFileName().toString()))
          .sorted(Comparator.comparing(Fixture::folder))
          .toList();
    }
  }

  public Path folder() {
    return folder;
  }

  public Roots roots() {
    return new Roots(folder.resolve("proc"), folder.resolve("sys"), folder.resolve("root"));
  }

  /** The node's metrics over the tree; all on the calling thread. */
  public NodeMetrics metrics() throws IOException {
    return metrics(CollectorsConfig.DEFAULTS);
  }

  /** The same with collectors turned on or off. */
  public NodeMetrics metrics(CollectorsConfig config) throws IOException {
    return NodeMetrics.of(host(), config)
        .with(new IdentityMetrics("0.1.0", "17.0.15", "aarch64", new NodeMeta("k3x", "pi4")))
        .with(new FactsMetrics(facts()))
        .with(new ProbeMetrics(Fixture::probes));
  }

  /** The name and labels of all that are there now. */
  static List<String> series(NodeMetrics metrics) {
    List<String> series = new ArrayList<>();
    for (MetricSnapshot family : metrics.collector(Runnable::run).collect()) {
      for (DataPointSnapshot point : family.getDataPoints()) {
        series.add(family.getMetadata().getName() + point.getLabels());
      }
    }
    return series;
  }

  /** What collectors are made from. */
  Host host() throws IOException {
    ManualClock clock = new ManualClock();
    clock.advance(Duration.ofMillis(250));
    Map<Path, Sizes> sizes = new HashMap<>();
    StringBuilder inodes = new StringBuilder();
    Path statfsFile = folder.resolve("statfs");
    List<String> mounts = Files.exists(statfsFile) ? Files.readAllLines(statfsFile) : List.of();
    for (String line : mounts) {
      String[] fields = line.split(" ", -1);
      Sizes size =
          new Sizes(
              Long.parseLong(fields[1]), Long.parseLong(fields[2]), Long.parseLong(fields[3]));
      sizes.put(folder.resolve("root" + fields[0]).normalize(), size);
      inodes.append(fields[4]).append(' ').append(fields[5]).append("\\n");
    }
    Statfs statfs = path -> Objects.requireNonNull(sizes.get(path), "not in the statfs file");
    List<String> command = List.of("sh", "-c", "printf '" + inodes + "'");
    InodeReader inodeReader = new InodeReader(command, clock, Runnable::run);
    String told = folder.resolve("timex").toString();
    TimexReader timex = new TimexReader(List.of(List.of("cat", told)), clock, Runnable::run);
    return new Host(roots(), clock, ZoneOffset.UTC, statfs, inodeReader, timex, Runnable::run);
  }

  private static Facts facts() {
    ManualClock clock = new ManualClock();
    MeterRegistry meters = new SimpleMeterRegistry();
    Duration period = FactsConfig.DEFAULTS.every();
    Facts facts = new Facts(new Machine(), clock, clock, Runnable::run, period, meters);
    clock.advance(period);
    return facts;
  }

  private static List<ProbeStatus> probes() {
    Instant at = Instant.parse("2026-01-01T00:00:07.5Z");
    Duration took = Duration.ofMillis(12);
    ProbeConfig up = ProbeConfig.tcp("ssh", "192.0.2.5:22");
    ProbeConfig down = ProbeConfig.tcp("web", "web.lan:80");
    ProbeConfig fresh = ProbeConfig.tcp("new", "new.lan:80");
    Measure lookup = Probers.measures().get(0);
    return List.of(
        new ProbeStatus(
            up, new ProbeResult.Up(at, took, List.of(lookup.sample(0))), true, false, at, true),
        new ProbeStatus(
            down,
            new ProbeResult.Down(at, took, "connection refused", List.of(lookup.sample(0.002))),
            false,
            false,
            at.minusSeconds(5),
            false),
        new ProbeStatus(fresh, null, null, false, null, false));
  }

  private static final class Machine implements Hardware {
    @Override
    public Computer computer() {
      return new Computer("Raspberry Pi", "Pi 4 \"B\"", "", "");
    }

    @Override
    public List<MemoryModule> memory() {
      return List.of(
          new MemoryModule("BANK 0/DIMM A", 8L << 30, "DDR4", 2_400_000_000L, "maker", "part"));
    }

    @Override
    public Sensors sensors() {
      return new Sensors(48.3, List.of(1200, 0));
    }

    @Override
    public List<Disk> disks() {
      return List.of(new Disk("mmcblk0", "SD32G", "", 31_914_983_424L));
    }

    @Override
    public List<Battery> batteries() {
      return List.of(new Battery("BAT0", 0.87));
    }
  }

  private record Sizes(long size, long free, long available) implements Statfs.Volume {}
}
