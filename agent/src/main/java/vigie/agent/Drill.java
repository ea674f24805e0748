package vigie.agent;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import vigie.agent.event.Event;
import vigie.agent.event.EventSink;
import vigie.agent.event.EventType;
import vigie.agent.event.Severity;
import vigie.agent.probe.Probe;
import vigie.agent.probe.ProbeConfig;
import vigie.agent.probe.ProbeResult;
import vigie.agent.probe.ProbeTools;
import vigie.agent.ship.Ship;
import vigie.agent.spool.Spool;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.base.net.Addresses;
import vigie.base.time.Clock;
import vigie.base.time.Durations;
import vigie.base.time.Scheduler;

/**
 * {@code POST /drill}, from this host only: probes a port that nobody listens on, spools the event
 * {@code drill.probe}, and answers once the collector has acknowledged it. Lines of text: {@code
 * passed} or {@code failed TAB WHY}, then {@code HOP TAB MICROSECONDS TAB DETAIL}.
 */
final class Drill {
  /** A browser sends it to nobody without asking. */
  static final String HEADER = "x-vigie-drill";

  private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,40}");
  private static final Duration LOOK_EVERY = Duration.ofMillis(5);
  private static final Duration LONGEST = Duration.ofMinutes(5);

  private final ProbeTools tools;
  private final EventSink events;
  private final Spool spool;
  private final Ship ship;
  private final Executor disk;
  private final Clock clock;
  private final Scheduler scheduler;
  private final AtomicBoolean busy = new AtomicBoolean();
  private volatile double passed = Double.NaN;
  private volatile double overdue = Double.NaN;

  /**
   * @param disk runs what waits for the disk
   */
  Drill(
      ProbeTools tools,
      EventSink events,
      Spool spool,
      Ship ship,
      Executor disk,
      Clock clock,
      Scheduler scheduler,
      MeterRegistry meters) {
    this.tools = tools;
    this.events = events;
    this.spool = spool;
    this.ship = ship;
    this.disk = disk;
    this.clock = clock;
    this.scheduler = scheduler;
    Gauge.builder("vigie.drill.passed", this, drill -> drill.passed)
        .description("Whether the last drill that a timer began passed.")
        .strongReference(true)
        .register(meters);
    Gauge.builder("vigie.drill.overdue.timestamp.seconds", this, drill -> drill.overdue)
        .description("When the next drill of the timer that ran last will be missed.")
        .strongReference(true)
        .register(meters);
  }

  void addTo(Routes routes) {
    routes.postLater("/drill", this::begin);
  }

  private CompletionStage<HttpAnswer> begin(HttpRequest request) {
    if (!Addresses.isLoopback(request.peer()) || request.header(HEADER).isEmpty()) {
      throw new HttpFault(403, "drills are begun on this host only, by agent drill");
    }
    String id = request.parameter("id");
    if (!ID.matcher(id).matches()) {
      throw new HttpFault(400, "id: 1 to 40 letters, digits, - and _");
    }
    Duration timeout = duration(request, "timeout", Duration.ofSeconds(30));
    Duration every = duration(request, "every", Duration.ZERO);
    if (!busy.compareAndSet(false, true)) {
      throw new HttpFault(409, "a drill is under way; wait for its end");
    }
    Run run = new Run(id, timeout, every);
    try {
      run.probe();
    } catch (IOException | RuntimeException e) {
      run.end("cannot probe: " + e.getMessage());
    }
    return run.answer;
  }

  private static Duration duration(HttpRequest request, String name, Duration otherwise) {
    String text = request.parameter(name);
    try {
      return text.isEmpty() ? otherwise : Durations.parse(text);
    } catch (IllegalArgumentException e) {
      throw new HttpFault(400, name + ": " + e.getMessage());
    }
  }

  private final class Run {
    private final String id;
    private final Duration timeout;
    private final Duration every;
    private final long begun = clock.nanos();
    private final StringBuffer hops = new StringBuffer();
    private final CompletableFuture<HttpAnswer> answer = new CompletableFuture<>();
    private final AtomicBoolean ended = new AtomicBoolean();

    Run(String id, Duration timeout, Duration every) {
      this.id = id;
      this.timeout = timeout.compareTo(LONGEST) < 0 ? timeout : LONGEST;
      this.every = every;
    }

    /** Bound and not listened on: it refuses, and nobody else can take it meanwhile. */
    void probe() throws IOException {
      Socket held = new Socket();
      try {
        held.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        InetSocketAddress at = (InetSocketAddress) held.getLocalSocketAddress();
        String target = Addresses.format(at);
        ProbeConfig config = ProbeConfig.tcp("drill", target);
        Probe probe = config.module().probe(target, config.timeout(), tools);
        probe.run(
            result -> {
              probe.close();
              close(held);
              disk.execute(() -> probed(target, result));
            });
      } catch (IOException | RuntimeException e) {
        held.close();
        throw e;
      }
    }

    private void probed(String target, ProbeResult result) {
      try {
        if (!(result instanceof ProbeResult.Down down)) {
          end("the probe of a port that nobody listens on did not say down");
          return;
        }
        hop("probe", "down: " + down.reason());
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("drill", id);
        fields.put("probe", "drill");
        fields.put("target", target);
        fields.put("reason", down.reason());
        String text = "drill " + id + ": a probe's event on its way to the collector";
        events.accept(new Event(clock.now(), Severity.NOTICE, EventType.DRILL_PROBE, fields, text));
        long seq = spool.last();
        hop("spool", "on disk");
        await(seq);
      } catch (UncheckedIOException e) {
        end("cannot spool: " + e.getMessage());
      } catch (RuntimeException e) {
        end("BUG: " + e);
      }
    }

    /** Until all up to the seq is acknowledged. */
    private void await(long seq) {
      if (spool.acknowledged() >= seq) {
        hop("collector", "acknowledged, stored");
        end("");
      } else if (clock.nanos() - begun > timeout.toNanos()) {
        end(
            (ship.isConnected()
                    ? "the collector has a session and does not acknowledge"
                    : "no session with the collector")
                + "; the event waits in the spool, see the agent's log");
      } else {
        scheduler.after(LOOK_EVERY, () -> await(seq));
      }
    }

    private void hop(String name, String detail) {
      hops.append(
          String.format(
              Locale.ROOT, "%s\t%d\t%s%n", name, (clock.nanos() - begun) / 1000, line(detail)));
    }

    private void end(String failure) {
      if (ended.compareAndSet(false, true)) {
        boolean well = failure.isEmpty();
        if (!every.isZero()) {
          passed = well ? 1 : 0;
          if (well || Double.isNaN(overdue)) {
            overdue = clock.millis() / 1e3 + every.toMillis() * 1.5e-3;
          }
        }
        busy.set(false);
        String first = well ? "passed\n" : "failed\t" + line(failure) + "\n";
        answer.complete(HttpAnswer.text(200, first + hops));
      }
    }
  }

  private static String line(String text) {
    return text.replace('\t', ' ').replace('\n', ' ');
  }

  private static void close(Socket held) {
    try {
      held.close();
    } catch (IOException e) {
      throw new IllegalStateException("BUG: a socket that was never used cannot be closed", e);
    }
  }
}
