package vigie.collector.scrape;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.base.remotewrite.FormatException;
import vigie.base.remotewrite.Message;
import vigie.collector.histogram.Buckets;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Floats;
import vigie.collector.label.Labels;

/**
 * Reads Prometheus's protobuf exposition, the one that has native histograms: messages, each behind
 * its length. Exemplars and times of creation are passed over. Nothing is allocated for what is
 * only claimed, and a metric has a bounded number of buckets and quantiles.
 *
 * <pre>
 * MetricFamily  1: name    2: help    3: type (0 counter, 1 gauge, 2 summary, 3 untyped, 4 histogram,
 *               5 gauge histogram)    4: Metric, repeated    5: unit
 * Metric        1: label pair (1: name, 2: value), repeated    2: Gauge    3: Counter    4: Summary
 *               5: Untyped    6: time in milliseconds    7: Histogram
 * Gauge, Counter, Untyped  1: value
 * Summary       1: count    2: sum    3: Quantile (1: quantile, 2: value), repeated
 * Histogram     1: count    2: sum    3: Bucket, repeated    4: count, a double    5: schema, signed
 *               6: zero threshold    7: zero count    8: zero count, a double    9: negative span
 *               10: negative counts, signed differences    11: negative counts    12: positive span
 *               13: positive counts, signed differences    14: positive counts
 * Bucket        1: cumulative count    2: upper bound    4: cumulative count, a double
 * BucketSpan    1: offset, signed    2: length
 * </pre>
 *
 * <p>Of a series the bytes are: the name, 0xFF, the label pairs as they were sent, and what part of
 * its metric it is.
 *
 * <p>Source: io/prometheus/client/metrics.proto of Prometheus's client_model.
 */
final class ProtobufExposition implements Exposition {
  private static final int MOST_METADATA = 5_000;
  private static final int LONGEST_TEXT = 1_000;
  private static final int SUMMARY = 2;
  private static final int HISTOGRAM = 4;
  private static final int GAUGE_HISTOGRAM = 5;
  private static final List<String> TYPES =
      List.of("counter", "gauge", "summary", "unknown", "histogram", "gaugehistogram");

  /** In which field of a metric its value is, by type. */
  private static final int[] VALUES = {3, 2, 4, 5, 7, 7};

  /** What the series at hand is of its metric; the last byte, or that before a bound's eight. */
  private static final byte WHOLE = 0;

  private static final byte COUNT = 1;
  private static final byte SUM = 2;
  private static final byte BUCKET = 3;
  private static final byte QUANTILE = 4;

  private final HistogramLimits limits;

  private byte[] bytes = new byte[0];
  private int end;
  private int at;
  private int families;

  private Message family = new Message(bytes, 0, 0);
  private String name = "";
  private int type;

  /** Whether there is a metric at hand. */
  private boolean inMetric;

  private int metricStart;
  private int metricEnd;
  private boolean timed;
  private long timeMillis;
  private double number;
  private double count;
  private double sum;
  private @Nullable Histogram whole;

  /** Whether there are count, sum and parts. */
  private boolean inParts;

  /** Upper bounds or quantiles. */
  private double[] bounds = new double[16];

  private double[] values = new double[16];
  private int parts;

  /** Which series comes next: -3 for the metric itself, then count, sum and parts. */
  private int next;

  /** Which is at hand. */
  private int now;

  private byte[] key = new byte[256];
  private int labelled;
  private int keyEnd;
  private List<String> emptyNames = List.of();

  ProtobufExposition(HistogramLimits limits) {
    this.limits = limits;
  }

  @Override
  public void reset(byte[] all, int length) {
    bytes = all;
    end = length;
    at = 0;
    families = 0;
    family = new Message(all, 0, 0);
    inMetric = false;
  }

  @Override
  public boolean nextSeries() {
    try {
      while (!inMetric || (inParts ? next == parts : next > -3)) {
        if (!nextMetric()) {
          return false;
        }
      }
    } catch (FormatException e) {
      throw fault(String.valueOf(e.getMessage()));
    }
    now = next;
    next++;
    keyEnd = labelled;
    if (now < 0) {
      key[keyEnd++] = now == -3 ? WHOLE : now == -2 ? COUNT : SUM;
    } else {
      key[keyEnd++] = type == SUMMARY ? QUANTILE : BUCKET;
      long bits = Double.doubleToLongBits(bounds[now]);
      for (int i = 0; i < 8; i++) {
        key[keyEnd++] = (byte) (bits >>> (8 * i));
      }
    }
    return true;
  }

  private boolean nextMetric() throws FormatException {
    inMetric = false;
    while (true) {
      for (int field = family.next(); field != 0; field = family.next()) {
        if (field == 4) {
          readMetric(family.message());
          return true;
        }
      }
      if (at == end) {
        return false;
      }
      nextFamily();
    }
  }

  private void nextFamily() throws FormatException {
    families++;
    name = "";
    type = 0;
    int size = 0;
    int shift = 0;
    byte b;
    do {
      if (at == end) {
        throw new FormatException("cut off");
      }
      b = bytes[at++];
      size |= (b & 0x7f) << shift;
      shift += 7;
    } while (b < 0 && shift < 32);
    if (b < 0 || size < 0 || size > end - at) {
      throw new FormatException("a message runs over the end");
    }
    // The name may stand behind its metrics.
    Message head = new Message(bytes, at, at + size);
    for (int field = head.next(); field != 0; field = head.next()) {
      if (field == 1) {
        name = head.text();
      } else if (field == 3) {
        long said = head.whole();
        if (said < 0 || said >= TYPES.size()) {
          throw new FormatException("unknown type " + said);
        }
        type = (int) said;
      }
    }
    family = new Message(bytes, at, at + size);
    at += size;
  }

  private void readMetric(Message from) throws FormatException {
    if (name.isEmpty()) {
      throw new FormatException("no name");
    }
    inMetric = true;
    metricStart = from.position();
    timed = false;
    number = 0;
    count = 0;
    sum = 0;
    whole = null;
    parts = 0;
    inParts = type == SUMMARY;
    next = inParts ? -2 : -3;
    byte[] called = name.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    labelled = 0;
    put(called, 0, called.length);
    room(1);
    key[labelled++] = (byte) 0xff;
    boolean valued = false;
    int before = from.position();
    for (int field = from.next(); field != 0; field = from.next()) {
      if (field == 1) {
        put(bytes, before, from.position());
      } else if (field == 6) {
        timeMillis = from.whole();
        timed = timeMillis != 0;
      } else if (field == VALUES[type]) {
        valued = true;
        readValue(from.message());
      }
      before = from.position();
    }
    metricEnd = from.position();
    room(9);
    if (!valued && type >= HISTOGRAM) {
      readValue(new Message(bytes, 0, 0));
    }
  }

  private void readValue(Message value) throws FormatException {
    switch (type) {
      case SUMMARY -> summary(value);
      case HISTOGRAM, GAUGE_HISTOGRAM -> histogram(value);
      default -> {
        for (int field = value.next(); field != 0; field = value.next()) {
          if (field == 1) {
            number = value.real();
          }
        }
      }
    }
  }

  private void summary(Message summary) throws FormatException {
    for (int field = summary.next(); field != 0; field = summary.next()) {
      if (field == 1) {
        count = unsigned(summary.whole());
      } else if (field == 2) {
        sum = summary.real();
      } else if (field == 3) {
        Message quantile = summary.message();
        double bound = 0;
        double value = 0;
        for (int inner = quantile.next(); inner != 0; inner = quantile.next()) {
          if (inner == 1) {
            bound = quantile.real();
          } else if (inner == 2) {
            value = quantile.real();
          }
        }
        part(bound, value);
      }
    }
  }

  private void histogram(Message message) throws FormatException {
    double countFloat = 0;
    int schema = 0;
    double zeroThreshold = 0;
    double zeroCount = 0;
    double zeroFloat = 0;
    Side negative = new Side();
    Side positive = new Side();
    for (int field = message.next(); field != 0; field = message.next()) {
      switch (field) {
        case 1 -> count = unsigned(message.whole());
        case 2 -> sum = message.real();
        case 3 -> bucket(message.message());
        case 4 -> countFloat = message.real();
        case 5 -> schema = (int) Message.signed(message.whole());
        case 6 -> zeroThreshold = message.real();
        case 7 -> zeroCount = unsigned(message.whole());
        case 8 -> zeroFloat = message.real();
        case 9 -> negative.span(message.message());
        case 10 -> message.numbers(negative::difference);
        case 11 -> message.reals(negative::count);
        case 12 -> positive.span(message.message());
        case 13 -> message.numbers(positive::difference);
        case 14 -> message.reals(positive::count);
        default -> {
          // exemplars and what is of a later version
        }
      }
    }
    boolean isNative =
        !negative.spans.isEmpty()
            || !positive.spans.isEmpty()
            || zeroThreshold > 0
            || zeroCount > 0;
    boolean fractions = countFloat > 0 || zeroFloat > 0;
    if (isNative && limits.natives()) {
      try {
        Histogram read =
            Histogram.exponential(
                schema,
                type == GAUGE_HISTOGRAM ? Histogram.Hint.GAUGE : Histogram.Hint.UNKNOWN,
                zeroThreshold,
                fractions ? zeroFloat : zeroCount,
                fractions ? countFloat : count,
                sum,
                buckets(positive, fractions),
                buckets(negative, fractions));
        read.validate();
        whole = limits.apply(read.compacted());
      } catch (IllegalArgumentException e) {
        throw new FormatException(String.valueOf(e.getMessage()));
      }
    }
    inParts = whole == null || (limits.classicToo() && parts > 0);
    next = whole == null ? -2 : -3;
    if (countFloat != 0) {
      count = countFloat;
    }
    if (parts == 0 || bounds[parts - 1] != Double.POSITIVE_INFINITY) {
      part(Double.POSITIVE_INFINITY, count);
    }
  }

  private static Buckets buckets(Side side, boolean fractions) {
    return Buckets.ofSpans(
        side.spans,
        fractions
            ? Arrays.copyOf(side.counts, side.countSize)
            : Arrays.copyOf(side.sums, side.sumSize));
  }

  private void bucket(Message bucket) throws FormatException {
    double cumulative = 0;
    double fraction = 0;
    double bound = 0;
    for (int field = bucket.next(); field != 0; field = bucket.next()) {
      if (field == 1) {
        cumulative = unsigned(bucket.whole());
      } else if (field == 2) {
        bound = bucket.real();
      } else if (field == 4) {
        fraction = bucket.real();
      }
    }
    part(bound, fraction == 0 ? cumulative : fraction);
  }

  private void part(double bound, double value) throws FormatException {
    if (parts > Histogram.MOST_BUCKETS) {
      throw new FormatException("more than " + Histogram.MOST_BUCKETS + " buckets or quantiles");
    }
    if (parts == bounds.length) {
      bounds = Arrays.copyOf(bounds, 2 * parts);
      values = Arrays.copyOf(values, 2 * parts);
    }
    bounds[parts] = bound;
    values[parts++] = value;
  }

  private static double unsigned(long value) {
    return value >= 0 ? value : (value >>> 1) * 2.0;
  }

  /** The buckets of one side of a native histogram. */
  private static final class Side {
    final List<Buckets.Span> spans = new ArrayList<>(0);

    /** What the differences came to. */
    double[] sums = new double[0];

    int sumSize;
    double[] counts = new double[0];
    int countSize;
    private long last;

    void span(Message message) throws FormatException {
      int offset = 0;
      long length = 0;
      for (int field = message.next(); field != 0; field = message.next()) {
        if (field == 1) {
          offset = (int) Message.signed(message.whole());
        } else if (field == 2) {
          length = message.whole();
        }
      }
      if (length < 0 || length > Histogram.MOST_BUCKETS) {
        throw new FormatException("a span of " + length + " buckets");
      }
      checked(spans.size());
      spans.add(new Buckets.Span(offset, (int) length));
    }

    void difference(long zigzag) throws FormatException {
      last += Message.signed(zigzag);
      sums = withRoom(sums, sumSize);
      sums[sumSize++] = last;
    }

    void count(double count) throws FormatException {
      counts = withRoom(counts, countSize);
      counts[countSize++] = count;
    }

    private static double[] withRoom(double[] all, int size) throws FormatException {
      checked(size);
      return size < all.length ? all : Arrays.copyOf(all, Math.max(8, 2 * size));
    }

    private static void checked(int size) throws FormatException {
      if (size == Histogram.MOST_BUCKETS) {
        throw new FormatException("more than " + Histogram.MOST_BUCKETS + " buckets");
      }
    }
  }

  private void put(byte[] from, int start, int to) {
    room(to - start);
    System.arraycopy(from, start, key, labelled, to - start);
    labelled += to - start;
  }

  private void room(int more) {
    if (key.length - labelled < more) {
      key = Arrays.copyOf(key, Math.max(2 * key.length, labelled + more));
    }
  }

  @Override
  public boolean seriesIs(byte[] known) {
    return Arrays.equals(key, 0, keyEnd, known, 0, known.length);
  }

  @Override
  public void findSeriesEnd() {
    // is known
  }

  @Override
  public byte[] seriesIn() {
    return key;
  }

  @Override
  public int seriesStart() {
    return 0;
  }

  @Override
  public int seriesEnd() {
    return keyEnd;
  }

  @Override
  public Labels labels() {
    emptyNames = new ArrayList<>(0);
    Labels.Builder labels = new Labels.Builder();
    try {
      Message from = new Message(bytes, metricStart, metricEnd);
      for (int field = from.next(); field != 0; field = from.next()) {
        if (field == 1) {
          label(from.message(), labels);
        }
      }
    } catch (FormatException e) {
      throw fault(String.valueOf(e.getMessage()));
    }
    String suffix =
        now == -2 ? "_count" : now == -1 ? "_sum" : now >= 0 && type != SUMMARY ? "_bucket" : "";
    add(labels, Labels.NAME, name + suffix);
    if (now >= 0) {
      add(labels, type == SUMMARY ? "quantile" : "le", Floats.bound(bounds[now]));
    }
    return labels.build();
  }

  private void label(Message pair, Labels.Builder labels) throws FormatException {
    String label = "";
    String value = "";
    for (int field = pair.next(); field != 0; field = pair.next()) {
      if (field == 1) {
        label = pair.text();
      } else if (field == 2) {
        value = pair.text();
      }
    }
    if (label.isEmpty()) {
      throw new FormatException("a label without a name");
    }
    add(labels, label, value);
  }

  private void add(Labels.Builder labels, String label, String value) {
    if (!labels.get(label).isEmpty()) {
      throw fault("label " + label + " is there twice");
    }
    if (value.isEmpty()) {
      emptyNames.add(label);
    }
    labels.set(label, value);
  }

  @Override
  public List<String> emptyNames() {
    return emptyNames;
  }

  @Override
  public void readSample() {
    // was read with its metric
  }

  @Override
  public double value() {
    return switch (now) {
      case -3 -> number;
      case -2 -> count;
      case -1 -> sum;
      default -> values[now];
    };
  }

  @Override
  public @Nullable Histogram histogram() {
    return now == -3 ? whole : null;
  }

  @Override
  public boolean timed() {
    return timed;
  }

  @Override
  public long timeMillis() {
    return timeMillis;
  }

  @Override
  public List<Metadata> metadata(List<Metadata> before) {
    Map<Metadata, Metadata> known = new HashMap<>();
    before.forEach(each -> known.put(each, each));
    List<Metadata> all = new ArrayList<>();
    at = 0;
    try {
      while (at < end && all.size() < MOST_METADATA) {
        nextFamily();
        Metadata said = said();
        if (said != null) {
          all.add(known.getOrDefault(said, said));
        }
      }
    } catch (FormatException e) {
      // said where the samples were read; what comes before it is good
    }
    return List.copyOf(all);
  }

  /** What the family says; null where it has nothing else. */
  private @Nullable Metadata said() throws FormatException {
    String help = "";
    String unit = "";
    boolean has = false;
    for (int field = family.next(); field != 0; field = family.next()) {
      if (field == 2) {
        help = family.text();
      } else if (field == 5) {
        unit = family.text();
      } else if (field == 4) {
        has = true;
      }
    }
    if (!has || name.isEmpty() || name.length() > LONGEST_TEXT) {
      return null;
    }
    return new Metadata(name, TYPES.get(type), shortened(help), shortened(unit));
  }

  private static String shortened(String text) {
    return text.substring(0, Math.min(LONGEST_TEXT, text.length())).intern();
  }

  private ExpositionException fault(String what) {
    return new ExpositionException(
        String.format(
            Locale.ROOT,
            "metric family %d%s: %s",
            families,
            name.isEmpty() ? "" : " (" + shortened(name) + ")",
            what));
  }
}
