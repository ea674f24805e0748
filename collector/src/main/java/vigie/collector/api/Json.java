package vigie.collector.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import org.jspecify.annotations.Nullable;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.collector.label.Labels;

/** Writes JSON answers straight into bytes. */
public final class Json {
  private static final JsonFactory FACTORY = new JsonFactory();
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  private static final DateTimeFormatter MICROS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

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

  /** Texts as an array, in their order. */
  public static void texts(JsonGenerator json, Collection<String> texts) throws IOException {
    json.writeStartArray();
    for (String text : texts) {
      json.writeString(text);
    }
    json.writeEndArray();
  }

  /** Labels as an object. */
  public static void labels(JsonGenerator json, Labels labels) throws IOException {
    json.writeStartObject();
    for (int i = 0; i < labels.size(); i++) {
      json.writeStringField(labels.name(i), labels.value(i));
    }
    json.writeEndObject();
  }

  /** RFC 3339 in UTC with microseconds, as events keep their times. */
  public static void micros(JsonGenerator json, String field, Instant time) throws IOException {
    json.writeStringField(field, MICROS.format(time));
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
    if (millis % 1000 == 0) {
      json.writeNumber(millis / 1000);
    } else {
      json.writeNumber(BigDecimal.valueOf(millis, 3).stripTrailingZeros().toPlainString());
    }
  }
}
