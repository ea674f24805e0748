package vigie.collector.histogram;

import java.util.ArrayList;
import java.util.List;
import vigie.base.remotewrite.WireHistogram;

/** Makes histograms of what another server says. */
public final class SentHistogram {
  private static final Histogram.Hint[] HINTS = {
    Histogram.Hint.UNKNOWN, Histogram.Hint.RESET, Histogram.Hint.NOT_RESET, Histogram.Hint.GAUGE
  };

  private SentHistogram() {}

  /**
   * The histogram.
   *
   * @throws IllegalArgumentException that says why it is none
   */
  public static Histogram of(WireHistogram sent) {
    int hint = sent.resetHint();
    Histogram.Hint known = hint >= 0 && hint < HINTS.length ? HINTS[hint] : HINTS[0];
    Buckets positive = buckets(sent.positive());
    Histogram histogram =
        sent.schema() == Histogram.CUSTOM
            ? Histogram.custom(known, sent.count(), sent.sum(), positive, sent.bounds())
            : Histogram.exponential(
                sent.schema(),
                known,
                sent.zeroThreshold(),
                sent.zeroCount(),
                sent.count(),
                sent.sum(),
                positive,
                buckets(sent.negative()));
    histogram.validate();
    return histogram;
  }

  private static Buckets buckets(WireHistogram.Side side) {
    int[] spans = side.spans();
    List<Buckets.Span> all = new ArrayList<>();
    for (int i = 0; i < spans.length; i += 2) {
      all.add(new Buckets.Span(spans[i], spans[i + 1]));
    }
    return Buckets.ofSpans(all, side.counts());
  }
}
