package vigie.collector.remote;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.http.HttpClient;
import vigie.base.http.HttpReply;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.remotewrite.WireHistogram;
import vigie.base.remotewrite.WriteRequest;
import vigie.base.segment.DataFile;
import vigie.base.segment.FileLayer;
import vigie.base.segment.SegmentLog;
import vigie.base.segment.SegmentOptions;
import vigie.base.segment.SegmentReader;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.histogram.Buckets;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;
import vigie.collector.label.Relabel;

/**
 * What waits for one target of remote write, on the disk and in order, and its sending: one request
 * at a time. A target that is away, busy (429) or broken (5xx) is asked again, later and later;
 * what it refuses otherwise is given up. How far it got is kept with each answer, so that after a
 * kill at most one request goes out twice, which a target takes for the same samples.
 *
 * <pre>
 * record    8 newest time in milliseconds | 4 samples | request of remote write 1.0, packed by snappy
 * position  8 number of the record to be sent next | 8 its complement
 * </pre>
 */
final class RemoteQueue implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RemoteQueue.class);
  private static final int MOST_REQUEST_BYTES = 2 << 20;
  private static final SegmentOptions OPTIONS = new SegmentOptions("remote", 1, 4 << 20, 8 << 20);
  private static final int HEADER = 12;
  private static final long LABELS_KEPT_NANOS = Duration.ofMinutes(20).toNanos();

  /** What queues work with. */
  record Tools(
      FileLayer files,
      EventLoops loops,
      Executor thread,
      Executor blocking,
      Clock clock,
      Scheduler scheduler,
      MeterRegistry meters) {}

  /** A series: its labels in their wire form, empty where it is dropped, and its newest time. */
  private static final class Known {
    final byte[] wire;
    long newestMillis = Long.MIN_VALUE;

    Known(byte[] wire) {
      this.wire = wire;
    }
  }

  /** A request that is being filled. */
  private static final class Pending {
    final WriteRequest request = new WriteRequest();
    int samples;
    long newestMillis = Long.MIN_VALUE;
  }

  /** A record that a failed sync would take out of the file again. */
  private record Unsynced(long number, int samples) {}

  /** One record as it is read back. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Waiting(long number, long newestMillis, int samples, byte[] body) {}

  private final Tools tools;
  private final SegmentLog segments;
  private final DataFile position;
  private final List<Meter> registered = new ArrayList<>();
  private final Counter sent;
  private final Counter retries;
  private final Map<String, Counter> dropped = new HashMap<>();

  // Guarded by this.
  private RemoteWriteTarget target;
  private final Pending inOrder = new Pending();

  /** Older than others of their series: a target that refuses these refuses no others with them. */
  private final Pending late = new Pending();

  private final Deque<Unsynced> unsynced = new ArrayDeque<>();
  private boolean diskFails;
  private boolean closed;

  /** Labels in their wire form, of series with samples lately; then those of the time before. */
  private Map<Labels, Known> series = new HashMap<>();

  private Map<Labels, Known> olderSeries = Map.of();
  private long seriesSince;

  // What follows is the thread's alone, but what the gauges read.
  private SegmentReader reader;
  private volatile long next;
  private @Nullable Waiting head;
  private HttpClient client;
  private boolean sending;
  private boolean pausing;
  private int failures;
  private String said = "";
  private volatile long oldestMillis = Long.MAX_VALUE;

  private volatile long mostBytes;

  private RemoteQueue(
      RemoteWriteTarget target,
      long mostBytes,
      Tools tools,
      SegmentLog segments,
      DataFile position,
      long next) {
    this.target = target;
    this.mostBytes = mostBytes;
    this.tools = tools;
    this.segments = segments;
    this.position = position;
    this.next = next;
    this.reader = segments.reader(next);
    this.client = client(target);
    this.seriesSince = tools.clock.nanos();
    this.sent =
        counter("vigie.remote.write.samples", "Samples that a target of remote_write has taken.");
    this.retries =
        counter("vigie.remote.write.retries", "Requests of remote write that have to be repeated.");
    for (String reason : List.of("rejected", "full", "age", "disk")) {
      Counter counter =
          Counter.builder("vigie.remote.write.dropped")
              .description("Samples that a target of remote_write does not get.")
              .tag("remote", target.name())
              .tag("reason", reason)
              .register(tools.meters);
      dropped.put(reason, counter);
      registered.add(counter);
    }
    registered.add(
        Gauge.builder("vigie.remote.write.pending", this, queue -> queue.pendingBytes())
            .description("What waits for a target of remote_write.")
            .baseUnit("bytes")
            .tag("remote", target.name())
            .register(tools.meters));
    registered.add(
        Gauge.builder("vigie.remote.write.lag", this, queue -> queue.lagSeconds())
            .description("How old the samples are that a target of remote_write gets next.")
            .baseUnit("seconds")
            .tag("remote", target.name())
            .register(tools.meters));
  }

  private Counter counter(String name, String help) {
    Counter counter =
        Counter.builder(name).description(help).tag("remote", target.name()).register(tools.meters);
    registered.add(counter);
    return counter;
  }

  static RemoteQueue open(Path folder, RemoteWriteTarget target, long mostBytes, Tools tools)
      throws IOException {
    SegmentLog segments = SegmentLog.open(folder.resolve(target.name()), OPTIONS, tools.files);
    DataFile position = null;
    try {
      Path at = folder.resolve(target.name() + ".position");
      position =
          tools.files.list(folder).contains(String.valueOf(at.getFileName()))
              ? tools.files.open(at)
              : tools.files.create(at);
      long next = Math.max(segments.firstNumber(), Math.min(read(position), segments.nextNumber()));
      RemoteQueue queue = new RemoteQueue(target, mostBytes, tools, segments, position, next);
      queue.run(queue::send);
      return queue;
    } catch (IOException e) {
      segments.close();
      if (position != null) {
        position.close();
      }
      throw e;
    }
  }

  private static long read(DataFile position) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(16);
    boolean whole = position.read(bytes, 0) == 16;
    bytes.flip();
    long number = whole ? bytes.getLong() : 0;
    return whole && bytes.getLong() == ~number ? number : 0;
  }

  /** Takes new settings of the same name. */
  synchronized void configure(RemoteWriteTarget changed, long bytes) {
    mostBytes = bytes;
    if (!changed.equals(target)) {
      write();
      target = changed;
      series = new HashMap<>();
      olderSeries = Map.of();
      HttpClient old = client;
      HttpClient made = client(changed);
      run(
          () -> {
            client = made;
            old.close();
          });
    }
  }

  private HttpClient client(RemoteWriteTarget of) {
    return new HttpClient(
        tools.loops, tools.blocking, Lookup.SYSTEM, of.url(), of.http().tls(), of.timeout());
  }

  synchronized void appended(Labels labels, long timeMillis, double value) {
    Known known = known(labels);
    if (known.wire.length > 0 && !closed) {
      Pending to = pending(known, timeMillis);
      to.request.add(known.wire, value, timeMillis);
      added(to, timeMillis);
    }
  }

  synchronized void appended(Labels labels, long timeMillis, Histogram histogram) {
    Known known = known(labels);
    if (known.wire.length > 0 && !closed && target.histograms()) {
      Pending to = pending(known, timeMillis);
      to.request.add(known.wire, wire(histogram, timeMillis));
      added(to, timeMillis);
    }
  }

  private Known known(Labels labels) {
    Known known = series.get(labels);
    if (known == null) {
      known = olderSeries.get(labels);
      if (known == null) {
        known = new Known(wire(labels));
      }
      series.put(labels, known);
    }
    return known;
  }

  private Pending pending(Known known, long timeMillis) {
    Pending to = timeMillis < known.newestMillis ? late : inOrder;
    known.newestMillis = Math.max(known.newestMillis, timeMillis);
    return to;
  }

  private void added(Pending to, long timeMillis) {
    to.newestMillis = Math.max(to.newestMillis, timeMillis);
    if (++to.samples >= target.mostSamples() || to.request.sizeBytes() >= MOST_REQUEST_BYTES) {
      write(to);
    }
  }

  private static WireHistogram wire(Histogram histogram, long timeMillis) {
    return WireHistogram.of(
        timeMillis,
        histogram.count(),
        histogram.sum(),
        histogram.schema(),
        histogram.zeroThreshold(),
        histogram.zeroCount(),
        histogram.hint().ordinal(),
        spans(histogram.negative()),
        histogram.negative().counts(),
        spans(histogram.positive()),
        histogram.positive().counts(),
        histogram.customBounds());
  }

  private static int[] spans(Buckets buckets) {
    List<Buckets.Span> spans = buckets.spans();
    int[] all = new int[2 * spans.size()];
    for (int i = 0; i < spans.size(); i++) {
      all[2 * i] = spans.get(i).offset();
      all[2 * i + 1] = spans.get(i).length();
    }
    return all;
  }

  private byte[] wire(Labels labels) {
    SortedMap<String, String> all = labels.toMap();
    Labels external = target.externalLabels();
    for (int i = 0; i < external.size(); i++) {
      all.putIfAbsent(external.name(i), external.value(i));
    }
    Labels relabelled = Relabel.apply(target.relabels(), Labels.of(all));
    return relabelled == null || relabelled.isEmpty()
        ? new byte[0]
        : WriteRequest.labels(relabelled.toMap());
  }

  /** Hands what is pending to the file. */
  synchronized void write() {
    if (tools.clock.nanos() - seriesSince > LABELS_KEPT_NANOS) {
      olderSeries = series;
      series = new HashMap<>();
      seriesSince = tools.clock.nanos();
    }
    write(inOrder);
    write(late);
  }

  private void write(Pending from) {
    if (from.samples == 0 || closed) {
      return;
    }
    byte[] body = from.request.take();
    ByteBuffer record = ByteBuffer.allocate(HEADER + body.length);
    record.putLong(from.newestMillis).putInt(from.samples).put(body).flip();
    try {
      long number = segments.append(record);
      forgetFrom(number);
      unsynced.add(new Unsynced(number, from.samples));
    } catch (IOException e) {
      count("disk", from.samples);
      diskFailed(e);
    }
    from.samples = 0;
    from.newestMillis = Long.MIN_VALUE;
  }

  /** Makes certain what was written, and has it sent. */
  void sync() {
    synchronized (this) {
      if (unsynced.isEmpty() || closed) {
        return;
      }
    }
    try {
      segments.sync();
      synchronized (this) {
        unsynced.removeIf(each -> each.number < segments.syncedNext());
        if (diskFails) {
          diskFails = false;
          log.info("samples can be kept for a remote_write again name={}", target.name());
        }
      }
    } catch (IOException e) {
      synchronized (this) {
        diskFailed(e);
      }
    }
    run(this::send);
  }

  /** Counts records whose numbers are given anew: a failed sync has taken them out of the file. */
  private void forgetFrom(long number) {
    while (!unsynced.isEmpty() && unsynced.getLast().number >= number) {
      count("disk", unsynced.removeLast().samples);
    }
  }

  private void diskFailed(IOException e) {
    forgetFrom(segments.nextNumber());
    if (!diskFails) {
      diskFails = true;
      log.error(
          "samples cannot be kept for a remote_write name={} cause=\"{}\"",
          target.name(),
          FileLayer.reason(e));
    }
  }

  private void count(String reason, int samples) {
    Counter counter = dropped.get(reason);
    if (counter != null) {
      counter.increment(samples);
    }
  }

  private void run(Runnable task) {
    try {
      tools.thread.execute(
          () -> {
            if (!isClosed()) {
              task.run();
            }
          });
    } catch (RejectedExecutionException closing) {
      log.debug("closing");
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private synchronized RemoteWriteTarget target() {
    return target;
  }

  private void send() {
    if (sending || pausing) {
      return;
    }
    RemoteWriteTarget to = target();
    try {
      shrink();
      Waiting first = first(to);
      oldestMillis = first == null ? Long.MAX_VALUE : first.newestMillis;
      if (first == null) {
        return;
      }
      Map<String, String> headers = new LinkedHashMap<>(WriteRequest.HEADERS);
      headers.put("user-agent", "Vigie");
      headers.putAll(to.http().requestHeaders());
      sending = true;
      client
          .post(headers, first.body)
          .whenComplete((reply, failure) -> run(() -> answered(to, first, reply, failure)));
    } catch (IOException | UncheckedIOException e) {
      failed(to, String.valueOf(e.getMessage()), Duration.ZERO);
    }
  }

  /** The oldest that is to be sent; what is too old for the target is passed over. */
  private @Nullable Waiting first(RemoteWriteTarget to) throws IOException {
    while (true) {
      Waiting waiting = head();
      long limit = to.ageLimit().toMillis();
      if (waiting == null || limit == 0 || waiting.newestMillis >= tools.clock.millis() - limit) {
        return waiting;
      }
      count("age", waiting.samples);
      done(waiting);
    }
  }

  private @Nullable Waiting head() throws IOException {
    while (head == null && next < segments.syncedNext() && reader.next()) {
      ByteBuffer record = reader.record();
      long number = reader.number();
      if (record.remaining() > HEADER) {
        long newest = record.getLong();
        int count = record.getInt();
        byte[] body = new byte[record.remaining()];
        record.get(body);
        head = new Waiting(number, newest, count, body);
      }
    }
    return head;
  }

  /** Lets the oldest go where too much waits. */
  private void shrink() throws IOException {
    if (segments.sizeBytes() <= mostBytes) {
      return;
    }
    long keep = segments.firstWithin(mostBytes);
    long lost = 0;
    for (Waiting waiting = head(); waiting != null && waiting.number < keep; waiting = head()) {
      lost += waiting.samples;
      head = null;
      next = waiting.number + 1;
    }
    if (lost > 0) {
      count("full", (int) Math.min(Integer.MAX_VALUE, lost));
      keepPosition();
      tell(
          "samples for a remote_write dropped, too many wait", "more than " + mostBytes + " bytes");
    }
    segments.dropBefore(keep);
  }

  private void answered(
      RemoteWriteTarget to,
      Waiting waiting,
      @Nullable HttpReply reply,
      @Nullable Throwable failure) {
    sending = false;
    if (reply == null) {
      Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
      failed(to, cause == null ? "" : String.valueOf(cause.getMessage()), Duration.ZERO);
      return;
    }
    int status = reply.status();
    if (status >= 500 || (status == 429 && to.retryTooMany())) {
      failed(to, status + " " + line(reply), retryAfter(reply.retryAfter()));
      return;
    }
    failures = 0;
    if (status / 100 == 2) {
      sent.increment(waiting.samples);
      if (!said.isEmpty()) {
        log.info("samples go to the remote_write again name={}", to.name());
        said = "";
      }
    } else {
      // The same request would be refused for ever, and hold up all that come after it.
      count("rejected", waiting.samples);
      tell("samples refused by the remote_write and dropped", status + " " + line(reply));
    }
    try {
      done(waiting);
    } catch (IOException e) {
      failed(to, String.valueOf(e.getMessage()), Duration.ZERO);
      return;
    }
    send();
  }

  private void done(Waiting waiting) throws IOException {
    next = waiting.number + 1;
    if (head == waiting) {
      head = null;
    }
    keepPosition();
    if (next >= segments.nextNumber() && segments.sizeBytes() > OPTIONS.segmentBytes() / 4) {
      segments.roll();
    }
    segments.dropBefore(next);
  }

  private void keepPosition() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(16).putLong(next).putLong(~next);
    position.write(bytes.flip(), 0);
  }

  private void failed(RemoteWriteTarget to, String cause, Duration wanted) {
    retries.increment();
    tell("samples cannot go to the remote_write, they wait", cause);
    long pause =
        Math.min(
            to.maxBackoff().toMillis(), to.minBackoff().toMillis() << Math.min(20, failures++));
    pausing = true;
    tools.scheduler.after(
        Duration.ofMillis(Math.max(wanted.toMillis(), pause)),
        () ->
            run(
                () -> {
                  pausing = false;
                  send();
                }));
  }

  private static Duration retryAfter(String header) {
    try {
      return Duration.ofSeconds(Math.max(0, Math.min(600, Long.parseLong(header))));
    } catch (NumberFormatException e) {
      return Duration.ZERO;
    }
  }

  private static String line(HttpReply reply) {
    return reply.text().lines().findFirst().orElse("").replace('"', '\'');
  }

  /** One line for each change of what is wrong. */
  private void tell(String what, String cause) {
    if (!said.equals(what)) {
      said = what;
      log.warn("{} name={} cause=\"{}\"", what, target().name(), cause);
    }
  }

  private double pendingBytes() {
    return next >= segments.syncedNext() ? 0 : segments.sizeBytes();
  }

  private double lagSeconds() {
    long oldest = oldestMillis;
    return oldest == Long.MAX_VALUE ? 0 : Math.max(0, (tools.clock.millis() - oldest) / 1000.0);
  }

  @Override
  public void close() {
    end();
  }

  /**
   * Ends sending; what waits is sent when it is opened again, which may be done once the future is
   * complete.
   */
  CompletableFuture<Void> end() {
    synchronized (this) {
      write();
      closed = true;
    }
    registered.forEach(tools.meters::remove);
    return CompletableFuture.runAsync(
        () -> {
          client.close();
          try {
            segments.sync();
            reader.close();
            segments.close();
            position.close();
          } catch (IOException e) {
            log.error("queue of a remote_write not closed cleanly cause=\"{}\"", e.getMessage());
          }
        },
        tools.thread);
  }
}
