package vigie.base.remotewrite;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import vigie.base.fuzz.FuzzContract;

/** Any body is a request within the limits or a declared fault; what snappy packs it unpacks. */
class WriteReaderFuzzTest extends FuzzContract {
  private static final WriteReader.Limits LIMITS = new WriteReader.Limits(100_000, 50, 100, 8);
  private final WriteReader reader = new WriteReader(LIMITS);

  @Override
  protected List<byte[]> seeds() throws FormatException {
    WriteRequest request = new WriteRequest();
    byte[] labels = WriteRequest.labels(new TreeMap<>(Map.of("__name__", "up", "job", "node")));
    request.add(labels, 1.5, 1_700_000_000_000L);
    request.add(labels, Double.NaN, -1);
    byte[] packed = request.take();
    byte[] second = {
      34, 0, 34, 8, '_', '_', 'n', 'a', 'm', 'e', '_', '_', 34, 2, 'u', 'p', 42, 16, 10, 2, 1, 2,
      18, 9, 9, 0, 0, 0, 0, 0, 0, 0, 64, 18, 0
    };
    return List.of(
        marked(0, packed),
        marked(2, Snappy.decompress(packed, 1000)),
        marked(3, second),
        marked(1, Snappy.compress(second, second.length)),
        marked(2, utf8("abcdabcdabcdabcd".repeat(30))));
  }

  private static byte[] marked(int first, byte[] rest) {
    byte[] all = new byte[rest.length + 1];
    all[0] = (byte) first;
    System.arraycopy(rest, 0, all, 1, rest.length);
    return all;
  }

  /** Of the first byte: 1 for version 2.0, 2 for bytes that are still to be packed. */
  @Override
  protected void feed(byte[] bytes) throws FormatException {
    if (bytes.length == 0) {
      return;
    }
    byte[] body = Arrays.copyOfRange(bytes, 1, bytes.length);
    if ((bytes[0] & 2) != 0) {
      byte[] packed = Snappy.compress(body, body.length);
      assertThat(Snappy.decompress(packed, body.length)).isEqualTo(body);
      body = packed;
    }
    WriteReader.Request<List<String>> request;
    try {
      request = reader.read(body, (bytes[0] & 1) != 0);
    } catch (FormatException declared) {
      assertThat(declared.getMessage()).isNotEmpty();
      return;
    }
    assertThat(request.series()).hasSizeLessThanOrEqualTo(LIMITS.series());
    int samples = 0;
    for (WriteReader.Series<List<String>> series : request.series()) {
      assertThat(series.labels().size() % 2).isZero();
      assertThat(series.labels()).hasSizeLessThanOrEqualTo(2 * LIMITS.labels());
      assertThat(series.values().length).isEqualTo(series.timestampsMillis().length);
      samples += series.values().length + series.histograms().size();
    }
    assertThat(request.samples()).isEqualTo(samples).isLessThanOrEqualTo(LIMITS.samples());
  }
}
