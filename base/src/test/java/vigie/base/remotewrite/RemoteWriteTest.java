package vigie.base.remotewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RemoteWriteTest {
  private static final double STALE = Double.longBitsToDouble(0x7ff0000000000002L);
  private final WriteReader reader = new WriteReader(WriteReader.Limits.DEFAULTS);

  private static byte[] labels(String name, String node) {
    TreeMap<String, String> labels = new TreeMap<>();
    labels.put("node", node);
    labels.put("__name__", name);
    labels.put("empty", "");
    return WriteRequest.labels(labels);
  }

  private static byte[] request(int series) {
    WriteRequest request = new WriteRequest();
    for (int i = 0; i < series; i++) {
      request.add(labels("node_cpu_seconds_total_" + i, "p1é"), i * 1.5, 1_700_000_000_000L + i);
    }
    return request.take();
  }

  @Test
  void givenSamples_whenWrittenAndRead_thenTheSameAndLabelsInOrder() throws Exception {
    WriteRequest request = new WriteRequest();
    request.add(labels("a", "p1"), 0, 0);
    request.add(labels("b", "p1"), STALE, -5);
    request.add(labels("c", "p1"), Double.NEGATIVE_INFINITY, Long.MAX_VALUE);
    WriteReader.Request<List<String>> read = reader.read(request.take(), false);
    assertThat(read.samples()).isEqualTo(3);
    assertThat(read.series().get(0).labels()).containsExactly("__name__", "a", "node", "p1");
    assertThat(Double.doubleToRawLongBits(read.series().get(1).values()[0]))
        .isEqualTo(0x7ff0000000000002L);
    assertThat(read.series().get(1).timestampsMillis()).containsExactly(-5);
    assertThat(read.series().get(2).values()).containsExactly(Double.NEGATIVE_INFINITY);
    assertThat(reader.read(request.take(), false).series()).isEmpty();
  }

  @Test
  void givenManySeries_whenPacked_thenMuchSmallerAndWhole() throws Exception {
    byte[] packed = request(5000);
    assertThat(reader.read(packed, false).series()).hasSize(5000);
    assertThat(packed.length).isLessThan(5000 * 70 / 2);
  }

  @Test
  void givenAnyBytes_whenPackedAndUnpacked_thenTheSame() throws Exception {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int round = 0; round < 300; round++) {
      byte[] plain = new byte[random.nextInt(round % 10 == 0 ? 200_000 : 300)];
      int kinds = 1 + random.nextInt(256);
      for (int i = 0; i < plain.length; i++) {
        plain[i] = (byte) (i > 70 && random.nextInt(8) > 0 ? plain[i - 70] : random.nextInt(kinds));
      }
      byte[] packed = Snappy.compress(plain, plain.length);
      assertThat(Snappy.decompress(packed, plain.length)).as("seed " + seed).isEqualTo(plain);
    }
  }

  @Test
  void givenEveryKindOfElement_whenUnpacked_thenRead() throws Exception {
    byte[] packed = {
      15, 2 << 2, 'a', 'b', 'c', 0 << 5 | 1 << 2 | 1, 3, 3 << 2 | 2, 1, 0, 2 << 2 | 3, 12, 0, 0, 0
    };
    assertThat(new String(Snappy.decompress(packed, 100), StandardCharsets.US_ASCII))
        .isEqualTo("abcabcab" + "bbbb" + "abc");
    assertThatThrownBy(() -> Snappy.decompress(packed, 14))
        .isInstanceOf(FormatException.class)
        .hasMessage("15 bytes unpacked; 14 are allowed");
  }

  @Test
  void givenDamage_whenRead_thenFormatExceptionOrARequestAndNothingElse() throws Exception {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    byte[] good = request(50);
    for (int cut = 0; cut < good.length; cut++) {
      byte[] torn = Arrays.copyOf(good, cut);
      assertThatThrownBy(() -> reader.read(torn, false)).isInstanceOf(FormatException.class);
    }
    byte[] plain = Snappy.decompress(good, 1 << 20);
    for (int round = 0; round < 20_000; round++) {
      byte[] bad = plain.clone();
      for (int i = random.nextInt(4); i >= 0; i--) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt();
      }
      byte[] packed = round % 2 == 0 ? Snappy.compress(bad, bad.length) : good.clone();
      if (round % 2 == 1) {
        packed[random.nextInt(packed.length)] = (byte) random.nextInt();
      }
      try {
        reader.read(packed, round % 4 < 2);
      } catch (FormatException expected) {
        assertThat(expected.getMessage()).as("seed " + seed).isNotEmpty();
      }
    }
  }

  @Test
  void givenClaimOfAGibibyte_whenRead_thenRefusedBeforeItIsAllocated() {
    byte[] bomb = {(byte) 0x80, (byte) 0x80, (byte) 0x80, (byte) 0x80, 4, 0, 'x'};
    assertThatThrownBy(() -> reader.read(bomb, false)).hasMessageContaining("are allowed");
    byte[] lie = {(byte) 0x80, (byte) 0x80, 64, 0, 'x'};
    assertThatThrownBy(() -> reader.read(lie, false)).hasMessageContaining("can't hold");
  }

  @Test
  void givenMoreThanTheLimits_whenRead_thenRefused() {
    WriteReader small = new WriteReader(new WriteReader.Limits(1 << 20, 2, 10, 1));
    assertThatThrownBy(() -> small.read(request(3), false)).hasMessageContaining("1 labels");
    WriteReader few = new WriteReader(new WriteReader.Limits(1 << 20, 2, 10, 9));
    assertThatThrownBy(() -> few.read(request(3), false)).hasMessageContaining("2 series");
    WriteReader thin = new WriteReader(new WriteReader.Limits(1 << 20, 20, 2, 9));
    assertThatThrownBy(() -> thin.read(request(3), false)).hasMessageContaining("2 samples");
  }

  @Test
  void givenVersionTwo_whenRead_thenSymbolsAreResolved() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] sample = {9, 0, 0, 0, 0, 0, 0, (byte) 0xf0, 0x3f, 16, 7};
    byte[] series = concat(new byte[] {10, 2, 1, 2, 18, (byte) sample.length}, sample);
    byte[] other = concat(series, new byte[] {26, 0});
    for (byte[] one : List.of(series, other)) {
      out.writeBytes(new byte[] {42, (byte) one.length});
      out.writeBytes(one);
    }
    for (String symbol : List.of("", "__name__", "up")) {
      out.writeBytes(new byte[] {34, (byte) symbol.length()});
      out.writeBytes(symbol.getBytes(StandardCharsets.UTF_8));
    }
    byte[] body = Snappy.compress(out.toByteArray(), out.size());
    WriteReader.Request<List<String>> read = reader.read(body, true);
    assertThat(read.series()).hasSize(2);
    assertThat(read.histograms()).isEqualTo(1);
    assertThat(read.series().get(0).labels()).containsExactly("__name__", "up");
    assertThat(read.series().get(0).values()).containsExactly(1);
    assertThat(read.series().get(0).timestampsMillis()).containsExactly(7);
    byte[] missing = {42, 4, 10, 2, 1, 9};
    assertThatThrownBy(() -> reader.read(Snappy.compress(missing, 6), true))
        .hasMessage("symbol 1 is missing; there are 0");
  }

  /** What takes a hundredth of it packed must not be made of it first and counted then. */
  @Test
  void givenListWithoutEnd_whenRead_thenRefusedBeforeAllOfItIsThere() {
    int count = 4 << 20;
    ByteArrayOutputStream references = new ByteArrayOutputStream();
    references.writeBytes(new byte[] {34, 0, 42});
    varint(references, count + 1 + 4);
    references.write(10);
    varint(references, count);
    references.writeBytes(new byte[count]);
    byte[] longList = references.toByteArray();
    long before = allocated();
    assertThatThrownBy(() -> reader.read(Snappy.compress(longList, longList.length), true))
        .hasMessageContaining("128 labels");
    assertThat(allocated() - before).isLessThan(5L * count);

    ByteArrayOutputStream symbols = new ByteArrayOutputStream();
    for (int i = 0; i < 600_000; i++) {
      symbols.writeBytes(new byte[] {34, 0});
    }
    byte[] many = symbols.toByteArray();
    assertThatThrownBy(() -> reader.read(Snappy.compress(many, many.length), true))
        .hasMessageContaining("500000 symbols");
  }

  private static long allocated() {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    return threads.getCurrentThreadAllocatedBytes();
  }

  private static void varint(ByteArrayOutputStream to, int value) {
    int left = value;
    for (; left >= 0x80; left >>>= 7) {
      to.write(left | 0x80);
    }
    to.write(left);
  }

  private static byte[] concat(byte[] one, byte[] two) {
    byte[] both = Arrays.copyOf(one, one.length + two.length);
    System.arraycopy(two, 0, both, one.length, two.length);
    return both;
  }
}
