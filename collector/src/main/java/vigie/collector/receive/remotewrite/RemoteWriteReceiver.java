package vigie.collector.receive.remotewrite;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpRequest;
import vigie.base.http.HttpServer;
import vigie.base.http.Routes;
import vigie.base.net.Peer;
import vigie.base.remotewrite.FormatException;
import vigie.base.remotewrite.WireHistogram;
import vigie.base.remotewrite.WriteReader;
import vigie.base.time.Clock;
import vigie.collector.histogram.Histogram;
import vigie.collector.histogram.SentHistogram;
import vigie.collector.label.Labels;
import vigie.collector.receive.PeerFaults;
import vigie.collector.sample.Outcome;
import vigie.collector.sample.SampleStore;
import vigie.collector.sample.Staleness;

/**
 * Takes samples by Prometheus remote write, 1.0 and 2.0, at {@code /api/v1/write}. An answer of 204
 * says that all samples survive a power cut. A request is gone through to its end: where some of it
 * can never be taken the rest is stored, and the answer is 400, which tells the sender not to try
 * again. 503 means that it should. Safe for all threads.
 *
 * <p>Sources: the specifications of Remote-Write 1.0 and 2.0.
 */
public final class RemoteWriteReceiver {
  private static final String FIRST = "prometheus.WriteRequest";
  private static final String SECOND = "io.prometheus.write.v2.Request";
  private static final String WRITTEN = "x-prometheus-remote-write-%s-written";

  /** What is older may have waited at somebody else's while its node died. */
  private static final long FRESH_MILLIS = Duration.ofMinutes(5).toMillis();

  private static final int LONGEST_NODE = 255;

  private final SampleStore store;
  private final WriteReader reader;
  private final KnownSeries known;
  private final Clock clock;
  private final BiPredicate<Peer, String> mayTell;
  private final Consumer<String> heard;
  private final PushedStates states;
  private final Consumer<Labels> changed;
  private final PeerFaults faults;
  private final MeterRegistry meters;
  private final Counter samples;
  private final Counter histograms;
  private final Counter invalid;
  private final Counter notTheirs;

  /**
   * @param mayTell whether series with this label {@code node} may come from the peer
   * @param heard told of each node that showed a sign of life; must not block
   * @param changed told of each series of a probe's state that has another value now, once that is
   *     stored; must not block
   */
  public RemoteWriteReceiver(
      SampleStore store,
      WriteReader.Limits limits,
      Clock clock,
      BiPredicate<Peer, String> mayTell,
      Consumer<String> heard,
      Consumer<Labels> changed,
      PeerFaults faults,
      MeterRegistry meters) {
    this.store = store;
    this.reader = new WriteReader(limits);
    this.known = new KnownSeries(limits.bytes());
    this.clock = clock;
    this.mayTell = mayTell;
    this.heard = heard;
    this.changed = changed;
    this.states = new PushedStates(FRESH_MILLIS);
    this.faults = faults;
    this.meters = meters;
    this.samples =
        Counter.builder("vigie.remotewrite.samples")
            .description("Samples received by remote write and stored.")
            .register(meters);
    this.histograms = dropped("histogram");
    this.invalid = dropped("labels");
    this.notTheirs = dropped("not_theirs");
    for (int status : new int[] {204, 400, 413, 415, 503}) {
      requests(status);
    }
  }

  /** Limits of one request that fit the memory: a sixteenth of it unpacked. */
  public static WriteReader.Limits limits(long heapBytes) {
    WriteReader.Limits most = WriteReader.Limits.DEFAULTS;
    int bytes = (int) Math.max(1 << 20, Math.min(most.bytes(), heapBytes / 16));
    return new WriteReader.Limits(bytes, most.series(), most.samples(), most.labels());
  }

  /**
   * What its server takes: packed bodies of all connections fill half of the memory at most, and
   * hold ten times what Prometheus and the agent put into one.
   */
  public static HttpServer.Limits serverLimits(long heapBytes) {
    long body = Math.max(512 << 10, Math.min(4 << 20, heapBytes / 512));
    long connections = Math.max(64, Math.min(256, heapBytes / 2 / body));
    return new HttpServer.Limits((int) body, (int) connections);
  }

  public void routes(Routes routes) {
    routes.post("/api/v1/write", this::write);
  }

  private HttpAnswer write(HttpRequest request) {
    HttpAnswer answer = take(request);
    requests(answer.status()).increment();
    return answer;
  }

  private HttpAnswer take(HttpRequest request) {
    String type = request.header("content-type");
    String encoding = request.header("content-encoding");
    String message = type.isEmpty() ? FIRST : message(type);
    // Either may be missing: early senders of 1.0 are like that.
    if (!encoding.isEmpty() && !encoding.equalsIgnoreCase("snappy")) {
      return HttpAnswer.text(415, "content-encoding must be snappy, not " + encoding + "\n");
    }
    if (!message.equals(FIRST) && !message.equals(SECOND)) {
      return HttpAnswer.text(
          415,
          "content-type must be application/x-protobuf, with proto="
              + FIRST
              + " or proto="
              + SECOND
              + "\n");
    }
    WriteReader.Request<KnownSeries.Known> read;
    try {
      read = reader.read(request.body(), message.equals(SECOND), known);
    } catch (FormatException e) {
      tell(request.who(), String.valueOf(e.getMessage()));
      return HttpAnswer.text(e.isTooLarge() ? 413 : 400, e.getMessage() + "\n");
    }
    Tally tally = new Tally();
    for (WriteReader.Series<KnownSeries.Known> series : read.series()) {
      append(series, request.who(), tally);
    }
    try {
      store.commit();
    } catch (UncheckedIOException e) {
      return HttpAnswer.text(503, "samples cannot be written to the disk; try again later\n");
    }
    count(tally);
    tally.living.forEach(heard);
    tally.changed.forEach(changed);
    HttpAnswer answer;
    if (tally.isWhole()) {
      answer = HttpAnswer.text(204, "");
    } else {
      tell(request.who(), tally.why());
      answer = HttpAnswer.text(400, tally.why() + "\n");
    }
    return answer
        .with(WRITTEN.formatted("samples"), Integer.toString(tally.stored() - tally.histograms()))
        .with(WRITTEN.formatted("histograms"), Integer.toString(tally.histograms()))
        .with(WRITTEN.formatted("exemplars"), "0");
  }

  /** The message's name by its content type, {@code ""} where that is another. */
  private static String message(String contentType) {
    String[] parts = contentType.split(";", -1);
    if (!parts[0].strip().equalsIgnoreCase("application/x-protobuf")) {
      return "";
    }
    for (int i = 1; i < parts.length; i++) {
      String part = parts[i].strip();
      if (part.regionMatches(true, 0, "proto=", 0, 6)) {
        return part.substring(6);
      }
    }
    return FIRST;
  }

  private void append(WriteReader.Series<KnownSeries.Known> series, Peer from, Tally tally) {
    int count = series.values().length;
    int all = count + series.histograms().size();
    if (all == 0) {
      return;
    }
    Labels labels = series.labels().labels();
    String node = series.labels().node();
    if (labels == null) {
      tally.refuse(Tally.Refusal.LABELS, all, series.labels().fault());
      return;
    }
    if (!node.isEmpty() && !mayTell.test(from, node)) {
      tally.refuse(Tally.Refusal.NOT_THEIRS, all, labels);
      return;
    }
    boolean alive = false;
    boolean tells = series.labels().tellsOfLife() && !node.isEmpty();
    boolean isState = series.labels().isState();
    long now = tells || isState ? clock.millis() : 0;
    for (int i = 0; i < count; i++) {
      long time = series.timestampsMillis()[i];
      double value = series.values()[i];
      Outcome outcome = store.appendLate(labels, time, value);
      tally.add(outcome, labels);
      if (isState && outcome == Outcome.APPENDED && states.changes(labels, time, value, now)) {
        tally.changed.add(labels);
      }
      alive |= tells && isLife(value) && (now - time <= FRESH_MILLIS || speaksFor(from, node));
    }
    for (WireHistogram histogram : series.histograms()) {
      append(labels, histogram, tally);
    }
    if (alive && node.length() <= LONGEST_NODE) {
      tally.living.add(node);
    }
  }

  private void append(Labels labels, WireHistogram sent, Tally tally) {
    if (Staleness.isStale(sent.sum())) {
      tally.add(store.appendLate(labels, sent.timestampMillis(), Staleness.MARKER), labels);
      return;
    }
    try {
      Histogram histogram = SentHistogram.of(sent);
      tally.addHistogram(store.appendLate(labels, sent.timestampMillis(), histogram), labels);
    } catch (IllegalArgumentException e) {
      tally.refuse(Tally.Refusal.HISTOGRAM, 1, labels + " " + e.getMessage());
    }
  }

  /** Neither the end of a series nor a target that is down. */
  private static boolean isLife(double value) {
    return !Staleness.isStale(value) && value != 0;
  }

  private static boolean speaksFor(Peer peer, String node) {
    return peer.certificate().equalsIgnoreCase(node) || peer.user().equalsIgnoreCase(node);
  }

  private void count(Tally tally) {
    samples.increment(tally.stored());
    histograms.increment(tally.refused(Tally.Refusal.HISTOGRAM));
    invalid.increment(tally.refused(Tally.Refusal.LABELS));
    notTheirs.increment(tally.refused(Tally.Refusal.NOT_THEIRS));
  }

  private void tell(Peer peer, String why) {
    String refused = "pushed samples refused";
    faults.tell(peer.name(), refused, refused + ": " + why);
  }

  private Counter dropped(String reason) {
    return Counter.builder("vigie.remotewrite.dropped")
        .description("Samples received by remote write that were not offered to the store.")
        .tag("reason", reason)
        .register(meters);
  }

  private Counter requests(int status) {
    return Counter.builder("vigie.remotewrite.requests")
        .description("Requests of remote write, by the status of the answer.")
        .tag("code", Integer.toString(status))
        .register(meters);
  }
}
