package vigie.collector.store.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BitsTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void givenBitsAndNumbersOfAllSizes_whenReadFromAnyPlace_thenTheSameAndNothingBehindTheEnd(
      long seed) {
    Random random = new Random(seed);
    int[] widths = new int[1000];
    long[] values = new long[widths.length];
    Bits.Writer out = new Bits.Writer(0);
    for (int i = 0; i < widths.length; i++) {
      widths[i] = random.nextBoolean() ? 0 : 1 + random.nextInt(64);
      values[i] = random.nextLong() >> random.nextInt(64);
      if (widths[i] == 0) {
        out.varbits(values[i]);
      } else {
        values[i] &= -1L >>> (64 - widths[i]);
        out.write(values[i], widths[i]);
      }
    }
    byte[] written = out.bytes();
    int from = random.nextInt(9);
    byte[] among = new byte[from + written.length + random.nextInt(9)];
    Arrays.fill(among, (byte) -1);
    System.arraycopy(written, 0, among, from, written.length);

    Bits.Reader in = new Bits.Reader(among, from, from + written.length);

    for (int i = 0; i < widths.length; i++) {
      assertThat(widths[i] == 0 ? in.varbits() : in.read(widths[i])).isEqualTo(values[i]);
    }
    assertThatThrownBy(() -> in.read(8)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 4, 32, 500, 20_000, 2_000_000, 2_000_000_000, Long.MAX_VALUE})
  void givenANumberThatIsCutOff_whenRead_thenItIsRefused(long value) {
    Bits.Writer out = new Bits.Writer(0);
    out.varbits(value);
    byte[] bytes = out.bytes();

    for (int end = 0; end < (Bits.size(value) + 7) / 8; end++) {
      Bits.Reader in = new Bits.Reader(bytes, 0, end);
      assertThatThrownBy(in::varbits).isInstanceOf(IndexOutOfBoundsException.class);
    }
  }
}
