package vigie.collector.scrape;

/**
 * What a target says about a metric.
 *
 * @param type in lower case, as in an exposition; {@code unknown} where it does not say
 * @param help {@code ""} where it does not say
 * @param unit {@code ""} where it does not say
 */
public record Metadata(String metric, String type, String help, String unit) {}
