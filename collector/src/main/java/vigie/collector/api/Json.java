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

  private static final long YEAR_10000 = 253_402_300_800L;

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
      return;
    }
    long seconds = time.getEpochSecond();
    if (seconds < 0 || seconds >= YEAR_10000) {
      json.writeStringField(field, TIME.format(time));
      return;
    }
    json.writeFieldName(field);
    char[] text = "0000-00-00T00:00:00.000Z".toCharArray();
    digits(seconds, time.getNano() / 1_000_000, text);
    json.writeString(text, 0, text.length);
  }

  /**
   * What {@link #TIME} writes, without its cost: an answer may hold 40,000 times. Days become a
   * date as in the proleptic Gregorian calendar, counted from March so that the leap day comes
   * last.
   */
  private static void digits(long seconds, int millis, char[] text) {
    long day = Math.floorDiv(seconds, 86_400L) + 719_468; // since 1 March of the year 0
    int ofDay = (int) Math.floorMod(seconds, 86_400L);
    long era = day / 146_097;
    int ofEra = (int) (day % 146_097);
    int yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365;
    int ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
    int march = (5 * ofYear + 2) / 153; // months since March
    int dayOfMonth = ofYear - (153 * march + 2) / 5 + 1;
    int month = march < 10 ? march + 3 : march - 9;
    int year = (int) (yearOfEra + era * 400) + (month <= 2 ? 1 : 0);
    number(year, text, 0, 4);
    number(month, text, 5, 2);
    number(dayOfMonth, text, 8, 2);
    number(ofDay / 3600, text, 11, 2);
    number(ofDay / 60 % 60, text, 14, 2);
    number(ofDay % 60, text, 17, 2);
    number(millis, text, 20, 3);
  }

  private static void number(int value, char[] text, int at, int digits) {
    int left = value;
    for (int i = at + digits - 1; i >= at; i--, left /= 10) {
      text[i] = (char) ('0' + left % 10);
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
