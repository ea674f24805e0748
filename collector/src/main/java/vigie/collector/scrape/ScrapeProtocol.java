package vigie.collector.scrape;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The formats that targets are asked for, by Prometheus's names. */
enum ScrapeProtocol {
  PROTOBUF(
      "PrometheusProto",
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
      false),
  OPENMETRICS_1_0("OpenMetricsText1.0.0", "application/openmetrics-text;version=1.0.0", true),
  OPENMETRICS_0_0_1("OpenMetricsText0.0.1", "application/openmetrics-text;version=0.0.1", false),
  TEXT_1_0("PrometheusText1.0.0", "text/plain;version=1.0.0", true),
  TEXT_0_0_4("PrometheusText0.0.4", "text/plain;version=0.0.4", false);

  /** As in Prometheus while no protobuf is asked for. */
  static final List<ScrapeProtocol> DEFAULTS =
      List.of(OPENMETRICS_1_0, OPENMETRICS_0_0_1, TEXT_1_0, TEXT_0_0_4);

  /** Where native histograms are asked for: only protobuf has them. */
  static final List<ScrapeProtocol> WITH_HISTOGRAMS = List.of(values());

  private final String key;
  private final String mediaType;
  private final boolean escapes;

  ScrapeProtocol(String key, String mediaType, boolean escapes) {
    this.key = key;
    this.mediaType = mediaType;
    this.escapes = escapes;
  }

  String key() {
    return key;
  }

  boolean isOpenMetrics() {
    return this == OPENMETRICS_1_0 || this == OPENMETRICS_0_0_1;
  }

  static @Nullable ScrapeProtocol of(String key) {
    for (ScrapeProtocol protocol : values()) {
      if (protocol.key.equals(key)) {
        return protocol;
      }
    }
    return null;
  }

  /** The format of an answer by its {@code Content-Type}; null where that names none. */
  static @Nullable ScrapeProtocol ofContentType(String contentType) {
    int end = contentType.indexOf(';');
    String type = (end < 0 ? contentType : contentType.substring(0, end)).strip();
    return switch (type.toLowerCase(Locale.ROOT)) {
      case "application/openmetrics-text" -> OPENMETRICS_1_0;
      case "text/plain" -> TEXT_0_0_4;
      case "application/vnd.google.protobuf" -> PROTOBUF;
      default -> null;
    };
  }

  /** What is asked for: the first with the highest weight, and anything last. */
  static String accept(List<ScrapeProtocol> protocols, String escaping) {
    List<String> all = new ArrayList<>();
    int weight = values().length + 1;
    for (ScrapeProtocol protocol : protocols) {
      all.add(
          protocol.mediaType
              + (protocol.escapes ? ";escaping=" + escaping : "")
              + ";q=0."
              + weight--);
    }
    all.add("*/*;q=0." + weight);
    return String.join(",", all);
  }
}
