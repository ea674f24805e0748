package vigie.agent.metric;

import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import vigie.agent.facts.Facts;
import vigie.agent.probe.Probes;
import vigie.agent.reader.ClockSourceReader;
import vigie.agent.reader.DeviceReader;
import vigie.agent.reader.DiskReader;
import vigie.agent.reader.FilesystemReader;
import vigie.agent.reader.InodeReader;
import vigie.agent.reader.LinkReader;
import vigie.agent.reader.LoadReader;
import vigie.agent.reader.MemoryReader;
import vigie.agent.reader.ProcessReader;
import vigie.agent.reader.Roots;
import vigie.agent.reader.StatReader;
import vigie.agent.reader.Statfs;
import vigie.agent.reader.ThrottleReader;
import vigie.agent.reader.TrafficReader;
import vigie.agent.reader.UnameReader;
import vigie.base.time.Clock;

/** The list of subjects: a new one is a line here. */
public final class NodeMetrics {
  private static final Duration STATFS_LIMIT = Duration.ofSeconds(2);

  private final List<Subject> subjects = new ArrayList<>();
  private final Clock clock;

  private NodeMetrics(Clock clock) {
    this.clock = clock;
  }

  /**
   * The subjects of the machine.
   *
   * @param blocking runs what may hang (asking a mount for its size): a few threads, and it refuses
   *     when all are taken
   */
  public static NodeMetrics host(Roots roots, Clock clock, Executor blocking) {
    return of(
        roots,
        clock,
        ZoneId.systemDefault(),
        Statfs.host(),
        InodeReader.host(clock, blocking),
        blocking);
  }

  /** The subjects of another machine, kept as a tree of files. */
  public static NodeMetrics of(
      Roots roots, Clock clock, ZoneId zone, Statfs statfs, InodeReader inodes, Executor blocking) {
    return new NodeMetrics(clock)
        .with(new CpuMetrics(new StatReader(roots), new ThrottleReader(roots)))
        .with(new DiskMetrics(new DiskReader(roots), new DeviceReader(roots)))
        .with(
            new FilesystemMetrics(
                new FilesystemReader(
                    roots, FilesystemMetrics::isWanted, statfs, inodes, blocking, STATFS_LIMIT)))
        .with(new LoadMetrics(new LoadReader(roots)))
        .with(new MemoryMetrics(new MemoryReader(roots)))
        .with(new LinkMetrics(new LinkReader(roots)))
        .with(new TrafficMetrics(new TrafficReader(roots)))
        .with(new StatMetrics(new StatReader(roots)))
        .with(new TimeMetrics(new ClockSourceReader(roots), clock, zone))
        .with(new UnameMetrics(new UnameReader(roots, System.getProperty("os.arch", ""))))
        .with(new ProcessMetrics(new ProcessReader(roots)));
  }

  /** And the facts of the hardware. */
  public NodeMetrics with(Facts facts) {
    return with(new FactsMetrics(facts));
  }

  /** And the state of the probes. */
  public NodeMetrics with(Probes probes) {
    return with(new ProbeMetrics(probes::statuses));
  }

  NodeMetrics with(Subject subject) {
    subjects.add(subject);
    return this;
  }

  /** The subjects as one collector, to be registered in the Prometheus registry. */
  public NodeCollector collector() {
    return new NodeCollector(subjects, clock);
  }
}
