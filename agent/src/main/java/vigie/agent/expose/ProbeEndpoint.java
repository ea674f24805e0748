package vigie.agent.expose;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import vigie.agent.probe.Measure;
import vigie.agent.probe.Modules;
import vigie.agent.probe.OnDemand;
import vigie.agent.probe.Probe;
import vigie.agent.probe.ProbeResult;
import vigie.agent.probe.ProbeTools;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;

/**
 * {@code /probe?target=…&module=…} as blackbox_exporter answers it: runs the module once against
 * the target and gives what it measured; {@code debug=true} tells each step instead. Only targets
 * of the configuration are taken.
 */
public final class ProbeEndpoint {
  private static final String SCRAPE_TIMEOUT = "x-prometheus-scrape-timeout-seconds";
  private static final Duration ON_THE_WAY = Duration.ofMillis(500);
  private static final Duration LONGEST = Duration.ofMinutes(1);
  private static final Duration SHORTEST = Duration.ofMillis(10);
  private static final String DEFAULT_MODULE = "http_2xx";
  private static final int MOST_STEPS = 1000;

  private static final Measure SUCCESS =
      Measure.of("probe_success", "Whether the run of the probe succeeded.");
  private static final Measure DURATION =
      Measure.of("probe_duration_seconds", "How long the run of the probe took.");

  private final ProbeTools tools;
  private volatile OnDemand config;

  /** Answers by this configuration until another one is given. */
  public ProbeEndpoint(ProbeTools tools, OnDemand config) {
    this.tools = tools;
    this.config = config;
  }

  /** Takes another configuration over. */
  public void configure(OnDemand fresh) {
    config = fresh;
  }

  /** Adds {@code /probe}. */
  public void addTo(Routes routes) {
    routes.getLater("/probe", this::probe);
  }

  private CompletionStage<HttpAnswer> probe(HttpRequest request) {
    OnDemand allowed = config;
    String name = request.parameter("module");
    Modules.Named module = allowed.module(name.isEmpty() ? DEFAULT_MODULE : name);
    if (module == null) {
      throw new HttpFault(
          400,
          "Unknown module \""
              + (name.isEmpty() ? DEFAULT_MODULE : name)
              + (name.isEmpty() ? "\", the one where the request names none" : "\"")
              + "; write it under modules: in the agent's configuration");
    }
    String target = request.parameter("target");
    if (target.isEmpty()) {
      throw new HttpFault(400, "Target parameter is missing");
    }
    if (!allowed.allows(target)) {
      throw new HttpFault(
          403,
          "target \""
              + target
              + "\" may not be probed for others; list it under probe_targets: in the agent's configuration");
    }
    try {
      module.module().checkTarget(target);
    } catch (IllegalArgumentException e) {
      throw new HttpFault(400, "target " + e.getMessage());
    }
    module = named(module, request.parameter("hostname"));
    return request.parameter("debug").equals("true")
        ? explained(module, target, timeout(module, request))
        : measured(module, target, timeout(module, request), request.header("accept"));
  }

  private static Modules.Named named(Modules.Named module, String hostname) {
    if (hostname.isEmpty()) {
      return module;
    }
    try {
      return new Modules.Named(module.module().forHost(hostname), module.timeout());
    } catch (IllegalArgumentException e) {
      throw new HttpFault(400, String.valueOf(e.getMessage()));
    }
  }

  private CompletionStage<HttpAnswer> measured(
      Modules.Named module, String target, Duration timeout, String accept) {
    Format format = Format.accepted(accept);
    CompletableFuture<HttpAnswer> answer = new CompletableFuture<>();
    run(
        module.module().probe(target, timeout, tools),
        answer,
        Probe.Steps.NONE,
        result -> new HttpAnswer(200, format.contentType(), text(result, format), Map.of()));
    return answer;
  }

  private CompletionStage<HttpAnswer> explained(
      Modules.Named module, String target, Duration timeout) {
    List<String> steps = Collections.synchronizedList(new ArrayList<>());
    CompletableFuture<HttpAnswer> answer = new CompletableFuture<>();
    run(
        module.module().probe(target, timeout, tools),
        answer,
        (at, what) -> {
          if (steps.size() < MOST_STEPS) {
            steps.add(at.toNanos() / 1e6 + " ms  " + what);
          }
        },
        result -> HttpAnswer.text(200, explanation(module, target, steps, result)));
    return answer;
  }

  /** Whatever goes wrong, the probe is closed and the request answered. */
  private static void run(
      Probe probe,
      CompletableFuture<HttpAnswer> answer,
      Probe.Steps steps,
      Function<ProbeResult, HttpAnswer> told) {
    try {
      probe.run(
          result -> {
            probe.close();
            try {
              answer.complete(told.apply(result));
            } catch (RuntimeException e) {
              answer.completeExceptionally(e);
            }
          },
          steps);
    } catch (RuntimeException e) {
      probe.close();
      answer.completeExceptionally(e);
    }
  }

  private static String explanation(
      Modules.Named module, String target, List<String> steps, ProbeResult result) {
    String end;
    if (result instanceof ProbeResult.Down down) {
      end = "down: " + down.reason();
    } else if (result instanceof ProbeResult.NotRun notRun) {
      end = "could not run: " + notRun.reason();
    } else {
      end = "up";
    }
    return "Steps of the probe of "
        + target
        + ":\n"
        + String.join("\n", List.copyOf(steps))
        + "\n"
        + end
        + "\n\nMetrics that would have been returned:\n"
        + new String(text(result, Format.TEXT), StandardCharsets.UTF_8)
        + "\n\nModule:\n"
        + module.text();
  }

  /** What the scraper waits for, less the time on the way; the module's own where it is less. */
  private static Duration timeout(Modules.Named module, HttpRequest request) {
    Duration timeout = LONGEST;
    String header = request.header(SCRAPE_TIMEOUT);
    if (!header.isEmpty()) {
      try {
        double seconds = Double.parseDouble(header);
        if (seconds > 0 && seconds < LONGEST.toSeconds()) {
          Duration waits = Duration.ofNanos((long) (seconds * 1e9));
          timeout =
              waits.compareTo(ON_THE_WAY.multipliedBy(2)) > 0 ? waits.minus(ON_THE_WAY) : waits;
        }
      } catch (NumberFormatException e) {
        throw new HttpFault(500, "Failed to parse timeout from Prometheus header");
      }
    }
    Duration own = module.timeout();
    timeout = own != null && own.compareTo(timeout) < 0 ? own : timeout;
    return timeout.compareTo(SHORTEST) < 0 ? SHORTEST : timeout;
  }

  private static byte[] text(ProbeResult result, Format format) {
    double took = 0;
    if (result instanceof ProbeResult.Up up) {
      took = up.took().toNanos() / 1e9;
    } else if (result instanceof ProbeResult.Down down) {
      took = down.took().toNanos() / 1e9;
    }
    Map<Measure, List<Measure.Sample>> byMeasure = new LinkedHashMap<>();
    for (Measure.Sample sample : result.samples()) {
      byMeasure.computeIfAbsent(sample.measure(), measure -> new ArrayList<>(2)).add(sample);
    }
    byMeasure.put(DURATION, List.of(DURATION.sample(took)));
    byMeasure.put(SUCCESS, List.of(SUCCESS.sample(result instanceof ProbeResult.Up ? 1 : 0)));
    return new TextWriter(TextWriter.SMALL).write(byMeasure, format);
  }
}
