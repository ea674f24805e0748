package vigie.agent.expose;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.Quantile;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot.SummaryDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot.UnknownDataPointSnapshot;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.agent.metric.PlainName;
import vigie.agent.probe.Measure;

/**
 * Writes snapshots as text into a buffer that is kept. The library's own writers go through streams
 * and charset encoders, at about ten times the cost. Sources: Prometheus's text exposition format
 * 0.0.4 and OpenMetrics 1.0. One thread at a time.
 */
final class TextWriter {
  private static final double MAX_EXACT = 1L << 53;
  private static final double[] SCALES = {1e2, 1e3, 1e6, 1e9};
  private static final int[] SCALE_DIGITS = {2, 3, 6, 9};

  /** Bytes that the answer of one probe usually needs. */
  static final int SMALL = 4 << 10;

  private byte[] buffer;
  private int at;
  private boolean openMetrics;

  /** For a whole exposition. */
  TextWriter() {
    this(64 << 10);
  }

  /** With so many bytes at first. */
  TextWriter(int bytes) {
    buffer = new byte[bytes];
  }

  /** What one run of a probe measured, all gauges. */
  byte[] write(Map<Measure, List<Measure.Sample>> samples, Format format) {
    at = 0;
    openMetrics = format == Format.OPEN_METRICS;
    samples.forEach(this::write);
    if (openMetrics) {
      ascii("# EOF\n");
    }
    return Arrays.copyOf(buffer, at);
  }

  private void write(Measure measure, List<Measure.Sample> samples) {
    head(measure.name(), measure.help(), "gauge");
    for (Measure.Sample sample : samples) {
      ascii(measure.name());
      char separator = '{';
      for (int i = 0; i < sample.labelValues().size(); i++) {
        put(separator);
        ascii(measure.labelNames().get(i));
        ascii("=\"");
        escaped(sample.labelValues().get(i), true);
        put('"');
        separator = ',';
      }
      ascii(separator == ',' ? "} " : " ");
      value(sample.value());
    }
  }

  /** The whole exposition. */
  byte[] write(MetricSnapshots snapshots, Format format) {
    at = 0;
    openMetrics = format == Format.OPEN_METRICS;
    String last = "";
    for (MetricSnapshot snapshot : snapshots) {
      String name = snapshot.getMetadata().getPrometheusName();
      // One name from two collectors is one family, and its head may stand there only once.
      write(snapshot, name, !name.equals(last));
      last = name;
    }
    if (openMetrics) {
      ascii("# EOF\n");
    }
    return Arrays.copyOf(buffer, at);
  }

  private void write(MetricSnapshot snapshot, String name, boolean first) {
    if (snapshot instanceof CounterSnapshot counter
        && snapshot instanceof PlainName
        && !openMetrics) {
      head(snapshot, name, "counter", first);
      for (CounterDataPointSnapshot point : counter.getDataPoints()) {
        sample(name, "", point.getLabels(), point.getValue());
      }
    } else if (snapshot instanceof CounterSnapshot counter) {
      String base = without(name, "_total");
      head(snapshot, openMetrics ? base : base + "_total", "counter", first);
      for (CounterDataPointSnapshot point : counter.getDataPoints()) {
        sample(base, "_total", point.getLabels(), point.getValue());
      }
    } else if (snapshot instanceof GaugeSnapshot gauge) {
      head(snapshot, name, "gauge", first);
      for (GaugeDataPointSnapshot point : gauge.getDataPoints()) {
        sample(name, "", point.getLabels(), point.getValue());
      }
    } else if (snapshot instanceof UnknownSnapshot unknown) {
      head(snapshot, name, openMetrics ? "unknown" : "untyped", first);
      for (UnknownDataPointSnapshot point : unknown.getDataPoints()) {
        sample(name, "", point.getLabels(), point.getValue());
      }
    } else if (snapshot instanceof InfoSnapshot info) {
      String base = without(name, "_info");
      head(snapshot, openMetrics ? base : base + "_info", openMetrics ? "info" : "gauge", first);
      for (InfoDataPointSnapshot point : info.getDataPoints()) {
        sample(base, "_info", point.getLabels(), 1);
      }
    } else if (snapshot instanceof SummarySnapshot summary) {
      head(snapshot, name, "summary", first);
      summary.getDataPoints().forEach(point -> summary(name, point));
    } else if (snapshot instanceof HistogramSnapshot histogram) {
      head(snapshot, name, "histogram", first);
      histogram.getDataPoints().forEach(point -> histogram(name, point));
    } else {
      throw new IllegalStateException("BUG: no text form for " + snapshot.getClass());
    }
  }

  private static String without(String name, String suffix) {
    return name.endsWith(suffix) ? name.substring(0, name.length() - suffix.length()) : name;
  }

  private void summary(String name, SummaryDataPointSnapshot point) {
    for (Quantile quantile : point.getQuantiles()) {
      begin(name, "", point.getLabels(), "quantile", quantile.getQuantile());
      value(quantile.getValue());
    }
    if (point.hasCount()) {
      sample(name, "_count", point.getLabels(), (double) point.getCount());
    }
    if (point.hasSum()) {
      sample(name, "_sum", point.getLabels(), point.getSum());
    }
  }

  private void histogram(String name, HistogramDataPointSnapshot point) {
    ClassicHistogramBuckets buckets = point.getClassicBuckets();
    long below = 0;
    for (int i = 0; i < buckets.size(); i++) {
      below += buckets.getCount(i);
      begin(name, "_bucket", point.getLabels(), "le", buckets.getUpperBound(i));
      value((double) below);
    }
    sample(name, "_count", point.getLabels(), (double) point.getCount());
    if (point.hasSum()) {
      sample(name, "_sum", point.getLabels(), point.getSum());
    }
  }

  private void head(MetricSnapshot snapshot, String name, String type, boolean first) {
    if (!first) {
      return;
    }
    head(name, snapshot.getMetadata().getHelp(), type);
  }

  private void head(String name, @Nullable String help, String type) {
    if (help != null && !help.isEmpty()) {
      ascii("# HELP ");
      ascii(name);
      ascii(" ");
      escaped(help, openMetrics);
      ascii("\n");
    }
    ascii("# TYPE ");
    ascii(name);
    ascii(" ");
    ascii(type);
    ascii("\n");
  }

  private void sample(String name, String suffix, Labels labels, double value) {
    begin(name, suffix, labels, null, 0);
    value(value);
  }

  /** Name and labels, with one more label where {@code extra} names it. */
  private void begin(
      String name, String suffix, Labels labels, @Nullable String extra, double extraValue) {
    ascii(name);
    ascii(suffix);
    int size = labels.size();
    if (size > 0 || extra != null) {
      char separator = '{';
      for (int i = 0; i < size; i++) {
        put(separator);
        ascii(labels.getPrometheusName(i));
        put('=');
        put('"');
        escaped(labels.getValue(i), true);
        put('"');
        separator = ',';
      }
      if (extra != null) {
        put(separator);
        ascii(extra);
        put('=');
        put('"');
        bound(extraValue);
        put('"');
      }
      put('}');
    }
    put(' ');
  }

  private void value(double value) {
    number(value);
    put('\n');
  }

  /** A bound keeps its {@code .0}: in OpenMetrics it is text to be compared. */
  private void bound(double value) {
    number(value);
    if (value == Math.rint(value) && Math.abs(value) < MAX_EXACT) {
      ascii(".0");
    }
  }

  /** The number, so that reading it gives exactly the same double. */
  private void number(double value) {
    if (value == Math.rint(value) && Math.abs(value) < MAX_EXACT) {
      integer((long) value);
      return;
    }
    if (Double.isNaN(value)) {
      ascii("NaN");
      return;
    }
    if (Double.isInfinite(value)) {
      ascii(value > 0 ? "+Inf" : "-Inf");
      return;
    }
    for (int i = 0; i < SCALES.length; i++) {
      double scaled = Math.rint(value * SCALES[i]);
      // Both are exact integers below 2^53, so that the division rounds as a parser does.
      if (Math.abs(scaled) < MAX_EXACT && scaled / SCALES[i] == value) {
        decimal((long) scaled, SCALE_DIGITS[i]);
        return;
      }
    }
    ascii(Double.toString(value));
  }

  private void integer(long value) {
    room(20);
    long left = value;
    if (left < 0) {
      buffer[at++] = '-';
      left = -left;
    }
    int digits = 1;
    for (long rest = left; rest >= 10; rest /= 10) {
      digits++;
    }
    for (int i = at + digits - 1; i >= at; i--) {
      buffer[i] = (byte) ('0' + left % 10);
      left /= 10;
    }
    at += digits;
  }

  private void decimal(long scaled, int fraction) {
    room(32);
    long left = scaled;
    if (left < 0) {
      buffer[at++] = '-';
      left = -left;
    }
    int places = fraction;
    while (left % 10 == 0) {
      left /= 10;
      places--;
    }
    long power = 1;
    for (int i = 0; i < places; i++) {
      power *= 10;
    }
    integer(left / power);
    buffer[at++] = '.';
    long below = left % power;
    for (int i = at + places - 1; i >= at; i--) {
      buffer[i] = (byte) ('0' + below % 10);
      below /= 10;
    }
    at += places;
  }

  private void put(char c) {
    room(1);
    buffer[at++] = (byte) c;
  }

  @SuppressWarnings("deprecation") // the one conversion that only copies
  private void ascii(String text) {
    int length = text.length();
    room(length);
    text.getBytes(0, length, buffer, at);
    at += length;
  }

  private void escaped(String text, boolean quotes) {
    int length = text.length();
    room(length * 3);
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (c == '\\') {
        buffer[at++] = '\\';
        buffer[at++] = '\\';
      } else if (c == '\n') {
        buffer[at++] = '\\';
        buffer[at++] = 'n';
      } else if (c == '"' && quotes) {
        buffer[at++] = '\\';
        buffer[at++] = '"';
      } else if (c < 0x80) {
        buffer[at++] = (byte) c;
      } else if (c < 0x800) {
        buffer[at++] = (byte) (0xc0 | c >> 6);
        buffer[at++] = (byte) (0x80 | (c & 0x3f));
      } else if (Character.isHighSurrogate(c)
          && i + 1 < length
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        int point = Character.toCodePoint(c, text.charAt(++i));
        buffer[at++] = (byte) (0xf0 | point >> 18);
        buffer[at++] = (byte) (0x80 | (point >> 12 & 0x3f));
        buffer[at++] = (byte) (0x80 | (point >> 6 & 0x3f));
        buffer[at++] = (byte) (0x80 | (point & 0x3f));
      } else {
        int shown = Character.isSurrogate(c) ? 0xfffd : c;
        buffer[at++] = (byte) (0xe0 | shown >> 12);
        buffer[at++] = (byte) (0x80 | (shown >> 6 & 0x3f));
        buffer[at++] = (byte) (0x80 | (shown & 0x3f));
      }
    }
  }

  private void room(int bytes) {
    if (buffer.length - at < bytes) {
      buffer = Arrays.copyOf(buffer, Math.max(buffer.length * 2, at + bytes));
    }
  }
}
