package vigie.agent.metric;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusScrapeRequest;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.reader.NoDataException;
import vigie.base.time.Clock;

/**
 * All subjects as one collector of the Prometheus registry. A subject that fails is told by {@code
 * node_scrape_collector_success} and never spoils the others; one that hangs costs one scrape the
 * time limit and is left out until it answers. Calls from several threads wait for each other.
 */
public final class NodeCollector implements MultiCollector {
  private static final Logger log = LoggerFactory.getLogger(NodeCollector.class);

  private static final int MAX_CLASHES = 1000;

  @SuppressWarnings("StaticAssignmentOfThrowable") // only its text is told, at each scrape
  private static final IOException NOT_READ = new IOException("no thread to read with");

  /** The request's parameter that names the subjects wanted. */
  public static final String COLLECT = "collect[]";

  private final Family duration =
      Family.gauge(
          "node_scrape_collector_duration_seconds",
          "How long reading the subject took, in seconds.");
  private final Family success =
      Family.gauge("node_scrape_collector_success", "Whether the subject could be read.");
  private final Family hanging =
      Family.gauge(
          "vigie_agent_collectors_hanging",
          "Collectors left out because the kernel still owes the answer to an earlier reading.");
  private final LabelCache<String> labels = LabelCache.of("collector");
  private final Set<String> clashes = new HashSet<>();
  private final Set<String> failing = new HashSet<>();
  private final Clock clock;
  private final Executor reading;
  private final long limitNanos;
  private volatile List<Sweep.Entry> entries;

  /**
   * @param reading runs a scrape's readings, and may refuse; a thread that hangs is not given back
   * @param limit how long a scrape waits for one subject
   */
  NodeCollector(List<Subject> subjects, Clock clock, Executor reading, Duration limit) {
    this.entries = subjects.stream().map(Sweep.Entry::new).toList();
    this.clock = clock;
    this.reading = reading;
    this.limitNanos = limit.toNanos();
  }

  List<Subject> subjects() {
    return entries.stream().map(entry -> entry.subject).toList();
  }

  /** Reads other subjects from the next scrape on; those until now are closed. */
  public synchronized void replace(NodeMetrics metrics) {
    List<Sweep.Entry> until = entries;
    entries = metrics.subjects().stream().map(Sweep.Entry::new).toList();
    for (Sweep.Entry entry : until) {
      // One that hangs is in use, and closing would wait for it.
      if (!entry.hanging) {
        entry.subject.close();
      }
    }
  }

  /** The names that {@code collect[]} takes. */
  public List<String> names() {
    return subjects().stream().map(Subject::name).toList();
  }

  @Override
  public MetricSnapshots collect() {
    return collect(name -> true, null);
  }

  @Override
  public MetricSnapshots collect(PrometheusScrapeRequest request) {
    return collect(name -> true, request);
  }

  @Override
  public MetricSnapshots collect(Predicate<String> includedNames) {
    return collect(includedNames, null);
  }

  /**
   * Reads the subjects wanted and keeps the metrics wanted. Never throws and never answers null:
   * either would fail the whole scrape.
   *
   * @param request may be null; its {@code collect[]} names the subjects, none means all
   */
  @Override
  public synchronized MetricSnapshots collect(
      Predicate<String> includedNames, @Nullable PrometheusScrapeRequest request) {
    String[] wanted = request == null ? null : request.getParameterValues(COLLECT);
    List<Sweep.Entry> todo = entries;
    if (wanted != null && wanted.length > 0) {
      List<String> names = Arrays.asList(wanted);
      todo = entries.stream().filter(entry -> names.contains(entry.subject.name())).toList();
    }
    List<MetricSnapshot> snapshots = new ArrayList<>(512);
    List<MetricSnapshot> foreign = new ArrayList<>(0);
    read(todo, includedNames, snapshots, foreign);
    for (Sweep.Entry entry : todo) {
      Labels of = labels.get(entry.subject.name());
      tell(entry.subject.name(), entry.failure);
      success.add(of, entry.failure == null ? 1 : 0);
      duration.add(of, entry.nanos / 1e9);
    }
    hanging.add((double) entries.stream().filter(entry -> entry.hanging).count());
    take(hanging, includedNames, snapshots);
    take(duration, includedNames, snapshots);
    take(success, includedNames, snapshots);
    addForeign(foreign, snapshots);
    return new MetricSnapshots(snapshots);
  }

  /** A pass over all; where one hangs, another over those behind it on another thread. */
  private void read(
      List<Sweep.Entry> todo,
      Predicate<String> includedNames,
      List<MetricSnapshot> snapshots,
      List<MetricSnapshot> foreign) {
    for (Sweep.Entry entry : todo) {
      entry.failure = NOT_READ;
      entry.nanos = 0;
    }
    int next = 0;
    while (next < todo.size()) {
      Sweep sweep = new Sweep(todo, next, includedNames, clock, snapshots, foreign);
      try {
        reading.execute(sweep);
      } catch (RejectedExecutionException allHang) {
        return;
      }
      next = sweep.await(limitNanos);
    }
  }

  /** Two families of one name would make the whole exposition fail, or be read as one. */
  private void addForeign(List<MetricSnapshot> foreign, List<MetricSnapshot> snapshots) {
    if (foreign.isEmpty()) {
      return;
    }
    Set<String> own = new HashSet<>();
    for (MetricSnapshot snapshot : snapshots) {
      own.add(snapshot.getMetadata().getPrometheusName());
    }
    for (MetricSnapshot snapshot : foreign) {
      String name = snapshot.getMetadata().getPrometheusName();
      if (!name.startsWith("vigie_") && own.add(name)) {
        snapshots.add(snapshot);
      } else if (clashes.size() < MAX_CLASHES && clashes.add(name)) {
        log.warn("metric of a text file left out: the agent tells it itself name={}", name);
      }
    }
  }

  private static void take(
      Family family, Predicate<String> includedNames, List<MetricSnapshot> snapshots) {
    MetricSnapshot snapshot = family.take();
    if (snapshot != null && includedNames.test(family.name())) {
      snapshots.add(snapshot);
    }
  }

  private void tell(String subject, @Nullable Throwable failure) {
    if (failure == null) {
      if (failing.remove(subject)) {
        log.info("subject can be read again subject={}", subject);
      }
    } else if (failure instanceof NoDataException) {
      failing.remove(subject);
      log.debug("nothing to read subject={} cause={}", subject, failure.getMessage());
    } else if (failing.add(subject)) {
      log.warn("subject cannot be read subject={} cause={}", subject, failure.toString());
    }
  }
}
