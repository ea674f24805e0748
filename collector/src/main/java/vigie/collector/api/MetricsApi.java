package vigie.collector.api;

import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Map;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;

/** The collector's own {@code /metrics}, in the classic text format or OpenMetrics. */
public final class MetricsApi {
  private final PrometheusRegistry registry;
  private final ExpositionFormatWriter text =
      PrometheusTextFormatWriter.builder().setIncludeCreatedTimestamps(false).build();
  private final ExpositionFormatWriter openMetrics =
      OpenMetricsTextFormatWriter.builder().setCreatedTimestampsEnabled(false).build();

  public MetricsApi(PrometheusRegistry registry) {
    this.registry = registry;
  }

  /** Adds its route. */
  public void routes(Routes routes) {
    routes.get("/metrics", this::metrics);
  }

  private HttpAnswer metrics(HttpRequest request) throws IOException {
    ExpositionFormatWriter writer =
        request.header("accept").contains("application/openmetrics-text") ? openMetrics : text;
    ByteArrayOutputStream out = new ByteArrayOutputStream(32 * 1024);
    writer.write(out, registry.scrape());
    return new HttpAnswer(200, writer.getContentType(), out.toByteArray(), Map.of());
  }
}
