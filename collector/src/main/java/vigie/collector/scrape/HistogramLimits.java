package vigie.collector.scrape;

import vigie.collector.histogram.Histogram;

/**
 * Which histograms a job takes.
 *
 * @param natives whether native ones are; otherwise their classic form is
 * @param classicToo whether of what has both forms both are
 * @param buckets of a native one at most, beyond which it is made coarser; 0 is no limit
 * @param schema the finest that stays as it is
 */
record HistogramLimits(boolean natives, boolean classicToo, long buckets, int schema) {
  static final HistogramLimits NONE = new HistogramLimits(false, false, 0, Histogram.MOST_SCHEMA);

  /**
   * The finest schema whose buckets grow by a factor at least.
   *
   * @param factor 0 for any
   */
  static int schema(double factor) {
    if (factor <= 1) {
      return Histogram.MOST_SCHEMA;
    }
    double schema = Math.floor(-log2(log2(factor)));
    return (int) Math.max(Histogram.LEAST_SCHEMA, Math.min(Histogram.MOST_SCHEMA, schema));
  }

  private static double log2(double value) {
    return Math.log(value) / Math.log(2);
  }

  /**
   * The histogram within the limits.
   *
   * @throws ExpositionException if nothing coarser would be
   */
  Histogram apply(Histogram histogram) {
    Histogram within = histogram;
    if (!within.isCustom() && within.schema() > schema) {
      within = within.toSchema(schema);
    }
    while (buckets > 0 && within.positive().size() + within.negative().size() > buckets) {
      if (within.isCustom() || within.schema() <= Histogram.LEAST_SCHEMA) {
        throw new ExpositionException(
            "histogram bucket limit exceeded: native_histogram_bucket_limit is " + buckets);
      }
      within = within.toSchema(within.schema() - 1);
    }
    return within;
  }
}
