package vigie.collector.web;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpStream;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;

/**
 * Tells pages by server-sent events that something in a list has changed; what, they ask for. Four
 * times a second at most, so that a storm costs a page no more than that, and a page that is slow
 * finds one message when it is ready, not a queue. At most {@value #MOST_STREAMS} pages; one that
 * takes nothing for half a minute is cut off.
 */
public final class NewsFeed {
  static final int MOST_STREAMS = 64;
  private static final Logger log = LoggerFactory.getLogger(NewsFeed.class);
  private static final Duration EVERY = Duration.ofMillis(250);
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
  private static final Duration QUIET = Duration.ofSeconds(15);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String STILL_THERE = ": still there\n\n";

  /** What may change. */
  public enum Topic {
    ALERTS,
    NODES,
    OUTBOX
  }

  private final Clock clock;
  private final Executor executor;
  private final Counter cut;
  private final Map<Topic, Supplier<?>> looked = new ConcurrentHashMap<>();
  private final Map<Topic, Integer> seen = new EnumMap<>(Topic.class); // the executor's alone
  private final AtomicLongArray revisions = new AtomicLongArray(Topic.values().length);
  private final List<Client> clients = new CopyOnWriteArrayList<>();
  private final AtomicBoolean busy = new AtomicBoolean();
  private long lookedNanos; // the executor's alone

  /** One page; the executor's alone once it is open. */
  private static final class Client {
    private final HttpStream stream;
    private final long[] told;
    private long sentNanos;

    Client(HttpStream stream, long[] told, long nanos) {
      this.stream = stream;
      this.told = told;
      this.sentNanos = nanos;
    }
  }

  /**
   * @param executor one thread
   */
  public NewsFeed(Clock clock, Scheduler scheduler, Executor executor, MeterRegistry meters) {
    this.clock = clock;
    this.executor = executor;
    cut = meters.counter("vigie.web.stream.cut");
    Gauge.builder("vigie.web.streams", clients, List::size)
        .description("pages that are told what has changed")
        .register(meters);
    scheduler.every(EVERY, EVERY, this::look);
  }

  /** Looks at a state once a second while there is a page: another {@code hashCode} is a change. */
  public void watch(Topic topic, Supplier<?> state) {
    looked.put(topic, state);
  }

  /** Something in that list has changed. Cheap; for all threads. */
  public void changed(Topic topic) {
    revisions.incrementAndGet(topic.ordinal());
  }

  /**
   * A stream for one page.
   *
   * @throws HttpFault with 503 where there are too many
   */
  HttpAnswer stream(String version) {
    if (clients.size() >= MOST_STREAMS) {
      throw new HttpFault(
          503, "there are " + MOST_STREAMS + " pages open already; close one, or reload by hand");
    }
    String hello = "retry: 2000\nevent: hello\ndata: {\"version\":\"" + version + "\"}\n\n";
    return HttpAnswer.streaming(
            "text/event-stream",
            stream -> {
              stream.send(hello.getBytes(StandardCharsets.UTF_8));
              clients.add(new Client(stream, now(), clock.nanos()));
            })
        .with("cache-control", "no-store")
        .with("x-accel-buffering", "no");
  }

  private long[] now() {
    long[] now = new long[revisions.length()];
    Arrays.setAll(now, revisions::get);
    return now;
  }

  private void look() {
    if (!clients.isEmpty() && busy.compareAndSet(false, true)) {
      try {
        executor.execute(this::lookNow);
      } catch (RejectedExecutionException shuttingDown) {
        busy.set(false);
      }
    }
  }

  private void lookNow() {
    try {
      if (clock.nanos() - lookedNanos >= LOOK_EVERY.toNanos()) {
        lookedNanos = clock.nanos();
        looked.forEach(this::compare);
      }
      for (Client client : clients) {
        if (!client.stream.isOpen() || !serve(client)) {
          clients.remove(client);
          client.stream.close();
        }
      }
    } catch (RuntimeException e) {
      log.warn("pages are not told what has changed cause=\"{}\"", e.toString());
    } finally {
      busy.set(false);
    }
  }

  private void compare(Topic topic, Supplier<?> state) {
    Integer hash = state.get().hashCode();
    Integer before = seen.put(topic, hash);
    if (before != null && !before.equals(hash)) {
      changed(topic);
    }
  }

  /** False if the page is to be cut off. */
  private boolean serve(Client client) {
    long[] now = now();
    StringBuilder out = new StringBuilder();
    for (Topic topic : Topic.values()) {
      long revision = now[topic.ordinal()];
      if (revision != client.told[topic.ordinal()]) {
        out.append("event: ").append(topic.name().toLowerCase(Locale.ROOT));
        out.append("\ndata: {\"revision\":").append(revision).append("}\n\n");
      }
    }
    long nanos = clock.nanos();
    if (out.isEmpty()) {
      if (nanos - client.sentNanos < QUIET.toNanos()) {
        return true;
      }
      out.append(STILL_THERE);
    }
    if (client.stream.send(out.toString().getBytes(StandardCharsets.UTF_8))) {
      System.arraycopy(now, 0, client.told, 0, now.length);
      client.sentNanos = nanos;
      return true;
    }
    boolean patient = nanos - client.sentNanos < PATIENCE.toNanos();
    if (!patient) {
      cut.increment();
    }
    return patient;
  }
}
