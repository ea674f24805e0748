package vigie.agent.source;

import io.micrometer.core.instrument.Counter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.event.Event;
import vigie.agent.event.Place;

/**
 * Follows the journal through a child {@code journalctl}, which goes on exactly behind the last
 * entry that made an event. Whoever takes lines and events may block: that holds this thread back,
 * then the pipe, then journalctl; the journal itself waits. The child ends with the agent, even
 * with a killed one, since it watches its output's other end.
 */
final class JournalSource implements Source {
  static final String NAME = "journal";
  private static final Logger log = LoggerFactory.getLogger(JournalSource.class);

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

  /** Of an agent that was away for longer than this the older entries are history. */
  private static final Duration FURTHEST_BACK = Duration.ofDays(7);

  private static final int CLOSE_MILLIS = 1_000;
  private static final int BUFFER = 64 << 10;
  private static final int MOST_MESSAGE = 300;

  /** How long the last lines of a unit that crashed may still come. */
  private static final Duration LAST_LINES = Duration.ofMillis(250);

  private static final int LOOK_MILLIS = 25;
  private static final int MOST_WAITING = 256;
  private static final byte[] KERNEL = "kernel".getBytes(StandardCharsets.US_ASCII);

  private final JournalConfig config;
  private final Journal journal;
  private final SourceTools tools;
  private final Lines lines;
  private final SourceMeters meters;
  private final Counter bytes;
  private final Counter garbage;
  private final Counter cut;
  private final Counter failed;
  private final String boot;
  private final UnitEvents units;
  private final KernelEvents kernel;
  private final CountDownLatch closing = new CountDownLatch(1);

  // Of the thread that reads.
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private boolean chosenFields = true;
  private boolean following;
  private long pauseNanos = FIRST_PAUSE.toNanos();

  // Guarded by this.
  private @Nullable Process child;
  private @Nullable Place place;
  private volatile String told = ""; // why the last child ended; "" while one reads
  private boolean reading;
  private boolean closed;

  /**
   * An entry that was read and is to be handed on in its turn; or, without a place, events that are
   * due.
   *
   * @param line null where the patterns don't see it
   * @param events those that are known already
   * @param failure makes the others
   * @param exit whether a failure that cannot be told without this may follow
   */
  private record Waiting(
      @Nullable Line line,
      List<Event> events,
      UnitEvents.@Nullable Failure failure,
      boolean exit,
      @Nullable Place place,
      long since) {

    /** All that the source itself makes of it; may take a second. */
    List<Event> own() {
      if (failure == null) {
        return events;
      }
      List<Event> own = new ArrayList<>(events);
      own.addAll(failure.events());
      return own;
    }
  }

  /**
   * @param from where to go on; null: only with what is logged from now on
   * @param boot this one's id
   * @param ended the boot that has gone down since it was read last; {@code ""} for none
   */
  JournalSource(
      JournalConfig config,
      Journal journal,
      SourceTools tools,
      Lines lines,
      @Nullable Place from,
      String boot,
      String ended) {
    this.config = config;
    this.journal = journal;
    this.tools = tools;
    this.lines = lines;
    this.meters = new SourceMeters(tools.meters(), NAME);
    this.bytes = meters.bytes();
    this.garbage = meters.faults("garbage");
    this.cut = meters.faults("cut");
    this.failed = meters.faults("failed");
    this.boot = boot.replace("-", "");
    this.units = new UnitEvents(tools.systemd(), ended);
    this.kernel = new KernelEvents(tools.clock());
    this.place = from;
  }

  @Override
  public void start() {
    execute(
        () -> {
          Event down = units.begin(tools.clock().now());
          if (down != null) {
            // Before all that is read, which changes it.
            waiting.add(new Waiting(null, List.of(down), null, false, null, 0));
          }
          read();
        });
  }

  private void execute(Runnable task) {
    try {
      tools.threads().execute(task);
    } catch (RejectedExecutionException e) {
      boolean over;
      synchronized (this) {
        over = closed;
      }
      if (!over) {
        log.error("the journal is not read: no thread is free for it");
      }
    }
  }

  /** Runs journalctl once, to its end: for what earlier boots left, if anything, then for ever. */
  private void read() {
    Process process;
    try {
      synchronized (this) {
        if (closed) {
          return;
        }
        ProcessBuilder builder = new ProcessBuilder(arguments());
        Map<String, String> environment = builder.environment();
        environment.keySet().retainAll(List.of("PATH"));
        environment.put("LC_ALL", "C");
        process = builder.start();
        child = process;
        reading = true;
      }
    } catch (IOException e) {
      ended(String.valueOf(e.getMessage()), false);
      return;
    }
    long began = tools.clock().nanos();
    String cause = "it ended";
    Errors errors = new Errors();
    execute(() -> errors.read(process.getErrorStream()));
    try {
      process.getOutputStream().close();
      follow(process.getInputStream());
    } catch (IOException e) {
      cause = String.valueOf(e.getMessage());
    } catch (UncheckedIOException e) {
      cause = "closed while events could not be written";
    } finally {
      waiting.clear();
      synchronized (this) {
        reading = false;
        notifyAll();
      }
    }
    // Before the end of the process, which closes the stream.
    String said = errors.text();
    if (!following && hasSucceeded(process)) {
      following = true;
      execute(this::read);
      return;
    }
    process.destroyForcibly();
    if (chosenFields && said.contains("output-fields")) {
      chosenFields = false; // older than 236
    }
    boolean lasted = tools.clock().nanos() - began > LONGEST_PAUSE.toNanos();
    ended(said.isEmpty() ? cause : said, lasted);
  }

  private static boolean hasSucceeded(Process process) {
    try {
      return process.waitFor(CLOSE_MILLIS, TimeUnit.MILLISECONDS) && process.exitValue() == 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** What a child says of itself: read to its end, so that it never waits; a part is kept. */
  private static final class Errors {
    private final StringBuilder text = new StringBuilder();
    private final CountDownLatch read = new CountDownLatch(1);

    void read(InputStream stream) {
      byte[] buffer = new byte[1024];
      try (InputStream in = stream) {
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          int taken = Math.min(n, MOST_MESSAGE - text.length());
          text.append(new String(buffer, 0, Math.max(0, taken), StandardCharsets.UTF_8));
        }
      } catch (IOException e) {
        text.append(' ').append(e.getMessage());
      } finally {
        read.countDown();
      }
    }

    String text() {
      try {
        return read.await(CLOSE_MILLIS, TimeUnit.MILLISECONDS) ? text.toString().strip() : "";
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return "";
      }
    }
  }

  private List<String> arguments() {
    Place from = place;
    String cursor = from == null ? "" : from.cursor();
    long back = 0;
    Instant at = timeOf(cursor);
    if (at != null && Duration.between(at, tools.clock().now()).compareTo(FURTHEST_BACK) > 0) {
      log.warn(
          "the journal was not read for so long that its older part is left out since=\"{}\"", at);
      cursor = "";
      back = FURTHEST_BACK.toSeconds();
    }
    following |= back == 0 && (cursor.isEmpty() || field(cursor, 'b').equals(boot));
    return journal.command(config, following, cursor, back, chosenFields);
  }

  /**
   * When a cursor's entry was logged: {@code …;t=MICROSECONDS;…} in hexadecimal; null if unknown.
   */
  static @Nullable Instant timeOf(String cursor) {
    try {
      long micros = Long.parseLong(field(cursor, 't'), 16);
      return Instant.ofEpochMilli(TimeUnit.MICROSECONDS.toMillis(micros));
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /**
   * Of a cursor {@code s=…;i=…;b=BOOT;m=…;t=MICROSECONDS;x=…}; {@code ""} where it is not there.
   */
  private static String field(String cursor, char name) {
    int at = cursor.indexOf(";" + name + "=");
    int end = cursor.indexOf(';', at + 3);
    return at < 0 || end < 0 ? "" : cursor.substring(at + 3, end);
  }

  private void follow(InputStream in) throws IOException {
    ExportParser parser = new ExportParser(this::take, garbage::increment);
    byte[] buffer = new byte[BUFFER];
    while (true) {
      handOn(false);
      if (!waiting.isEmpty() && in.available() == 0) {
        if (isClosingWithin(LOOK_MILLIS)) {
          return;
        }
        continue;
      }
      int n = in.read(buffer);
      if (n < 0) {
        waiting.add(new Waiting(null, kernel.due(true), null, false, null, 0));
        handOn(true);
        return;
      }
      bytes.increment(n);
      parser.feed(buffer, 0, n);
    }
  }

  private boolean isClosingWithin(int millis) {
    try {
      return closing.await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  private void take(JournalEntry entry) {
    if (!told.isEmpty()) {
      readAgain();
    }
    if (entry.isCut()) {
      cut.increment();
    }
    Instant now = tools.clock().now();
    Place behind = entry.place();
    Line line =
        new Line(
            entry.time(now),
            NAME,
            entry.unit(),
            entry.identifier(),
            entry.severity(),
            entry.message(),
            behind);
    List<Event> events = new ArrayList<>(0);
    Object found = units.take(entry, now);
    if (found instanceof Event event) {
      events.add(event);
    } else if (found == null) {
      units.logged(line.unit(), line.text());
    }
    long since = tools.clock().nanos();
    if (entry.is(JournalField.TRANSPORT, KERNEL)) {
      Event event = kernel.take(line.time(), line.text(), behind);
      if (event != null) {
        events.add(event);
      }
      List<Event> due = kernel.due(false);
      if (!due.isEmpty()) {
        waiting.add(new Waiting(null, due, null, false, null, since));
      }
    }
    boolean seen = config.takesAll() || selects(line, entry);
    UnitEvents.Failure failure = found instanceof UnitEvents.Failure some ? some : null;
    boolean exit = found == UnitEvents.EXIT;
    waiting.add(new Waiting(seen ? line : null, events, failure, exit, behind, since));
    handOn(false);
  }

  private boolean selects(Line line, JournalEntry entry) {
    return (config.units().isEmpty() || config.units().contains(line.unit()))
        && (config.identifiers().isEmpty() || config.identifiers().contains(line.identifier()))
        && line.severity().compareTo(config.priority()) <= 0
        && (config.transports().isEmpty()
            || config.transports().contains(entry.text(JournalField.TRANSPORT)));
  }

  /** Hands on what was read, up to a failure whose unit may still have something to say. */
  private void handOn(boolean all) {
    long now = waiting.isEmpty() ? 0 : tools.clock().nanos();
    for (Waiting next = waiting.peek(); next != null; next = waiting.peek()) {
      if (isEarly(next, now) && !all && waiting.size() < MOST_WAITING) {
        return;
      }
      try {
        handOn(next);
      } catch (UncheckedIOException e) {
        throw e; // closed; it is read again after the next start
      } catch (RuntimeException e) {
        // An entry that always fails must not end the reading of all others.
        failed.increment();
        log.error("an entry of the journal is left out place={}", next.place, e);
      }
      waiting.remove();
      Place behind = next.place;
      if (behind != null) {
        synchronized (this) {
          place = behind;
        }
      }
    }
  }

  /** An exit goes with its failure, so that after a restart both are read again or neither. */
  private boolean isEarly(Waiting next, long now) {
    long due = now - LAST_LINES.toNanos();
    boolean mayWait = next.failure != null || next.exit;
    return mayWait
        && (next.since - due > 0
            || (next.exit
                && waiting.stream().anyMatch(w -> w.failure != null && w.since - due > 0)));
  }

  private void handOn(Waiting next) {
    List<Event> own = next.own();
    if (next.line != null) {
      lines.accept(own.isEmpty() ? next.line : next.line.with(own));
    } else if (!own.isEmpty()) {
      tools.events().acceptAll(own);
    }
  }

  private synchronized void readAgain() {
    log.info("the journal is read again");
    told = "";
    pauseNanos = FIRST_PAUSE.toNanos();
  }

  /** Plans the next try, unless this is the end. */
  private void ended(String cause, boolean lasted) {
    synchronized (this) {
      if (closed) {
        return;
      }
      child = null;
      if (!cause.equals(told)) {
        told = cause;
        log.warn("journalctl ended, it is started again cause=\"{}\"", cause);
      }
    }
    meters.restarts().increment();
    pauseNanos = lasted ? FIRST_PAUSE.toNanos() : pauseNanos;
    long pause = pauseNanos - ThreadLocalRandom.current().nextLong(pauseNanos / 4 + 1);
    pauseNanos = Math.min(pauseNanos * 2, LONGEST_PAUSE.toNanos());
    tools.scheduler().after(Duration.ofNanos(pause), () -> execute(this::read));
  }

  @Override
  public synchronized @Nullable Place place() {
    return place;
  }

  @Override
  public synchronized boolean isReading() {
    return reading;
  }

  /** Ends the child and waits for what was begun, for a second at most. */
  @Override
  public synchronized void close() {
    closed = true;
    closing.countDown();
    if (child != null) {
      child.destroy();
    }
    long until = tools.clock().nanos() + TimeUnit.MILLISECONDS.toNanos(CLOSE_MILLIS);
    try {
      for (long left = CLOSE_MILLIS; reading && left > 0; ) {
        wait(left);
        left = TimeUnit.NANOSECONDS.toMillis(until - tools.clock().nanos());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (child != null) {
      child.destroyForcibly();
    }
  }
}
