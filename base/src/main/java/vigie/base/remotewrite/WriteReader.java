package vigie.base.remotewrite;

import java.util.ArrayList;
import java.util.List;

/**
 * Reads requests of remote write, versions 1.0 ({@code prometheus.WriteRequest}) and 2.0 ({@code
 * io.prometheus.write.v2.Request}). Histograms are passed over and counted, exemplars and metadata
 * passed over. Every number of things is bounded; nothing is allocated for what is only claimed.
 * Safe for all threads.
 *
 * <pre>
 * Request (2.0)     4: symbol, repeated; the first is empty    5: TimeSeries, repeated
 * TimeSeries (2.0)  1: references to symbols, name and value in turn    2: Sample, repeated
 *                   3: Histogram    4: Exemplar    5: Metadata
 * </pre>
 *
 * Version 1.0 is drawn in {@link WriteRequest}; its exemplars are field 3, its histograms field 4.
 */
public final class WriteReader {
  /** An empty one takes two bytes, which snappy packs to a tenth; a reference takes eight. */
  private static final int MOST_SYMBOLS = 500_000;

  private final Limits limits;

  /**
   * What one request may hold.
   *
   * @param bytes unpacked
   * @param labels of one series
   */
  public record Limits(int bytes, int series, int samples, int labels) {
    /** What fits a few hundred nodes; Prometheus sends 2,000 samples at a time by default. */
    public static final Limits DEFAULTS = new Limits(16 << 20, 50_000, 200_000, 128);
  }

  /**
   * One series.
   *
   * @param labels name and value in turn, as they were sent
   * @param timestampsMillis as many as values
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, and copying each costs
  public record Series(List<String> labels, long[] timestampsMillis, double[] values) {}

  /**
   * A whole request.
   *
   * @param histograms native ones, which were passed over
   */
  public record Request(List<Series> series, int samples, int histograms) {}

  public WriteReader(Limits limits) {
    this.limits = limits;
  }

  /**
   * Reads a body as it came over the wire.
   *
   * @param second whether it is of version 2.0, as its content type says
   * @throws FormatException if it is damaged or too large
   */
  public Request read(byte[] body, boolean second) throws FormatException {
    byte[] plain = Snappy.decompress(body, limits.bytes());
    List<String> symbols = second ? symbols(plain) : List.of();
    Reading reading = new Reading(symbols);
    Message request = new Message(plain, 0, plain.length);
    int wanted = second ? 5 : 1;
    for (int field = request.next(); field != 0; field = request.next()) {
      if (field == wanted) {
        reading.series(request.message(), second);
      }
    }
    return new Request(reading.all, reading.samples, reading.histograms);
  }

  /**
   * Reads an answer to {@link ReadRequest} as it came over the wire.
   *
   * @throws FormatException if it is damaged or too large
   */
  public Request readAnswer(byte[] body) throws FormatException {
    byte[] plain = Snappy.decompress(body, limits.bytes());
    Reading reading = new Reading(List.of());
    Message answer = new Message(plain, 0, plain.length);
    for (int field = answer.next(); field != 0; field = answer.next()) {
      if (field == 1) {
        Message result = answer.message();
        for (int inner = result.next(); inner != 0; inner = result.next()) {
          if (inner == 1) {
            reading.series(result.message(), false);
          }
        }
      }
    }
    return new Request(reading.all, reading.samples, reading.histograms);
  }

  /** They may come after the series that use them, so that they are read first. */
  private List<String> symbols(byte[] plain) throws FormatException {
    List<String> symbols = new ArrayList<>();
    Message request = new Message(plain, 0, plain.length);
    for (int field = request.next(); field != 0; field = request.next()) {
      if (field == 4) {
        if (symbols.size() == MOST_SYMBOLS) {
          throw FormatException.tooLarge("more than " + MOST_SYMBOLS + " symbols in one request");
        }
        symbols.add(request.text());
      }
    }
    return symbols;
  }

  private final class Reading {
    private final List<String> symbols;
    private final List<Series> all = new ArrayList<>();
    private int samples;
    private int histograms;
    private long[] timestamps = new long[8];
    private double[] values = new double[8];

    Reading(List<String> symbols) {
      this.symbols = symbols;
    }

    void series(Message message, boolean second) throws FormatException {
      if (all.size() == limits.series()) {
        throw FormatException.tooLarge("more than " + limits.series() + " series in one request");
      }
      List<String> labels = new ArrayList<>();
      int count = 0;
      for (int field = message.next(); field != 0; field = message.next()) {
        if (field == 1 && second) {
          message.numbers(
              reference -> {
                labels.add(symbol(reference));
                checkCount(labels);
              });
        } else if (field == 1) {
          label(message.message(), labels);
          checkCount(labels);
        } else if (field == 2) {
          count = sample(message.message(), count);
        } else if (field == (second ? 3 : 4)) {
          histograms++;
        }
      }
      if (labels.size() % 2 != 0) {
        throw new FormatException("a label without a value");
      }
      all.add(
          new Series(
              labels,
              java.util.Arrays.copyOf(timestamps, count),
              java.util.Arrays.copyOf(values, count)));
    }

    private void checkCount(List<String> labels) throws FormatException {
      if (labels.size() > 2 * limits.labels()) {
        throw FormatException.tooLarge("more than " + limits.labels() + " labels in one series");
      }
    }

    private String symbol(long reference) throws FormatException {
      if (reference < 0 || reference >= symbols.size()) {
        throw new FormatException(
            "symbol " + reference + " is missing; there are " + symbols.size());
      }
      return symbols.get((int) reference);
    }

    private void label(Message message, List<String> labels) throws FormatException {
      String name = "";
      String value = "";
      for (int field = message.next(); field != 0; field = message.next()) {
        if (field == 1) {
          name = message.text();
        } else if (field == 2) {
          value = message.text();
        }
      }
      labels.add(name);
      labels.add(value);
    }

    private int sample(Message message, int count) throws FormatException {
      if (samples++ == limits.samples()) {
        throw FormatException.tooLarge("more than " + limits.samples() + " samples in one request");
      }
      if (count == values.length) {
        values = java.util.Arrays.copyOf(values, count * 2);
        timestamps = java.util.Arrays.copyOf(timestamps, count * 2);
      }
      // Fields that are zero are left out on the wire.
      values[count] = 0;
      timestamps[count] = 0;
      for (int field = message.next(); field != 0; field = message.next()) {
        if (field == 1) {
          values[count] = message.real();
        } else if (field == 2) {
          timestamps[count] = message.whole();
        }
      }
      return count + 1;
    }
  }
}
