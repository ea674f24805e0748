package vigie.collector.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PngGraphTest {
  private static final long FROM = 1_767_225_600_000L;
  private static final long HOUR = 3_600_000;

  private static PngGraph.Options options(String title, Unit unit, double limit) {
    return new PngGraph.Options(
        title, unit, FROM, FROM + 3 * HOUR, 30_000, limit, FROM + 2 * HOUR, ZoneOffset.UTC);
  }

  static PngGraph.Line wave(String name, double middle, double swing, int seed) {
    Random random = new Random(seed);
    List<Long> times = new ArrayList<>();
    List<Double> values = new ArrayList<>();
    for (int i = 0; i <= 360; i++) {
      if (i < 130 || i > 150) {
        times.add(FROM + i * 30_000L);
        double noise = random.nextGaussian() * swing / 20;
        values.add(middle + swing * Math.sin(i / 40.0 + seed) + noise);
      }
    }
    return new PngGraph.Line(
        name,
        times.stream().mapToLong(Long::longValue).toArray(),
        values.stream().mapToDouble(Double::doubleValue).toArray());
  }

  @Test
  void givenSeries_whenDrawnTwice_thenTheSameSmallPng() throws IOException {
    List<PngGraph.Line> one = List.of(wave("", 70, 25, 1));
    PngGraph.Options options = options("100 - avg by (node) (idle)", Unit.PERCENT, 90);

    byte[] png = PngGraph.draw(one, options);

    assertThat(png).isEqualTo(PngGraph.draw(one, options)).hasSizeLessThan(40_000);
    assertThat(png).startsWith(0x89, 'P', 'N', 'G');
    List<PngGraph.Line> five = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      five.add(wave("device=sd" + (char) ('a' + i) + " mountpoint=/srv/é", 3e9 + i * 1e9, 1e9, i));
    }
    byte[] several = PngGraph.draw(five, options("node_filesystem_avail_bytes", Unit.BYTES, 1e9));
    assertThat(several).hasSizeLessThan(40_000);
  }

  /** A machine without a display may have a Java without AWT. */
  @Test
  void givenClassesOfThePackage_whenRead_thenNoneNamesAwt() throws Exception {
    Path folder = Path.of(PngGraph.class.getResource("PngGraph.class").toURI()).getParent();
    int seen = 0;
    try (Stream<Path> classes = Files.list(folder)) {
      for (Path each : classes.filter(file -> file.toString().endsWith(".class")).toList()) {
        String names = new String(Files.readAllBytes(each), StandardCharsets.ISO_8859_1);
        assertThat(names).as(each.toString()).doesNotContain("java/awt", "javax/imageio");
        seen++;
      }
    }
    assertThat(seen).isGreaterThan(8);
  }

  @Test
  void givenAnything_whenDrawn_thenItIsAPng() {
    Random random = new Random(7);
    double[] odd = {Double.NaN, Double.POSITIVE_INFINITY, 1e308, -1e308, 0, -0.0, 1e-300, 5};
    Unit[] units = {Unit.NONE, Unit.PERCENT, Unit.RATIO, Unit.SECONDS, Unit.BYTES};
    for (int round = 0; round < 60; round++) {
      List<PngGraph.Line> lines = new ArrayList<>();
      for (int i = 0; i < random.nextInt(12); i++) {
        int size = random.nextInt(20);
        long[] times = new long[size];
        double[] values = new double[size];
        for (int k = 0; k < size; k++) {
          times[k] = FROM - HOUR + k * HOUR / 3;
          values[k] = odd[random.nextInt(odd.length)];
        }
        lines.add(new PngGraph.Line("\ud800\u202e漢\n".repeat(random.nextInt(40)), times, values));
      }
      double limit = odd[random.nextInt(odd.length)];
      byte[] png = PngGraph.draw(lines, options("x".repeat(round * 30), units[round % 5], limit));
      assertThat(png).as("round %d", round).startsWith(0x89, 'P', 'N', 'G');
    }
  }

  @ParameterizedTest
  @CsvSource({
    "percent, 92.44, 92.4 %",
    "ratio, 0.9244, 92.4 %",
    "bytes, 1610612736, 1.5 GiB",
    "bytes/s, 2048, 2 KiB/s",
    "seconds, 0.0123, 12.3 ms",
    "seconds, 93784, 26.1 h",
    "celsius, 81.26, 81.3 °C",
    "req/s, 123456, 123k req/s",
    "'', 0.30000000000000004, 0.3",
    "'', 1234567, 1235k",
    "'', -5, -5",
    "'', NaN, NaN"
  })
  void givenNumber_whenShown_thenAsPeopleReadIt(String unit, double value, String shown) {
    assertThat(Unit.named(unit).format(value)).isEqualTo(shown);
  }
}
