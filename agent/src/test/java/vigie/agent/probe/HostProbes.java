package vigie.agent.probe;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Function;
import vigie.agent.reader.Roots;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Yaml;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.time.ManualClock;

/** Runs probes that look at this host on the calling thread, unless another is given. */
final class HostProbes {
  static final Duration TIMEOUT = Duration.ofSeconds(2);
  final ManualClock clock;
  final List<String> steps = new ArrayList<>();
  private final Roots roots;
  private final Executor blocking;
  private final HostView view;

  private HostProbes(Roots roots, ManualClock clock, Executor blocking, HostView view) {
    this.roots = roots;
    this.clock = clock;
    this.blocking = blocking;
    this.view = view;
  }

  HostProbes(Roots roots, ManualClock clock, Executor blocking, Units units) {
    this(roots, clock, blocking, new HostView(roots, clock, units));
  }

  HostProbes(Roots roots, ManualClock clock, Executor blocking) {
    this(roots, clock, blocking, new HostView(roots, clock));
  }

  HostProbes(Roots roots, ManualClock clock) {
    this(roots, clock, Runnable::run);
  }

  ProbeTools tools() {
    return new ProbeTools(
        roots,
        clock,
        clock,
        EventLoops.nio(1, "test-host"),
        Lookup.SYSTEM,
        Runnable::run,
        blocking,
        view);
  }

  Probe probe(Module module, String target) {
    module.checkTarget(target);
    return module.probe(target, TIMEOUT, tools());
  }

  /** One run of a probe that answers at once. */
  ProbeResult run(Probe probe) {
    List<ProbeResult> results = new ArrayList<>();
    probe.run(results::add, (at, what) -> steps.add(what));
    if (results.size() != 1) {
      throw new AssertionError("told " + results);
    }
    return results.get(0);
  }

  /** The reason why it is down; {@code "up"} where it is. */
  static String reason(ProbeResult result) {
    if (result instanceof ProbeResult.Down down) {
      return down.reason();
    }
    return result instanceof ProbeResult.NotRun notRun ? "not run: " + notRun.reason() : "up";
  }

  /** The samples by the ends of their names. */
  static Map<String, Double> samples(ProbeResult result, String prefix) {
    Map<String, Double> values = new LinkedHashMap<>();
    result
        .samples()
        .forEach(s -> values.put(s.measure().name().substring(prefix.length()), s.value()));
    return values;
  }

  /** A module from its keys, which must all be known and right. */
  static Module read(Function<Section, ? extends Module> reader, String yaml) {
    Faults faults = new Faults();
    Module module = read(reader, yaml, faults);
    faults.throwIfAny();
    return module;
  }

  static Module read(Function<Section, ? extends Module> reader, String yaml, Faults faults) {
    Section section = Yaml.parse(Path.of("m.yaml"), yaml, Map.of(), faults);
    Module module = reader.apply(section);
    section.end();
    return module;
  }
}
