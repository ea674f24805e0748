package vigie.collector.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.collector.label.Labels;

/** Writes JSON answers straight into bytes. */
public final class Json {
  private static final JsonFactory FACTORY = new JsonFactory();
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  private Json() {}

  /** Writes one JSON value. */
  @FunctionalInterface
  public interface Writer {
    void write(JsonGenerator json) throws IOException;
  }

  /**
   * The bytes of what {@code writer} writes.
   *
   * @throws HttpFault with 422 if they are too many
   */
  public static byte[] bytes(Writer writer) {
    ByteArrayOutputStream out = new Limited();
    try (JsonGenerator json = FACTORY.createGenerator(out)) {
      writer.write(json);
    } catch (IOException e) {
      throw new IllegalStateException("BUG: writing to memory failed", e);
    }
    return out.toByteArray();
  }

  /** Refuses to grow beyond a sixteenth of the heap, at least 16 MiB. */
  private static final class Limited extends ByteArrayOutputStream {
    private static final int MOST =
        (int) Math.max(16 << 20, Math.min(1 << 28, Runtime.getRuntime().maxMemory() / 16));

    Limited() {
      super(1024);
    }

    @Override
    public synchronized void write(byte[] bytes, int from, int length) {
      if (size() + (long) length > MOST) {
        throw new HttpFault(
            422, "the answer has more than " + (MOST >> 20) + " MiB; ask for less at a time");
      }
      super.write(bytes, from, length);
    }
  }

  /** An answer with what {@code writer} writes. */
  public static HttpAnswer answer(int status, Writer writer) {
    return HttpAnswer.json(status, bytes(writer));
  }

  /** Labels as an object. */
  public static void labels(JsonGenerator json, Labels labels) throws IOException {
    json.writeStartObject();
    for (int i = 0; i < labels.size(); i++) {
      json.writeStringField(labels.name(i), labels.value(i));
    }
    json.writeEndObject();
  }

  /** RFC 3339 in UTC with milliseconds; JSON null for null. */
  public static void time(JsonGenerator json, String field, @Nullable Instant time)
      throws IOException {
    if (time == null) {
      json.writeNullField(field);
    } else {
      json.writeStringField(field, TIME.format(time));
    }
  }

  /**
   * Seconds since the epoch with milliseconds, as Prometheus writes sample times: {@code
   * 1700000000.123}.
   */
  public static void seconds(JsonGenerator json, long millis) throws IOException {
    json.writeNumber(BigDecimal.valueOf(millis, 3).stripTrailingZeros().toPlainString());
  }

  /**
   * A sample value as Prometheus writes it: the shortest decimal that reads back the same, with an
   * exponent only below 1e-6 and from 1e21 on; {@code NaN}, {@code +Inf}, {@code -Inf}.
   */
  public static String number(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "+Inf" : "-Inf";
    }
    if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      return value == 0 && 1 / value < 0 ? "-0" : Long.toString((long) value);
    }
    BigDecimal decimal = shortest(value);
    double size = Math.abs(value);
    if (size >= 1e-6 && size < 1e21) {
      return decimal.toPlainString();
    }
    String digits = decimal.unscaledValue().abs().toString();
    int exponent = digits.length() - 1 - decimal.scale();
    StringBuilder out = new StringBuilder(value < 0 ? "-" : "").append(digits.charAt(0));
    if (digits.length() > 1) {
      out.append('.').append(digits, 1, digits.length());
    }
    out.append('e').append(exponent < 0 ? '-' : '+');
    return out.append(Math.abs(exponent) < 10 ? "0" : "").append(Math.abs(exponent)).toString();
  }

  /** Before JDK 19 Double.toString gives a digit too many now and then. */
  private static BigDecimal shortest(double value) {
    BigDecimal decimal = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    if (decimal.precision() < 17) {
      return decimal;
    }
    BigDecimal shorter = decimal.round(new java.math.MathContext(decimal.precision() - 1));
    return shorter.doubleValue() == value ? shorter.stripTrailingZeros() : decimal;
  }
}
