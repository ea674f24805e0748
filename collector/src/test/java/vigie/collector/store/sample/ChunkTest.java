package vigie.collector.store.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import vigie.collector.sample.Staleness;

class ChunkTest {
  private static final long START = 1_700_000_000_000L;

  @Test
  void givenOddValuesAndTimes_whenUnpacked_thenEveryBitIsAsBefore() {
    double[] odd = {
      0.0,
      -0.0,
      1,
      -1,
      0.1,
      1e-9,
      123456.78,
      Double.NaN,
      Staleness.MARKER,
      Double.longBitsToDouble(0xfff8000000000123L),
      Double.POSITIVE_INFINITY,
      Double.NEGATIVE_INFINITY,
      Double.MIN_VALUE,
      Double.MAX_VALUE,
      -Double.MAX_VALUE,
      1L << 53,
      (1L << 53) - 1,
      -(1L << 53) + 1,
      9.007199254740993e15,
      1e15,
      1e300,
      4503599627370496.5,
      1e22,
      1700000000.123,
      0.3,
      2.5e-12,
      1e-13,
      Math.PI
    };
    for (double one : odd) {
      roundTrip(new int[] {0}, new double[] {one});
      for (double other : odd) {
        roundTrip(new int[] {0, 15_000, 15_001}, new double[] {one, other, one});
      }
    }
    roundTrip(new int[] {0, 1, Integer.MAX_VALUE}, new double[] {1, 2, 3});
    roundTrip(new int[] {0, Integer.MAX_VALUE - 1, Integer.MAX_VALUE}, new double[] {1, 2, 3});
  }

  @Test
  void givenRandomSamples_whenUnpacked_thenEveryBitIsAsBefore() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int run = 0; run < 3000; run++) {
      int count = 1 + random.nextInt(240);
      int[] offsets = new int[count];
      double[] values = new double[count];
      int jitter = random.nextInt(3) * random.nextInt(5000);
      int digits = random.nextInt(14);
      double value = random.nextInt(1000);
      for (int i = 0; i < count; i++) {
        offsets[i] =
            i == 0 ? 0 : offsets[i - 1] + 5000 + (jitter == 0 ? 0 : random.nextInt(jitter));
        value =
            switch (random.nextInt(run % 7 + 1)) {
              case 0 -> value + 1;
              case 1 -> value;
              case 2 -> Math.rint(random.nextGaussian() * 1e6) / Math.pow(10, digits);
              case 3 -> value + 4096 * random.nextInt(9);
              case 4 -> random.nextGaussian();
              case 5 -> Double.longBitsToDouble(random.nextLong());
              default -> -value;
            };
        values[i] = value;
      }
      try {
        roundTrip(offsets, values);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + " run " + run, e);
      }
    }
  }

  private static void roundTrip(int[] offsets, double[] values) {
    Chunk chunk = Chunk.of(START, offsets, values, 0, offsets.length);
    assertThat(chunk.startMillis).isEqualTo(START + offsets[0]);
    assertThat(chunk.endMillis()).isEqualTo(START + offsets[offsets.length - 1]);
    int[] times = new int[chunk.count];
    double[] back = new double[chunk.count];
    chunk.unpack(times, back);
    assertThat(times).isEqualTo(offsets);
    assertThat(bits(back)).isEqualTo(bits(values));
  }

  private static long[] bits(double[] values) {
    return Arrays.stream(values).mapToLong(Double::doubleToRawLongBits).toArray();
  }

  @Test
  void givenUsualSeries_whenPacked_thenSmall() {
    // What 120 samples take at a regular pace, in bytes.
    List<String> sizes = new ArrayList<>();
    sizes.add("constant " + size(i -> 17));
    sizes.add("counter of ones " + size(i -> 1e6 + i));
    sizes.add("seconds in hundredths " + size(i -> (123_456_78 + 1500L * i + i * 7 % 13) / 100.0));
    sizes.add("bytes in pages " + size(i -> 4096.0 * (1_000_000 + i * 7919 % 1000)));
    assertThat(sizes)
        .containsExactly(
            "constant 12", "counter of ones 23", "seconds in hundredths 136", "bytes in pages 123");
  }

  private static int size(IntToDoubleFunction of) {
    int[] offsets = new int[120];
    double[] values = new double[120];
    for (int i = 0; i < 120; i++) {
      offsets[i] = i * 15_000;
      values[i] = of.applyAsDouble(i);
    }
    return Chunk.of(START, offsets, values, 0, 120).length;
  }

  @Test
  void givenPartsOfTime_whenCut_thenOnlyThoseSamples() {
    int[] offsets = {0, 10, 20, 30};
    double[] values = {1, 2, 3, 4};
    Chunk chunk = Chunk.of(START, offsets, values, 0, 4);

    assertThat(chunk.between(START, START + 30)).isSameAs(chunk);
    assertThat(chunk.between(START + 11, START + 19)).isNull();
    Chunk part = chunk.between(START + 5, START + 20);
    assertThat(part).isNotNull();
    assertThat(part.startMillis).isEqualTo(START + 10);
    assertThat(part.endMillis()).isEqualTo(START + 20);
    assertThat(part.count).isEqualTo(2);
  }

  @Test
  void givenBytesOfNoChunk_whenUnpacked_thenItIsSaid() {
    Random random = new Random(1);
    for (int i = 0; i < 10_000; i++) {
      byte[] bytes = new byte[random.nextInt(30)];
      random.nextBytes(bytes);
      Chunk chunk = new Chunk(START, 100, 120, bytes, 0, bytes.length);
      try {
        chunk.unpack(new int[120], new double[120]);
      } catch (IllegalStateException e) {
        assertThat(e).hasMessageContaining("chunk");
      }
    }
    Chunk empty = new Chunk(START, 0, 1, new byte[0], 0, 0);
    assertThatThrownBy(() -> empty.unpack(new int[1], new double[1]))
        .hasMessageContaining("ends too early");
  }
}
