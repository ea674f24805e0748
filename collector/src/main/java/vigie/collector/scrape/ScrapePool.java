package vigie.collector.scrape;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Scheduler;
import vigie.collector.label.Labels;

/** The targets of one job, from what is discovered to the loops that scrape. Guarded by Scraper. */
final class ScrapePool {
  private static final Logger log = LoggerFactory.getLogger(ScrapePool.class);

  /** Of a job; beyond it they are counted only. */
  private static final int MOST_DROPPED = 10_000;

  private ScrapeConfig job;
  private final Discovery.Tools tools;
  private final Map<Discovery.Config, Discovery> discoveries = new LinkedHashMap<>();
  private Map<Target.Identity, Running> running = new LinkedHashMap<>();
  private @Nullable List<List<TargetGroup>> seen;
  private List<DroppedTarget> dropped = List.of();
  private int droppedCount;
  private String lastFault = "";

  /** A loop and what calls it. */
  record Running(ScrapeLoop loop, Scheduler.Task task) {}

  ScrapePool(ScrapeConfig job, Discovery.Tools tools) {
    this.job = job;
    this.tools = tools;
  }

  ScrapeConfig job() {
    return job;
  }

  /**
   * Takes new settings; discoveries that stay keep what they found, and loops go on where only
   * discovery or relabelling changed.
   *
   * @return the loops that are not to go on, to be ended with {@link Scraper#replace}
   */
  List<Running> configure(ScrapeConfig newJob) {
    boolean same = newJob.equals(job);
    List<Running> ended = new ArrayList<>();
    if (!newJob.scrapesAs(job)) {
      ended.addAll(running.values());
      running = new LinkedHashMap<>();
    }
    job = newJob;
    Map<Discovery.Config, Discovery> old = new HashMap<>(discoveries);
    discoveries.clear();
    for (Discovery.Config config : job.discoveries()) {
      Discovery open = old.remove(config);
      if (!discoveries.containsKey(config)) {
        discoveries.put(config, open == null ? config.open(tools) : open);
      }
    }
    old.values().forEach(Discovery::close);
    if (!same) {
      seen = null;
    }
    return ended;
  }

  /** Follows what was discovered; gives the loops whose targets are gone. */
  List<Running> refresh(Function<Target, Running> start) {
    List<List<TargetGroup>> found = new ArrayList<>();
    found.add(job.staticConfigs());
    discoveries.values().forEach(discovery -> found.add(discovery.groups()));
    if (seen != null && sameObjects(seen, found)) {
      return List.of();
    }
    seen = found;
    Map<Target.Identity, Running> next = new LinkedHashMap<>();
    List<DroppedTarget> left = new ArrayList<>();
    droppedCount = 0;
    String fault = "";
    for (List<TargetGroup> groups : found) {
      for (TargetGroup group : groups) {
        for (String address : group.targets()) {
          Labels discovered = Target.discovered(job, address, group.labels());
          try {
            Target target = Target.of(job, discovered);
            if (target != null) {
              next.computeIfAbsent(target.identity(), identity -> keepOrStart(target, start));
            } else if (droppedCount++ < mostDropped()) {
              left.add(new DroppedTarget(job.jobName(), discovered));
            }
          } catch (IllegalArgumentException e) {
            fault = "address=" + address + " cause=\"" + e.getMessage() + "\"";
          }
        }
      }
    }
    if (!fault.isEmpty() && !fault.equals(lastFault)) {
      log.warn("target left out job={} {}", job.jobName(), fault);
    }
    lastFault = fault;
    dropped = List.copyOf(left);
    List<Running> gone = new ArrayList<>(running.values());
    gone.removeAll(next.values());
    running = next;
    limit();
    return gone;
  }

  private Running keepOrStart(Target target, Function<Target, Running> start) {
    Running known = running.get(target.identity());
    if (known != null) {
      known.loop.target().rediscovered(target);
      return known;
    }
    return start.apply(target);
  }

  private void limit() {
    long most = job.limits().targets();
    boolean tooMany = most > 0 && running.size() > most;
    String fault =
        tooMany
            ? "target_limit exceeded (number of targets: "
                + running.size()
                + ", limit: "
                + most
                + ")"
            : "";
    running.values().forEach(each -> each.loop.refuse(fault));
  }

  private long mostDropped() {
    long most = job.limits().droppedTargets();
    return most == 0 ? MOST_DROPPED : Math.min(most, MOST_DROPPED);
  }

  private static boolean sameObjects(List<List<TargetGroup>> one, List<List<TargetGroup>> other) {
    boolean same = one.size() == other.size();
    for (int i = 0; same && i < one.size(); i++) {
      same = one.get(i) == other.get(i);
    }
    return same;
  }

  /** Where targets are looked for. */
  List<Discovery> discoveries() {
    return List.copyOf(discoveries.values());
  }

  List<Running> running() {
    return List.copyOf(running.values());
  }

  List<DroppedTarget> dropped() {
    return dropped;
  }

  /** How many were dropped, also those that are not kept. */
  int droppedCount() {
    return droppedCount;
  }

  /** Ends looking for targets; its loops are the caller's to end. */
  void close() {
    discoveries.values().forEach(Discovery::close);
  }
}
