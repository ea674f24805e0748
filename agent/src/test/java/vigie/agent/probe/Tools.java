package vigie.agent.probe;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import vigie.agent.reader.Roots;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Yaml;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.time.Clock;
import vigie.base.time.ThreadScheduler;

/** Runs probes as the agent does, on real threads and the real clock. */
final class Tools implements AutoCloseable {
  private final EventLoops loops = EventLoops.nio(1, "test-probe");
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final ThreadScheduler scheduler =
      new ThreadScheduler(Thread::new, Throwable::printStackTrace);
  final List<String> steps = new CopyOnWriteArrayList<>();
  Lookup names = Lookup.SYSTEM;
  Roots roots = Roots.HOST;

  ProbeTools tools() {
    return new ProbeTools(
        roots, Clock.system(), scheduler, loops, host -> names.all(host), threads, threads);
  }

  /** One run of a probe. */
  ProbeResult run(Probe probe) {
    CompletableFuture<ProbeResult> result = new CompletableFuture<>();
    steps.clear();
    probe.run(result::complete, (at, what) -> steps.add(what));
    try {
      return result.get(30, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError("no result; steps: " + steps, e);
    }
  }

  /** One run of a probe made for it. */
  ProbeResult run(Module module, String target, Duration timeout) {
    module.checkTarget(target);
    try (Probe probe = module.probe(target, timeout, tools())) {
      return run(probe);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** {@code up}, the reason why it is down, or {@code not run: } and why. */
  static String words(ProbeResult result) {
    if (result instanceof ProbeResult.Down down) {
      return down.reason();
    }
    return result instanceof ProbeResult.NotRun notRun ? "not run: " + notRun.reason() : "up";
  }

  /** The value of the sample with this name and label values, NaN where there is none. */
  static double value(ProbeResult result, String name, String... labels) {
    return result.samples().stream()
        .filter(s -> s.measure().name().equals(name) && s.labelValues().equals(List.of(labels)))
        .mapToDouble(Measure.Sample::value)
        .findFirst()
        .orElse(Double.NaN);
  }

  /** A module from its keys, which must all be known and right. */
  static <T extends Module> T read(Function<Section, T> reader, String yaml) {
    Faults faults = new Faults();
    T module = read(reader, yaml, faults);
    faults.throwIfAny();
    return module;
  }

  static <T extends Module> T read(Function<Section, T> reader, String yaml, Faults faults) {
    Section section = Yaml.parse(Path.of("m.yaml"), yaml, Map.of(), faults);
    T module = reader.apply(section);
    section.end();
    return module;
  }

  @Override
  public void close() {
    scheduler.close();
    threads.shutdownNow();
    loops.close();
  }
}
