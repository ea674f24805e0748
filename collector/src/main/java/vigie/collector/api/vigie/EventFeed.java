package vigie.collector.api.vigie;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpStream;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.api.Json;
import vigie.collector.event.Event;
import vigie.collector.event.EventListener;
import vigie.collector.event.EventPage;
import vigie.collector.event.EventQuery;
import vigie.collector.event.EventStore;
import vigie.collector.event.StoredEvent;
import vigie.collector.event.SyslogRun;

/**
 * Events as they come, as server-sent events: {@code id} and {@code data} (the event as JSON), a
 * comment every 15 s where there are none, {@code event: skipped} with a number where there were
 * more than could be sent.
 *
 * <p>It looks into the store after what came, four times a second at most, so that a stream goes on
 * exactly behind the id that a client saw last. At most {@value #MOST_STREAMS} streams; a client
 * that takes nothing for half a minute is cut off, and asks again from where it was.
 */
public final class EventFeed implements EventListener {
  private static final Logger log = LoggerFactory.getLogger(EventFeed.class);
  private static final int MOST_STREAMS = 32;
  private static final int MOST_AT_ONCE = 500;
  private static final Duration EVERY = Duration.ofMillis(250);
  private static final Duration QUIET = Duration.ofSeconds(15);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final byte[] STILL_THERE = ": still there\n\n".getBytes(StandardCharsets.UTF_8);

  private final EventStore store;
  private final Clock clock;
  private final Executor executor;
  private final Counter skipped;
  private final Counter cut;
  private final List<Client> clients = new CopyOnWriteArrayList<>();
  private final AtomicLong told = new AtomicLong();
  private final AtomicBoolean looking = new AtomicBoolean();

  /** One stream; the executor's alone once it is open. */
  private static final class Client {
    private final HttpStream stream;
    private EventQuery query;
    private long seen = -1; // of told
    private long sentNanos;

    Client(HttpStream stream, EventQuery query, long nanos) {
      this.stream = stream;
      this.query = query;
      this.sentNanos = nanos;
    }
  }

  /**
   * @param executor one thread; searches the store
   */
  public EventFeed(
      EventStore store, Clock clock, Scheduler scheduler, Executor executor, MeterRegistry meters) {
    this.store = store;
    this.clock = clock;
    this.executor = executor;
    skipped = meters.counter("vigie.event.stream.skipped");
    cut = meters.counter("vigie.event.stream.cut");
    Gauge.builder("vigie.event.streams", clients, List::size)
        .description("clients that are told events as they come")
        .register(meters);
    scheduler.every(EVERY, EVERY, this::look);
  }

  @Override
  public void onEvent(Event event, boolean late) {
    told.incrementAndGet();
  }

  @Override
  public void onSyslog(SyslogRun run, boolean late) {
    told.addAndGet(run.size());
  }

  /**
   * A stream of what matches from now on, or behind {@code query.after()}.
   *
   * @throws HttpFault with 503 where there are too many, with 400 if that is no id
   */
  HttpAnswer stream(EventQuery query) {
    if (clients.size() >= MOST_STREAMS) {
      throw new HttpFault(503, "there are " + MOST_STREAMS + " streams of events already");
    }
    EventQuery from;
    try {
      // Also where it is given: a wrong id is told now.
      EventPage now = store.search(EventQuery.newest(1).after(query.after()));
      from = query.after().isEmpty() ? query.after(now.newest()) : query;
    } catch (IllegalArgumentException e) {
      throw new HttpFault(400, String.valueOf(e.getMessage()));
    }
    return HttpAnswer.streaming(
            "text/event-stream",
            stream -> {
              clients.add(new Client(stream, from.withLimit(MOST_AT_ONCE), clock.nanos()));
              stream.send(STILL_THERE);
            })
        .with("cache-control", "no-store")
        .with("x-accel-buffering", "no");
  }

  private void look() {
    if (!clients.isEmpty() && looking.compareAndSet(false, true)) {
      try {
        executor.execute(this::lookNow);
      } catch (RejectedExecutionException shuttingDown) {
        looking.set(false);
      }
    }
  }

  private void lookNow() {
    try {
      for (Client client : clients) {
        if (!client.stream.isOpen() || !serve(client)) {
          clients.remove(client);
          client.stream.close();
        }
      }
    } finally {
      looking.set(false);
    }
  }

  /** False if the client is to be cut off. */
  private boolean serve(Client client) {
    long now = clock.nanos();
    long count = told.get();
    if (count == client.seen && now - client.sentNanos < QUIET.toNanos()) {
      return true;
    }
    byte[] more = STILL_THERE;
    EventQuery next = client.query;
    if (count != client.seen) {
      try {
        EventPage page = store.search(client.query);
        next = page.newest().isEmpty() ? client.query : client.query.after(page.newest());
        more = text(page);
      } catch (RuntimeException e) {
        log.warn("a stream of events ends cause=\"{}\"", e.getMessage());
        return false;
      }
      if (more.length == 0) {
        client.query = next;
        client.seen = count;
        return true;
      }
    }
    if (client.stream.send(more)) {
      client.query = next;
      client.seen = count;
      client.sentNanos = now;
      return true;
    }
    boolean patient = now - client.sentNanos < PATIENCE.toNanos();
    if (!patient) {
      cut.increment();
    }
    return patient;
  }

  /** Oldest first. */
  private byte[] text(EventPage page) {
    StringBuilder out = new StringBuilder();
    List<StoredEvent> events = new ArrayList<>(page.events());
    if (!page.next().isEmpty() && !events.isEmpty()) {
      skipped.increment();
      out.append("event: skipped\ndata: {\"before\":\"").append(page.next()).append("\"}\n\n");
    }
    for (int i = events.size() - 1; i >= 0; i--) {
      StoredEvent event = events.get(i);
      byte[] json = Json.bytes(out2 -> EventJson.write(out2, event, false));
      out.append("id: ").append(event.id()).append("\ndata: ");
      out.append(new String(json, StandardCharsets.UTF_8)).append("\n\n");
    }
    return out.toString().getBytes(StandardCharsets.UTF_8);
  }
}
