package vigie.agent.probe;

/** What an HTTP probe measures, named as blackbox_exporter does. */
final class HttpMeasures {
  static final Measure DURATION =
      Measure.of(
          "probe_http_duration_seconds",
          "How long each phase of the last run took, redirects added up.",
          "phase");
  static final Measure STATUS =
      Measure.of("probe_http_status_code", "Status of the answer; 0 without one.");
  static final Measure CONTENT_LENGTH =
      Measure.of(
          "probe_http_content_length", "Length that the answer announced; -1 if it did not.");
  static final Measure UNCOMPRESSED_LENGTH =
      Measure.of("probe_http_uncompressed_body_length", "Length of the body, uncompressed.");
  static final Measure REDIRECTS =
      Measure.of("probe_http_redirects", "How many redirects there were.");
  static final Measure TLS =
      Measure.of("probe_http_ssl", "1 if the last answer came over TLS, else 0.");
  static final Measure VERSION =
      Measure.of("probe_http_version", "HTTP version of the answer; 0 without one.");
  static final Measure LAST_MODIFIED =
      Measure.of(
          "probe_http_last_modified_timestamp_seconds",
          "The answer's header Last-Modified, in seconds since the epoch.");

  private HttpMeasures() {}
}
