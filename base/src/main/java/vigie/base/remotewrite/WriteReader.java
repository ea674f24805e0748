package vigie.base.remotewrite;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads requests of remote write, versions 1.0 ({@code prometheus.WriteRequest}) and 2.0 ({@code
 * io.prometheus.write.v2.Request}). Exemplars and metadata are passed over. Every number of things
 * is bounded; nothing is allocated for what is only claimed. Safe for all threads.
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
   * @param labels what the {@link Labelling} made of them
   * @param timestampsMillis as many as values
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, and copying each costs
  public record Series<L>(
      L labels, long[] timestampsMillis, double[] values, List<WireHistogram> histograms) {}

  /** A whole request. */
  public record Request<L>(List<Series<L>> series, int samples, int histograms) {}

  /**
   * Makes something of the labels of a series. Senders say the same labels again and again: what
   * was made of their bytes can be kept, and they need not be read.
   */
  public interface Labelling<L> {
    /** Name and value in turn, as they were sent. */
    Labelling<List<String>> TEXTS =
        new Labelling<>() {
          @Override
          public @Nullable List<String> known(byte[] from, int start, int end) {
            return null;
          }

          @Override
          public List<String> of(List<String> labels, byte[] from, int start, int end) {
            return labels;
          }
        };

    /** What was made of labels of these bytes; null where they have to be read. */
    @Nullable L known(byte[] from, int start, int end);

    /**
     * @param labels name and value in turn, as they were sent
     * @param end equal to start where they have no bytes of their own
     */
    L of(List<String> labels, byte[] from, int start, int end);
  }

  public WriteReader(Limits limits) {
    this.limits = limits;
  }

  /**
   * Reads a body as it came over the wire.
   *
   * @param second whether it is of version 2.0, as its content type says
   * @throws FormatException if it is damaged or too large
   */
  public <L> Request<L> read(byte[] body, boolean second, Labelling<L> labelling)
      throws FormatException {
    byte[] plain = Snappy.decompress(body, limits.bytes());
    Reading<L> reading = new Reading<>(plain, second ? symbols(plain) : List.of(), labelling);
    Message request = new Message(plain, 0, plain.length);
    int wanted = second ? 5 : 1;
    for (int field = request.next(); field != 0; field = request.next()) {
      if (field == wanted) {
        reading.series(request.message(), second);
      }
    }
    return reading.request();
  }

  /** The same, with the labels' texts. */
  public Request<List<String>> read(byte[] body, boolean second) throws FormatException {
    return read(body, second, Labelling.TEXTS);
  }

  /**
   * Reads an answer to {@link ReadRequest} as it came over the wire.
   *
   * @throws FormatException if it is damaged or too large
   */
  public Request<List<String>> readAnswer(byte[] body) throws FormatException {
    byte[] plain = Snappy.decompress(body, limits.bytes());
    Reading<List<String>> reading = new Reading<>(plain, List.of(), Labelling.TEXTS);
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
    return reading.request();
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

  private final class Reading<L> {
    private final byte[] plain;
    private final List<String> symbols;
    private final Labelling<L> labelling;
    private final List<Series<L>> all = new ArrayList<>();
    private int samples;
    private int histograms;
    private long[] timestamps = new long[8];
    private double[] values = new double[8];

    Reading(byte[] plain, List<String> symbols, Labelling<L> labelling) {
      this.plain = plain;
      this.symbols = symbols;
      this.labelling = labelling;
    }

    Request<L> request() {
      return new Request<>(all, samples, histograms);
    }

    void series(Message message, boolean second) throws FormatException {
      if (all.size() == limits.series()) {
        throw FormatException.tooLarge("more than " + limits.series() + " series in one request");
      }
      List<String> labels = new ArrayList<>();
      List<WireHistogram> wide = List.of();
      int count = 0;
      int begin = message.position();
      int start = begin;
      int end = begin;
      boolean inOne = true;
      while (true) {
        int from = message.position();
        int field = message.next();
        if (field == 0) {
          break;
        }
        if (field == 1 && second) {
          message.numbers(
              reference -> {
                labels.add(symbol(reference));
                checkCount(labels);
              });
        } else if (field == 1) {
          inOne &= start == end || from == end;
          start = start == end ? from : start;
          end = message.position();
        } else if (field == 2) {
          count = sample(message.message(), count);
        } else if (field == (second ? 3 : 4)) {
          wide = histogram(message.message(), wide);
        }
      }
      L made;
      if (second) {
        made = labelling.of(checked(labels), plain, 0, 0);
      } else if (inOne) {
        L known = labelling.known(plain, start, end);
        made =
            known != null
                ? known
                : labelling.of(labels(new Message(plain, start, end)), plain, start, end);
      } else {
        made = labelling.of(labels(new Message(plain, begin, message.position())), plain, 0, 0);
      }
      all.add(
          new Series<>(
              made,
              java.util.Arrays.copyOf(timestamps, count),
              java.util.Arrays.copyOf(values, count),
              wide));
    }

    private List<WireHistogram> histogram(Message message, List<WireHistogram> before)
        throws FormatException {
      if (samples++ == limits.samples()) {
        throw FormatException.tooLarge("more than " + limits.samples() + " samples in one request");
      }
      histograms++;
      List<WireHistogram> more = before.isEmpty() ? new ArrayList<>(1) : before;
      more.add(WireHistogram.read(message));
      return more;
    }

    private List<String> labels(Message message) throws FormatException {
      List<String> labels = new ArrayList<>();
      for (int field = message.next(); field != 0; field = message.next()) {
        if (field == 1) {
          label(message.message(), labels);
          checkCount(labels);
        }
      }
      return labels;
    }

    private List<String> checked(List<String> labels) throws FormatException {
      if (labels.size() % 2 != 0) {
        throw new FormatException("a label without a value");
      }
      return labels;
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
