package vigie.collector.store.sample;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;
import vigie.collector.sample.Coarse;
import vigie.collector.sample.SampleIterator;
import vigie.collector.sample.Series;
import vigie.collector.sample.Staleness;

/** One series: down-sampled first, the coarsest before the finer, then its samples. */
final class CoarseSeries implements Series {
  private final Labels labels;
  private final Coarse.Column column;
  private final long coarseUntil;
  private final List<Part> parts = new ArrayList<>();
  private @Nullable Series rest;

  /** Values of one resolution, from one time to the other. */
  private record Part(Tier tier, Blocks.Found found, long from, long to) {}

  CoarseSeries(Labels labels, Coarse.Column column, long coarseUntil) {
    this.labels = labels;
    this.column = column;
    this.coarseUntil = coarseUntil;
  }

  void add(Tier tier, Blocks.Found found, long from, long to) {
    parts.add(new Part(tier, found, from, to));
  }

  void add(Series samples) {
    rest = samples;
  }

  boolean isCoarse() {
    return !parts.isEmpty();
  }

  @Override
  public Labels labels() {
    return labels;
  }

  @Override
  public long resolutionMillis() {
    return parts.stream().mapToLong(part -> part.tier.resolutionMillis).max().orElse(0);
  }

  @Override
  public long coarseUntilMillis() {
    return parts.isEmpty() ? Long.MIN_VALUE : coarseUntil;
  }

  @Override
  public SampleIterator iterator() {
    Rollup.Values values = new Rollup.Values();
    List<Chunk> chunks = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      Part part = parts.get(i);
      Chunks.append(chunks, part.tier.blocks.read(part.found, part.from, part.to));
      if (i == parts.size() - 1 || parts.get(i + 1).tier != part.tier) {
        values.add(chunks, column, part.from, part.to);
        chunks.clear();
      }
    }
    return new Iterator(values, column, rest == null ? null : rest.iterator());
  }

  private static final class Iterator implements SampleIterator {
    private final Rollup.Values coarse;
    private final Coarse.Column column;
    private final @Nullable SampleIterator rest;
    private int at = -1;
    private boolean inRest;
    private double value;

    Iterator(Rollup.Values coarse, Coarse.Column column, @Nullable SampleIterator rest) {
      this.coarse = coarse;
      this.column = column;
      this.rest = rest;
    }

    @Override
    public boolean next() {
      if (!inRest && at < coarse.size) {
        at++;
      }
      return (!inRest && at < coarse.size) || (rest != null && taken(rest, rest.next()));
    }

    @Override
    public boolean seek(long timeMillis) {
      while (!inRest && (at < 0 || (at < coarse.size && coarse.times[at] < timeMillis))) {
        at++;
      }
      return (!inRest && at < coarse.size) || (rest != null && taken(rest, rest.seek(timeMillis)));
    }

    @Override
    public boolean last(long timeMillis) {
      if (rest != null && taken(rest, rest.last(timeMillis))) {
        return true;
      }
      while (at + 1 < coarse.size && coarse.times[at + 1] <= timeMillis) {
        at++;
      }
      return !inRest && at >= 0 && at < coarse.size && coarse.times[at] <= timeMillis;
    }

    private boolean taken(SampleIterator samples, boolean there) {
      inRest |= there;
      if (there) {
        value = samples.value();
        boolean number = samples.histogram() == null && !Staleness.isStale(value);
        if (column == Coarse.Column.COUNT && !Staleness.isStale(value)) {
          value = 1;
        } else if (column == Coarse.Column.COUNTER && number && coarse.size > 0) {
          value = coarse.next(value);
        }
      }
      return there;
    }

    @Override
    public long time() {
      return inRest && rest != null ? rest.time() : coarse.times[at];
    }

    @Override
    public double value() {
      return inRest ? value : coarse.values[at];
    }

    @Override
    public @Nullable Histogram histogram() {
      return inRest && rest != null && column != Coarse.Column.COUNT ? rest.histogram() : null;
    }
  }
}
