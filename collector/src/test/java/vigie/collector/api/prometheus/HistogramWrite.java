package vigie.collector.api.prometheus;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import vigie.base.remotewrite.Snappy;
import vigie.collector.histogram.Buckets;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;

/** A request of remote write 1.0 that also carries native histograms, with counts as floats. */
final class HistogramWrite {
  private final Message request = new Message();

  void add(Labels labels, long timeMillis, double value) {
    Message sample = new Message();
    sample.number(1, value);
    sample.varint(2, timeMillis);
    add(labels, 2, sample);
  }

  void add(Labels labels, long timeMillis, Histogram histogram) {
    Message message = new Message();
    message.number(2, histogram.count());
    message.number(3, histogram.sum());
    message.signed(4, histogram.schema());
    message.number(5, histogram.zeroThreshold());
    message.number(7, histogram.zeroCount());
    buckets(message, 8, histogram.negative());
    buckets(message, 11, histogram.positive());
    message.varint(14, histogram.hint().ordinal());
    message.varint(15, timeMillis);
    message.numbers(16, histogram.customBounds());
    add(labels, 4, message);
  }

  private static void buckets(Message message, int field, Buckets buckets) {
    for (Buckets.Span span : buckets.spans()) {
      Message part = new Message();
      part.signed(1, span.offset());
      part.varint(2, span.length());
      message.message(field, part);
    }
    message.numbers(field + 2, buckets.counts());
  }

  private void add(Labels labels, int field, Message sample) {
    Message series = new Message();
    for (int i = 0; i < labels.size(); i++) {
      Message label = new Message();
      label.text(1, labels.name(i));
      label.text(2, labels.value(i));
      series.message(1, label);
    }
    series.message(field, sample);
    request.message(1, series);
  }

  byte[] packed() {
    byte[] plain = request.out.toByteArray();
    return Snappy.compress(plain, plain.length);
  }

  /** Protobuf, as far as it is needed. */
  private static final class Message {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    void varint(int field, long value) {
      raw((long) field << 3);
      raw(value);
    }

    void signed(int field, long value) {
      varint(field, value << 1 ^ value >> 63);
    }

    void number(int field, double value) {
      raw((long) field << 3 | 1);
      out.writeBytes(bytes(value));
    }

    void numbers(int field, double[] values) {
      if (values.length > 0) {
        raw((long) field << 3 | 2);
        raw(8L * values.length);
        for (double value : values) {
          out.writeBytes(bytes(value));
        }
      }
    }

    void text(int field, String text) {
      bytes(field, text.getBytes(StandardCharsets.UTF_8));
    }

    void message(int field, Message message) {
      bytes(field, message.out.toByteArray());
    }

    private void bytes(int field, byte[] bytes) {
      raw((long) field << 3 | 2);
      raw(bytes.length);
      out.writeBytes(bytes);
    }

    private static byte[] bytes(double value) {
      return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putDouble(value).array();
    }

    private void raw(long value) {
      long left = value;
      while ((left & ~0x7fL) != 0) {
        out.write((int) (left & 0x7f | 0x80));
        left >>>= 7;
      }
      out.write((int) left);
    }
  }
}
