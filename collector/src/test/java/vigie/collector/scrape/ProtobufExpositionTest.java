package vigie.collector.scrape;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import vigie.collector.histogram.Histogram;
import vigie.collector.testing.Protobuf;

class ProtobufExpositionTest {
  private static final HistogramLimits NATIVE = new HistogramLimits(true, false, 0, 8);
  private static final HistogramLimits BOTH = new HistogramLimits(true, true, 0, 8);

  private static Protobuf family(String name, int type, Protobuf... metrics) {
    Protobuf family = new Protobuf().text(1, name).text(2, "Says it.").number(3, type);
    for (Protobuf metric : metrics) {
      family.message(4, metric);
    }
    return family;
  }

  private static Protobuf metric(int field, Protobuf value, String... labels) {
    return Protobuf.series(labels).message(field, value);
  }

  /**
   * Count 7, two observations in the zero bucket, 4 in (1,2], 1 in (4,8]; three classic buckets.
   */
  private static Protobuf histogram() {
    return new Protobuf()
        .number(1, 7)
        .real(2, 16)
        .message(3, new Protobuf().number(1, 2).real(2, 0.5))
        .message(3, new Protobuf().number(1, 6).real(2, 2))
        .message(3, new Protobuf().number(1, 7).real(2, 1e6))
        .number(5, 0)
        .real(6, 0.25)
        .number(7, 2)
        .message(12, new Protobuf().number(1, 2).number(2, 1))
        .message(12, new Protobuf().number(1, 2).number(2, 1))
        .number(13, 8)
        .number(13, 5)
        .message(15, new Protobuf().number(1, 1_700_000_000))
        .text(99, "of a later version");
  }

  private static byte[] body(Protobuf... families) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (Protobuf family : families) {
      out.writeBytes(family.delimited());
    }
    return out.toByteArray();
  }

  private static List<String> read(HistogramLimits limits, byte[] body) {
    ProtobufExposition exposition = new ProtobufExposition(limits);
    exposition.reset(body, body.length);
    List<String> all = new ArrayList<>();
    while (exposition.nextSeries()) {
      exposition.findSeriesEnd();
      String labels = exposition.labels().toString();
      exposition.readSample();
      Histogram histogram = exposition.histogram();
      all.add(
          labels
              + " "
              + (histogram == null ? exposition.value() : histogram + " " + histogram.hint())
              + (exposition.timed() ? " @" + exposition.timeMillis() : ""));
    }
    return all;
  }

  @Test
  void givenEachType_whenRead_thenItsSeries() {
    byte[] body =
        body(
            family(
                "c_total",
                0,
                metric(3, new Protobuf().real(1, 2.5), "a", "b").number(6, 1_700_000_000_000L),
                metric(3, new Protobuf(), "a", "")),
            family("g", 1, metric(2, new Protobuf().real(1, -1))),
            family("u", 3, metric(5, new Protobuf().real(1, 3))),
            family(
                "s",
                2,
                metric(
                    4,
                    new Protobuf()
                        .number(1, 9)
                        .real(2, 4.5)
                        .message(3, new Protobuf().real(1, 0.5).real(2, 0.1))
                        .message(3, new Protobuf().real(1, 1).real(2, 2)))),
            family("empty", 0));
    assertThat(read(HistogramLimits.NONE, body))
        .containsExactly(
            "{__name__=\"c_total\", a=\"b\"} 2.5 @1700000000000",
            "{__name__=\"c_total\"} 0.0",
            "{__name__=\"g\"} -1.0",
            "{__name__=\"u\"} 3.0",
            "{__name__=\"s_count\"} 9.0",
            "{__name__=\"s_sum\"} 4.5",
            "{__name__=\"s\", quantile=\"0.5\"} 0.1",
            "{__name__=\"s\", quantile=\"1.0\"} 2.0");
  }

  @Test
  void givenHistogramOfBothForms_whenRead_thenWhatWasAskedFor() {
    byte[] body = body(family("h", 4, metric(7, histogram(), "x", "y")));
    List<String> classic =
        List.of(
            "{__name__=\"h_count\", x=\"y\"} 7.0",
            "{__name__=\"h_sum\", x=\"y\"} 16.0",
            "{__name__=\"h_bucket\", le=\"0.5\", x=\"y\"} 2.0",
            "{__name__=\"h_bucket\", le=\"2.0\", x=\"y\"} 6.0",
            "{__name__=\"h_bucket\", le=\"1e+06\", x=\"y\"} 7.0",
            "{__name__=\"h_bucket\", le=\"+Inf\", x=\"y\"} 7.0");
    String whole =
        "{__name__=\"h\", x=\"y\"} {count:7, sum:16, [-0.25,0.25]:2, (1,2]:4, (4,8]:1} UNKNOWN";
    assertThat(read(HistogramLimits.NONE, body)).isEqualTo(classic);
    assertThat(read(NATIVE, body)).containsExactly(whole);
    List<String> both = new ArrayList<>(List.of(whole));
    both.addAll(classic);
    assertThat(read(BOTH, body)).isEqualTo(both);
  }

  @Test
  void givenGaugeHistogramOfFractions_whenRead_thenGauge() {
    Protobuf value =
        new Protobuf()
            .real(4, 1.5)
            .real(2, 3)
            .message(9, new Protobuf().number(1, 0).number(2, 1))
            .real(11, 1.5);
    assertThat(read(NATIVE, body(family("h", 5, metric(7, value)))))
        .containsExactly("{__name__=\"h\"} {count:1.5, sum:3, [-1,-0.5):1.5} GAUGE");
  }

  @Test
  void givenLimits_whenRead_thenCoarserOrRefused() {
    byte[] body = body(family("h", 4, metric(7, histogram())));
    assertThat(read(new HistogramLimits(true, false, 0, -1), body).get(0))
        .contains("(1,4]:4, (4,16]:1");
    assertThat(read(new HistogramLimits(true, false, 1, 8), body).get(0)).contains("(1,16]:5");
    byte[] two =
        body(
            family(
                "h",
                4,
                metric(
                    7,
                    new Protobuf()
                        .number(1, 2)
                        .message(9, new Protobuf().number(2, 1))
                        .number(10, 2)
                        .message(12, new Protobuf().number(2, 1))
                        .number(13, 2))));
    assertThatThrownBy(() -> read(new HistogramLimits(true, false, 1, 8), two))
        .isInstanceOf(ExpositionException.class)
        .hasMessageContaining("native_histogram_bucket_limit is 1");
    assertThat(HistogramLimits.schema(0)).isEqualTo(8);
    assertThat(HistogramLimits.schema(1.1)).isEqualTo(2);
    assertThat(HistogramLimits.schema(2)).isZero();
    assertThat(HistogramLimits.schema(65536)).isEqualTo(-4);
    assertThat(HistogramLimits.schema(1e9)).isEqualTo(-4);
  }

  @Test
  void givenWhatIsNoExposition_whenRead_thenRefusedBySaying() {
    Protobuf one = new Protobuf().real(1, 1);
    assertThatThrownBy(() -> read(NATIVE, body(family("", 0, metric(3, one)))))
        .hasMessage("metric family 1: no name");
    assertThatThrownBy(() -> read(NATIVE, body(family("a", 9, metric(3, one)))))
        .hasMessage("metric family 1 (a): unknown type 9");
    assertThatThrownBy(() -> read(NATIVE, body(family("a", 0, metric(3, one, "x", "1", "x", "2")))))
        .hasMessageContaining("label x is there twice");
    assertThatThrownBy(() -> read(NATIVE, body(family("a", 0, metric(3, one, "", "1")))))
        .hasMessageContaining("a label without a name");
    Protobuf spans = new Protobuf().message(12, new Protobuf().number(2, 3)).number(13, 2);
    assertThatThrownBy(() -> read(NATIVE, body(family("a", 4, metric(7, spans)))))
        .isInstanceOf(ExpositionException.class)
        .hasMessageContaining("spans");
    Protobuf schema = new Protobuf().number(5, 18).message(12, new Protobuf());
    assertThatThrownBy(() -> read(NATIVE, body(family("a", 4, metric(7, schema)))))
        .hasMessageContaining("schema 9");
    Protobuf wide = new Protobuf();
    for (int i = 0; i < 10_002; i++) {
      wide.message(3, new Protobuf().real(2, i));
    }
    assertThatThrownBy(() -> read(NATIVE, body(family("a", 4, metric(7, wide)))))
        .hasMessageContaining("more than 10000 buckets");
  }

  @Test
  void givenEveryCutAndRandomDamage_whenRead_thenRefusedOrReadAndNothingElse() {
    byte[] body =
        body(
            family("h", 4, metric(7, histogram(), "x", "y")),
            family("c_total", 0, metric(3, new Protobuf().real(1, 2.5), "a", "b")));
    for (int length = 1; length < body.length; length++) {
      tryRead(Arrays.copyOf(body, length));
    }
    Random random = new Random(1);
    for (int i = 0; i < 5_000; i++) {
      byte[] damaged = body.clone();
      for (int k = random.nextInt(4); k >= 0; k--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      tryRead(damaged);
    }
  }

  private static void tryRead(byte[] body) {
    try {
      read(BOTH, body);
    } catch (ExpositionException refused) {
      assertThat(refused.getMessage()).startsWith("metric family ");
    }
    ProtobufExposition exposition = new ProtobufExposition(BOTH);
    exposition.reset(body, body.length);
    exposition.metadata(List.of());
  }

  @Test
  void givenFamilies_whenAskedForMetadata_thenWhatTheySayAndNothingOfEmptyOnes() {
    byte[] body =
        body(family("h_seconds", 5, metric(7, histogram())).text(5, "seconds"), family("empty", 0));
    ProtobufExposition exposition = new ProtobufExposition(NATIVE);
    exposition.reset(body, body.length);
    List<Metadata> said = exposition.metadata(List.of());
    assertThat(said)
        .containsExactly(new Metadata("h_seconds", "gaugehistogram", "Says it.", "seconds"));
    assertThat(exposition.metadata(said).get(0)).isSameAs(said.get(0));
  }
}
