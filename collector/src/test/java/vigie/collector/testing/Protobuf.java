package vigie.collector.testing;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import vigie.base.remotewrite.Snappy;

/** Writes messages field by field, sound ones and others. */
public final class Protobuf {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  public Protobuf bytes(int field, byte[] value) {
    varint((long) field << 3 | 2);
    varint(value.length);
    out.writeBytes(value);
    return this;
  }

  public Protobuf text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  public Protobuf message(int field, Protobuf value) {
    return bytes(field, value.out.toByteArray());
  }

  public Protobuf label(String name, String value) {
    return message(1, new Protobuf().text(1, name).text(2, value));
  }

  public Protobuf sample(double value, long timeMillis) {
    Protobuf sample = new Protobuf();
    sample.varint(1 << 3 | 1);
    ByteBuffer bits = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    sample.out.writeBytes(bits.putLong(Double.doubleToRawLongBits(value)).array());
    sample.varint(2 << 3);
    sample.varint(timeMillis);
    return message(2, sample);
  }

  public Protobuf number(int field, long value) {
    return varint((long) field << 3).varint(value);
  }

  public Protobuf real(int field, double value) {
    varint((long) field << 3 | 1);
    ByteBuffer bits = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    out.writeBytes(bits.putLong(Double.doubleToRawLongBits(value)).array());
    return this;
  }

  /** One series with its labels, name and value in turn. */
  public static Protobuf series(String... labels) {
    Protobuf series = new Protobuf();
    for (int i = 0; i < labels.length; i += 2) {
      series.label(labels[i], labels[i + 1]);
    }
    return series;
  }

  /** As remote write sends it. */
  public byte[] packed() {
    return Snappy.compress(out.toByteArray(), out.size());
  }

  /** Behind its length, as an exposition has it. */
  public byte[] delimited() {
    Protobuf all = new Protobuf().varint(out.size());
    all.out.writeBytes(out.toByteArray());
    return all.out.toByteArray();
  }

  public Protobuf varint(long value) {
    long left = value;
    while ((left & ~0x7fL) != 0) {
      out.write((int) (left | 0x80));
      left >>>= 7;
    }
    out.write((int) left);
    return this;
  }
}
