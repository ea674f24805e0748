package vigie.base.remotewrite;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.SortedMap;

/**
 * Makes one request of remote write 1.0: series of one sample each. Not safe for several threads;
 * to be used again after {@link #take}.
 *
 * <pre>
 * WriteRequest  1: TimeSeries, repeated
 * TimeSeries    1: Label, repeated    2: Sample, repeated
 * Label         1: name               2: value
 * Sample        1: value, a double    2: timestamp, milliseconds as an int64
 * </pre>
 *
 * Source: Prometheus Remote-Write 1.0 specification, prompb/types.proto.
 */
public final class WriteRequest {
  /** What HTTP says about such a request. */
  public static final Map<String, String> HEADERS =
      Map.of(
          "content-type", "application/x-protobuf",
          "content-encoding", "snappy",
          "x-prometheus-remote-write-version", "0.1.0");

  private byte[] bytes = new byte[256];
  private int at;

  /**
   * The labels of a series in their wire form, to be kept and used with every sample.
   *
   * @param labels in the order of their names, {@code __name__} among them; empty values are none
   */
  public static byte[] labels(SortedMap<String, String> labels) {
    WriteRequest out = new WriteRequest();
    for (Map.Entry<String, String> label : labels.entrySet()) {
      if (label.getValue().isEmpty()) {
        continue;
      }
      byte[] name = label.getKey().getBytes(StandardCharsets.UTF_8);
      byte[] value = label.getValue().getBytes(StandardCharsets.UTF_8);
      out.tag(1, 2);
      out.varint(2L + size(name.length) + name.length + size(value.length) + value.length);
      out.field(1, name);
      out.field(2, value);
    }
    return Arrays.copyOf(out.bytes, out.at);
  }

  /**
   * Adds a sample.
   *
   * @param labels from {@link #labels}
   * @param value its bits are kept, so that a stale marker stays one
   */
  public void add(byte[] labels, double value, long timestampMillis) {
    int sample = 9 + 1 + size(timestampMillis);
    tag(1, 2);
    varint(labels.length + 2L + sample);
    room(labels.length + sample + 2);
    System.arraycopy(labels, 0, bytes, at, labels.length);
    at += labels.length;
    tag(2, 2);
    varint(sample);
    tag(1, 1);
    fixed(value);
    tag(2, 0);
    varint(timestampMillis);
  }

  /**
   * Adds a native histogram.
   *
   * @param labels from {@link #labels}
   */
  public void add(byte[] labels, WireHistogram histogram) {
    WriteRequest series = new WriteRequest();
    series.room(labels.length);
    System.arraycopy(labels, 0, series.bytes, 0, labels.length);
    series.at = labels.length;
    series.message(4, histogram.message());
    message(1, series);
  }

  void real(int number, double value) {
    tag(number, 1);
    fixed(value);
  }

  private void fixed(double value) {
    room(8);
    long bits = Double.doubleToRawLongBits(value);
    for (int i = 0; i < 8; i++) {
      bytes[at++] = (byte) (bits >>> (8 * i));
    }
  }

  /** A packed list. */
  void reals(int number, double[] values, int count) {
    if (count > 0) {
      tag(number, 2);
      varint(8L * count);
      for (int i = 0; i < count; i++) {
        fixed(values[i]);
      }
    }
  }

  /** What it takes before it is packed. */
  public int sizeBytes() {
    return at;
  }

  /** The request packed by snappy, as it goes over the wire; then it is empty again. */
  public byte[] take() {
    byte[] packed = Snappy.compress(bytes, at);
    at = 0;
    return packed;
  }

  void number(int number, long value) {
    tag(number, 0);
    varint(value);
  }

  void text(int number, String text) {
    field(number, text.getBytes(StandardCharsets.UTF_8));
  }

  void message(int number, WriteRequest message) {
    field(number, Arrays.copyOf(message.bytes, message.at));
  }

  private void field(int number, byte[] content) {
    tag(number, 2);
    varint(content.length);
    room(content.length);
    System.arraycopy(content, 0, bytes, at, content.length);
    at += content.length;
  }

  private void tag(int field, int type) {
    varint((long) field << 3 | type);
  }

  private void varint(long value) {
    room(24);
    long left = value;
    while ((left & ~0x7fL) != 0) {
      bytes[at++] = (byte) (left | 0x80);
      left >>>= 7;
    }
    bytes[at++] = (byte) left;
  }

  private static int size(long value) {
    return Math.max(1, (70 - Long.numberOfLeadingZeros(value)) / 7);
  }

  private void room(int more) {
    if (bytes.length - at < more) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, at + more));
    }
  }
}
