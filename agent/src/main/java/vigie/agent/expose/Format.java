package vigie.agent.expose;

import java.util.Locale;

/** The two text formats that Prometheus reads. */
enum Format {
  /** The classic one, version 0.0.4. */
  TEXT("text/plain; version=0.0.4; charset=utf-8"),
  /** OpenMetrics 1.0. */
  OPEN_METRICS("application/openmetrics-text; version=1.0.0; charset=utf-8");

  private static final int MAX_RANGES = 32;

  private final String contentType;

  Format(String contentType) {
    this.contentType = contentType;
  }

  String contentType() {
    return contentType;
  }

  /**
   * The format that a client likes best, by its {@code Accept} header; the classic one where it
   * likes both as much, names neither or writes nonsense.
   */
  static Format accepted(String accept) {
    double text = 0;
    double openMetrics = 0;
    String[] ranges = accept.toLowerCase(Locale.ROOT).split(",", MAX_RANGES);
    for (String range : ranges) {
      String[] parts = range.split(";", -1);
      String type = parts[0].strip();
      double quality = 1;
      String version = "";
      for (int i = 1; i < parts.length; i++) {
        String part = parts[i].strip();
        if (part.startsWith("q=")) {
          quality = quality(part.substring(2));
        } else if (part.startsWith("version=")) {
          version = part.substring(8);
        }
      }
      if (type.equals("application/openmetrics-text")
          && (version.isEmpty() || version.equals("1.0.0"))) {
        openMetrics = Math.max(openMetrics, quality);
      } else if (type.equals("text/plain")) {
        text = Math.max(text, quality);
      }
    }
    return openMetrics > text ? OPEN_METRICS : TEXT;
  }

  private static double quality(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException nonsense) {
      return 0;
    }
  }
}
