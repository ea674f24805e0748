package vigie.agent.expose;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.Quantile;
import io.prometheus.metrics.model.snapshots.Quantiles;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot.SummaryDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot.UnknownDataPointSnapshot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The library's own writers are the judge; only the spelling of numbers may differ. */
class TextWriterTest {
  private static final Labels ODD =
      Labels.of("mountpoint", "/srv/\"x\"\\y\nz", "name", "é€😀", "empty", "");

  private final TextWriter writer = new TextWriter();

  @ParameterizedTest
  @EnumSource(Format.class)
  void givenEachTypeOfMetric_whenWritten_thenItReadsAsTheLibraryWroteIt(Format format)
      throws IOException {
    MetricSnapshots snapshots =
        new MetricSnapshots(
            gauge("a_gauge", ODD, -1.5),
            new CounterSnapshot(
                new MetricMetadata("b_total", "A \"help\" with \\ and\nline end."),
                List.of(new CounterDataPointSnapshot(1e17, ODD, null, 0))),
            new UnknownSnapshot(
                new MetricMetadata("c_unknown", "Unknown."),
                List.of(new UnknownDataPointSnapshot(Double.NaN, Labels.EMPTY, null))),
            new InfoSnapshot(
                new MetricMetadata("d", "Info."),
                List.of(new InfoDataPointSnapshot(Labels.of("version", "1.0")))),
            new SummarySnapshot(
                new MetricMetadata("e_seconds", "Summary."),
                List.of(
                    new SummaryDataPointSnapshot(
                        3, 1.25, Quantiles.of(new Quantile(0.5, 7)), Labels.EMPTY, null, 0))),
            new HistogramSnapshot(
                new MetricMetadata("f_seconds", "Histogram."),
                List.of(
                    new HistogramDataPointSnapshot(
                        ClassicHistogramBuckets.of(
                            new double[] {0.005, 1, Double.POSITIVE_INFINITY},
                            new long[] {1, 2, 3}),
                        9.5,
                        Labels.of("path", "/"),
                        null,
                        0))));

    String ours = new String(writer.write(snapshots, format), StandardCharsets.UTF_8);

    assertThat(withPlainNumbers(ours)).isEqualTo(withPlainNumbers(library(snapshots, format)));
  }

  @Test
  void givenAnyDouble_whenWritten_thenReadingItGivesTheSame() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int i = 0; i < 100_000; i++) {
      double value =
          switch (i % 4) {
            case 0 -> Double.longBitsToDouble(random.nextLong());
            case 1 -> random.nextInt() / 100.0;
            case 2 -> random.nextLong() / 1e9;
            default -> random.nextDouble() * random.nextInt(1_000_000);
          };

      assertThat(Double.parseDouble(written(value).replace("Inf", "Infinity")))
          .as("seed %d, round %d", seed, i)
          .isEqualTo(Double.valueOf(value));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "-0.0, 0",
    "17, 17",
    "-125000, -125000",
    "0.5, 0.5",
    "-0.25, -0.25",
    "1899.82, 1899.82",
    "0.001, 0.001",
    "1767225600.25, 1767225600.25",
    "9007199254740991, 9007199254740991",
    "1E300, 1.0E300",
    "1.0E-12, 1.0E-12",
    "NaN, NaN",
    "Infinity, +Inf",
    "-Infinity, -Inf"
  })
  void givenNumber_whenWritten_thenInItsShortForm(double value, String text) {
    assertThat(written(value)).isEqualTo(text);
  }

  @Test
  void givenOneNameFromTwoCollectors_whenWritten_thenOneHead() {
    MetricSnapshots snapshots =
        MetricSnapshots.builder()
            .metricSnapshot(gauge("x", Labels.of("a", "1"), 1))
            .metricSnapshot(gauge("x", Labels.of("a", "2"), 2))
            .build();

    String text = new String(writer.write(snapshots, Format.TEXT), StandardCharsets.UTF_8);

    assertThat(text.lines().filter(line -> line.startsWith("# TYPE")).count()).isEqualTo(1);
    assertThat(text).endsWith("x{a=\"1\"} 1\nx{a=\"2\"} 2\n");
  }

  private static GaugeSnapshot gauge(String name, Labels labels, double value) {
    return new GaugeSnapshot(
        new MetricMetadata(name, "Gauge."),
        List.of(new GaugeDataPointSnapshot(value, labels, null)));
  }

  private String written(double value) {
    MetricSnapshots snapshots = new MetricSnapshots(gauge("g", Labels.EMPTY, value));
    String text = new String(writer.write(snapshots, Format.TEXT), StandardCharsets.US_ASCII);
    return text.substring(text.lastIndexOf(' ') + 1).strip();
  }

  private static String library(MetricSnapshots snapshots, Format format) throws IOException {
    ExpositionFormatWriter writer =
        format == Format.TEXT
            ? PrometheusTextFormatWriter.create()
            : OpenMetricsTextFormatWriter.create();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    writer.write(out, snapshots, EscapingScheme.UNDERSCORE_ESCAPING);
    // In OpenMetrics it writes the type before the help; either order is right.
    return out.toString(StandardCharsets.UTF_8)
        .replaceAll("(?m)^(# TYPE .*)\n(# HELP .*)$", "$2\n$1");
  }

  private static String withPlainNumbers(String text) {
    return text.lines()
        .map(
            line -> {
              int space = line.lastIndexOf(' ');
              String value = line.substring(space + 1).replace("Inf", "Infinity");
              return line.startsWith("#")
                  ? line
                  : line.substring(0, space) + " " + Double.parseDouble(value);
            })
        .collect(Collectors.joining("\n"));
  }
}
